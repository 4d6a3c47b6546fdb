"""Pictures, quantization and compilation."""
from __future__ import annotations

import json
import operator
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _core
from .errors import InvalidArgument
from .session import Operators, as_array, split_operators

Path = str | os.PathLike[str]


def styles() -> list[str]:
    """Names of the styles inside the package."""
    return _core.styles()


def _pixels(picture: Any) -> np.ndarray:
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidArgument(f"picture: found {array.dtype} {list(array.shape)}, expected uint8 [height, width, 3], "
                              "[height, width, 4] or [height, width]")
    if array.ndim == 2:
        array = array[:, :, None]
    return np.ascontiguousarray(np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array)


def _size(size: Any) -> tuple[int, int]:
    """(height, width); zeros where none is given."""
    if size is None:
        return 0, 0
    try:
        height, width = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise InvalidArgument(f"size: found {size!r}, expected (height, width) of 1 or more")
    return height, width


class Stylizer:
    """A network that makes pictures of pictures; loads once, for any number of pictures of any size.

    style: a style inside the package; the first one unless `model` is given.
    model: a .pb, .onnx or compiled file.
    device, precision, threads, fast, mlu_numerics, operators: as of Session; int8 on device cpu unless told otherwise.
    preprocess: what the model wants of pixels, as the command line's --preprocess.
    sets: values of other inputs: numbers, arrays, or what --set takes as text.
    fetch: which output is the picture; else the first.

    Raises subclasses of picabia.Error.
    """

    def __init__(self, style: str | None = None, *, model: Path | None = None, device: str = "cpu",
                 precision: str | None = None, threads: int = 0, fast: bool = False, mlu_numerics: str = "faithful",
                 operators: Operators = (), preprocess: str = "", sets: Mapping[str, Any] | None = None,
                 fetch: str = "") -> None:
        if style is not None and model is not None:
            raise InvalidArgument("style and model exclude each other")
        name = os.fspath(model) if model is not None else "style:" + (style or "")
        paths, functions = split_operators(operators)
        texts = [f"{key}={value}" for key, value in (sets or {}).items() if isinstance(value, str)]
        arrays = [(key, as_array(key, value)) for key, value in (sets or {}).items() if not isinstance(value, str)]
        precision = precision or ("int8" if device == "cpu" else "")
        self._core = _core.Stylizer(name, device, precision, threads, fast, mlu_numerics, paths, functions, preprocess,
                                    texts, arrays, fetch)

    def __call__(self, picture: Any, output: Path | None = None, *, quality: int = 92) -> Any:
        """Makes one picture.

        picture: a path, a PIL image, or uint8 pixels [height, width, 3 (RGB), 4 (RGBA) or nothing (grey)].
        output: a file to write besides, by whose name the format is chosen; with a path as picture it keeps the colour
            profile, EXIF and transparency.
        quality: of JPEG and WebP, 1 to 100.

        Returns uint8 pixels [height, width, 3], or 4 where there is transparency; a PIL image for a PIL image.
        """
        if not isinstance(quality, int) or not 1 <= quality <= 100:
            raise InvalidArgument(f"quality: found {quality!r}, expected 1 to 100")
        out = "" if output is None else os.fspath(output)
        if isinstance(picture, (str, os.PathLike)):
            return self._core.run_file(os.fspath(picture), out, quality)
        is_pil = hasattr(picture, "convert") and hasattr(picture, "mode")
        if is_pil and picture.mode not in ("RGB", "RGBA", "L"):
            picture = picture.convert("RGBA" if "A" in picture.mode or "transparency" in picture.info else "RGB")
        result = self._core.run_pixels(_pixels(picture), out, quality)
        if not is_pil:
            return result
        from PIL import Image  # there, or there would be no PIL image

        return Image.fromarray(result)

    @property
    def ms(self) -> float:
        """Milliseconds that the network took for the last picture."""
        return self._core.ms()


def stylize(picture: Any, output: Path | None = None, *, style: str | None = None, quality: int = 92,
            **options: Any) -> Any:
    """Makes one picture: Stylizer(style, **options)(picture, output, quality=quality)."""
    return Stylizer(style, **options)(picture, output, quality=quality)


def quantize(model: Path, output: Path | None = None, *, calibration: Path | Sequence[Path] | None = None,
             bits: int = 8, per_channel: bool = False, algorithm: str = "max", as_cambricon: bool = False,
             report: Path | None = None, target_psnr: float = 0, time_budget: float = 60,
             size: tuple[int, int] | None = None, preprocess: str = "", sets: Mapping[str, str] | None = None,
             fetch: str = "", threads: int = 0, operators: Operators = ()) -> dict[str, Any]:
    """Makes the convolutions of a float model integer; what `picabia quantize` does.

    model: a .pb or .onnx file and `output` the file to write; or an ini file of Cambricon's quantizer, which says the
        rest but for as_cambricon, report and target_psnr.
    calibration: a folder of pictures, a text file with a path a line, or a list of pictures; without it a made picture.
    bits: 8 or 16. per_channel: a scale for each channel of a filter.
    algorithm: how ranges are chosen: "max", "percentile", "mse" or "entropy".
    report: a folder for report.html and report.json.
    target_psnr: keeps as many layers in more bits as this quality needs, in dB; time_budget: seconds for the search.
    size: (height, width) of the pictures.
    operators: custom operators that the model may have, as of Session.

    Returns the summary: psnr (dB), ssim, bytes_before, bytes_after, a list of layers, and notes.
    Raises subclasses of picabia.Error; then no file is written.
    """
    path = os.fspath(model)
    is_config = path.lower().endswith(".ini")
    if not is_config and output is None:
        raise InvalidArgument("quantize: output is missing")
    pictures: list[str] = []
    folder = ""
    if calibration is not None:
        if isinstance(calibration, (str, os.PathLike)):
            folder = os.fspath(calibration)
        else:
            pictures = [os.fspath(p) for p in calibration]
    height, width = _size(size)
    texts = [f"{key}={value}" for key, value in (sets or {}).items()]
    paths, functions = split_operators(operators)
    text = _core.quantize(path, "" if output is None else os.fspath(output), folder, pictures, bits, per_channel,
                          algorithm, as_cambricon, "" if report is None else os.fspath(report), target_psnr,
                          time_budget, height, width, preprocess, texts, fetch, threads, paths, functions)
    return json.loads(text)


def compile(model: Path, output: Path, *, target: str = "cpu", size: tuple[int, int] | None = None,
            preprocess: str = "", sets: Mapping[str, str] | None = None, operators: Operators = (),
            batch: int | Sequence[int] = (), io_type: str = "half", fetches: Sequence[str] = (),
            as_cambricon: bool = False) -> None:
    """Turns a model file into a compiled program; what `picabia compile` does.

    target: "cpu", whose program runs at every size, or "mlu270": an offline model for programs on CNRT, and the text
        OUTPUT_twins beside it.
    size: (height, width), the usual size of pictures; of mlu270 the only one.
    batch, io_type: of mlu270: pictures a run, or a list of them for a function each; "half", "float32" or "uint8".
    fetches: tensors to compute; the model's outputs unless given.
    as_cambricon: PowerDifference reads its exponent as the lab's kernels do.

    Raises subclasses of picabia.Error; then no file is written.
    """
    height, width = _size(size)
    paths, functions = split_operators(operators)
    texts = [f"{key}={value}" for key, value in (sets or {}).items()]
    _core.compile(os.fspath(model), os.fspath(output), target, height, width, preprocess, texts, paths, functions,
                  [batch] if isinstance(batch, int) else list(batch), io_type, list(fetches), as_cambricon)
