"""Graphs, operations and tensors: GraphDefs that scripts have read, and nodes that they add."""
from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import dtypes, graph_def
from .graph_def import AttrValue, GraphDef, NodeDef
from .shapes import TensorShape


# Operators of TensorFlow that have one output; of others nothing is said before they run.
ONE_OUTPUT = {"Add", "Const", "Conv2D", "Conv2DBackpropInput", "Identity", "Int8Conv2D", "Int8Conv2DBackpropInput", "Max",
              "Mean", "Min", "Mul", "Placeholder", "Pow", "PowerDifference", "RealDiv", "Relu", "Reshape", "Softmax",
              "SquaredDifference", "StopGradient", "Sub", "Sum", "Tanh"}
BOOLEAN = {"Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "NotEqual"}


class Operation:
    """A node of a graph."""

    def __init__(self, graph: Graph, node: NodeDef) -> None:
        self.graph, self.node_def = graph, node

    @property
    def name(self) -> str:
        return self.node_def.name

    @property
    def type(self) -> str:
        return self.node_def.op

    @property
    def device(self) -> str:
        return self.node_def.device

    @property
    def outputs(self) -> list[Tensor]:
        return [] if self.type == "NoOp" else [self.graph.tensor(self.name, 0)]

    @property
    def inputs(self) -> list[Tensor]:
        return [self.graph.get_tensor_by_name(full_name(i)) for i in self.node_def.input if not i.startswith("^")]

    def run(self, feed_dict: Mapping[Any, Any] | None = None, session: Any = None) -> None:
        _session_for("run", session).run(self, feed_dict)

    def get_attr(self, name: str) -> Any:
        if name not in self.node_def.attr:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        value = self.node_def.attr[name]
        kind = value.WhichOneof("value")
        if kind == "list":
            return list(next((v for v in (value.list.i, value.list.f, value.list.s, value.list.type) if v), ()))
        return dtypes.as_dtype(value.type) if kind == "type" else None if kind is None else getattr(value, kind)

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


class Tensor:
    """An output of a node. Compares and hashes by identity, so that it can be a key of feed_dict."""

    __array_priority__ = 100  # array + tensor is this class's

    def __init__(self, op: Operation, index: int) -> None:
        self.op, self.value_index = op, index

    @property
    def graph(self) -> Graph:
        return self.op.graph

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.value_index}"

    @property
    def dtype(self) -> dtypes.DType:
        attr = self.op.node_def.attr
        if self.op.type in BOOLEAN:
            return dtypes.bool_
        if self.op.type == "Rank":
            return dtypes.int32
        for key in ("DstT", "out_type", "output_type", "dtype", "T"):
            if key in attr:
                return dtypes.as_dtype(attr[key].type)
        return dtypes.float32

    @property
    def shape(self) -> TensorShape:
        attr = self.op.node_def.attr
        if self.op.type == "Placeholder" and "shape" in attr:
            return TensorShape(attr["shape"].shape.sizes)
        if self.op.type == "Const" and "value" in attr:
            return TensorShape(attr["value"].tensor.tensor_shape.sizes)
        return TensorShape(None)

    def get_shape(self) -> TensorShape:
        return self.shape

    def eval(self, feed_dict: Mapping[Any, Any] | None = None, session: Any = None) -> np.ndarray:
        return _session_for("eval", session).run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self.shape.ndims is None else f", shape={self.shape}"
        return f"Tensor(\"{self.name}\"{shape}, dtype={self.dtype.name})"

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("'Tensor' object is not iterable.")

    def __bool__(self) -> bool:
        raise TypeError("Using a tf.Tensor as a Python bool is not allowed.")

    def _binary(self, op: str, other: Any, reverse: bool = False, name: str | None = None) -> Tensor:
        x, y = self, self.graph.as_tensor(other, self.dtype)
        return self.graph.add(op, [y, x] if reverse else [x, y], {"T": graph_def.attr_type(self.dtype)}, name)

    def __getitem__(self, key: Any) -> Tensor:
        from .arrays import strided_slice_of

        return strided_slice_of(self, key)

    def __abs__(self) -> Tensor:
        return self.graph.add("Abs", [self], {"T": graph_def.attr_type(self.dtype)})

    def __invert__(self) -> Tensor:
        return self.graph.add("LogicalNot", [self])

    def __neg__(self) -> Tensor:
        return self.graph.add("Neg", [self], {"T": graph_def.attr_type(self.dtype)})


def _operator(op: str, reverse: bool = False, name: str | None = None) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        return self._binary(op, other, reverse, name)

    return method


# Python's operators, the operators of TensorFlow, and what TensorFlow calls the nodes where it is not that.
OPERATORS = {"add": ("Add", "add"), "sub": ("Sub", "sub"), "mul": ("Mul", "mul"), "truediv": ("RealDiv", "truediv"),
             "div": ("RealDiv", "div"), "floordiv": ("FloorDiv", "floordiv"), "mod": ("FloorMod", "mod"), "pow": ("Pow", "pow"),
             "matmul": ("MatMul", "matmul")}
COMPARISONS = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}
for _python, (_op, _node) in OPERATORS.items():
    setattr(Tensor, f"__{_python}__", _operator(_op, name=_node))
    setattr(Tensor, f"__r{_python}__", _operator(_op, True, _node))
for _python, _op in COMPARISONS.items():
    setattr(Tensor, f"__{_python}__", _operator(_op))
Tensor.__and__, Tensor.__or__ = _operator("LogicalAnd"), _operator("LogicalOr")  # type: ignore[attr-defined]


def full_name(name: str) -> str:
    """"node:0" for "node"."""
    return name if ":" in name else name + ":0"


class Graph:
    """tf.Graph. Nodes are never changed once they are in it."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._tensors: dict[str, Tensor] = {}
        self._used_names: dict[str, int] = {}
        self._scope = ""
        self._used_scopes: set[str] = set()

    # ---- what scripts call

    @contextlib.contextmanager
    def as_default(self) -> Iterator[Graph]:
        _graphs.append(self)
        try:
            yield self
        finally:
            _graphs.remove(self)

    @contextlib.contextmanager
    def name_scope(self, name: str | None, *_: Any, **__: Any) -> Iterator[str]:
        """Names inside begin with the scope's, which is made unique; "name/" is a scope that was there before."""
        before = self._scope
        self._scope = self.unique_scope(name) if name and not name.endswith("/") else (name or "").rstrip("/")
        try:
            yield self._scope + "/" if self._scope else ""
        finally:
            self._scope = before

    @contextlib.contextmanager
    def device(self, _: Any) -> Iterator[None]:
        yield

    def get_operations(self) -> list[Operation]:
        return list(self._operations.values())

    def get_operation_by_name(self, name: str) -> Operation:
        if name not in self._operations:
            if name.partition(":")[0] in self._operations:
                raise ValueError(f"Name '{name}' appears to refer to a Tensor, not a Operation.")
            raise KeyError(f"The name '{name}' refers to an Operation not in the graph.")
        return self._operations[name]

    def get_tensor_by_name(self, name: str) -> Tensor:
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        node, colon, index = name.rpartition(":")
        if name in self._operations:
            raise ValueError(f"The name '{name}' refers to an Operation, not a Tensor. Tensor names must be of the form "
                             "\"<op_name>:<output_index>\".")
        if not colon or not index.isdigit():
            raise ValueError(f"The name '{name}' looks like an (invalid) Operation name, not a Tensor. Tensor names must "
                             "be of the form \"<op_name>:<output_index>\".")
        if node not in self._operations:
            raise KeyError(f"The name '{name}' refers to a Tensor which does not exist. The operation, '{node}', does "
                           "not exist in the graph.")
        if int(index) > 0 and self._operations[node].type in ONE_OUTPUT:
            raise KeyError(f"The name '{name}' refers to a Tensor which does not exist. The operation, '{node}', exists but "
                           "only has 1 outputs.")
        return self.tensor(node, int(index))

    def as_graph_element(self, item: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        if isinstance(item, str):
            return self.get_tensor_by_name(item) if ":" in item else self.get_operation_by_name(item)
        return item

    def as_graph_def(self, *_: Any, **__: Any) -> GraphDef:
        return GraphDef(op.node_def for op in self._operations.values())

    def finalize(self) -> None:
        pass

    def get_all_collection_keys(self) -> list[str]:
        return []

    def get_collection(self, *_: Any, **__: Any) -> list[Any]:
        return []

    # ---- what the rest of this package calls

    def tensor(self, node: str, index: int) -> Tensor:
        name = f"{node}:{index}"
        if name not in self._tensors:
            self._tensors[name] = Tensor(self._operations[node], index)
        return self._tensors[name]

    def unique_name(self, name: str) -> str:
        name = f"{self._scope}/{name}" if self._scope else name
        unique, count = name, self._used_names.get(name, 0)
        while unique in self._operations or unique in self._used_scopes:
            count += 1
            unique = f"{name}_{count}"
        self._used_names[name] = count
        return unique

    def unique_scope(self, name: str) -> str:
        unique = self.unique_name(name)
        self._used_scopes.add(unique)
        return unique

    def add_node(self, node: NodeDef) -> Operation:
        operation = Operation(self, node)
        self._operations[node.name] = operation
        return operation

    def add(self, op: str, inputs: Sequence[Tensor], attrs: Mapping[str, AttrValue] | None = None,
            name: str | None = None) -> Tensor:
        """A new node; its first output."""
        for tensor in inputs:
            if tensor.graph is not self:
                raise ValueError(f"{tensor!r} must be from the same graph as the new node {name or op}.")
        node = NodeDef(self.unique_name(name or op), op, [short_name(t) for t in inputs], dict(attrs or {}))
        return self.add_node(node).outputs[0] if op != "NoOp" else self.add_node(node)

    def constant(self, value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
        array = dtypes.as_constant(value, dtype, shape)
        return self.add("Const", [], {"dtype": graph_def.attr_type(dtypes.as_dtype(array.dtype)),
                                      "value": graph_def.attr_tensor(array)}, name or "Const")

    def as_tensor(self, value: Any, dtype: Any = None) -> Tensor:
        """tf.convert_to_tensor."""
        if isinstance(value, Tensor):
            return value
        if hasattr(value, "as_tensor_of"):  # tf.Variable
            return value.as_tensor_of(self)
        return self.constant(value, dtype)

    def ancestors(self, names: Iterable[str], stop: set[str]) -> list[Operation]:
        """The operations that these nodes need, in an order in which inputs come first; those of `stop` are taken as
        they are, without what they read."""
        done: dict[str, Operation] = {}
        stack = [(name, False) for name in names]
        while stack:
            name, ready = stack.pop()
            if name in done:
                continue
            operation = self._operations.get(name)
            if operation is None:
                raise KeyError(f"node '{name}' is not in the graph")
            if ready or name in stop:
                done[name] = operation
                continue
            stack.append((name, True))
            stack += [(node_of(i), False) for i in reversed(operation.node_def.input) if node_of(i) not in done]
        return list(done.values())


def short_name(tensor: Tensor) -> str:
    """As inputs of nodes spell it."""
    return tensor.op.name if tensor.value_index == 0 else tensor.name


def node_of(name: str) -> str:
    """The node of "node", "node:1" or "^node"."""
    return name.lstrip("^").partition(":")[0]


_graphs: list[Graph] = [Graph()]  # the last one is the default
sessions: list[Any] = []  # the last one is the default


def get_default_graph() -> Graph:
    return _graphs[-1]


def reset_default_graph() -> None:
    if len(_graphs) > 1:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs.")
    _graphs[0] = Graph()


def _session_for(what: str, session: Any) -> Any:
    if session is not None:
        return session
    if not sessions:
        raise ValueError(f"Cannot {what}: no default session is registered; use `with sess.as_default()` or pass an "
                         f"explicit session to `{what}(session=sess)`")
    return sessions[-1]


def import_graph_def(graph_def: GraphDef, input_map: Mapping[str, Tensor] | None = None,
                     return_elements: Sequence[str] | None = None, name: str | None = None, op_dict: Any = None,
                     producer_op_list: Any = None) -> list[Any] | None:
    """tf.import_graph_def; without `name` the nodes' names begin with "import/", as in TensorFlow."""
    if not isinstance(graph_def, GraphDef):
        raise TypeError(f"graph_def must be a GraphDef, not {type(graph_def).__name__}")
    graph = get_default_graph()
    names = {node.name for node in graph_def.node}
    for element in return_elements or ():
        if node_of(element) not in names:
            raise ValueError(f"Requested return_element '{element}' not found in graph_def.")
    read = {full_name(i) for node in graph_def.node for i in node.input if not i.startswith("^")}
    absent = [key for key in input_map or () if node_of(key) not in names and full_name(key) not in read]
    if absent:
        raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(absent)}]")
    prefix = "import" if name is None else name
    prefix = graph.unique_scope(prefix.rstrip("/")) + "/" if prefix else ""
    replaced = {full_name(key): short_name(graph.as_tensor(tensor)) for key, tensor in (input_map or {}).items()}

    def renamed(reference: str) -> str:
        if reference.startswith("^"):
            return "^" + prefix + reference[1:]
        return replaced.get(full_name(reference), prefix + reference)

    for node in graph_def.node:
        if prefix + node.name in graph._operations:
            raise ValueError(f"Node name '{prefix + node.name}' already exists in the Graph")
        graph.add_node(NodeDef(prefix + node.name, node.op, map(renamed, node.input), node.attr))
    if return_elements is None:
        return None
    return [graph.as_graph_element(prefix + element) for element in return_elements]
