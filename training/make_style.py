"""Draws the style picture of `facets`: overlapping shaded polygons with thin dark outlines.

The picture is made by this program alone, from a seed; nothing was copied or photographed.  It is
the first step of the training (see README.md); `make_targets.py` shows it to the teacher.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

SIZE = 768  # pixels a side of the finished picture
OVERSAMPLE = 2  # drawn larger and reduced, so that the outlines are smooth
SEED = 1913

# A restrained palette: ochres, brick, slate blues, a cream light and a near-black.
PALETTE = np.array([
    (214, 168, 92), (178, 118, 58), (150, 62, 44), (196, 92, 62), (236, 220, 184),
    (92, 116, 138), (52, 76, 104), (126, 148, 150), (74, 62, 58), (222, 196, 142),
], dtype=np.float32)
INK = (30, 24, 26)
WHITE_BALANCE = (0.8, 1.0, 1.2)  # cooler, which gives the teacher blue shadows beside orange lights
SATURATION = 1.8
VIEW = 0.453  # the picture is the lower right part of the canvas, from here on in either direction


def random_polygon(rng: np.random.Generator, size: int, radius: float) -> np.ndarray:
    """Returns 3 to 5 corners, in order of angle, around a random centre; elongated at random."""
    corners = rng.integers(3, 6)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = radius * rng.uniform(0.5, 1.3, corners)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
    points *= (1.0, rng.uniform(0.4, 1.0))
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ rotation.T + rng.uniform(-0.05, 1.05, 2) * size


def shade(rng: np.random.Generator, points: np.ndarray, size: int) -> Image.Image:
    """Returns a picture whose colour runs from one palette entry to another across the polygon."""
    first, second = PALETTE[rng.choice(len(PALETTE), 2, replace=False)]
    if rng.random() < 0.6:  # Mostly the same hue, lighter or darker: a shaded facet.
        second = np.clip(first * rng.uniform(0.45, 1.5), 0, 255)
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    along = points @ direction
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    position = columns * direction[0] + rows * direction[1]
    mix = np.clip((position - along.min()) / max(np.ptp(along), 1.0), 0, 1)[..., None]
    grain = rng.normal(0, 4.0, (size, size, 1)).astype(np.float32)
    colors = first * (1 - mix) + second * mix + grain
    return Image.fromarray(np.clip(colors, 0, 255).astype(np.uint8))


def grade(picture: Image.Image) -> Image.Image:
    """Shifts the colours towards blue and makes them stronger."""
    cooler = np.clip(np.asarray(picture) * np.array(WHITE_BALANCE), 0, 255).astype(np.uint8)
    return ImageEnhance.Color(Image.fromarray(cooler)).enhance(SATURATION)


def draw_style(seed: int = SEED) -> Image.Image:
    """Draws large facets first and small ones over them, each with a thin outline."""
    rng = np.random.default_rng(seed)
    size = SIZE * OVERSAMPLE
    canvas = Image.fromarray(np.full((size, size, 3), PALETTE[4], np.uint8))
    for radius, count in ((0.34, 26), (0.20, 60), (0.11, 110), (0.06, 90)):
        for _ in range(count):
            points = random_polygon(rng, size, radius * size)
            corners = [tuple(point) for point in points]
            mask = Image.new("L", (size, size), 0)
            ImageDraw.Draw(mask).polygon(corners, fill=int(rng.uniform(170, 256)))
            canvas.paste(shade(rng, points, size), (0, 0), mask)
            ImageDraw.Draw(canvas).line(corners + corners[:1], fill=INK, width=5, joint="curve")
    start = int(VIEW * size)
    view = canvas.crop((start, start, size, size)).filter(ImageFilter.GaussianBlur(0.7))
    return grade(view.resize((SIZE, SIZE), Image.LANCZOS))


def main() -> None:
    """Writes the style picture to the path given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    print(f"style picture: seed {arguments.seed}")
    draw_style(arguments.seed).save(arguments.output, quality=90)


if __name__ == "__main__":
    main()
