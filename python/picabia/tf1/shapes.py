"""tf.TensorShape and tf.Dimension."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .messages import TensorShapeProto


class Dimension(int):
    """One size of a shape that is known."""

    @property
    def value(self) -> int:
        return int(self)


class UnknownDimension:
    """One size of a shape that is free: its value is None."""

    value = None

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, UnknownDimension)

    def __hash__(self) -> int:
        return hash(None)

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "?"


class TensorShape:
    """The shape of a tensor, as far as it is known without running the graph."""

    def __init__(self, dims: Any) -> None:
        if isinstance(dims, TensorShapeProto):
            dims = dims.sizes
        elif isinstance(dims, TensorShape):
            dims = dims._dims
        elif isinstance(dims, int):
            dims = [dims]
        self._dims = None if dims is None else [_size(d) for d in dims]

    @property
    def ndims(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    rank = ndims

    @property
    def dims(self) -> list[Any] | None:
        return None if self._dims is None else [UnknownDimension() if d is None else Dimension(d) for d in self._dims]

    def as_list(self) -> list[int | None]:
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self) -> TensorShapeProto:
        from .graph_def import shape_message

        return TensorShapeProto(shape_message(None if self._dims is None else
                                              [-1 if d is None else d for d in self._dims]))

    def num_elements(self) -> int | None:
        if not self.is_fully_defined():
            return None
        count = 1
        for d in self.as_list():
            count *= d or 0
        return count

    def is_fully_defined(self) -> bool:
        return self._dims is not None and None not in self._dims

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Any]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self.dims or ())

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return TensorShape(self.as_list()[key])
        return UnknownDimension() if self._dims is None else (self.dims or [])[key]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TensorShape):
            return self._dims == other._dims
        return self._dims is not None and isinstance(other, (list, tuple)) and self._dims == list(other)

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        sizes = ["?" if d is None else str(d) for d in self._dims]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def __repr__(self) -> str:
        dims = None if self._dims is None else ", ".join(f"Dimension({d})" for d in self._dims)
        return f"TensorShape({dims if dims is None else '[' + dims + ']'})"


def _size(d: Any) -> int | None:
    d = getattr(d, "value", d)
    return None if d is None or int(d) < 0 else int(d)


def as_dims(shape: Iterable[Any] | None) -> list[int] | None:
    """What a caller gave as a shape: -1 where free, None for any rank."""
    sizes = TensorShape(shape)._dims
    return None if sizes is None else [-1 if d is None else d for d in sizes]
