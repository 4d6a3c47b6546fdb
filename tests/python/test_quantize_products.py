"""picabia quantize on networks that are no style networks: matrix products, results that are no pictures, use_convfirst, debug."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from onnx_nets import Net
from quantizing import INI, cambricon_scale, constant, nodes, read_graph

SIZE = 16


def weights(rng, shape, deviation):
    return rng.normal(0, deviation, shape).astype(np.float32)


@pytest.fixture(params=[False, True], ids=["plain", "transposed"])
def transpose_b(request):
    return request.param


@pytest.fixture
def classifier(tmp_path, tf_oracle):
    """classifier(transpose_b, pad): a frozen TensorFlow graph of two convolutions and two products, img -> prob."""
    tf = tf_oracle.tf

    def make(transpose_b=False, pad=False):
        rng = np.random.default_rng(1)
        with tf.Graph().as_default() as graph:
            h = tf.compat.v1.placeholder(tf.float32, [1, SIZE, SIZE, 3], name="img")
            h = tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]]) if pad else h
            h = tf.nn.conv2d(h, weights(rng, (3, 3, 3, 8), 0.2), 2, "SAME", name="conv1")
            h = tf.compat.v1.nn.depthwise_conv2d(tf.nn.relu(h), weights(rng, (3, 3, 8, 1), 0.3), [1] * 4, "SAME")
            h = tf.nn.lrn(h, 2, 1.0, 1e-2, 0.75)
            h = tf.nn.relu(tf.nn.conv2d(h, weights(rng, (3, 3, 8, 16), 0.1), 2, "SAME", name="conv2"))
            k = int(np.prod(h.shape[1:]))
            h = tf.reshape(h, [-1, k], name="flat")
            w = weights(rng, (24, k) if transpose_b else (k, 24), 0.05)
            h = tf.nn.relu(tf.matmul(h, w, transpose_b=transpose_b, name="fc1") + weights(rng, (24,), 0.1))
            tf.nn.softmax(tf.matmul(h, weights(rng, (24, 5), 0.2), name="fc2"), name="prob")
        path = tmp_path / "classifier.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return path
    return make


@pytest.fixture
def ini(tmp_path, examples):
    """ini(changes...): an ini file for classifier.pb."""
    def write(*changes):
        text = INI.format(model="classifier.pb").replace("../../models/int_pb_models/", "")
        changes = (("256, 256", f"{SIZE}, {SIZE}"), ("add_37", "prob"), ("X_content", "img"),
                   ("num_runs = 1", "num_runs = 4"), *changes)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "a.ini").write_text(text)
        (tmp_path / "image_list").write_text("\n".join(str(p) for p in sorted(examples.glob("*.jpg"))))
        return tmp_path / "a.ini", tmp_path / "out.pb"
    return write


@pytest.mark.parametrize("bits", [8, 16])
def test_products_follow_the_rule(bits, transpose_b, classifier, ini, picabia, run_model):
    model = classifier(transpose_b)
    config, out = ini(("quantization_type = int8", f"quantization_type = int{bits}"))
    done = picabia("quantize", config)
    assert done.returncode == 0, done.stderr
    assert "(DepthwiseConv2dNative) stays float" in done.stderr and "(LRN) stays float" in done.stderr
    old, new = nodes(read_graph(model)), nodes(read_graph(out))
    node = new["fc1"]
    assert node.op == f"Int{bits}MatMul" and node.attr["transpose_b"].b == transpose_b
    assert {"input_scale", "filter_scale", "FilterT", "InT", "OutT", "transpose_a", "transpose_b"} == set(node.attr)
    matrix, filter = (constant(graph[graph["fc1"].input[1]]) for graph in (old, new))
    scale = cambricon_scale(matrix, bits)
    assert node.attr["filter_scale"].f == scale
    limit = 2 ** (bits - 1)
    assert np.array_equal(filter, np.clip(np.round(matrix * scale), -limit, limit - 1))
    # The product itself, of numbers of every size, some beyond the range: exact sums, then one division.
    rng = np.random.default_rng(2)
    input_scale = np.float32(node.attr["input_scale"].f)
    x = rng.uniform(-1.1 * limit, 1.1 * limit, (3, filter.shape[1 if transpose_b else 0])).astype(np.float32) / input_scale
    integers = np.clip(np.round(x * input_scale), -limit, limit - 1).astype(np.int64)
    sums = integers @ (filter.T if transpose_b else filter).astype(np.int64)
    expected = sums / (np.float64(input_scale) * np.float64(scale))
    [found] = run_model(out)(["fc1"], {"flat": x})
    # 8 bits: the sum, the product of the scales and the quotient are rounded once each to 24 bits. 16 bits: sums of
    # digits are joined in float, a few roundings of the largest.
    bound = 4 * 2.0**-24 * (abs(expected) if bits == 8 else 4 * abs(expected).max())
    assert (abs(found - expected) <= bound).all()


def test_int_op_list_chooses(classifier, ini, picabia):
    classifier()
    for words, chosen in (("Conv", ["Int8Conv2D", "Conv2D", "MatMul"]), ("FC", ["Conv2D", "Int8MatMul"]),
                          ("FC,Conv", ["Int8Conv2D", "Int8MatMul"])):
        config, out = ini(("Conv, FC, LRN", words))
        done = picabia("quantize", config)
        assert done.returncode == 0, done.stderr
        found = {node.op for node in read_graph(out).node}
        assert {op for op in found if op.endswith(("Conv2D", "MatMul"))} == set(chosen) - (
            {"Conv2D"} if "Conv" in words else set())
        assert ("int_op_list has no" in done.stderr) == ("," not in words)
    config, out = ini(("Conv, FC, LRN", "LRN"))
    done = picabia("quantize", config)
    assert done.returncode == 1 and "line 15: key 'int_op_list' of [config] is 'LRN'" in done.stderr


def test_a_result_that_is_no_picture(classifier, picabia, tmp_path, examples):
    model, out = classifier(), tmp_path / "out.pb"
    arguments = ("quantize", model, "-o", out, "--calibration", examples)
    done = picabia(*arguments, "--json", "--report", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    summary, report = json.loads(done.stdout), json.loads((tmp_path / "report/report.json").read_text())
    assert summary["psnr"] is None and report["psnr"] is None and report["ssim"] is None
    assert summary["output_sqnr"] == report["output_sqnr"] > 20
    assert "<img" not in (tmp_path / "report/report.html").read_text()
    text = picabia(*arguments).stdout
    assert "signal to noise of 'prob'" in text and "PSNR" not in text
    done = picabia(*arguments, "--target-psnr", 40)
    assert done.returncode == 1 and "no picture" in done.stderr


def test_debug_says_what_was_measured(classifier, ini, picabia):
    classifier()
    config, out = ini(("debug = False", "debug = True"))
    lines = [line for line in picabia("quantize", config).stderr.splitlines() if "debug: " in line]
    graph = nodes(read_graph(out))
    assert len(lines) == 4
    for line in lines:
        name = line.split("debug: ")[1].split()[0]
        for attr in ("input_scale", "filter_scale"):
            assert float(line.split(f"{attr} ")[1].split(",")[0]) == pytest.approx(graph[name].attr[attr].f, rel=1e-5)


# ---- use_convfirst

PREPARED = (("mean = 0.0, 0.0, 0.0", "mean = 100, 110, 120"), ("std = 1.0", "std = 50"))


@pytest.mark.parametrize("color_mode, mean", [("rgb", [120, 110, 100]), ("bgr", [100, 110, 120])])
def test_the_first_convolution_prepares_its_picture(color_mode, mean, classifier, ini, picabia, run_model):
    classifier()
    color = ("color_mode = rgb", f"color_mode = {color_mode}")
    config, out = ini(*PREPARED, color)
    assert picabia("quantize", config).returncode == 0
    plain = out.rename(out.with_name("plain.pb"))
    config, out = ini(*PREPARED, color, ("use_convfirst = False", "use_convfirst = True"))
    done = picabia("quantize", config)
    assert done.returncode == 0, done.stderr
    node = nodes(read_graph(out))["conv1"]
    assert node.attr["use_convfirst"].b and node.attr["std"].f == 50
    assert [node.attr[f"mean_{c}"].f for c in "rgb"] == mean
    assert [n.name for n in read_graph(out).node if "use_convfirst" in n.attr] == ["conv1"]
    pixels = np.random.default_rng(4).integers(0, 256, (1, SIZE, SIZE, 3)).astype(np.float32)
    prepared = (pixels - np.float32(mean)) / np.float32(50)
    fetches = ["conv1", "prob"]
    for a, b in zip(run_model(out)(fetches, {"img": pixels}), run_model(plain)(fetches, {"img": prepared})):
        assert np.array_equal(a, b)  # padding, too: it is zero after the preparation


def test_use_convfirst_is_refused_where_it_cannot_be(classifier, ini, picabia):
    first = ("use_convfirst = False", "use_convfirst = True")
    where = "line 11: key 'use_convfirst' of [config] is 'True', but "
    classifier(pad=True)
    config, out = ini(first)
    done = picabia("quantize", config)
    assert done.returncode == 1 and where + "'img' is read by node 'Pad' (Pad), expected a convolution" in done.stderr
    classifier()
    config, out = ini(first, ("default_preprocess_cali", "efficientNet_preprocess"))
    done = picabia("quantize", config)
    assert done.returncode == 1 and where + "efficientNet_preprocess has a std for each channel" in done.stderr
    config, out = ini(first, ("Conv, FC, LRN", "FC"))
    done = picabia("quantize", config)
    assert done.returncode == 1 and "node 'conv1' stays float" in done.stderr
    assert not out.exists()


# ---- ONNX

@pytest.mark.parametrize("options", [[], ["--per-channel"], ["--bits", 16]])
def test_onnx_products_run_in_onnxruntime(options, picabia, run_model, tmp_path):
    net = Net(opset=13)
    h = net.relu(net.conv("x", 3, 8, 3, 2, pads=[1, 1, 1, 1]))
    h = net.node("Flatten", [h])
    h = net.relu(net.node("Gemm", [h, net.weights(20, 8 * SIZE * SIZE // 4), net.vector(20, -1, 1)], transB=1, alpha=0.5))
    h = net.relu(net.node("Gemm", [h, net.weights(20, 12)]))
    net.nodes.append(onnx.helper.make_node("MatMul", [h, net.weights(12, 7)], ["y"], name="last"))
    graph = onnx.helper.make_graph(net.nodes, "g", [onnx.helper.make_tensor_value_info("x", 1, [1, 3, SIZE, SIZE])],
                                   [onnx.helper.make_tensor_value_info("y", 1, [1, 7])], net.initializers)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    model.ir_version = 8
    path, out = tmp_path / "net.onnx", tmp_path / "out.onnx"
    onnx.save(model, path)
    pixels = np.random.default_rng(3).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    done = picabia("quantize", path, "-o", out, "--calibration", tmp_path / "noise.png", "--json", *options)
    assert done.returncode == 0, done.stderr
    assert [layer["op"] for layer in json.loads(done.stdout)["layers"]] == ["Conv", "Gemm", "Gemm", "MatMul"]
    x = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]).astype(np.float32)
    exact, found = (onnxruntime.InferenceSession(str(p), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
                    for p in (path, out))
    [ours] = run_model(out)(["y"], {"x": x})
    noise = 10 * np.log10((exact**2).sum() / ((found - exact) ** 2).sum())
    assert noise > (60 if 16 in options else 20)
    assert 10 * np.log10((exact**2).sum() / max(((ours - found) ** 2).sum(), 1e-20)) > noise
    if "--per-channel" in options:
        axes = [[a.i for a in n.attribute if a.name == "axis"] for n in onnx.load(out).graph.node
                if n.op_type == "DequantizeLinear" and "weights" not in n.name and n.attribute]
        assert axes == [[0], [0], [1], [1]]


# ---- calibration pictures that cannot be read

def test_damaged_pictures_are_named_and_left_out(style, picabia, tmp_path, examples):
    photos = tmp_path / "photos"
    photos.mkdir()
    whole = (examples / "coffee.jpg").read_bytes()
    (photos / "good.jpg").write_bytes(whole)
    (photos / "cut.jpg").write_bytes(whole[:len(whole) // 2])
    out = tmp_path / "out.pb"
    done = picabia("quantize", style, "-o", out, "--calibration", photos, "--size", "32x32", "--json")
    assert done.returncode == 0 and "cut.jpg" in done.stderr and "left out" in done.stderr
    assert json.loads(done.stdout)["record"]["calibration_pictures"] == 1
    (photos / "good.jpg").unlink()
    before = out.read_bytes()
    done = picabia("quantize", style, "-o", out, "--calibration", photos, "--size", "32x32")
    assert done.returncode == 1 and "cut.jpg" in done.stderr
    assert out.read_bytes() == before
