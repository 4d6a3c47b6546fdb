"""The functions of TensorFlow 1 that make nodes: those of the lab's scripts, and their plain neighbours."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import dtypes, graph_def
from .graph import Graph, Operation, Tensor, get_default_graph, sessions
from .shapes import as_dims
from .graph_def import GraphDef, NodeDef, attr_bool, attr_ints, attr_text, attr_type


def _graph_of(*values: Any) -> Graph:
    for value in values:
        value = getattr(value, "tensor", value)
        if isinstance(value, Tensor):
            return value.graph
    return get_default_graph()


def _tensor(value: Any, dtype: Any = None, graph: Graph | None = None) -> Tensor:
    return (graph or _graph_of(value)).as_tensor(value, dtype)


# ---- inputs and constants


def placeholder(dtype: Any, shape: Sequence[Any] | None = None, name: str | None = None) -> Tensor:
    dims = as_dims(shape)
    return get_default_graph().add("Placeholder", [], {"dtype": attr_type(dtypes.as_dtype(dtype)),
                                                       "shape": graph_def.attr_shape(dims)}, name or "Placeholder")


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None,
             verify_shape: bool = False) -> Tensor:
    return get_default_graph().constant(value, dtype, shape, name)


def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None) -> Tensor:
    return _tensor(value, dtype)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    return constant(np.zeros(shape), dtype, name=name)


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    return constant(np.ones(shape), dtype, name=name)


class Variable:
    """tf.Variable for inference: its initial value, for ever."""

    def __init__(self, initial_value: Any = None, trainable: bool = True, collections: Any = None,
                 validate_shape: bool = True, caching_device: Any = None, name: str | None = None,
                 dtype: Any = None, **_: Any) -> None:
        graph = _graph_of(initial_value)
        name = graph.unique_name(name or "Variable")
        value = initial_value() if callable(initial_value) else initial_value
        source = value if isinstance(value, Tensor) else graph.constant(value, dtype, name=name)
        self.tensor = identity(source, name=name + "/read")
        self.name, self.dtype, self.shape = name + ":0", source.dtype, source.shape
        self.initializer = no_op(name + "/Assign", graph)

    def as_tensor_of(self, graph: Graph) -> Tensor:
        return self.tensor

    def read_value(self) -> Tensor:
        return self.tensor

    value = read_value

    def get_shape(self) -> Any:
        return self.shape

    def eval(self, session: Any = None) -> np.ndarray:
        return self.tensor.eval(session=session)


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "neg"):
    setattr(Variable, f"__{_name}__",
            lambda self, *other, _method=f"__{_name}__": getattr(self.tensor, _method)(*other))


def no_op(name: str | None = None, graph: Graph | None = None) -> Operation:
    return (graph or get_default_graph()).add("NoOp", [], {}, name or "NoOp")


def global_variables_initializer() -> Operation:
    """Nothing to do: frozen graphs have no variables, and others keep their initial values."""
    return no_op("init")


def group(*_: Any, **keywords: Any) -> Operation:
    return no_op(keywords.get("name") or "group_deps")


# ---- elementwise


def _unary(op: str) -> Any:
    def function(x: Any, name: str | None = None) -> Tensor:
        tensor = _tensor(x)
        return tensor.graph.add(op, [tensor], {"T": attr_type(tensor.dtype)}, name)

    function.__name__ = op
    return function


def _binary(op: str) -> Any:
    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        graph = _graph_of(x, y)
        a = x if isinstance(x, Tensor) else None
        b = y if isinstance(y, Tensor) else None
        a = graph.as_tensor(x, None if b is None else b.dtype)
        b = graph.as_tensor(y, a.dtype)
        return graph.add(op, [a, b], {"T": attr_type(a.dtype)}, name)

    function.__name__ = op
    return function


def power_difference(x: Any, y: Any, pow: Any, name: str | None = None) -> Tensor:
    """(x - y)^pow, Cambricon's operator: float32, with the exponent as the lab's kernels read it on each device."""
    graph = _graph_of(x, y, pow)
    inputs = [cast(graph.as_tensor(value), dtypes.float32) for value in (x, y, pow)]
    return graph.add("PowerDifference", inputs, {"T": attr_type(dtypes.float32)}, name)


def identity(x: Any, name: str | None = None) -> Tensor:
    return _unary("Identity")(x, name)


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    tensor, to = _tensor(x), dtypes.as_dtype(dtype)
    if tensor.dtype == to:
        return tensor
    return tensor.graph.add("Cast", [tensor], {"SrcT": attr_type(tensor.dtype), "DstT": attr_type(to)}, name)


def to_float(x: Any, name: str = "ToFloat") -> Tensor:
    return cast(x, dtypes.float32, name)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    return _binary("Maximum")(_binary("Minimum")(t, clip_value_max), clip_value_min, name)


# ---- shapes


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    x = _tensor(tensor)
    size = x.graph.as_tensor(shape, None if isinstance(shape, Tensor) else dtypes.int32)
    return x.graph.add("Reshape", [x, size], {"T": attr_type(x.dtype), "Tshape": attr_type(size.dtype)}, name)


def transpose(a: Any, perm: Any = None, name: str = "transpose") -> Tensor:
    x = _tensor(a)
    if perm is None:
        if x.shape.ndims is None:
            raise ValueError(f"tf.transpose of {x!r}, whose rank is not known, without perm is not supported")
        perm = list(reversed(range(x.shape.ndims)))
    order = x.graph.as_tensor(perm, None if isinstance(perm, Tensor) else dtypes.int32)
    return x.graph.add("Transpose", [x, order], {"T": attr_type(x.dtype), "Tperm": attr_type(order.dtype)}, name)


def expand_dims(input: Any, axis: int, name: str | None = None) -> Tensor:
    x = _tensor(input)
    return x.graph.add("ExpandDims", [x, x.graph.constant(axis, dtypes.int32)],
                       {"T": attr_type(x.dtype), "Tdim": attr_type(dtypes.int32)}, name)


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    x = _tensor(input)
    axes = axis if axis is not None else squeeze_dims
    axes = [] if axes is None else np.atleast_1d(axes).tolist()
    return x.graph.add("Squeeze", [x], {"T": attr_type(x.dtype), "squeeze_dims": attr_ints(axes)}, name)


def concat(values: Sequence[Any], axis: int, name: str = "concat") -> Tensor:
    graph = _graph_of(*values)
    parts = [graph.as_tensor(v) for v in values]
    return graph.add("ConcatV2", [*parts, graph.constant(axis, dtypes.int32)],
                     {"T": attr_type(parts[0].dtype), "N": graph_def.attr_int(len(parts)),
                      "Tidx": attr_type(dtypes.int32)}, name)


def shape(input: Any, name: str | None = None) -> Tensor:
    x = _tensor(input)
    return x.graph.add("Shape", [x], {"T": attr_type(x.dtype), "out_type": attr_type(dtypes.int32)}, name or "Shape")


# ---- reductions and products


def _reduction(op: str) -> Any:
    def function(input_tensor: Any, axis: Any = None, keepdims: bool | None = None, name: str | None = None,
                 reduction_indices: Any = None, keep_dims: bool | None = None) -> Tensor:
        x = _tensor(input_tensor)
        axes = axis if axis is not None else reduction_indices
        if axes is None:
            x, axes = reshape(x, [-1]), [0]
            if keepdims or keep_dims:
                raise ValueError(f"tf.{function.__name__}: keepdims without axis is not supported")
        indices = x.graph.constant(np.atleast_1d(axes), dtypes.int32)
        return x.graph.add(op, [x, indices], {"T": attr_type(x.dtype), "Tidx": attr_type(dtypes.int32),
                                              "keep_dims": attr_bool(bool(keepdims or keep_dims))}, name)

    function.__name__ = "reduce_" + op.lower()
    return function


def argmax(input: Any, axis: int = 0, name: str | None = None, dimension: int | None = None,
           output_type: Any = dtypes.int64) -> Tensor:
    x = _tensor(input)
    where = axis if dimension is None else dimension
    return x.graph.add("ArgMax", [x, x.graph.constant(where, dtypes.int32)],
                       {"T": attr_type(x.dtype), "Tidx": attr_type(dtypes.int32),
                        "output_type": attr_type(dtypes.as_dtype(output_type))}, name)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, *_: Any,
           name: str | None = None, **__: Any) -> Tensor:
    graph = _graph_of(a, b)
    x, y = graph.as_tensor(a), graph.as_tensor(b)
    return graph.add("MatMul", [x, y], {"T": attr_type(x.dtype), "transpose_a": attr_bool(transpose_a),
                                        "transpose_b": attr_bool(transpose_b)}, name)


# ---- tf.nn


def conv2d(input: Any, filter: Any = None, strides: Any = None, padding: str = "SAME",
           use_cudnn_on_gpu: bool = True, data_format: str = "NHWC", dilations: Any = (1, 1, 1, 1),
           name: str | None = None, filters: Any = None) -> Tensor:
    graph = _graph_of(input, filter)
    x, w = graph.as_tensor(input), graph.as_tensor(filter if filters is None else filters, dtypes.float32)
    return graph.add("Conv2D", [x, w], {
        "T": attr_type(x.dtype), "strides": attr_ints(strides), "padding": attr_text(padding),
        "data_format": attr_text(data_format), "dilations": attr_ints(dilations)}, name)


def bias_add(value: Any, bias: Any, data_format: str = "NHWC", name: str | None = None) -> Tensor:
    x = _tensor(value)
    b = x.graph.as_tensor(bias, x.dtype)
    return x.graph.add("BiasAdd", [x, b], {"T": attr_type(x.dtype), "data_format": attr_text(data_format or "NHWC")},
                       name)


def _pool(op: str) -> Any:
    def function(value: Any = None, ksize: Any = None, strides: Any = None, padding: str = "VALID",
                 data_format: str = "NHWC", name: str | None = None, input: Any = None) -> Tensor:
        x = _tensor(value if input is None else input)

        def four(sizes: Any) -> list[int]:
            sizes = np.atleast_1d(sizes).tolist()
            return sizes if len(sizes) == 4 else [1, *(sizes * 2 if len(sizes) == 1 else sizes), 1]

        return x.graph.add(op, [x], {"T": attr_type(x.dtype), "ksize": attr_ints(four(ksize)),
                                     "strides": attr_ints(four(strides)), "padding": attr_text(padding),
                                     "data_format": attr_text(data_format)}, name)

    function.__name__ = op
    return function


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    if (axis if axis is not None else dim) not in (None, -1):
        raise ValueError("tf.nn.softmax: only the last axis is supported")
    return _unary("Softmax")(logits, name)


# ---- graphs


def extract_sub_graph(source: GraphDef, dest_nodes: Sequence[str]) -> GraphDef:
    """graph_util.extract_sub_graph: what the named nodes need."""
    graph = Graph()
    for node in source.node:
        graph.add_node(node)
    return GraphDef(NodeDef.parse(op.node_def.SerializeToString())
                    for op in graph.ancestors(dest_nodes, set()))


def convert_variables_to_constants(sess: Any, input_graph_def: GraphDef, output_node_names: Sequence[str],
                                   variable_names_whitelist: Any = None,
                                   variable_names_blacklist: Any = None) -> GraphDef:
    """graph_util.convert_variables_to_constants: variables are constants here already."""
    return extract_sub_graph(input_graph_def, output_node_names)


def get_default_session() -> Any:
    return sessions[-1] if sessions else None


UNARY = {"abs": "Abs", "exp": "Exp", "floor": "Floor", "log": "Log", "negative": "Neg", "round": "Round",
         "rsqrt": "Rsqrt", "sigmoid": "Sigmoid", "sqrt": "Sqrt", "square": "Square", "tanh": "Tanh",
         "stop_gradient": "StopGradient"}
BINARY = {"add": "Add", "div": "RealDiv", "divide": "RealDiv", "maximum": "Maximum", "minimum": "Minimum",
          "multiply": "Mul", "pow": "Pow", "realdiv": "RealDiv", "squared_difference": "SquaredDifference",
          "subtract": "Sub"}
REDUCTIONS = {"reduce_max": "Max", "reduce_mean": "Mean", "reduce_min": "Min", "reduce_sum": "Sum"}


def table(ops: dict[str, str], make: Any) -> dict[str, Any]:
    """Functions by their names in TensorFlow."""
    return {name: make(op) for name, op in ops.items()}


NN = {"avg_pool": _pool("AvgPool"), "avg_pool2d": _pool("AvgPool"), "bias_add": bias_add, "conv2d": conv2d,
      "max_pool": _pool("MaxPool"), "max_pool2d": _pool("MaxPool"), "relu": _unary("Relu"), "relu6": _unary("Relu6"),
      "sigmoid": _unary("Sigmoid"), "softmax": softmax, "tanh": _unary("Tanh")}
MATH = {**table(UNARY, _unary), **table(BINARY, _binary), **table(REDUCTIONS, _reduction)}

