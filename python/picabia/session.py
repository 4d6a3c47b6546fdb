"""Models that are asked for their tensors."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np

from . import _core
from .errors import InvalidArgument
from .host import Callback, Operator

Operators = Mapping[str, Any] | Iterable[Any]


def as_array(name: str, value: Any) -> np.ndarray:
    """A value to feed as an array that the compiled module can read in place; copies only what it cannot."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise InvalidArgument(f"feed '{name}': found elements of type {array.dtype}, expected numbers")
    if array.dtype.itemsize > 8 or not array.dtype.isnative:
        array = array.astype(np.float64 if array.dtype.kind == "f" else array.dtype.newbyteorder("="))
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _name(where: str, name: Any) -> str:
    if not isinstance(name, str):
        raise InvalidArgument(f"{where}: found {name!r} of type {type(name).__name__}, expected the name of a tensor")
    return name


def _names(fetches: str | Iterable[str]) -> list[str]:
    """What to fetch, as a list."""
    if isinstance(fetches, str) or not isinstance(fetches, Iterable):
        fetches = [fetches]
    return [_name("fetches", name) for name in fetches]


def split_operators(operators: Operators) -> tuple[list[str], dict[str, Operator]]:
    """Paths of libraries, and operators of this process by the type of node."""
    if isinstance(operators, (str, os.PathLike)):
        operators = [operators]
    paths, functions = [], {}
    for item in operators.items() if isinstance(operators, Mapping) else operators:
        if isinstance(item, (str, os.PathLike)):
            paths.append(os.fspath(item))
        else:
            name, function = item
            functions[name] = function if isinstance(function, Operator) else Operator(function)
    return paths, functions


class Session:
    """A model, ready to run on a device.

    model: a .pb, .onnx or compiled file, "style:NAME" for a style inside the package, or the bytes of such a file.
    device: "cpu" or "mlu" (the software model of an MLU270).
    precision: "fp32", "int8" or "int16"; see docs/numerics.md. None: fp32; on device mlu what the model says.
    threads: how many; 0 is one per core.
    fast: with int8: faster and less exact.
    mlu_numerics: of device mlu: "faithful" rounds as the card does, "wide" keeps floats between convolutions.
    operators: custom operators: paths of shared libraries, and pairs of a node type and a function or Operator
        (or a mapping of those).
    callbacks: tensors that Python computes inside the run: {"name": Callback(inputs, function)}, or
        {"name": (inputs, function)}. A placeholder with a callback need not be fed.
    as_cambricon: PowerDifference reads its exponent as the lab's kernels do.

    Raises subclasses of picabia.Error: NotFound for a file, InvalidModel for a damaged one, Unsupported for what is not
    handled.

    A session may be used by several threads; they take turns. The interpreter lock is released while it runs.
    """

    def __init__(self, model: str | os.PathLike[str] | bytes, *, device: str = "cpu", precision: str | None = None,
                 threads: int = 0, fast: bool = False, mlu_numerics: str = "faithful", operators: Operators = (),
                 callbacks: Mapping[str, Callback | tuple[Sequence[str], Any]] | None = None,
                 as_cambricon: bool = False) -> None:
        paths, functions = split_operators(operators)
        hosts = {name: c if isinstance(c, Callback) else Callback(*c) for name, c in (callbacks or {}).items()}
        source = model if isinstance(model, bytes) else os.fspath(model)
        self._core = _core.Session(source, device, precision or "", threads, fast, mlu_numerics, as_cambricon, paths, functions, hosts)

    @property
    def inputs(self) -> list[_core.TensorInfo]:
        """The model's own inputs: name, dtype, shape (None: any rank; -1: free), frozen_shape."""
        return self._core.inputs()

    @property
    def outputs(self) -> list[_core.TensorInfo]:
        """The model's own outputs."""
        return self._core.outputs()

    def get_inputs(self) -> list[_core.TensorInfo]:
        """The same as `inputs`."""
        return self.inputs

    def get_outputs(self) -> list[_core.TensorInfo]:
        """The same as `outputs`."""
        return self.outputs

    @property
    def tensor_names(self) -> list[str]:
        """All tensors that may be fetched and fed; of a compiled file only its inputs and outputs."""
        return self._core.tensor_names()

    @overload
    def run(self, fetches: str, feeds: Mapping[str, Any] | None = None) -> np.ndarray: ...

    @overload
    def run(self, fetches: Sequence[str] | None = None, feeds: Mapping[str, Any] | None = None) -> list[np.ndarray]: ...

    def run(self, fetches: str | Sequence[str] | None = None, feeds: Mapping[str, Any] | None = None):
        """Runs the part of the model that the fetches need.

        fetches: a name, for one array; names, for a list of arrays in their order; None: the model's own outputs. A
            name is "node" or "node:0"; any inner tensor will do.
        feeds: values of inputs, or of any inner tensor, by name. Arrays are read in place if they are contiguous.
            Numbers become the input's type where they keep their values (a uint8 picture fed to a float32 input);
            float64 is rounded to float32.

        The first run with other names of fetches and feeds compiles the model for them.

        Raises NotFound for a name that does not exist, InvalidArgument for an input that is not fed or has the wrong
        shape or type. An error of a callback or operator in Python is the __cause__ of what is raised; the session
        stays usable.
        """
        names = None if fetches is None else _names(fetches)
        if feeds is not None and not isinstance(feeds, Mapping):
            raise InvalidArgument(f"feeds: found {type(feeds).__name__}, expected a dict of arrays by name")
        arrays = [(_name("feeds", name), as_array(name, value)) for name, value in (feeds or {}).items()]
        if names == []:
            return []
        results = self._core.run(names, arrays)
        return results[0] if isinstance(fetches, str) else results

    @property
    def profile(self) -> list[dict[str, Any]]:
        """The steps of the last run: name, kernel, ms, macs (multiply-adds), integer."""
        return self._core.profile()

    @property
    def isa(self) -> str:
        """The instruction set that the kernels use."""
        return self._core.isa()
