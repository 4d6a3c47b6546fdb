"""The pictures that are measured on: photos, and made ones that are hard for integers."""

import functools
import importlib.util
import pathlib

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))
RACED = ROOT / "examples/astronaut.jpg"
# Photos that packages of bench/requirements.txt carry, beside those of examples/.
PACKAGED = {
    "skimage": ["data/camera.png", "data/moon.png", "data/coins.png", "data/page.png", "data/text.png",
                "data/brick.png", "data/grass.png", "data/gravel.png", "data/motorcycle_left.png",
                "data/hubble_deep_field.jpg"],
    "sklearn": ["datasets/images/china.jpg", "datasets/images/flower.jpg"],
}


def photo(path: pathlib.Path, size: tuple[int, int]) -> np.ndarray:
    """A photo as RGB bytes, scaled to height x width whatever its own shape."""
    with Image.open(path) as picture:
        scaled = picture.convert("RGB").resize((size[1], size[0]), Image.Resampling.BICUBIC)
        return np.asarray(scaled, np.uint8)


def photos() -> dict:
    """Of every photo there is, what makes it in a size; those of missing packages are left out."""
    paths = list(EXAMPLES)
    for package, files in PACKAGED.items():
        spec = importlib.util.find_spec(package)
        if spec:
            paths += [pathlib.Path(spec.origin).parent / file for file in files]
    return {path.stem: functools.partial(photo, path) for path in paths}


def gradient(size: tuple[int, int]) -> np.ndarray:
    """A smooth slope of other colours in each corner: instance norm amplifies every rounding of it."""
    y, x = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]), indexing="ij")
    return np.stack([255 * x, 255 * y, 255 * (1 - (x + y) / 2)], -1).astype(np.uint8)


def constant(value: int, size: tuple[int, int]) -> np.ndarray:
    """One colour: no variance and no range."""
    return np.full((*size, 3), value, np.uint8)


def synthetic() -> dict:
    """As photos(), of pictures that are no photos."""
    made = {f"constant {value}": functools.partial(constant, value) for value in (0, 128, 255)}
    return {"gradient": gradient, **made}
