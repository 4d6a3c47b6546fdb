"""Pictures as the functions of Cambricon's quantizer prepare them, against OpenCV and NumPy: every function, bit for bit.

Only default_preprocess_cali is described by Cambricon. The others are their networks' published preprocessing, written
down here a second time.
"""

import subprocess

import cv2
import numpy as np
import pytest

from conftest import BINARY
from quantizing import INI

TOOL = BINARY.parent.parent / "tests/preprocessed_picture"
CROP = (48, 32)
IMAGENET_255 = np.float32([123.68, 116.78, 103.94])


def resize(rgb, height, width):
    return cv2.resize(rgb, (width, height))


def shorter_side_then_middle(rgb):
    """224 of 256, as VGG and its like are evaluated."""
    height, width = rgb.shape[:2]
    scale = max(CROP) * 256 // 224 / min(height, width)
    rgb = resize(rgb, int(height * scale + 0.5), int(width * scale + 0.5))
    top, left = ((side - crop) // 2 for side, crop in zip(rgb.shape, CROP))
    return rgb[top:top + CROP[0], left:left + CROP[1]]


def middle(rgb):
    """tf.image.central_crop with 0.875."""
    top, left = (int((side - side * 0.875) / 2) for side in rgb.shape[:2])
    rgb = rgb[top:rgb.shape[0] - top, left:rgb.shape[1] - left]
    return resize(rgb, *CROP)


def letterbox(rgb):
    scale = min(crop / side for crop, side in zip(CROP, rgb.shape))
    height, width = (max(1, int(side * scale)) for side in rgb.shape[:2])
    box = np.full((*CROP, 3), 128, np.uint8)
    top, left = (CROP[0] - height) // 2, (CROP[1] - width) // 2
    box[top:top + height, left:left + width] = resize(rgb, height, width)
    return box


# Name: geometry; mean and std of red, green, blue, or None: those of the ini.
FUNCTIONS = {
    "default_preprocess_cali": (lambda rgb: resize(rgb, *CROP), None, None),
    "no_preprocess_cali": (lambda rgb: rgb, 0, 1),
    "vgg_preprocess_cali": (shorter_side_then_middle, IMAGENET_255, 1),
    "inception_preprocess_cali": (middle, 127.5, 127.5),
    "yolov3_preprocess_cali": (letterbox, 0, 255),
    "yolov2_preprocess_cali": (lambda rgb: resize(rgb, *CROP), 0, 255),
    "east_preprocess_cali": (lambda rgb: resize(rgb, *CROP), IMAGENET_255, 1),
    "pixellink_preprocess_cali": (lambda rgb: resize(rgb, *CROP), IMAGENET_255, 1),
    "efficientNet_preprocess": (shorter_side_then_middle, np.float32([123.675, 116.28, 103.53]),
                                np.float32([58.395, 57.12, 57.375])),
}
MEAN, STD = np.float32([10, 20.5, 30]), np.float32(3)  # of the ini: blue, green, red


@pytest.fixture
def prepare(tmp_path, picabia_binary):
    if not TOOL.exists():
        pytest.skip(f"{TOOL} is not built: it comes with the C++ tests")

    def run(rgb, function, color_mode):
        ini, photo, out = tmp_path / "a.ini", tmp_path / "photo.png", tmp_path / "out.npy"
        text = INI.format(model="a.pb").replace("crop = 256, 256", f"crop = {CROP[0]}, {CROP[1]}")
        text = text.replace("mean = 0.0, 0.0, 0.0", "mean = 10, 20.5, 30").replace("std = 1.0", "std = 3")
        text = text.replace("color_mode = rgb", f"color_mode = {color_mode}")
        ini.write_text(text.replace("default_preprocess_cali", function))
        cv2.imwrite(str(photo), rgb[:, :, ::-1])
        subprocess.run([TOOL, ini, photo, out], check=True, timeout=60)
        return np.load(out)
    return run


def pictures():
    """Of noise, and of many sizes: halved, as they are, enlarged, with ragged ends, of one row and of one column."""
    rng = np.random.default_rng(5)
    for height, width in ((96, 64), (48, 32), (17, 11), (101, 77), (1, 40), (33, 1), (64, 300), (250, 47)):
        yield rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("color_mode", ["rgb", "bgr"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_prepared_as_opencv_does(function, color_mode, prepare):
    geometry, mean, std = FUNCTIONS[function]
    for rgb in pictures():
        expected = geometry(rgb).astype(np.float32)
        # The ini's mean is in the order blue, green, red.
        expected = ((expected - (MEAN[::-1] if mean is None else np.float32(mean)))
                    / (STD if std is None else np.float32(std)))
        if color_mode == "bgr":
            expected = expected[:, :, ::-1]
        found = prepare(rgb, function, color_mode)
        assert found.dtype == np.float32 and found.shape == (1, *expected.shape)
        assert np.array_equal(found[0], expected), (function, rgb.shape)
