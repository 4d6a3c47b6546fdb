"""Inputs by name (--set), several outputs, and networks of one or four channels, against NumPy."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from test_cli import failed, succeeded

FP32 = ["--precision", "fp32"]


def save(path, nodes, inputs, outputs, constants=None):
    """A model of (operator, inputs, outputs, attributes) with float inputs and outputs by name and shape."""
    graph = helper.make_graph(
        [helper.make_node(op, list(i), list(o), **attributes) for op, i, o, attributes in nodes], "net",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in (constants or {}).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


PICTURE = (1, 3, "h", "w")


@pytest.fixture
def pixels(tmp_path):
    pixels = np.random.default_rng(5).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return pixels


@pytest.fixture
def stylize(picabia, tmp_path):
    def run(model, *args, source="photo.png"):
        out = tmp_path / "out.png"
        succeeded(picabia("stylize", tmp_path / source, "-o", out, "--model", model, *FP32, *args))
        return np.asarray(Image.open(out)).astype(int)

    return run


def weighted(path, name="w", n=3):
    """y = x * w[0..2] (a weight a channel) * strength; with other than three weights, their mean."""
    shape = np.array([1, n, 1, 1], np.int64)
    weights = [] if n == 3 else [("ReduceMean", ["w4"], ["mean"], {"axes": [1], "keepdims": 1})]
    return save(path, [("Reshape", [name, "shape"], ["w4"], {}), *weights,
                       ("Mul", ["x", "mean" if weights else "w4"], ["m"], {}), ("Mul", ["m", "strength"], ["y"], {})],
                {"x": PICTURE, name: [n], "strength": []}, {"y": PICTURE}, {"shape": shape})


def expected(values):
    return np.rint(np.clip(values, 0, 255)).astype(int)


# --- kinds of values ------------------------------------------------------------------------------

@pytest.mark.parametrize("value, weights", [("2:0.5,0:0.25", [0.25, 0, 0.5]), ("1,0.5,0.25", [1, 0.5, 0.25]),
                                            ("0.5", [0.5] * 3), ("1:1", [0, 1, 0]), ("w.npy", [0.5, 0.25, 1])])
def test_vectors(stylize, pixels, tmp_path, value, weights):
    if value.endswith(".npy"):
        np.save(tmp_path / value, np.array(weights, np.float32))
        value = tmp_path / value
    model = weighted(tmp_path / "m.onnx")
    made = stylize(model, "--set", f"w={value}", "--set", "strength=0.5")
    np.testing.assert_array_equal(made, expected(pixels * np.array(weights) * 0.5))


def test_run_and_bench_take_them(picabia, pixels, tmp_path):
    model = weighted(tmp_path / "m.onnx")
    x = np.random.default_rng(1).uniform(0, 255, (1, 3, 4, 5)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    succeeded(picabia("run", model, "--feed", f"x={tmp_path}/x.npy", "--set", "w:0=1:2", "--set", "strength=3",
                      "--fetch", f"y={tmp_path}/y.npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), x * np.float32([0, 2, 0]).reshape(1, 3, 1, 1) * 3)
    succeeded(picabia("run", model, "--set", f"x={tmp_path}/photo.png", "--set", "w=1", "--set", "strength=1",
                      "--fetch", f"y={tmp_path}/y.npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy")[0], pixels.transpose(2, 0, 1))
    bench = ["bench", model, "--runs", "1", "--json", "--set", "w=1:1"]
    assert json.loads(succeeded(picabia(*bench, "--size", "8x8")))["input"] == [1, 3, 8, 8]
    described = json.loads(succeeded(picabia(*bench, "--set", f"x={tmp_path}/photo.png")))
    assert described["input"] == [1, 3, 8, 12]


def test_compile_makes_constants(picabia, stylize, pixels, tmp_path):
    model, compiled = weighted(tmp_path / "m.onnx"), tmp_path / "m.picabia"
    succeeded(picabia("compile", model, "-o", compiled, "--set", "w=0:0.5,2:1", "--set", "strength=1"))
    described = json.loads(succeeded(picabia("inspect", compiled, "--json")))
    assert [i["name"] for i in described["inputs"]] == ["x"]
    np.testing.assert_array_equal(stylize(compiled), expected(pixels * [0.5, 0, 1]))
    failed(picabia("compile", compiled, "-o", tmp_path / "n", "--set", "w=1"), 1, "is compiled already")
    failed(picabia("compile", model, "-o", tmp_path / "n", "--set", f"x={tmp_path}/photo.png"), 1, "photo.png")
    np.save(tmp_path / "w.npy", np.zeros(4, np.float32))
    failed(picabia("compile", model, "-o", tmp_path / "n", "--set", f"w={tmp_path}/w.npy"), 1, "[4]", "float32 [3]")
    assert not (tmp_path / "n").exists()


def test_a_compiled_program_takes_them_too(picabia, stylize, pixels, tmp_path):
    model, compiled = weighted(tmp_path / "m.onnx"), tmp_path / "m.picabia"
    succeeded(picabia("compile", model, "-o", compiled))
    made = stylize(compiled, "--set", "w=1,0.5,0.25", "--set", "strength=1")
    np.testing.assert_array_equal(made, expected(pixels * [1, 0.5, 0.25]))


def test_a_folder_of_pictures(picabia, pixels, tmp_path):
    """--set takes one value: what follows are pictures."""
    model = weighted(tmp_path / "m.onnx")
    (tmp_path / "other.png").write_bytes((tmp_path / "photo.png").read_bytes())
    succeeded(picabia("stylize", "--model", model, *FP32, "--set", "w=1", "--set", "strength=0.5",
                      tmp_path / "photo.png", tmp_path / "other.png", "-o", tmp_path / "out"))
    for name in ("photo.png", "other.png"):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / name)), expected(pixels * 0.5))


# --- pictures for other inputs --------------------------------------------------------------------

def styled(path, shape):
    """y = x * (mean of the style picture, a channel); the style comes first, as in some models."""
    return save(path, [("ReduceMean", ["style"], ["mean"], {"axes": [2, 3], "keepdims": 1}),
                       ("Mul", ["x", "mean"], ["y"], {})], {"style": shape, "x": PICTURE}, {"y": PICTURE})


def test_a_style_picture(stylize, pixels, tmp_path):
    style = np.random.default_rng(6).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(style).save(tmp_path / "style.png")
    model = styled(tmp_path / "m.onnx", PICTURE)
    made = stylize(model, "--set", f"style={tmp_path}/style.png", "--preprocess", "0..1")
    assert np.abs(made - pixels * (style / 255).mean((0, 1))).max() <= 0.501


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_style_picture_of_fixed_size(picabia, pixels, tmp_path, layout):
    style = Image.fromarray(np.random.default_rng(6).integers(0, 256, (30, 21, 3), dtype=np.uint8))
    style.save(tmp_path / "style.png")
    shape = (1, 3, 16, 24) if layout == "nchw" else (1, 16, 24, 3)
    model = save(tmp_path / "m.onnx", [("Identity", ["style"], ["y"], {})], {"style": shape}, {"y": shape})
    succeeded(picabia("run", model, "--set", f"style={tmp_path}/style.png", "--fetch", f"y={tmp_path}/y.npy"))
    made = np.load(tmp_path / "y.npy")[0]
    made = made.transpose(1, 2, 0) if layout == "nchw" else made
    # Pillow rounds its weights to 22 bits, and the picture between its two passes: one level each.
    resized = np.asarray(style.resize((24, 16), Image.BICUBIC)).astype(int)
    assert np.abs(made - resized).max() <= 2
    assert np.abs(made - resized).mean() < 0.3


# --- misuse and errors ----------------------------------------------------------------------------

def test_what_is_missing_is_listed(picabia, pixels, tmp_path):
    model = weighted(tmp_path / "m.onnx")
    out = tmp_path / "o.png"
    args = ["stylize", tmp_path / "photo.png", "-o", out, "--model", model]
    failed(picabia(*args), 1, model, "w, float32 [3] (for example --set w=0:1)",
           "strength, float32 [] (for example --set strength=1)")
    failed(picabia(*args, "--set", "w=1"), 1, "strength, float32 []")
    failed(picabia("run", model, "--fetch", f"y={tmp_path}/y.npy"), 1, "x, float32 [?, 3, ?, ?]", "--set x=photo.jpg",
           "--set w=0:1", "--set strength=1")
    failed(picabia("run", model, "--set", "w=1", "--fetch", f"y={tmp_path}/y.npy"), 1, "'x' (float32", "'strength'")
    assert not out.exists()


@pytest.mark.parametrize("value, words", [
    ("w=1,2", ["--set w", '"1,2"', "1 or 3 numbers", "float32 [3]"]), ("w=3:1", ["0 to 2"]), ("w=0:1,0:2", ["once"]),
    ("w=0:x", ["0:x", "INDEX:WEIGHT"]), ("w=1;2", ["1;2", "a number, a list"]), ("w=nan", ["nan", "float32 [3]"]),
    ("w=none.npy", ["none.npy"]), ("v=1", ["v", "no such input", "w float32 [3]", "strength float32 []"]),
    ("x=none.jpg", ["--set x", "none.jpg"]), ("w=photo.jpg", ["photo.jpg", "a number"])])
@pytest.mark.parametrize("command", ["stylize", "bench", "compile"])
def test_bad_values(picabia, pixels, tmp_path, command, value, words):
    model = weighted(tmp_path / "m.onnx")
    args = {"stylize": [tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", model],
            "compile": [model, "-o", tmp_path / "o"]}.get(command, [model])
    failed(picabia(command, *args, "--set", value), 1, *words)
    assert not (tmp_path / "o.png").exists() and not (tmp_path / "o").exists()


@pytest.mark.parametrize("sets, word", [(["w"], "NAME=VALUE"), (["=1"], "NAME=VALUE"), (["w="], "NAME=VALUE"),
                                        (["w=1", "--set", "w:0=2"], "twice")])
@pytest.mark.parametrize("command", ["stylize", "bench", "compile", "run"])
def test_set_misuse(picabia, command, sets, word):
    args = {"stylize": ["x.png", "-o", "y.png"], "compile": ["x.onnx", "-o", "y"],
            "run": ["x.onnx", "--fetch", "y=y.npy"]}.get(command, ["x.onnx"])
    failed(picabia(command, *args, "--set", *sets), 2, "--set", word)


def test_feed_and_set_of_one_input(picabia):
    failed(picabia("run", "x.onnx", "--feed", "a=a.npy", "--set", "a:0=1", "--fetch", "y=y.npy"), 2, "both name a")


def test_no_input_is_left_for_the_picture(picabia, pixels, tmp_path):
    model = weighted(tmp_path / "m.onnx")
    failed(picabia("stylize", tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", model, "--set", "w=1", "--set",
                   "strength=1", "--set", f"x={tmp_path}/photo.png"), 1, "no input is left for the picture")


# --- several outputs ------------------------------------------------------------------------------

def test_several_outputs(picabia, stylize, pixels, tmp_path):
    half = {"half": np.float32(0.5), "quarter": np.float32(0.25)}
    model = save(tmp_path / "m.onnx", [("ReduceMean", ["x"], ["mean"], {"axes": [1, 2, 3], "keepdims": 0}),
                                       ("Mul", ["x", "half"], ["a"], {}), ("Mul", ["x", "quarter"], ["b"], {})],
                 {"x": PICTURE}, {"mean": None, "a": PICTURE, "b": PICTURE}, half)
    np.testing.assert_array_equal(stylize(model), expected(pixels * 0.5))
    np.testing.assert_array_equal(stylize(model, "--fetch", "b"), expected(pixels * 0.25))
    compiled = tmp_path / "m.picabia"
    succeeded(picabia("compile", model, "-o", compiled))
    np.testing.assert_array_equal(stylize(compiled, "--fetch", "b"), expected(pixels * 0.25))
    for m in (model, compiled):
        failed(picabia("stylize", tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", m, "--fetch", "c"), 1, m, "c")


def test_another_output_has_its_own_range(stylize, pixels, tmp_path):
    model = save(tmp_path / "m.onnx", [("Mul", ["x", "k"], ["y"], {}), ("Sigmoid", ["y"], ["z"], {})],
                 {"x": PICTURE}, {"y": PICTURE, "z": PICTURE}, {"k": np.float32(0.5)})
    np.testing.assert_array_equal(stylize(model), expected(pixels * 0.5))
    assert np.abs(stylize(model, "--fetch", "z") - 255 / (1 + np.exp(pixels / -510))).max() <= 0.501


# --- one and four channels ------------------------------------------------------------------------

def channels(path, ci, co, weights, bias=None, factor=1):
    """A 1x1 convolution, and the result `factor` times as large."""
    constants = {"w": np.float32(weights).reshape(co, ci, 1, 1), "b": np.zeros(co, np.float32) if bias is None else np.float32(bias),
                 "scales": np.float32([1, 1, factor, factor])}
    return save(path, [("Conv", ["x", "w", "b"], ["c"], {"kernel_shape": [1, 1]}),
                       ("Resize", ["c", "", "scales"], ["y"], {"mode": "nearest", "nearest_mode": "floor",
                                                              "coordinate_transformation_mode": "asymmetric"})],
                {"x": (1, ci, "h", "w")}, {"y": (1, co, "h2", "w2")}, constants)


def luminance(pixels):
    return np.asarray(Image.fromarray(pixels).convert("L")).astype(int)


def test_luminance_to_luminance_keeps_the_colours(stylize, pixels, tmp_path):
    np.testing.assert_array_equal(stylize(channels(tmp_path / "same.onnx", 1, 1, [1])), pixels)
    made = stylize(channels(tmp_path / "darker.onnx", 1, 1, [0.5]))
    y = luminance(pixels)[..., None]
    np.testing.assert_array_equal(made, expected(y * 0.5 + pixels - y))


def test_super_resolution_of_luminance(stylize, pixels, tmp_path):
    """As the usual scripts do it: the luminance by the network, the colours by Pillow's BICUBIC, here in floats."""
    smooth = Image.fromarray(pixels).resize((32, 24), Image.BICUBIC)
    smooth.save(tmp_path / "photo.png")
    made = stylize(channels(tmp_path / "m.onnx", 1, 1, [1], factor=2))
    y = luminance(np.asarray(smooth))
    colours = [np.asarray(Image.fromarray(plane.astype(np.float32)).resize((64, 48), Image.BICUBIC))
               for plane in (np.asarray(smooth).astype(int) - y[..., None]).transpose(2, 0, 1)]
    script = np.clip(y.repeat(2, 0).repeat(2, 1)[..., None] + np.stack(colours, 2), 0, 255)
    assert made.shape == script.shape
    assert np.abs(made - script).max() <= 0.501  # half a level of rounding, and float sums in another order


def test_gray_pictures_stay_gray(stylize, pixels, tmp_path):
    gray = pixels[..., 0]
    Image.fromarray(gray).save(tmp_path / "photo.png")
    made = stylize(channels(tmp_path / "m.onnx", 1, 1, [0.5], [3], factor=2))
    np.testing.assert_array_equal(made, np.repeat(expected(gray * 0.5 + 3).repeat(2, 0).repeat(2, 1)[..., None], 3, 2))


def test_gray_to_colours(stylize, pixels, tmp_path):
    made = stylize(channels(tmp_path / "m.onnx", 1, 3, [1, 0.5, 0.25], [0, 10, 20]))
    np.testing.assert_array_equal(made, expected(luminance(pixels)[..., None] * [1, 0.5, 0.25] + [0, 10, 20]))


def test_colours_to_gray(stylize, pixels, tmp_path):
    made = stylize(channels(tmp_path / "m.onnx", 3, 1, [0.25, 0.5, 0.25]))
    np.testing.assert_array_equal(made, np.repeat(expected(pixels @ [0.25, 0.5, 0.25])[..., None], 3, 2))


@pytest.mark.parametrize("factor", [1, 2])
def test_four_channels_out_have_alpha(stylize, pixels, tmp_path, factor):
    weights = np.vstack([np.eye(3), [0.5, 0.25, 0.125]])
    made = stylize(channels(tmp_path / "m.onnx", 3, 4, weights, factor=factor))
    full = np.concatenate([pixels, expected(pixels @ weights[3])[..., None]], 2)
    np.testing.assert_array_equal(made, full.repeat(factor, 0).repeat(factor, 1))


def test_four_channels_in_see_alpha(stylize, pixels, tmp_path):
    rgba = np.concatenate([pixels, pixels[..., :1][::-1]], 2)
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    model = channels(tmp_path / "m.onnx", 4, 4, np.diag([1, 0.5, 1, 0.5]))
    np.testing.assert_array_equal(stylize(model, source="rgba.png"), expected(rgba * [1, 0.5, 1, 0.5]))
    opaque = np.concatenate([pixels, np.full((8, 12, 1), 255)], 2)
    np.testing.assert_array_equal(stylize(model), expected(opaque * [1, 0.5, 1, 0.5]))


def test_alpha_goes_with_an_enlarged_picture(stylize, pixels, tmp_path):
    rgba = np.concatenate([pixels, pixels[..., :1][::-1]], 2)
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    made = stylize(channels(tmp_path / "m.onnx", 3, 3, np.eye(3), factor=3), source="rgba.png")
    np.testing.assert_array_equal(made, rgba.repeat(3, 0).repeat(3, 1))


def test_half_the_size(stylize, pixels, tmp_path):
    constants = {"w": np.float32(np.eye(3)).reshape(3, 3, 1, 1)}
    model = save(tmp_path / "m.onnx", [("Conv", ["x", "w"], ["y"], {"kernel_shape": [1, 1], "strides": [2, 2]})],
                 {"x": PICTURE}, {"y": None}, constants)
    np.testing.assert_array_equal(stylize(model), pixels[::2, ::2])
    Image.fromarray(pixels[:7, :11]).save(tmp_path / "odd.png")
    np.testing.assert_array_equal(stylize(model, source="odd.png"), pixels[:7:2, :11:2])


@pytest.mark.parametrize("ci", [1, 3])
def test_two_channels_out_are_refused(picabia, pixels, tmp_path, ci):
    model = channels(tmp_path / "m.onnx", ci, 2, np.ones((2, ci)))
    failed(picabia("stylize", tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", model, *FP32), 1, "two channels",
           "1, 3 or 4")
    assert not (tmp_path / "o.png").exists()


def test_cut_edges_are_refused(picabia, pixels, tmp_path):
    model = save(tmp_path / "m.onnx", [("Conv", ["x", "w"], ["y"], {"kernel_shape": [5, 5]})], {"x": PICTURE}, {"y": None},
                 {"w": np.ones((3, 3, 5, 5), np.float32)})
    Image.fromarray(np.zeros((37, 41, 3), np.uint8)).save(tmp_path / "photo.png")
    failed(picabia("stylize", tmp_path / "photo.png", "-o", tmp_path / "o.png", "--model", model, *FP32), 1,
           "[33, 37] of [37, 41]")
