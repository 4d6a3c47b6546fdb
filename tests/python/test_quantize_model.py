"""picabia quantize MODEL -o OUT: TensorFlow and ONNX, against TensorFlow, ONNX Runtime and NumPy."""

import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from PIL import Image

import onnx_nets
from pictures import photo, psnr
from quantizing import cambricon_scale, constant, filters, nodes, read_graph


@pytest.fixture
def quantize(picabia, tmp_path, examples):
    """quantize(model, options...) -> path of what was written, what was printed."""
    def run(model, *options, name=None):
        out = tmp_path / (name or f"out{model.suffix}")
        done = picabia("quantize", model, "-o", out, "--calibration", examples, "--json", *options)
        assert done.returncode == 0, done.stderr
        return out, json.loads(done.stdout)
    return run


@pytest.fixture(params=["fast_neural_style", "transposed_style"])
def net(request, tmp_path):
    path = tmp_path / f"{request.param}.onnx"
    getattr(onnx_nets, request.param)(path)
    return path


def ort(path, picture):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: picture})[0]


def planar(examples, size=(64, 96)):
    return np.ascontiguousarray(photo(examples, size).transpose(0, 3, 1, 2))


def sqnr(found, expected):
    return 10 * np.log10((expected.astype(float) ** 2).sum() / max(((found - expected).astype(float) ** 2).sum(), 1e-30))


def rounded(weights, scale):
    """Where the negative end decides, a positive weight nearly as large would become 128."""
    return np.clip(np.round(weights * scale), -128, 127)


# ---- ONNX

@pytest.mark.parametrize("options, at_least", [([], 15), (["--per-channel"], 15), (["--bits", 16], 50)])
def test_onnx_runs_in_onnxruntime_and_here(options, at_least, net, quantize, run_model, examples):
    out, _ = quantize(net, *options, "--size", "64x96")
    picture = planar(examples)
    expected, found = ort(net, picture), ort(out, picture)
    assert sqnr(found, expected) > at_least
    name, output = (getattr(onnx.load(out).graph, kind)[0].name for kind in ("input", "output"))
    [ours] = run_model(out)([output], {name: picture})
    assert sqnr(ours, found) > at_least  # numbers between two levels fall to either side


def test_onnx_filters_and_scales(net, quantize):
    out, _ = quantize(net, "--per-channel", "--size", "64x96")
    old = {t.name: numpy_helper.to_array(t) for t in onnx.load(net).graph.initializer}
    model = onnx.load(out)
    new = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    producers = {output: node for node in model.graph.node for output in node.output}
    before = {node.name: node for node in onnx.load(net).graph.node}
    layers = [node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    assert layers
    for node in layers:
        weights = old[before[node.name].input[1]]
        axis = 0 if node.op_type == "Conv" else 1
        dequantize = producers[node.input[1]]
        integers, steps, zeros = (new[name] for name in dequantize.input)
        assert dequantize.attribute[0].i == axis and integers.dtype == np.int8 and not zeros.any()
        for channel, step in enumerate(steps):
            part = np.take(weights, channel, axis)
            scale = cambricon_scale(part)
            assert step == pytest.approx(1 / scale, rel=1e-6)
            assert np.array_equal(np.take(integers, channel, axis), rounded(part, scale))
        quantized = producers[producers[node.input[0]].input[0]]
        assert quantized.op_type == "QuantizeLinear" and new[quantized.input[2]].dtype == np.uint8
        assert before[node.name].input[1] not in new
        assert list(before[node.name].input[2:]) == list(node.input[2:])


def test_onnx_input_scales_are_those_of_a_float_run(net, quantize, picabia, examples, tmp_path):
    (tmp_path / "list").write_text(str(examples / "coffee.jpg"))
    out = tmp_path / "one.onnx"
    done = picabia("quantize", net, "-o", out, "--calibration", tmp_path / "list", "--size", "64x96", "--json")
    assert done.returncode == 0, done.stderr
    layer = json.loads(done.stdout)["layers"][1]
    model = onnx.load(net)
    tensor = next(node.input[0] for node in model.graph.node if node.name == layer["node"])
    model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "inner.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "inner.onnx"), providers=["CPUExecutionProvider"])
    [values] = session.run([tensor], {session.get_inputs()[0].name: planar_of(examples / "coffee.jpg")})
    low, high = values.min(), values.max()
    # Pictures are made smaller by another filter here, which moves the ends a little.
    assert layer["low"] == pytest.approx(low, abs=0.1 * float(high - low))
    assert layer["high"] == pytest.approx(high, abs=0.1 * float(high - low))


def planar_of(path, size=(64, 96)):
    picture = Image.open(path).convert("RGB").resize((size[1], size[0]), Image.BICUBIC)
    return np.ascontiguousarray(np.asarray(picture, np.float32)[None].transpose(0, 3, 1, 2))


def test_onnx_keeps_all_other_nodes(net, quantize):
    out, _ = quantize(net, "--size", "64x96")
    old, new = onnx.load(net).graph, onnx.load(out).graph
    kept = [node for node in new.node if node.op_type not in ("QuantizeLinear", "DequantizeLinear")]
    assert [node.name for node in kept] == [node.name for node in old.node]
    for a, b in zip(old.node, kept):
        if a.op_type not in ("Conv", "ConvTranspose"):
            assert a == b
    assert old.input == new.input and old.output == new.output


def test_record_and_quality_are_in_the_file(net, quantize, examples):
    out, report = quantize(net, "--algorithm", "mse", "--size", "64x96")
    record = {p.key: p.value for p in onnx.load(out).metadata_props}["picabia.quantization"]
    assert json.loads(record) == report["record"]
    assert report["record"]["activations"] == "mse" and report["record"]["calibration_pictures"] == 4
    assert len(report["record"]["calibration_sha256"]) == 64
    assert len(report["layers"]) == len(nodes_of(out, "Conv", "ConvTranspose"))


def nodes_of(path, *ops):
    return [node for node in onnx.load(path).graph.node if node.op_type in ops]


def test_a_qdq_model_is_refused(net, quantize, picabia, tmp_path):
    out, _ = quantize(net, "--size", "64x96")
    done = picabia("quantize", out, "-o", tmp_path / "twice.onnx")
    assert done.returncode == 1 and "the model is quantized already" in done.stderr
    assert not (tmp_path / "twice.onnx").exists()


def test_nan_weights_are_refused_by_name(net, picabia, tmp_path):
    model = onnx.load(net)
    conv = nodes_of(net, "Conv")[0]
    tensor = next(t for t in model.graph.initializer if t.name == conv.input[1])
    weights = numpy_helper.to_array(tensor).copy()
    weights.flat[5] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    onnx.save(model, net)
    done = picabia("quantize", net, "-o", tmp_path / "out.onnx")
    assert done.returncode == 1 and conv.input[1] in done.stderr and "NaN" in done.stderr


def test_channels_of_zeros_stay_zeros(net, quantize, examples):
    model = onnx.load(net)
    for conv in nodes_of(net, "Conv"):
        tensor = next(t for t in model.graph.initializer if t.name == conv.input[1])
        weights = numpy_helper.to_array(tensor).copy()
        weights[0] = 0
        tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    onnx.save(model, net)
    out, _ = quantize(net, "--per-channel", "--size", "64x96")
    assert np.isfinite(ort(out, planar(examples))).all()


# ---- TensorFlow

@pytest.mark.parametrize("algorithm", ["max", "percentile", "mse", "entropy"])
def test_algorithms_cut_ranges_and_keep_the_picture(algorithm, style, quantize):
    _, report = quantize(style, "--algorithm", algorithm, "--size", "128x128")
    for layer in report["layers"]:
        assert 0 <= layer["saturated"] < 0.1
        assert (layer["saturated"] == 0) or algorithm != "max"
    assert report["psnr"] > (28 if algorithm in ("max", "mse") else 15)


def test_16_bits_in_tensorflow(style, quantize, run_model, examples):
    out, report = quantize(style, "--bits", 16)
    assert report["psnr"] > 70
    for integers, _, _ in filters(read_graph(out)).values():
        assert integers.dtype == np.int16 and abs(integers.astype(int)).max() >= 32767
    feeds = {"X_content": photo(examples, (128, 128))}
    [exact] = run_model(style)(["add_37"], feeds)
    for precision in ("fp32", "int8"):  # the graph's own integers, whatever the precision
        [found] = run_model(out)(["add_37"], feeds, precision=precision)
        assert psnr(found, exact) > 60


def test_filter_scales_by_channel(style, quantize, run_model, examples):
    out, _ = quantize(style, "--per-channel")
    original, found = nodes(read_graph(style)), filters(read_graph(out))
    for name, (integers, _, scales) in found.items():
        source = original[original[name].input[1]]
        while source.op == "Identity":
            source = original[source.input[0]]
        weights = constant(source)
        axis = 2 if "transpose" in name else 3
        for channel, scale in enumerate(scales):
            part = np.take(weights, channel, axis)
            assert scale == cambricon_scale(part)
            assert np.array_equal(np.take(integers, channel, axis), rounded(part, scale))
    feeds = {"X_content": photo(examples, (128, 128))}
    [exact], [ours] = (run_model(path)(["add_37"], feeds) for path in (style, out))
    assert psnr(ours, exact) > 25


def int16_convolution(x, filter, scale):
    """Integers by the rule, summed in 64 bits; SAME padding of an odd filter, stride 1."""
    q = np.clip(np.round(x * np.float32(scale)), -32768, 32767).astype(np.int64)
    k = filter.shape[0]
    q = np.pad(q, ((0, 0), (k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    height, width = x.shape[1:3]
    y = np.zeros((*x.shape[:3], filter.shape[3]), np.int64)
    for i in range(k):
        for j in range(k):
            y += np.tensordot(q[:, i:i + height, j:j + width], filter[i, j].astype(np.int64), 1)
    return y


def test_int16_convolutions_are_exact(style, quantize, run_model, examples):
    """The first layer, and one in the middle on what it is given, with numbers of every size."""
    out, _ = quantize(style, "--bits", 16)
    graph = nodes(read_graph(out))
    for name in ("Conv2D", "Conv2D_5"):
        integers, scale, filter_scales = filters(read_graph(out))[name]
        source = graph[name].input[0]
        rng = np.random.default_rng(3)
        reach = 33000 / scale  # beyond what 16 bits hold
        x = rng.uniform(-reach, reach, (1, 16, 16, integers.shape[2])).astype(np.float32)
        [found] = run_model(out)([name], {source: x})
        expected = int16_convolution(x, integers, scale)
        exact = expected / (np.float64(scale) * filter_scales[0])
        # Nine 8-bit sums are added in float: a few roundings of 2^-24 of the largest.
        assert np.abs(found - exact).max() <= 4e-7 * np.abs(exact).max()


def test_order_and_names_of_pictures_do_not_matter(style, picabia, tmp_path, examples):
    lists = []
    for i, order in enumerate((1, -1)):
        files = sorted(examples.glob("*.jpg"))[::order]
        if order < 0:
            copies = tmp_path / "copies"
            copies.mkdir()
            files = [shutil.copy(file, copies / f"{k}.jpg") for k, file in enumerate(files)]
        (tmp_path / f"list{i}").write_text("# photos\n" + "\n".join(map(str, files)) + "\n")
        out = tmp_path / f"out{i}.pb"
        done = picabia("quantize", style, "-o", out, "--calibration", tmp_path / f"list{i}", "--size", "64x64")
        assert done.returncode == 0, done.stderr
        lists.append(out.read_bytes())
    assert lists[0] == lists[1]


def test_target_psnr_is_reached_with_few_layers(style, quantize, tmp_path):
    _, plain = quantize(style, "--size", "64x64")
    target = plain["psnr"] + 8
    _, report = quantize(style, "--size", "64x64", "--target-psnr", target)
    raised = [layer for layer in report["layers"] if layer["bits"] > 8]
    assert report["psnr"] >= target
    assert 0 < len(raised) < len(report["layers"])
    assert len(report["search"]) > 2


def test_without_time_the_target_is_reached_all_the_same(style, quantize):
    _, report = quantize(style, "--size", "64x64", "--target-psnr", 60, "--time-budget", 0)
    assert report["psnr"] >= 60 and all(layer["bits"] == 16 for layer in report["layers"])
    # One mix was tried, to see whether anything is to be done.
    assert len(report["search"]) == 2 and "time was up" in report["search"][1]


def test_16_bits_that_are_not_enough_become_float(style, quantize):
    _, report = quantize(style, "--size", "32x32", "--target-psnr", 120)
    assert report["psnr"] >= 120
    assert {layer["bits"] for layer in report["layers"]} >= {32}


def test_misuse(style, picabia, tmp_path):
    for arguments in ([style], [tmp_path / "a.ini", "-o", "x"], [style, "-o", "x", "--bits", 4],
                      [style, "-o", "x", "--algorithm", "best"], [style, "-o", "x", "--size", "0x3"]):
        assert picabia("quantize", *arguments).returncode == 2, arguments


def test_failures_say_what_is_wrong_and_keep_the_output(style, picabia, tmp_path):
    out = tmp_path / "out.pb"
    out.write_bytes(b"precious")
    empty = tmp_path / "empty"
    empty.mkdir()
    for options, message in (
            (["--calibration", empty], "found no picture"),
            (["--calibration", tmp_path / "none"], "none"),
            (["--fetch", "add_3700"], "nearest names")):
        done = picabia("quantize", style, "-o", out, *options)
        assert done.returncode == 1 and message in done.stderr, done.stderr
        assert out.read_bytes() == b"precious"
    done = picabia("quantize", style, "-o", tmp_path / "no/out.pb")
    assert done.returncode == 1 and "there is no folder" in done.stderr
    done = picabia("quantize", "style:facets", "-o", out)
    assert done.returncode == 1 and "compiled" in done.stderr
