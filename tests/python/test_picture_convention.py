"""What goes into a network and comes out of it as pictures, against the same arithmetic in NumPy.

The networks mix the channels of each pixel by a matrix, so that a wrong scale, order or layout shows in every pixel.
"""

import json

import numpy as np
import onnx
import pytest
from PIL import Image

from onnx_nets import Net

from test_cli import failed, succeeded

MIX = np.array([[0.6, 0.3, 0.05], [0.1, 0.7, 0.15], [0.2, 0.05, 0.5]])
BIAS = np.array([0.02, 0.01, 0.03])
IMAGENET = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
CAFFE = np.array([103.939, 116.779, 123.68])


@pytest.fixture
def pixels(tmp_path):
    """A picture of noise as photo.png, and its pixels."""
    pixels = np.random.default_rng(3).integers(0, 256, (10, 14, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return pixels


@pytest.fixture
def stylize(picabia, tmp_path):
    def run(model, *args):
        """The picture that the model makes of photo.png, as an array."""
        out = tmp_path / "out.png"
        succeeded(picabia("stylize", tmp_path / "photo.png", "-o", out, "--model", model, "--precision", "fp32", *args))
        return np.asarray(Image.open(out)).astype(int)

    return run


def network(path, tail=(), head=(), bias=BIAS, metadata=None, channels=(3, 3), nhwc_out=False):
    """head, the mixing convolution, and tail; both are lists of (operator, constants or attributes)."""
    net = Net(13)

    def chain(x, ops):
        for op, *constants in ops:
            arrays = [np.asarray(c, np.float32) for c in constants]
            x = net.node(op, [x] + [net.constant(a.reshape(1, -1, 1, 1) if a.ndim else a) for a in arrays])
        return x

    mix = MIX[:channels[1], :channels[0]] if channels[1] <= 3 else np.eye(4)[:, :channels[0]]
    x = chain("input", head)
    x = net.node("Conv", [x, net.constant(mix.astype(np.float32)[:, :, None, None]),
                          net.constant(np.resize(bias, channels[1]).astype(np.float32))], kernel_shape=[1, 1])
    x = chain(x, tail)
    if nhwc_out:
        x = net.node("Transpose", [x], perm=[0, 2, 3, 1])
    net.save(path, x, (1, channels[0], "height", "width"))
    if metadata:
        model = onnx.load(path)
        onnx.helper.set_model_props(model, metadata)
        onnx.save(model, path)
    return path


def mixed(x, bias=BIAS):
    return x @ MIX.T + bias


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def same(made, expected):
    """Float arithmetic in another order moves a value by less than 1e-3 of a level: only ties may round apart."""
    expected = np.clip(expected, 0, 255)
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() <= 0.501


def picture_of(picabia, model, *args):
    return json.loads(succeeded(picabia("inspect", model, "--json", *args)))["picture"]


# --- told by the graph ----------------------------------------------------------------------------

def test_nothing_is_told(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx")
    same(stylize(model), mixed(pixels))
    described = picture_of(picabia, model)
    assert described["origins"]["range"] == described["origins"]["out_range"] == "assumed"
    assert described["layout"] == described["out_layout"] == "NCHW"
    assert "pixel * 1 + 0 in: assumed" in succeeded(picabia("inspect", model))


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "clip", "tanh to 0..255", "sigmoid to 0..255"])
def test_a_bounded_end(picabia, stylize, pixels, tmp_path, kind):
    tail, low, high, function = {
        "sigmoid": ([("Sigmoid",)], 0, 1, sigmoid),
        "tanh": ([("Tanh",)], -1, 1, lambda x: np.tanh(x) * 0.5 + 0.5),
        "clip": ([("Clip", 0.0, 1.0)], 0, 1, lambda x: np.clip(x, 0, 1)),
        "tanh to 0..255": ([("Tanh",), ("Mul", 127.5), ("Add", 127.5)], 0, 255, lambda x: np.tanh(x) * 0.5 + 0.5),
        "sigmoid to 0..255": ([("Sigmoid",), ("Mul", 255.0)], 0, 255, sigmoid)}[kind]
    model = network(tmp_path / "m.onnx", tail)
    x = pixels / 255 * (high - low) + low
    same(stylize(model), function(mixed(x)) * 255)
    origins = picture_of(picabia, model)["origins"]
    assert origins["out_range"].startswith("from the graph: it ends with ")
    assert origins["range"] == "assumed: as of the output"


def test_a_division_at_the_beginning(picabia, stylize, pixels, tmp_path):
    mean, std = IMAGENET
    model = network(tmp_path / "m.onnx", [("Sigmoid",)], [("Div", 255.0), ("Sub", mean), ("Div", std)])
    same(stylize(model), sigmoid(mixed((pixels / 255 - mean) / std)) * 255)
    assert picture_of(picabia, model)["origins"]["range"].startswith("from the graph: it begins")


def test_means_at_the_beginning_tell_the_order(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx", [("Add", CAFFE)], [("Sub", CAFFE)])
    expected = mixed(pixels[..., ::-1] - CAFFE) + CAFFE
    same(stylize(model), expected[..., ::-1])
    assert picture_of(picabia, model)["color_order"] == "bgr"


def test_metadata(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx", metadata={"Image.NominalPixelRange": "Normalized_1_1", "author": "x" * 1000,
                                                   "Image.BitmapPixelFormat": "Bgr8"})
    same(stylize(model), ((mixed(pixels[..., ::-1] / 127.5 - 1) + 1) * 127.5)[..., ::-1])
    origins = picture_of(picabia, model)["origins"]
    assert origins["range"] == "from the metadata: Image.NominalPixelRange"
    assert origins["color_order"] == "from the metadata: Image.BitmapPixelFormat"


def test_an_output_of_another_layout(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx", nhwc_out=True)
    same(stylize(model), mixed(pixels))
    described = picture_of(picabia, model)
    assert (described["layout"], described["out_layout"]) == ("NCHW", "NHWC")


# --- told by the user -----------------------------------------------------------------------------

SPECS = {
    "0..1": lambda p: mixed(p / 255) * 255,
    "-1..1": lambda p: (mixed(p / 127.5 - 1) + 1) * 127.5,
    "0..255": mixed,
    "imagenet,output-range=0..1": lambda p: mixed((p / 255 - IMAGENET[0]) / IMAGENET[1]) * 255,
    "caffe,output-mean=103.939:116.779:123.68":
        lambda p: (mixed(p[..., ::-1] - CAFFE) + CAFFE)[..., ::-1],
    "range=0..1,output-range=0..1,mean=0.5,std=0.25:0.5:1,output-mean=0.5,output-std=0.5:0.25:0.125":
        lambda p: (mixed((p / 255 - 0.5) / [0.25, 0.5, 1]) * [0.5, 0.25, 0.125] + 0.5) * 255,
    "order=bgr": lambda p: mixed(p[..., ::-1])[..., ::-1],
}


@pytest.mark.parametrize("spec", SPECS)
def test_preprocess(stylize, pixels, tmp_path, spec):
    same(stylize(network(tmp_path / "m.onnx"), "--preprocess", spec), SPECS[spec](pixels.astype(float)))


@pytest.mark.parametrize("spec", SPECS)
def test_compiled_programs_keep_the_convention(picabia, stylize, pixels, tmp_path, spec):
    model = network(tmp_path / "m.onnx")
    expected = stylize(model, "--preprocess", spec)
    succeeded(picabia("compile", model, "-o", tmp_path / "m.picabia", "--preprocess", spec))
    np.testing.assert_array_equal(stylize(tmp_path / "m.picabia"), expected)
    described = picture_of(picabia, tmp_path / "m.picabia")
    assert described["origins"]["range"] == "from the compiled program"


def test_color_order_is_a_setting(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx")
    same(stylize(model, "--color-order", "bgr", "--preprocess", "range=0..255"), SPECS["order=bgr"](pixels))
    failed(picabia("stylize", "x.png", "-o", "y.png", "--color-order", "bgr", "--preprocess", "order=rgb"), 2,
           "--color-order")


def test_the_option_wins_over_the_sidecar_and_that_over_the_graph(picabia, stylize, pixels, tmp_path):
    model = network(tmp_path / "m.onnx", [("Sigmoid",)])
    sidecar = tmp_path / "m.onnx.picabia.json"
    sidecar.write_text(json.dumps({"range": [-1, 1], "order": "bgr"}))
    flipped = sigmoid(mixed(pixels[..., ::-1] / 127.5 - 1))[..., ::-1] * 255
    same(stylize(model), flipped)
    same(stylize(model, "--preprocess", "range=0..1"), sigmoid(mixed(pixels[..., ::-1] / 255))[..., ::-1] * 255)
    origins = picture_of(picabia, model, "--preprocess", "range=0..1")["origins"]
    assert origins["range"] == "from --preprocess"
    assert origins["color_order"] == f"from sidecar file {sidecar}"
    assert origins["out_range"] == "from the graph: it ends with Sigmoid"
    succeeded(picabia("compile", model, "-o", tmp_path / "m.picabia"))
    same(stylize(tmp_path / "m.picabia"), flipped)


@pytest.mark.parametrize("text, words", [
    ("", ["is no JSON"]), ("[]", ["JSON object"]), ('{"colour": "rgb"}', ["colour", "the keys are", "order"]),
    ('{"mean": [1, 2]}', ["mean", "1, 3 or 4 numbers"]), (" " * 70_000, ["65536"]), ('{"range": "0..1"', ["JSON"]),
    ("[" * 60_000, ["JSON"]), ('{"preset": "vgg"}', ["vgg", "imagenet"])], ids=range(8))
def test_bad_sidecars(picabia, pixels, tmp_path, text, words):
    model = network(tmp_path / "m.onnx")
    sidecar = tmp_path / "m.onnx.picabia.json"
    sidecar.write_text(text)
    failed(picabia("stylize", tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", model), 1, sidecar, *words)
    failed(picabia("inspect", model), 1, sidecar, *words)
    failed(picabia("compile", model, "-o", tmp_path / "o"), 1, sidecar, *words)
    assert not (tmp_path / "o.png").exists() and not (tmp_path / "o").exists()


@pytest.mark.parametrize("spec, words", [
    ("vgg", ["vgg", "imagenet", "range"]), ("range=1", ["range", "LOW..HIGH"]), ("mean=a", ["mean", '"a"']),
    ("order=rbg", ["order", "rgb or bgr"]), ("std=0", ["std", "other than 0"]), ("scale=2", ["scale", "the keys are"])])
@pytest.mark.parametrize("command", ["stylize", "inspect", "compile", "bench"])
def test_bad_specs_are_misuse(picabia, command, spec, words):
    args = {"stylize": ["x.png", "-o", "y.png"], "compile": ["x.onnx", "-o", "y"]}.get(command, ["x.onnx"])
    failed(picabia(command, *args, "--preprocess", spec), 2, "--preprocess", *words)


def test_bench_takes_the_convention(picabia, tmp_path):
    model = network(tmp_path / "m.onnx")
    args = ["--runs", "1", "--size", "8x8", "--json"]
    assert json.loads(succeeded(picabia("bench", model, *args, "--preprocess", "0..1")))["input"] == [1, 3, 8, 8]
