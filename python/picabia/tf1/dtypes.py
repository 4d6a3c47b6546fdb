"""TensorFlow's element types."""
from __future__ import annotations

from typing import Any

import numpy as np


class DType:
    """tf.float32 and the like."""

    def __init__(self, name: str, number: int, numpy: Any) -> None:
        self.name, self.as_datatype_enum, self._numpy = name, number, np.dtype(numpy)

    @property
    def as_numpy_dtype(self) -> type:
        return self._numpy.type

    @property
    def base_dtype(self) -> DType:
        return self

    def is_compatible_with(self, other: Any) -> bool:
        return self == as_dtype(other)

    @property
    def is_floating(self) -> bool:
        return self._numpy.kind == "f"

    @property
    def is_integer(self) -> bool:
        return self._numpy.kind in "iu"

    @property
    def size(self) -> int:
        return self._numpy.itemsize

    def __eq__(self, other: object) -> bool:
        try:
            return self.as_datatype_enum == as_dtype(other).as_datatype_enum
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.as_datatype_enum)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"


ALL = {d.name: d for d in (
    DType("float32", 1, np.float32), DType("float64", 2, np.float64), DType("int32", 3, np.int32),
    DType("uint8", 4, np.uint8), DType("int16", 5, np.int16), DType("int8", 6, np.int8), DType("int64", 9, np.int64),
    DType("bool", 10, np.bool_), DType("uint16", 17, np.uint16), DType("float16", 19, np.float16),
    DType("uint32", 22, np.uint32), DType("uint64", 23, np.uint64))}
float32, int32, int64, bool_ = ALL["float32"], ALL["int32"], ALL["int64"], ALL["bool"]


def as_dtype(value: Any) -> DType:
    """tf.as_dtype: a DType, a number of the enum, a name, or what NumPy takes for a type."""
    if isinstance(value, DType):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        for dtype in ALL.values():
            if dtype.as_datatype_enum == value:
                return dtype
        raise TypeError(f"element type {value} is not supported")
    if isinstance(value, str):
        value = {"half": "float16", "double": "float64", "float": "float32"}.get(value, value)
    name = np.dtype(value).name
    if name not in ALL:
        raise TypeError(f"element type {name} is not supported; supported are: {', '.join(ALL)}")
    return ALL[name]


def as_constant(value: Any, dtype: Any = None, shape: Any = None) -> np.ndarray:
    """The array of a constant; Python's numbers are 32 bits wide to TensorFlow."""
    array = np.asarray(value)
    if dtype is not None:
        array = array.astype(as_dtype(dtype).as_numpy_dtype)
    elif not hasattr(value, "dtype"):
        array = array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))
    if shape is not None:
        shape = tuple(int(d) for d in shape)
        array = np.full(shape, array.reshape(-1)[0]) if array.size == 1 else array.reshape(shape)
    return array
