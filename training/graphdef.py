"""Writes the student as a frozen TensorFlow 1 graph, and reads the weights back from one.

Called by export.py.  Node names, operators, order and attributes are those of the course's frozen
style-transfer graphs (359 nodes, from X_content to add_37), so that a program made for those runs
with this one: the names follow from TensorFlow 1 counting the uses of each operator (`add`,
`add_1`, ...).
"""

import collections

import numpy as np

import protowire as wire

PRODUCER = 38  # the graph version of TensorFlow 1.14
EPSILON, OUTPUT_SCALE, OUTPUT_SHIFT = 1e-3, 150.0, 127.5
SIZE = 256  # the graph's pictures are 1 x SIZE x SIZE x 3
LAYERS = 16
FLOAT, INT32 = 1, 3  # TensorFlow's DataType
DTYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.int32): INT32}


# Attribute values: the bytes of an AttrValue message.
def _string(value: str) -> bytes:
    return wire.data(2, value)


def _flag(value: bool) -> bytes:
    return wire.integer(5, value)


def _type(value: int) -> bytes:
    return wire.integer(6, value)


def _integers(values: list[int]) -> bytes:
    packed = b"".join(wire.varint(value) for value in values)
    return wire.data(1, wire.data(3, packed) if values else b"")


def _strings(values: list[str]) -> bytes:
    return wire.data(1, b"".join(wire.data(2, value) for value in values))


def _shape_message(shape: tuple[int, ...]) -> bytes:
    return b"".join(wire.data(2, wire.integer(1, size)) for size in shape)


def _tensor(array: np.ndarray) -> bytes:
    message = wire.integer(1, DTYPES[array.dtype]) + wire.data(2, _shape_message(array.shape))
    # A scalar goes to float_val as TensorFlow writes it, everything else to tensor_content.
    message += wire.data(4 if array.ndim else 5, array.tobytes())
    return wire.data(8, message)


class _Graph:
    """Collects nodes; each method adds some and returns the name of the last."""

    def __init__(self):
        self.nodes: list[bytes] = []
        self._uses = collections.Counter()
        self._variables = 0

    def unique(self, name: str) -> str:
        """Returns name, name_1, name_2, ..."""
        count = self._uses[name]
        self._uses[name] += 1
        return f"{name}_{count}" if count else name

    def node(self, name: str, op: str, inputs: list[str], **attributes: bytes) -> str:
        message = wire.data(1, name) + wire.data(2, op)
        message += b"".join(wire.data(3, source) for source in inputs)
        for key, value in sorted(attributes.items()):
            message += wire.data(5, wire.data(1, key) + wire.data(2, value))
        self.nodes.append(wire.data(1, message))
        return name

    def constant(self, name: str, value) -> str:
        array = np.asarray(value)
        kind = np.int32 if array.dtype.kind == "i" else np.float32
        array = np.ascontiguousarray(array, kind).reshape(array.shape)
        return self.node(name, "Const", [], dtype=_type(DTYPES[array.dtype]), value=_tensor(array))

    def math(self, op: str, name: str, *inputs: str) -> str:
        return self.node(name, op, list(inputs), T=_type(FLOAT))

    def with_constant(self, op: str, base: str, first: str, value: float) -> str:
        name = self.unique(base)
        return self.math(op, name, first, self.constant(f"{name}/y", value))

    def variable(self, value: np.ndarray) -> str:
        name = self.unique("Variable")
        self.constant(name, value)
        return self.node(f"{name}/read", "Identity", [name], T=_type(FLOAT),
                         _class=_strings([f"loc:@{name}"]))

    def convolution(self, x: str, weights: np.ndarray, stride: int) -> str:
        read = self.variable(weights)
        return self._convolution("Conv2D", "Conv2D", [x, read], stride)

    def transposed(self, x: str, weights: np.ndarray, size: int) -> str:
        read = self.variable(weights)
        shape = self.constant(self.unique("stack"), [1, size, size, weights.shape[2]])
        return self._convolution("Conv2DBackpropInput", "conv2d_transpose", [shape, read, x], 2)

    def _convolution(self, op: str, base: str, inputs: list[str], stride: int) -> str:
        return self.node(
            self.unique(base), op, inputs, T=_type(FLOAT), data_format=_string("NHWC"),
            dilations=_integers([1, 1, 1, 1]), explicit_paddings=_integers([]),
            padding=_string("SAME"), strides=_integers([1, stride, stride, 1]),
            use_cudnn_on_gpu=_flag(True))

    def mean(self, name: str, x: str) -> str:
        axes = self.constant(f"{name}/reduction_indices", [1, 2])
        return self.node(name, "Mean", [x, axes], T=_type(FLOAT), Tidx=_type(INT32),
                         keep_dims=_flag(True))

    def norm(self, x: str, shift: np.ndarray, scale: np.ndarray) -> str:
        moments = self.unique("moments")
        mean = self.mean(f"{moments}/mean", x)
        stopped = self.math("StopGradient", f"{moments}/StopGradient", mean)
        square = self.math("SquaredDifference", f"{moments}/SquaredDifference", x, stopped)
        variance = self.mean(f"{moments}/variance", square)
        shift_read, scale_read = self.variable(shift), self.variable(scale)
        centered = self.math("Sub", self.unique("sub"), x, mean)
        deviation = self.with_constant(
            "Pow", "pow", self.with_constant("Add", "add", variance, EPSILON), 0.5)
        normal = self.math("RealDiv", self.unique("div"), centered, deviation)
        scaled = self.math("Mul", self.unique("mul"), scale_read, normal)
        return self.math("Add", self.unique("add"), scaled, shift_read)

    def relu(self, x: str) -> str:
        return self.math("Relu", self.unique("Relu"), x)


def write(arrays: list[np.ndarray]) -> bytes:
    """Returns the graph of filter, shift and scale of every layer (model.trainable_arrays)."""
    graph = _Graph()
    layers = iter([arrays[i:i + 3] for i in range(0, len(arrays), 3)])

    def layer(x: str, stride: int = 1, transposed_size: int = 0) -> str:
        weights, shift, scale = next(layers)
        if transposed_size:
            return graph.norm(graph.transposed(x, weights, transposed_size), shift, scale)
        return graph.norm(graph.convolution(x, weights, stride), shift, scale)

    x = graph.node("X_content", "Placeholder", [], dtype=_type(FLOAT),
                   shape=wire.data(7, _shape_message((1, SIZE, SIZE, 3))))
    for stride in (1, 2, 2):
        x = graph.relu(layer(x, stride))
    for _ in range(5):
        inner = layer(graph.relu(layer(x)))
        x = graph.math("Add", graph.unique("add"), x, inner)
    for size in (SIZE // 2, SIZE):
        x = graph.relu(layer(x, transposed_size=size))
    x = graph.math("Tanh", graph.unique("Tanh"), layer(x))
    x = graph.with_constant("Mul", "mul", x, OUTPUT_SCALE)
    graph.with_constant("Add", "add", x, OUTPUT_SHIFT)
    return b"".join(graph.nodes) + wire.data(4, wire.integer(1, PRODUCER))


def _read_tensor(message: memoryview) -> np.ndarray:
    shape, values = [], b""
    for number, value in wire.fields(message):
        if number == 2:
            dims = [dict(wire.fields(dim)) for key, dim in wire.fields(value) if key == 2]
            shape = [dim.get(1, 0) for dim in dims]
        elif number in (4, 5):
            values = value
    return np.frombuffer(values, np.float32).reshape(shape)


def _read_constant(node: memoryview) -> tuple[str, np.ndarray] | None:
    """Returns name and value of a node that is a trained constant, else nothing."""
    name, value = "", None
    for number, field in wire.fields(node):
        if number == 1:
            name = bytes(field).decode()
        elif number == 5 and name.startswith("Variable"):
            entry = dict(wire.fields(field))
            if bytes(entry[1]) == b"value":
                value = _read_tensor(dict(wire.fields(entry[2]))[8])
    return None if value is None else (name, value)


def read(graph: bytes) -> list[np.ndarray]:
    """Returns the trained constants of a frozen graph of this architecture, in their order."""
    found = {}
    for number, node in wire.fields(memoryview(graph)):
        constant = _read_constant(node) if number == 1 else None
        if constant:
            found[constant[0]] = constant[1]
    names = ["Variable"] + [f"Variable_{k}" for k in range(1, 3 * LAYERS)]
    missing = [name for name in names if name not in found]
    if missing or len(found) != len(names):
        raise ValueError(f"expected {len(names)} constants Variable..., found {len(found)}; "
                         f"missing: {missing[:3]}")
    return [found[name] for name in names]
