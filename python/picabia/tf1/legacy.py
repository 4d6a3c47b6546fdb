"""Python 2's and old libraries' names that scripts of the course use."""
from __future__ import annotations

import builtins
import functools
import importlib
import sys
import time
import types
from typing import Any

import numpy as np

from . import source

NUMPY = {"int": int, "float": float, "bool": bool, "object": object, "str": str, "complex": complex, "long": int,
         "unicode": str}
BUILTINS = {"xrange": range, "raw_input": input, "unicode": str, "long": int, "basestring": str, "unichr": chr,
            "reduce": functools.reduce, source.DIVIDE: source.divide, source.DICT_METHOD: source.dict_method,
            source.DIVIDE_IN_PLACE: source.divide_in_place}
MODULES = {"ConfigParser": "configparser", "cPickle": "pickle", "Queue": "queue", "StringIO": "io",
           "cStringIO": "io", "urllib2": "urllib.request", "commands": "subprocess"}


def imread(name: str, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """scipy.misc.imread."""
    from PIL import Image

    with Image.open(name) as picture:
        picture = picture.convert("F" if flatten else mode or picture.mode)
        return np.array(picture)


def _to_bytes(array: Any) -> np.ndarray:
    """scipy.misc.bytescale: an array that is no uint8 is stretched to 0..255."""
    array = np.asarray(array)
    if array.dtype == np.uint8:
        return array
    low, high = float(array.min()), float(array.max())
    scale = 255.0 / ((high - low) or 1.0)
    return np.clip((array - low) * scale + 0.5, 0, 255).astype(np.uint8)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> np.ndarray:
    """scipy.misc.imresize: size is a shape, a fraction, or a percentage."""
    from PIL import Image

    picture = Image.fromarray(_to_bytes(arr))
    if isinstance(size, float):
        size = (int(picture.height * size), int(picture.width * size))
    elif isinstance(size, int):
        size = (picture.height * size // 100, picture.width * size // 100)
    ways = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}
    return np.array(picture.resize((size[1], size[0]), Image.Resampling(ways[interp])))


def imsave(name: str, arr: Any, format: str | None = None) -> None:
    """scipy.misc.imsave."""
    from PIL import Image

    Image.fromarray(_to_bytes(arr)).save(name, format)


def _install_scipy_misc() -> None:
    """scipy.misc, whose functions for pictures are gone since SciPy 1.3 and the module since 1.12."""
    try:
        scipy = importlib.import_module("scipy")
    except ImportError:
        scipy = types.ModuleType("scipy")
        scipy.__path__ = []  # type: ignore[attr-defined]
        sys.modules["scipy"] = scipy
    misc = types.ModuleType("scipy.misc")
    for function in (imread, imresize, imsave):
        setattr(misc, function.__name__, function)
    sys.modules["scipy.misc"] = misc
    scipy.misc = misc  # type: ignore[attr-defined]


def install() -> None:
    """Adds what is missing; nothing that is there is replaced."""
    for name, kind in NUMPY.items():
        if name not in vars(np):
            setattr(np, name, kind)
    for name, value in BUILTINS.items():
        if not hasattr(builtins, name):
            setattr(builtins, name, value)
    for old, new in MODULES.items():
        if importlib.util.find_spec(old) is None:
            sys.modules[old] = importlib.import_module(new)
    if not hasattr(time, "clock"):
        time.clock = time.perf_counter  # type: ignore[attr-defined]
    if not hasattr(sys, "maxint"):
        sys.maxint = sys.maxsize  # type: ignore[attr-defined]
    if not hasattr(sys, "setdefaultencoding"):
        sys.setdefaultencoding = lambda _: None  # type: ignore[attr-defined]
        builtins.reload = importlib.reload  # type: ignore[attr-defined]
    _install_scipy_misc()
