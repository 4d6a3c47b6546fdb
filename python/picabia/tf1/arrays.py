"""Functions of TensorFlow 1 on shapes and parts of arrays, comparisons and logic."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import dtypes
from .graph import Graph, Tensor
from .graph_def import AttrValue, attr_int, attr_text, attr_type
from .messages import make_ndarray
from .operators import _binary, _graph_of, _reduction, _tensor, _unary, cast, constant


def _index(graph: Graph, value: Any) -> Tensor:
    """A tensor of indices: int32 where it is no tensor yet."""
    return graph.as_tensor(value, None if isinstance(value, Tensor) else dtypes.int32)


def _add(op: str, inputs: Sequence[Tensor], attrs: Mapping[str, AttrValue], name: str | None) -> Tensor:
    return inputs[0].graph.add(op, inputs, {"T": attr_type(inputs[0].dtype), **attrs}, name)


def strided_slice_of(x: Tensor, key: Any) -> Tensor:
    """x[key]: whole numbers, slices, ... and tf.newaxis."""
    begins, ends, strides = [], [], []
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for at, item in enumerate(key if isinstance(key, tuple) else (key,)):
        begin, end, stride = 0, 0, 1
        if item is Ellipsis:
            masks["ellipsis_mask"] |= 1 << at
        elif item is None:
            masks["new_axis_mask"] |= 1 << at
        elif isinstance(item, slice):
            begin, end, stride = (0 if v is None else int(v) for v in (item.start, item.stop, item.step))
            stride = 1 if item.step is None else stride
            masks["begin_mask"] |= (item.start is None) << at
            masks["end_mask"] |= (item.stop is None) << at
        else:
            begin = int(item)
            end = begin + 1
            masks["shrink_axis_mask"] |= 1 << at
            masks["end_mask"] |= (begin == -1) << at
        begins.append(begin), ends.append(end), strides.append(stride)
    inputs = [x, *(x.graph.constant(v, dtypes.int32, name=f"strided_slice/{role}")
                   for v, role in ((begins, "stack"), (ends, "stack_1"), (strides, "stack_2")))]
    return _add("StridedSlice", inputs, {"Index": attr_type(dtypes.int32), **{k: attr_int(v) for k, v in masks.items()}},
                "strided_slice")


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    x = _tensor(input_)
    return _add("Slice", [x, _index(x.graph, begin), _index(x.graph, size)], {"Index": attr_type(dtypes.int32)}, name)


def stack(values: Sequence[Any], axis: int = 0, name: str = "stack") -> Tensor:
    if not any(isinstance(v, Tensor) for v in values):
        return constant(np.stack([dtypes.as_constant(v) for v in values], axis), name=name)
    graph = _graph_of(*values)
    known = next(v for v in values if isinstance(v, Tensor))
    parts = [graph.as_tensor(v, None if isinstance(v, Tensor) else known.dtype) for v in values]
    return _add("Pack", parts, {"N": attr_int(len(parts)), "axis": attr_int(axis)}, name)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: float = 0) -> Tensor:
    x = _tensor(tensor)
    inputs, attrs = [x, _index(x.graph, paddings)], {"Tpaddings": attr_type(dtypes.int32)}
    if mode.upper() != "CONSTANT":
        return _add("MirrorPad", inputs, {**attrs, "mode": attr_text(mode.upper())}, name)
    if constant_values:
        return _add("PadV2", [*inputs, x.graph.as_tensor(constant_values, x.dtype)], attrs, name)
    return _add("Pad", inputs, attrs, name)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    x = _tensor(input)
    return _add("Tile", [x, _index(x.graph, multiples)], {"Tmultiples": attr_type(dtypes.int32)}, name)


def gather(params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: int = 0) -> Tensor:
    x = _tensor(params)
    where_ = _index(x.graph, indices)
    return x.graph.add("GatherV2", [x, where_, x.graph.constant(axis, dtypes.int32)], {
        "Tparams": attr_type(x.dtype), "T": attr_type(x.dtype), "Tindices": attr_type(where_.dtype),
        "Taxis": attr_type(dtypes.int32)}, name)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    if x is None or y is None:
        raise ValueError("tf.where without x and y is not supported")
    graph = _graph_of(condition, x, y)
    a = graph.as_tensor(x)
    return graph.add("Select", [graph.as_tensor(condition), a, graph.as_tensor(y, a.dtype)], {"T": attr_type(a.dtype)},
                     name)


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    graph = _graph_of(dims, value)
    element = graph.as_tensor(value)
    return graph.add("Fill", [_index(graph, dims), element],
                     {"T": attr_type(element.dtype), "index_type": attr_type(dtypes.int32)}, name)


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Of numbers that are known."""
    if limit is None:
        start, limit = 0, start
    return constant(np.arange(start, limit, delta), dtype or (
        dtypes.int32 if all(isinstance(v, (int, np.integer)) for v in (start, limit, delta)) else dtypes.float32), name=name)


def _like(op: str) -> Any:
    def function(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
        like = _unary(op)(tensor, name)
        return like if dtype is None else cast(like, dtype)

    return function


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: str = "split") -> list[Tensor]:
    x = _tensor(value)
    at = x.graph.constant(axis, dtypes.int32, name=f"{name}/split_dim")
    if isinstance(num_or_size_splits, (int, np.integer)):
        count = int(num_or_size_splits)
        first = x.graph.add("Split", [at, x], {"T": attr_type(x.dtype), "num_split": attr_int(count)}, name)
    else:
        count = len(num_or_size_splits)
        first = _add("SplitV", [x, _index(x.graph, num_or_size_splits), at],
                     {"Tlen": attr_type(dtypes.int32), "num_split": attr_int(count)}, name)
    return [x.graph.tensor(first.op.name, i) for i in range(count)]


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    x = _tensor(value)
    if num is None:
        if x.shape.ndims is None or x.shape.as_list()[axis] is None:
            raise ValueError(f"tf.unstack: num is not known from {x!r}")
        num = x.shape.as_list()[axis] or 0
    first = _add("Unpack", [x], {"num": attr_int(num), "axis": attr_int(axis)}, name)
    return [x.graph.tensor(first.op.name, i) for i in range(num)]


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    graph = _graph_of(*inputs)
    parts = [graph.as_tensor(v) for v in inputs]
    return _add("AddN", parts, {"N": attr_int(len(parts))}, name)


def rank(input: Any, name: str | None = None) -> Tensor:
    x = _tensor(input)
    return _add("Rank", [x], {}, name)


def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    x = _tensor(input)
    return _add("Size", [x], {"out_type": attr_type(dtypes.as_dtype(out_type))}, name)


def argmin(input: Any, axis: int = 0, name: str | None = None, dimension: int | None = None,
           output_type: Any = dtypes.int64) -> Tensor:
    x = _tensor(input)
    at = x.graph.constant(axis if dimension is None else dimension, dtypes.int32)
    return _add("ArgMin", [x, at], {"Tidx": attr_type(dtypes.int32), "output_type": attr_type(dtypes.as_dtype(output_type))},
                name)


def get_static_value(tensor: Any) -> Any:
    """tensor_util.constant_value of a tf.constant."""
    node = tensor.op.node_def
    return make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None


_COMPARISONS = ("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual")
_NAMES = {"GreaterEqual": "greater_equal", "LessEqual": "less_equal", "NotEqual": "not_equal"}
ALL = {"stack": stack, "pad": pad, "tile": tile, "gather": gather, "where": where, "fill": fill, "range": range_,
       "slice": slice_, "zeros_like": _like("ZerosLike"), "ones_like": _like("OnesLike"), "add_n": add_n, "rank": rank,
       "size": size, "split": split, "unstack": unstack, "argmin": argmin, "newaxis": None, "get_static_value": get_static_value,
       "reduce_prod": _reduction("Prod"), "reduce_all": _reduction("All"), "reduce_any": _reduction("Any"),
       "floordiv": _binary("FloorDiv"), "floormod": _binary("FloorMod"), "mod": _binary("FloorMod"),
       "truediv": _binary("RealDiv"), "logical_and": _binary("LogicalAnd"), "logical_or": _binary("LogicalOr"),
       "logical_not": _unary("LogicalNot"), "ceil": _unary("Ceil"), "sign": _unary("Sign"), "sin": _unary("Sin"),
       "cos": _unary("Cos"), "reciprocal": _unary("Reciprocal"),
       **{_NAMES.get(op, op.lower()): _binary(op) for op in _COMPARISONS}}
