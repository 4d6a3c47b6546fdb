"""GraphDef, NodeDef and AttrValue, as scripts use them: read from bytes, looked at, written again.

Attributes stay bytes until somebody asks, so that weights are not copied about.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import _core
from . import dtypes, wire
from .messages import ListValue, TensorProto, TensorShapeProto

DATA_TYPE = {"s": 2, "i": 3, "f": 4, "b": 5, "type": 6, "shape": 7, "tensor": 8, "list": 1}


class AttrValue:
    """One attribute of a node: .s, .i, .f, .b, .type, which may be set; .shape, .tensor and .list, which may be read."""

    def __init__(self, data: bytes = b"", **field: Any) -> None:
        self.data = data
        for name, value in field.items():  # AttrValue(i=3), AttrValue(tensor=tf.make_tensor_proto(...))
            if name in ("shape", "tensor", "list"):
                self.data = wire.text(DATA_TYPE[name], value.data)
            else:
                setattr(self, name, value)

    def _field(self, name: str, default: Any) -> Any:
        for number, _, value in wire.fields(self.data):
            if number == DATA_TYPE[name]:
                return value
        return default

    @property
    def s(self) -> bytes:
        return self._field("s", b"")

    @s.setter
    def s(self, value: str | bytes) -> None:
        self.data = wire.text(2, value)

    @property
    def i(self) -> int:
        return wire.signed(self._field("i", 0))

    @i.setter
    def i(self, value: int) -> None:
        self.data = wire.integer(3, value)

    @property
    def f(self) -> float:
        data = self._field("f", b"")
        return struct.unpack("<f", data)[0] if data else 0.0

    @f.setter
    def f(self, value: float) -> None:
        self.data = wire.real(4, value)

    @property
    def b(self) -> bool:
        return bool(self._field("b", 0))

    @b.setter
    def b(self, value: bool) -> None:
        self.data = wire.integer(5, int(value))

    @property
    def type(self) -> int:
        return self._field("type", 0)

    @type.setter
    def type(self, value: Any) -> None:
        self.data = wire.integer(6, dtypes.as_dtype(value).as_datatype_enum)

    @property
    def shape(self) -> TensorShapeProto:
        return TensorShapeProto(self._field("shape", b""))

    @property
    def tensor(self) -> TensorProto:
        return TensorProto(self._field("tensor", b""))

    @property
    def list(self) -> ListValue:
        return ListValue(self._field("list", b""))

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802, here and below: TensorFlow's names
        numbers = {number: name for name, number in DATA_TYPE.items()}
        return next((numbers[n] for n, _, _ in wire.fields(self.data) if n in numbers), None)

    def HasField(self, name: str) -> bool:  # noqa: N802
        return self.WhichOneof("value") == name

    def CopyFrom(self, other: AttrValue) -> None:  # noqa: N802
        self.data = other.data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AttrValue) and self.data == other.data


class Attributes(dict):
    """A node's attributes by name. As in protobuf's maps, one that is asked for is there from then on."""

    def __missing__(self, key: str) -> AttrValue:
        value = self[key] = AttrValue()
        return value


def attr_int(value: int) -> AttrValue:
    return AttrValue(wire.integer(3, value))


def attr_float(value: float) -> AttrValue:
    return AttrValue(wire.real(4, value))


def attr_bool(value: bool) -> AttrValue:
    return AttrValue(wire.integer(5, int(value)))


def attr_text(value: str) -> AttrValue:
    return AttrValue(wire.text(2, value))


def attr_type(value: dtypes.DType) -> AttrValue:
    return AttrValue(wire.integer(6, value.as_datatype_enum))


def attr_ints(values: Iterable[int]) -> AttrValue:
    return AttrValue(wire.text(1, b"".join(wire.integer(3, v) for v in values)))


def shape_message(shape: Iterable[int] | None) -> bytes:
    """A TensorShapeProto; None is an unknown rank."""
    if shape is None:
        return wire.integer(3, 1)
    return b"".join(wire.text(2, wire.integer(1, d)) for d in shape)


def attr_shape(shape: Iterable[int] | None) -> AttrValue:
    return AttrValue(wire.text(7, shape_message(shape)))


def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> TensorProto:
    """tf.make_tensor_proto."""
    array = dtypes.as_constant(values, dtype, shape)
    return TensorProto(wire.integer(1, dtypes.as_dtype(array.dtype).as_datatype_enum) + wire.text(
        2, shape_message(array.shape)) + wire.text(4, np.ascontiguousarray(array).tobytes()))


def attr_tensor(array: np.ndarray) -> AttrValue:
    """An array as a TensorProto."""
    return AttrValue(wire.text(8, make_tensor_proto(array).data))


class NodeDef:
    """One node: .name, .op, .input, .device, .attr."""

    def __init__(self, name: str = "", op: str = "", input: Iterable[str] = (),
                 attr: dict[str, AttrValue] | None = None) -> None:
        self.name, self.op, self.device = name, op, ""
        self.input = list(input)
        self.attr = Attributes(attr or {})

    @classmethod
    def parse(cls, data: bytes) -> NodeDef:
        node = cls()
        for number, _, value in wire.fields(data):
            if number == 1:
                node.name = value.decode()
            elif number == 2:
                node.op = value.decode()
            elif number == 3:
                node.input.append(value.decode())
            elif number == 4:
                node.device = value.decode()
            elif number == 5:
                entry = {n: v for n, _, v in wire.fields(value)}
                node.attr[entry.get(1, b"").decode()] = AttrValue(entry.get(2, b""))
        return node

    def SerializeToString(self) -> bytes:
        parts = [wire.text(1, self.name), wire.text(2, self.op)]
        parts += [wire.text(3, i) for i in self.input]
        if self.device:
            parts.append(wire.text(4, self.device))
        parts += [wire.text(5, wire.text(1, key) + wire.text(2, value.data)) for key, value in self.attr.items()]
        return b"".join(parts)

    def CopyFrom(self, other: NodeDef) -> None:
        self.name, self.op, self.device = other.name, other.op, other.device
        self.input = list(other.input)
        self.attr = Attributes({key: AttrValue(value.data) for key, value in other.attr.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeDef) and vars(self) == vars(other)

    def __str__(self) -> str:
        lines = _core.graph_to_text(wire.text(1, self.SerializeToString())).splitlines()
        return "".join(line[2:] + "\n" for line in lines[1:-1])  # without "node {" and "}"


class _Nodes(list):
    """A repeated field of nodes."""

    def add(self, **fields: Any) -> NodeDef:
        self.append(NodeDef(**fields))
        return self[-1]


class VersionDef:
    """.producer and .min_consumer."""

    def __init__(self) -> None:
        self.producer = self.min_consumer = 0

    def merge(self, data: bytes) -> None:
        for number, kind, value in wire.fields(data):
            if kind == wire.VARINT and number in (1, 2):
                setattr(self, "producer" if number == 1 else "min_consumer", value)

    def serialized(self) -> bytes:
        return b"".join(wire.integer(n, v) for n, v in ((1, self.producer), (2, self.min_consumer)) if v)

    def CopyFrom(self, other: VersionDef) -> None:  # noqa: N802
        self.producer, self.min_consumer = other.producer, other.min_consumer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionDef) and vars(self) == vars(other)


class GraphDef:
    """A frozen graph: .node, .versions, and bytes in and out."""

    def __init__(self, nodes: Iterable[NodeDef] = ()) -> None:
        self.node = _Nodes(nodes)
        self.versions = VersionDef()
        self._rest = b""  # the library, and what is newer than this

    def Clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def ParseFromString(self, data: bytes) -> int:
        self.Clear()
        return self.MergeFromString(data)

    def MergeFromString(self, data: bytes) -> int:
        data = data.encode() if isinstance(data, str) else bytes(data)
        try:
            for number, kind, value in wire.fields(data):
                if number == 1 and kind == wire.BYTES:
                    self.node.append(NodeDef.parse(value))
                elif number == 4 and kind == wire.BYTES:
                    self.versions.merge(value)
                elif kind == wire.BYTES:
                    self._rest += wire.text(number, value)
                elif kind == wire.VARINT:
                    self._rest += wire.integer(number, value)
        except (wire.WireError, UnicodeDecodeError) as error:
            raise DecodeError(f"Error parsing message of type tensorflow.GraphDef: {error}") from None
        return len(data)

    def SerializeToString(self) -> bytes:
        versions = self.versions.serialized()
        return b"".join([*(wire.text(1, node.SerializeToString()) for node in self.node),
                         wire.text(4, versions) if versions else b"", self._rest])

    def CopyFrom(self, other: GraphDef) -> None:
        self.ParseFromString(other.SerializeToString())

    def MergeFrom(self, other: GraphDef) -> None:
        self.MergeFromString(other.SerializeToString())

    def ByteSize(self) -> int:
        return len(self.SerializeToString())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GraphDef) and vars(self) == vars(other)

    def __str__(self) -> str:
        return _core.graph_to_text(self.SerializeToString())


class DecodeError(Exception):
    """google.protobuf.message.DecodeError."""


def merge_text(text: str | bytes, message: GraphDef) -> GraphDef:
    """google.protobuf.text_format.Merge."""
    if not isinstance(message, GraphDef):
        raise TypeError(f"text_format of {type(message).__name__} is not supported; supported is: GraphDef")
    message.MergeFromString(_core.graph_from_text(text.decode() if isinstance(text, bytes) else text))
    return message


def message_to_text(message: GraphDef, **_: Any) -> str:
    """google.protobuf.text_format.MessageToString."""
    return str(message)
