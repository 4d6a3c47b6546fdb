"""picabia quantize with the lab's ini files: against the lab's own graph, TensorFlow, and the rule written in NumPy."""

import numpy as np
import pytest
from PIL import Image

from pictures import psnr
from quantizing import Lab, cambricon_scale, constant, filters, nodes, read_graph

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput")


@pytest.fixture
def lab(tmp_path, style, examples):
    return Lab(tmp_path, style, examples / "astronaut.jpg")


@pytest.fixture
def quantized(lab, picabia):
    done = picabia("quantize", lab.ini)
    assert done.returncode == 0, done.stderr
    return done


def calibration_picture(lab):
    """RGB 0..255, 256x256, resized as OpenCV does: bilinear between pixel centres, without smoothing."""
    pixels = np.asarray(Image.open(lab.folder / "images/photo.jpg").convert("RGB"), np.float64)
    for axis in (0, 1):
        size = pixels.shape[axis]
        at = np.clip((np.arange(256) + 0.5) * size / 256 - 0.5, 0, size - 1)
        first = np.floor(at).astype(int)
        share = (at - first).reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
        pixels = (np.take(pixels, first, axis) * (1 - share)
                  + np.take(pixels, np.minimum(first + 1, size - 1), axis) * share)
    return np.round(pixels).astype(np.float32)[None]


def test_prints_what_the_original_prints_and_a_summary(quantized):
    lines = quantized.stdout.splitlines()
    assert lines[0].startswith("input_tensor_names: ") and lines[11].startswith("debug: ")
    assert lines[12].startswith("calibrate_data:  ")
    assert lines[13] == "cpu_pb transform to mlu_int_pb finished"
    assert "worst layers" in quantized.stdout and " % saturated" in quantized.stdout


def test_makes_the_folder_and_a_quarter_of_the_size(quantized, lab, style):
    assert lab.output.stat().st_size < 0.29 * style.stat().st_size


def test_weights_follow_the_rule_bit_for_bit(quantized, lab, style):
    original, found = read_graph(style), filters(read_graph(lab.output))
    by_name = nodes(original)
    assert set(found) == set(nodes(original, *CONVOLUTIONS))
    for name, (integers, _, scales) in found.items():
        node = by_name[by_name[name].input[1]]
        while node.op == "Identity":
            node = by_name[node.input[0]]
        weights = constant(node)
        assert integers.dtype == np.int8
        assert scales[0] == cambricon_scale(weights)
        assert np.array_equal(integers, np.round(weights * cambricon_scale(weights)))


def test_every_other_node_keeps_its_bytes(quantized, lab, style):
    old, new = nodes(read_graph(style)), nodes(read_graph(lab.output))
    assert list(old) == list(new)
    changed = {name for name in old if old[name].SerializeToString(deterministic=True)
               != new[name].SerializeToString(deterministic=True)}
    assert {old[name].op for name in changed} == {"Const", "Identity", *CONVOLUTIONS}
    assert len(changed) == 3 * len(nodes(read_graph(style), *CONVOLUTIONS))


def test_nodes_have_the_attributes_of_the_original(quantized, lab):
    convolutions = nodes(read_graph(lab.output), "Int8Conv2D")
    transposed = nodes(read_graph(lab.output), "Int8Conv2DBackpropInput")
    assert convolutions and transposed
    for node in convolutions.values():
        assert {"strides", "padding", "paddings", "input_scale", "filter_scale", "data_format",
                "OutT", "InT", "FilterT"} == {key for key in node.attr if key[0] != "_"}
    for node in transposed.values():
        assert {"strides", "padding", "dilations", "input_scale", "filter_scale", "data_format",
                "T", "FilterT"} == set(node.attr)


def test_activation_scales_are_those_of_a_float_run(quantized, lab, style, tf_oracle):
    layers = nodes(read_graph(style), *CONVOLUTIONS)
    inputs = {name: node.input[2 if "Backprop" in node.op else 0] for name, node in layers.items()}
    values = tf_oracle.run(style, [f"{tensor}:0" for tensor in inputs.values()],
                           {"X_content:0": calibration_picture(lab)})
    found = filters(read_graph(lab.output))
    for name, value in zip(inputs, values):
        assert found[name][1] == pytest.approx(cambricon_scale(value), rel=0.005), name


def test_as_cambricon_takes_transposed_scales_from_the_size(lab, picabia, style):
    assert picabia("quantize", lab.ini, "--as-cambricon").returncode == 0
    found, by_name = filters(read_graph(lab.output)), nodes(read_graph(style))
    for name in nodes(read_graph(style), "Conv2DBackpropInput"):
        sizes = constant(by_name[by_name[name].input[0]])
        assert found[name][1] == cambricon_scale(sizes.astype(np.float32))


def test_the_written_graph_runs_as_tensorflow_runs_it(quantized, lab, style, run_model, tf_oracle):
    picture = calibration_picture(lab)
    [expected] = tf_oracle.run(lab.output, ["add_37:0"], {"X_content:0": picture})
    for precision in ("fp32", "int8"):
        [found] = run_model(lab.output)(["add_37"], {"X_content": picture}, precision=precision)
        assert psnr(found, expected) > 30  # a value between two levels falls to either side, and spreads
    [exact] = run_model(style)(["add_37"], {"X_content": picture})
    assert psnr(found, exact) > 28


def test_bytes_do_not_depend_on_threads(quantized, lab, picabia):
    first = lab.output.read_bytes()
    assert picabia("quantize", lab.ini, "--threads", 1).returncode == 0
    assert lab.output.read_bytes() == first


def test_the_labs_own_graph_comes_out(tmp_path, shared_models, examples, picabia):
    """Weights, filter scales and, as the original has them, transposed scales equal the lab's graph bit for bit."""
    lab = Lab(tmp_path, shared_models / "udnie.pb", examples / "astronaut.jpg")
    done = picabia("quantize", lab.ini, "--as-cambricon")
    assert done.returncode == 0, done.stderr
    expected, found = (filters(read_graph(path)) for path in (shared_models / "udnie_int8.pb", lab.output))
    assert set(expected) == set(found)
    different = sum(int((expected[name][0] != found[name][0]).sum()) for name in expected)
    assert (different, sum(each[0].size for each in expected.values())) == (0, 1_674_432)
    for name in expected:
        assert found[name][2] == expected[name][2], name
        if name.startswith("conv2d_transpose"):
            assert found[name][1] == expected[name][1], name


@pytest.mark.parametrize("change, message", [
    (("quantization_type = int8", "quantization_type = int4"),
     "out.ini: line 12: key 'quantization_type' of [config] is 'int4', expected int8 or int16"),
    (("std = 1.0", "std = 0"), "line 3: key 'std' of [preprocess] is '0', expected a number other than 0"),
    (("mean = 0.0, 0.0, 0.0", "mean = 0.0, x, 0.0"), "line 2: key 'mean'"),
    (("num_runs = 1", "num_runs = 0"), "expected a whole number from 1 on"),
    (("debug = False", "debug = maybe"), "expected True or False"),
    (("crop = 256, 256", "crop = 256"), "expected height and width"),
    (("color_mode = rgb", "color_mode = hsv"), "expected rgb or bgr"),
    (("int_op_list = Conv, FC, LRN", "int_op_list = Conv, Pool"), "expected a list of Conv, FC and LRN"),
    (("save_model_path", "save_path"), "the key save_model_path of [model] is missing"),
    (("[data]", "[data"), "line 24: found '[data', expected key = value or [section]"),
    (("X_content:0", "X_contents:0"), "'X_content'"),
    (("add_37:0", "add_73:0"), "no tensor 'add_73'; the nearest names are"),
])
def test_bad_values_are_refused_by_name_and_line(change, message, lab, picabia):
    lab.write(change)
    done = picabia("quantize", lab.ini)
    assert done.returncode == 1
    assert message in done.stderr and len(done.stderr.splitlines()) <= 2
    assert not lab.output.exists()


def test_unknown_keys_are_named_and_passed_over(lab, picabia):
    lab.write(("debug = False", "debug = False\nturbo = on"))
    done = picabia("quantize", lab.ini)
    assert done.returncode == 0
    assert "line 14: unknown key 'turbo' in [config]" in done.stderr


def test_missing_pictures_are_named_and_refused_when_none_is_left(lab, picabia):
    (lab.folder / "image_list").write_text("./images/none.jpg\n./images/photo.jpg\n")
    done = picabia("quantize", lab.ini)
    assert done.returncode == 0 and "none.jpg" in done.stderr
    (lab.folder / "image_list").write_text("./images/none.jpg\n")
    lab.output.write_bytes(b"precious")
    done = picabia("quantize", lab.ini)
    assert done.returncode == 1 and "none.jpg" in done.stderr
    assert lab.output.read_bytes() == b"precious"


def test_a_quantized_graph_is_refused(lab, quantized, picabia):
    (lab.folder / "in.pb").write_bytes(lab.output.read_bytes())
    lab.text = lab.text.replace(str(lab.text.split("original_models_path = ")[1].split("\n")[0]), "in.pb")
    lab.write()
    done = picabia("quantize", lab.ini)
    assert done.returncode == 1
    assert "the graph is quantized already" in done.stderr and "Conv2D" in done.stderr
