"""The Python package: stylize, quantize and compile, against the command line."""

import json

import numpy as np
import pytest
from PIL import Image

import picabia as package
from pictures import psnr


@pytest.fixture(scope="module")
def stylizer():
    return package.Stylizer()


@pytest.fixture
def small(examples, tmp_path):
    path = tmp_path / "small.png"
    Image.open(examples / "chelsea.jpg").resize((90, 61)).save(path)
    return path


def test_files_as_the_command_line_makes_them(small, stylizer, picabia, tmp_path):
    assert picabia("stylize", small, "-o", tmp_path / "cli.png").returncode == 0
    pixels = stylizer(small, tmp_path / "own.png")
    assert (tmp_path / "own.png").read_bytes() == (tmp_path / "cli.png").read_bytes()
    assert pixels.dtype == np.uint8 and np.array_equal(pixels, np.asarray(Image.open(tmp_path / "cli.png")))
    assert stylizer.ms > 0


def test_pixels_and_pil_images(small, stylizer, tmp_path):
    expected = stylizer(str(small))
    image = Image.open(small)
    assert np.array_equal(stylizer(np.asarray(image)), expected)
    made = stylizer(image)
    assert isinstance(made, Image.Image) and np.array_equal(np.asarray(made), expected)
    assert np.array_equal(package.stylize(np.asarray(image), tmp_path / "out.jpg", quality=80), expected)
    assert Image.open(tmp_path / "out.jpg").size == image.size
    grey = np.asarray(image.convert("L"))
    assert np.array_equal(stylizer(grey), stylizer(np.repeat(grey[:, :, None], 3, 2)))
    alpha = np.dstack([np.asarray(image), np.full(grey.shape, 77, np.uint8)])
    made = stylizer(alpha)
    assert made.shape == alpha.shape and np.array_equal(made[..., :3], expected) and (made[..., 3] == 77).all()
    assert stylizer(image.convert("P")).mode == "RGB" and stylizer(image.convert("CMYK")).size == image.size


def test_models_and_precisions(small, style, tmp_path):
    expected = package.stylize(small, precision="fp32")
    own = package.stylize(small, model=style, precision="fp32")
    assert np.array_equal(own, expected) and psnr(package.stylize(small), expected) > 38
    assert np.array_equal(package.stylize(small, style=package.styles()[0], precision="fp32"), expected)
    flipped = package.stylize(small, model=style, precision="fp32", preprocess="order=bgr")
    assert not np.array_equal(flipped, expected)


def test_pictures_that_are_none(small, stylizer, tmp_path, style):
    for bad in (np.zeros((3, 3), np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((2,), np.uint8)):
        with pytest.raises(package.InvalidArgument, match="picture: found .*, expected uint8"):
            stylizer(bad)
    with pytest.raises(package.InvalidArgument, match="expected one pixel at least"):
        stylizer(np.zeros((0, 5, 3), np.uint8))
    for quality in (0, 101, 1.5):
        with pytest.raises(package.InvalidArgument, match="quality: found .*, expected 1 to 100"):
            stylizer(small, tmp_path / "small.jpg", quality=quality)
    assert not (tmp_path / "small.jpg").exists()
    with pytest.raises(package.Error, match="no.png"):
        stylizer(tmp_path / "no.png")
    with pytest.raises(package.Error, match="small.txt"):
        stylizer(small, tmp_path / "small.txt")
    with pytest.raises(package.InvalidArgument, match="exclude each other"):
        package.Stylizer("facets", model=style)
    with pytest.raises(package.NotFound, match='there is no style "no"'):
        package.Stylizer("no")
    with pytest.raises(package.InvalidArgument, match="preprocess: "):
        package.Stylizer(model=style, preprocess="order=rbg")
    assert not (tmp_path / "small.txt").exists()


# ---- quantize and compile


@pytest.fixture
def calibration(examples, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        Image.open(examples / f"{name}.jpg").resize((64, 64)).save(folder / f"{name}.png")
    return folder


def test_quantize_writes_what_the_command_line_does(style, calibration, picabia, tmp_path, capfd):
    done = picabia("quantize", style, "-o", tmp_path / "cli.pb", "--calibration", calibration, "--size", "64x64",
                   "--per-channel", "--json")
    assert done.returncode == 0, done.stderr
    summary = package.quantize(style, tmp_path / "own.pb", calibration=calibration, size=(64, 64), per_channel=True)
    assert (tmp_path / "own.pb").read_bytes() == (tmp_path / "cli.pb").read_bytes()
    expected = json.loads(done.stdout)
    assert summary["psnr"] == expected["psnr"] and len(summary["layers"]) == len(expected["layers"])
    assert summary["notes"] == []
    files = sorted(calibration.iterdir())
    again = package.quantize(style, tmp_path / "list.pb", calibration=files, size=(64, 64), per_channel=True)
    assert (tmp_path / "list.pb").read_bytes() == (tmp_path / "own.pb").read_bytes() and again["psnr"] == summary["psnr"]
    assert capfd.readouterr() == ("", "")


def test_quantize_with_a_made_picture_and_a_report(style, tmp_path):
    summary = package.quantize(style, tmp_path / "q.pb", size=(32, 32), bits=16, report=tmp_path / "report")
    assert any("calibration" in note for note in summary["notes"])
    assert (tmp_path / "report/report.html").exists()


def test_quantize_refuses(style, tmp_path):
    out = tmp_path / "q.pb"
    for options, message in (({"bits": 7}, "found 7, expected 8 or 16"), ({"algorithm": "magic"}, "magic"),
                             ({"size": (0, -3)}, "size: found .*, expected .* of 1 or more"),
                             ({"size": 64}, "size: found 64"), ({"calibration": tmp_path / "no"}, "no"), ({"calibration": [tmp_path / "no.png"]}, "no.png")):
        with pytest.raises(package.Error, match=message):
            package.quantize(style, out, **options)
    with pytest.raises(package.InvalidArgument, match="output is missing"):
        package.quantize(style)
    assert not out.exists()


def test_compile_refuses(style, tmp_path):
    with pytest.raises(package.InvalidArgument, match="expected cpu or mlu270"):
        package.compile(style, tmp_path / "p", target="gpu")
    with pytest.raises(package.InvalidArgument, match="size: found"):
        package.compile(style, tmp_path / "p", size=(-1, 5))
    with pytest.raises(package.NotFound, match="no.pb"):
        package.compile(tmp_path / "no.pb", tmp_path / "p")
    assert not (tmp_path / "p").exists()
