"""Photos as tensors, and how far two pictures are apart."""

import numpy as np
from PIL import Image

SIZES = [(256, 256), (512, 512), (250, 333)]  # the last is no multiple of the networks' stride
PHOTOS = ["astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg"]


def photo(examples, size, name="astronaut.jpg"):
    """A photo of examples/ as float32 [1, height, width, 3] in 0..255."""
    picture = Image.open(examples / name).convert("RGB").resize((size[1], size[0]), Image.BILINEAR)
    return np.asarray(picture, dtype=np.float32)[None]


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two pictures in 0..255, cut to that range as a file would."""
    a, b = (np.clip(x.astype(np.float64), 0, 255) for x in (a, b))
    return 10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-12))


def size_name(size):
    return f"{size[0]}x{size[1]}"
