"""Operators and tensors that Python computes inside a run.

They get their inputs as read-only NumPy arrays over the memory of the run, without a copy; what they return is copied
once, into the memory of the run. The interpreter lock is held only while they run. They may be called more than once
a run, and by several sessions at once.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InvalidArgument

ShapeRule = Callable[..., Sequence[int]]


@dataclass(frozen=True)
class Operator:
    """A custom operator: what nodes of one type do.

    function: called with the inputs, and with the node's attributes by keyword where it has some; returns the output,
        of the shape that `shape` says. Attributes are ints, floats, strings, or lists of numbers. Those that only name an
        element type, as T of TensorFlow's nodes does, are left out where the function has no parameter for them: the
        arrays have it.
    shape: called with the shapes of the inputs, as tuples; returns that of the output. Without it: all inputs broadcast.
    dtype: of the output; without it that of the first input.
    """

    function: Callable[..., Any]
    shape: ShapeRule | None = None
    dtype: Any = None


@dataclass(frozen=True)
class Callback:
    """Computes a tensor of a model, usually a placeholder, from other tensors of it inside the run.

    inputs: names of the tensors that `function` is given, in order.
    function, shape: as of Operator; the element type is that of the tensor in the model.
    """

    inputs: Sequence[str]
    function: Callable[..., Any]
    shape: ShapeRule | None = None


ELEMENTS = {"float16", "float32", "float64", "bool"} | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def _taken(function: Callable[..., Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes without the element types that the function does not ask for."""
    if not any(value in ELEMENTS for value in attributes.values() if isinstance(value, str)):
        return attributes
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of NumPy's functions, which take none of them
        parameters = ()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return attributes
    names = {p.name for p in parameters}
    return {key: value for key, value in attributes.items() if key in names or not (isinstance(value, str) and value in ELEMENTS)}


def compute(function: Callable[..., Any], inputs: Sequence[np.ndarray], attributes: dict[str, Any],
            out: np.ndarray) -> None:
    """Calls a function and copies what it returns; called by the compiled module."""
    result = np.asarray(function(*inputs, **_taken(function, attributes)))
    if result.shape != out.shape:
        raise InvalidArgument(f"it returned shape {list(result.shape)}, expected {list(out.shape)}")
    if not np.can_cast(result.dtype, out.dtype, casting="same_kind"):
        raise InvalidArgument(f"it returned {result.dtype}, expected {out.dtype}")
    np.copyto(out, result, casting="same_kind")
