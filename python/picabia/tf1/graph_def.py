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

DATA_TYPE = {"s": 2, "i": 3, "f": 4, "b": 5, "type": 6, "shape": 7, "tensor": 8, "list": 1}


class AttrValue:
    """One attribute of a node: .s, .i, .f, .b, .type, .shape, .tensor (bytes of a message for the last two)."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def _field(self, name: str, default: Any) -> Any:
        for number, _, value in wire.fields(self.data):
            if number == DATA_TYPE[name]:
                return value
        return default

    @property
    def s(self) -> bytes:
        return self._field("s", b"")

    @property
    def i(self) -> int:
        return wire.signed(self._field("i", 0))

    @property
    def f(self) -> float:
        data = self._field("f", b"")
        return struct.unpack("<f", data)[0] if data else 0.0

    @property
    def b(self) -> bool:
        return bool(self._field("b", 0))

    @property
    def type(self) -> int:
        return self._field("type", 0)

    @property
    def shape(self) -> bytes | None:
        return self._field("shape", None)

    @property
    def tensor(self) -> bytes | None:
        return self._field("tensor", None)

    def CopyFrom(self, other: AttrValue) -> None:  # noqa: N802, here and below: TensorFlow's names
        self.data = other.data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AttrValue) and self.data == other.data


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


def parse_shape(message: bytes | None) -> list[int] | None:
    """The sizes of a TensorShapeProto, -1 where free; None for an unknown rank."""
    if message is None:
        return None
    shape = []
    for number, _, value in wire.fields(message):
        if number == 3 and value:
            return None
        if number == 2:
            size = next((v for n, _, v in wire.fields(value) if n == 1), 0)
            shape.append(wire.signed(size))
    return shape


def attr_tensor(array: np.ndarray) -> AttrValue:
    """An array as a TensorProto."""
    dtype = dtypes.as_dtype(array.dtype)
    message = wire.integer(1, dtype.as_datatype_enum) + wire.text(2, shape_message(array.shape))
    return AttrValue(wire.text(8, message + wire.text(4, np.ascontiguousarray(array).tobytes())))


class NodeDef:
    """One node: .name, .op, .input, .device, .attr."""

    def __init__(self, name: str = "", op: str = "", input: Iterable[str] = (),
                 attr: dict[str, AttrValue] | None = None) -> None:
        self.name, self.op, self.device = name, op, ""
        self.input = list(input)
        self.attr = dict(attr or {})

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
        self.input, self.attr = list(other.input), dict(other.attr)

    def __str__(self) -> str:
        return f"name: \"{self.name}\" op: \"{self.op}\""


class _Nodes(list):
    """A repeated field of nodes."""

    def add(self) -> NodeDef:
        self.append(NodeDef())
        return self[-1]


class GraphDef:
    """A frozen graph: .node, and bytes in and out."""

    def __init__(self, nodes: Iterable[NodeDef] = ()) -> None:
        self.node = _Nodes(nodes)
        self._rest = b""  # versions and library

    def ParseFromString(self, data: bytes) -> int:
        self.node, self._rest = _Nodes(), b""
        return self.MergeFromString(data)

    def MergeFromString(self, data: bytes) -> int:
        data = bytes(data)
        try:
            for number, kind, value in wire.fields(data):
                if number == 1 and kind == wire.BYTES:
                    self.node.append(NodeDef.parse(value))
                elif kind == wire.BYTES:
                    self._rest += wire.text(number, value)
                elif kind == wire.VARINT:
                    self._rest += wire.integer(number, value)
        except (wire.WireError, UnicodeDecodeError) as error:
            raise DecodeError(f"Error parsing message of type tensorflow.GraphDef: {error}") from None
        return len(data)

    def SerializeToString(self) -> bytes:
        return b"".join(wire.text(1, node.SerializeToString()) for node in self.node) + self._rest

    def CopyFrom(self, other: GraphDef) -> None:
        self.ParseFromString(other.SerializeToString())

    def MergeFrom(self, other: GraphDef) -> None:
        self.MergeFromString(other.SerializeToString())

    def ByteSize(self) -> int:
        return len(self.SerializeToString())

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
