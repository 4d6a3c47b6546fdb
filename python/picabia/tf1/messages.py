"""The messages inside attributes: shapes, tensors and lists, to be read. They are views: what would change one in place
raises, where it would be lost otherwise; a whole attribute is set, or made by AttrValue(shape=...)."""
from __future__ import annotations

import struct
from typing import Any

import numpy as np

from . import dtypes, wire

# TensorProto's fields of values, by the type of the elements: number and, of packed fields, the type in the file.
_VALUES: dict[str, tuple[int, Any]] = {
    "float32": (5, "<f4"), "float64": (6, "<f8"), "int64": (10, None), "bool": (11, None), "float16": (13, None),
    "uint32": (16, None), "uint64": (17, None)}
_INTS = (7, None)  # int_val, of the types up to 32 bits


class TensorShapeProto:
    """.dim[i].size, -1 where free; .unknown_rank."""

    class Dim:
        """One size."""

        __slots__ = ("size", "name")

        def __init__(self, size: int) -> None:
            object.__setattr__(self, "size", size)
            object.__setattr__(self, "name", "")

        def __setattr__(self, name: str, _: Any) -> None:
            raise AttributeError(f"{name}: shapes inside attributes are read-only; set the attribute by "
                                 "AttrValue(shape=tf.TensorShape([...]).as_proto())")

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    @property
    def sizes(self) -> list[int] | None:
        """None for an unknown rank."""
        sizes = []
        for number, _, value in wire.fields(self.data):
            if number == 3 and value:
                return None
            if number == 2:
                sizes.append(wire.signed(next((v for n, _, v in wire.fields(value) if n == 1), 0)))
        return sizes

    @property
    def dim(self) -> tuple[Dim, ...]:
        return tuple(self.Dim(size) for size in self.sizes or ())

    @property
    def unknown_rank(self) -> bool:
        return self.sizes is None

    def SerializeToString(self) -> bytes:  # noqa: N802, here and below: TensorFlow's names
        return self.data


class TensorProto:
    """.dtype, .tensor_shape, .tensor_content; tf.make_ndarray() gives its array."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def field(self, number: int, default: Any) -> Any:
        return next((v for n, _, v in wire.fields(self.data) if n == number), default)

    @property
    def dtype(self) -> int:
        return self.field(1, 0)

    @property
    def tensor_shape(self) -> TensorShapeProto:
        return TensorShapeProto(self.field(2, b""))

    @property
    def tensor_content(self) -> bytes:
        return self.field(4, b"")

    def SerializeToString(self) -> bytes:  # noqa: N802
        return self.data


class ListValue:
    """An attribute's list: .i, .f, .b, .s, .type."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    @property
    def s(self) -> tuple[bytes, ...]:
        return tuple(v for n, _, v in wire.fields(self.data) if n == 2)

    @property
    def i(self) -> tuple[int, ...]:
        return tuple(map(wire.signed, repeated(self.data, 3)))

    @property
    def f(self) -> tuple[float, ...]:
        return tuple(struct.unpack("<f", data[at:at + 4])[0] for n, _, data in wire.fields(self.data) if n == 4
                     for at in range(0, len(data), 4))

    @property
    def b(self) -> tuple[bool, ...]:
        return tuple(map(bool, repeated(self.data, 5)))

    @property
    def type(self) -> tuple[int, ...]:
        return tuple(repeated(self.data, 6))


def repeated(data: bytes, number: int) -> list[int]:
    """A repeated field of varints, packed or not."""
    found: list[int] = []
    for n, kind, value in wire.fields(data):
        if n == number:
            found += [value] if kind == wire.VARINT else wire.varints(value)
    return found


def make_ndarray(tensor: TensorProto) -> np.ndarray:
    """tf.make_ndarray: the array of a TensorProto. A last value that stands for all that follow is repeated."""
    dtype = dtypes.as_dtype(tensor.dtype)
    shape = tensor.tensor_shape.sizes
    if shape is None:
        raise ValueError("a TensorProto of unknown rank has no array")
    kind = np.dtype(dtype.as_numpy_dtype)
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, kind.newbyteorder("<")).astype(kind).reshape(shape)
    number, packed = _VALUES.get(dtype.name, _INTS)
    if packed:
        data = b"".join(v for n, _, v in wire.fields(tensor.data) if n == number)
        values = np.frombuffer(data, packed)
    else:
        whole = [wire.signed(v) for v in repeated(tensor.data, number)]
        values = np.array(whole, np.uint16).view(np.float16) if dtype.name == "float16" else np.array(whole)
    values = values.astype(kind)
    count = int(np.prod(shape))
    if len(values) < count:
        values = np.concatenate([values, np.repeat(values[-1:] if len(values) else np.zeros(1, kind), count - len(values))])
    return values[:count].reshape(shape)
