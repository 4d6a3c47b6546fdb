"""The content pictures of the training: photos that ship inside two wheels, and made-up hard cases.

Called by make_targets.py.  Nothing is downloaded: every photo is a file of the installed
scikit-image or scikit-learn.  A few photos alone would leave the network unprepared for skies,
night and noise, where instance norm divides by a small deviation; `synthetic` adds such pictures.
"""

import numpy as np
from PIL import Image
from skimage import color, data, transform
from sklearn import datasets

# Colour photos, and gray ones (which change_light tints).  README.md has the licence of each.
COLOR_PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina",
                "immunohistochemistry")
GRAY_PHOTOS = ("camera", "brick", "grass", "gravel", "moon", "coins")
# How often a photo is drawn, where not once: rich everyday scenes matter more than textures.
WEIGHTS = {"astronaut": 4, "chelsea": 3, "coffee": 3, "rocket": 3, "china": 5, "flower": 4,
           "motorcycle": 4, "camera": 2, "retina": 0.5, "immunohistochemistry": 0.5,
           "brick": 0.5, "grass": 0.5, "gravel": 0.5, "moon": 0.7, "coins": 0.7}

TEACHER_NOISE = 0.015  # standard deviation, of the range 0..1


def load_photos() -> dict[str, np.ndarray]:
    """Returns every photo by name as float32 RGB, 0..1."""
    photos = {name: getattr(data, name)() for name in COLOR_PHOTOS}
    photos |= {name: color.gray2rgb(getattr(data, name)()) for name in GRAY_PHOTOS}
    photos["motorcycle"] = data.stereo_motorcycle()[0]
    photos |= {name: datasets.load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    return {name: photo[..., :3].astype(np.float32) / 255 for name, photo in photos.items()}


def random_crop(rng: np.random.Generator, photo: np.ndarray, size: int) -> np.ndarray:
    """Returns a square, 45 to 100 % of the photo's shorter side, resized and maybe mirrored."""
    height, width = photo.shape[:2]
    side = int(min(height, width) * rng.uniform(0.45, 1.0))
    top = rng.integers(0, height - side + 1)
    left = rng.integers(0, width - side + 1)
    crop = photo[top:top + side, left:left + side]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    resized = transform.resize(crop, (size, size), order=1, anti_aliasing=side > size)
    return resized.astype(np.float32)


def change_light(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Changes exposure, contrast, white balance and saturation; now and then to a dark picture."""
    picture = picture ** rng.uniform(0.7, 1.5)
    gray = picture.mean(-1, keepdims=True)
    picture = gray + (picture - gray) * rng.uniform(0.5, 1.4)
    picture = picture * rng.uniform(0.85, 1.15, 3)
    if rng.random() < 0.12:
        picture = picture * rng.uniform(0.08, 0.4)
    elif rng.random() < 0.3:
        contrast = rng.uniform(0.4, 1.1)
        picture = picture * contrast + (1 - contrast) * rng.uniform(0, 1)
    if rng.random() < 0.12:
        picture = picture + rng.normal(0, rng.uniform(0.01, 0.1), picture.shape)
    return np.clip(picture, 0, 1).astype(np.float32)


def gradient(rng: np.random.Generator, size: int) -> np.ndarray:
    """Returns a smooth run between two colours, straight or round, as a sky or a wall has."""
    rows, columns = np.mgrid[0:size, 0:size] / size
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        position = rows * np.sin(angle) + columns * np.cos(angle)
    else:
        center = rng.uniform(0, 1, 2)
        position = np.hypot(rows - center[0], columns - center[1])
    position = (position - position.min()) / np.ptp(position)
    first, second = rng.uniform(0, 1, (2, 3))
    return first + (second - first) * position[..., None]


def flat(rng: np.random.Generator, size: int) -> np.ndarray:
    """Returns one colour everywhere, black and white among them, with a trace of noise."""
    level = rng.choice([0.0, 1.0, rng.uniform()], p=[0.25, 0.15, 0.6])
    tint = np.clip(level + rng.normal(0, 0.15, 3) * (0 < level < 1), 0, 1)
    return tint + rng.normal(0, rng.choice([0, 0.004, 0.02]), (size, size, 3))


def clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    """Returns noise of several scales, coloured: soft clouds up to plain camera noise."""
    picture = np.zeros((size, size, 3))
    for cells in (3, 8, 24, size):
        grid = rng.normal(0, 1, (cells, cells, 3))
        picture += transform.resize(grid, (size, size), order=1) * rng.uniform(0, 0.25)
    return picture + rng.uniform(0.1, 0.9, 3)


def night(rng: np.random.Generator, size: int) -> np.ndarray:
    """Returns a dark gradient with a few bright round lights."""
    picture = gradient(rng, size) * rng.uniform(0.02, 0.2)
    rows, columns = np.mgrid[0:size, 0:size] / size
    for _ in range(rng.integers(1, 8)):
        center, radius = rng.uniform(0, 1, 2), rng.uniform(0.004, 0.06)
        distance = np.hypot(rows - center[0], columns - center[1])
        picture += np.exp(-(distance / radius) ** 2)[..., None] * rng.uniform(0.3, 1, 3)
    return picture


def synthetic(rng: np.random.Generator, size: int) -> np.ndarray:
    """Returns one of the made-up hard cases."""
    make = (gradient, flat, clouds, night)[rng.choice(4, p=[0.4, 0.2, 0.2, 0.2])]
    return np.clip(make(rng, size), 0, 1).astype(np.float32)


def contents(seed: int, count: int, size: int, synthetic_share: float):
    """Yields pairs of a training picture and what the teacher is shown, size x size RGB, 0..1.

    The two differ for made-up pictures: of a perfectly smooth one the teacher makes stripes out of
    rounding errors, so it is shown a slightly noisy one.
    """
    rng = np.random.default_rng(seed)
    photos = load_photos()
    names = sorted(photos)
    weights = np.array([WEIGHTS.get(name, 1.0) for name in names])
    for _ in range(count):
        if rng.random() < synthetic_share:
            picture = synthetic(rng, size)
            noisy = np.clip(picture + rng.normal(0, TEACHER_NOISE, picture.shape), 0, 1)
            yield picture, noisy.astype(np.float32)
            continue
        name = rng.choice(names, p=weights / weights.sum())
        picture = change_light(rng, random_crop(rng, photos[name], size))
        yield picture, picture


def save(path, picture: np.ndarray) -> None:
    """Writes a 0..255 picture, rounded and saturated."""
    Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(path)
