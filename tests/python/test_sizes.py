"""Sizes and batches: a model runs at every size that it allows, and the message of the others says which it allows."""
import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
import onnx_nets  # noqa: E402: needs onnx

RNG = np.random.default_rng(20)


def unet(path, shape=(1, 3, "height", "width")):
    """Halves twice, doubles twice, and adds what it began with: other sizes than multiples of 4 do not meet again."""
    net = onnx_nets.Net()
    first = net.conv("input", 3, 8, 3, pads=[1, 1, 1, 1])
    x = net.relu(net.conv(net.relu(net.conv(first, 8, 8, 3, 2)), 8, 8, 3, 2))
    x = net.conv_transpose(net.conv_transpose(x, 8, 8), 8, 8)
    return net.save(path, net.conv(net.node("Add", [x, first]), 8, 3, 3), shape)


def fixed_inside(path):
    """Free by its declaration, but a Reshape inside knows one size."""
    net = onnx_nets.Net()
    x = net.node("Reshape", ["input", net.constant(np.array([1, 3, 16, 16], np.int64))])
    return net.save(path, net.conv(x, 3, 3, 3))


def reflecting(path):
    net = onnx_nets.Net()
    return net.save(path, net.conv("input", 3, 3, 17))


def run(picabia, tmp_path, model, shape):
    np.save(tmp_path / "x.npy", RNG.uniform(0, 1, shape).astype(np.float32))
    return picabia("run", model, "--feed", f"input={tmp_path / 'x.npy'}", "--fetch", f"output={tmp_path / 'y.npy'}")


def oracle(model, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"input": x})[0]


@pytest.mark.parametrize("size", [(4, 4), (8, 100), (40, 36)], ids=str)
def test_allowed_sizes_run(picabia, tmp_path, size):
    model = unet(tmp_path / "unet.onnx")
    done = run(picabia, tmp_path, model, (1, 3, *size))
    assert done.returncode == 0, done.stderr
    expected = oracle(model, np.load(tmp_path / "x.npy"))
    # Sums of 72 products of numbers near 1, four convolutions deep: some dozen roundings of 2^-24.
    assert np.abs(np.load(tmp_path / "y.npy") - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("size", [(30, 32), (33, 47), (1, 1)], ids=str)
def test_run_says_which_sizes_a_model_allows(picabia, tmp_path, size):
    done = run(picabia, tmp_path, unet(tmp_path / "unet.onnx"), (1, 3, *size))
    assert done.returncode == 1
    assert "the height of 'input' must be a multiple of 4, the width of 'input' must be a multiple of 4" in done.stderr
    assert "unet.onnx" in done.stderr and "node '" in done.stderr


def test_bench_says_it_too(picabia, tmp_path):
    done = picabia("bench", unet(tmp_path / "unet.onnx"), "--size", "30x32", "--runs", "1", "--precision", "fp32")
    assert done.returncode == 1
    assert "the height of 'input' must be a multiple of 4" in done.stderr


def test_stylize_pads_to_an_allowed_size(picabia, tmp_path):
    Image.new("RGB", (31, 45), (9, 90, 200)).save(tmp_path / "in.png")
    done = picabia("stylize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", unet(tmp_path / "unet.onnx"))
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "out.png").size == (31, 45)


def test_stylize_says_the_size_of_a_model_that_knows_one(picabia, tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "in.png")
    model = fixed_inside(tmp_path / "fixed.onnx")
    done = picabia("stylize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--model", model)
    assert done.returncode == 1
    assert "the height of 'input' must be 16, the width of 'input' must be 16" in done.stderr


def test_least_sizes(picabia, tmp_path):
    done = run(picabia, tmp_path, reflecting(tmp_path / "wide.onnx"), (1, 3, 8, 30))
    assert done.returncode == 1
    assert "the height of 'input' must be at least 9" in done.stderr


def test_declared_sizes(picabia, tmp_path):
    """A declared size is the one that a graph was exported at: it runs at others that its operators allow."""
    model = unet(tmp_path / "unet.onnx", (1, 3, 32, 24))
    assert run(picabia, tmp_path, model, (1, 3, 64, 48)).returncode == 0
    done = run(picabia, tmp_path, model, (1, 3, 30, 24))
    assert done.returncode == 1 and "the height of 'input' must be a multiple of 4" in done.stderr
    done = run(picabia, tmp_path, model, (1, 4, 32, 32))
    assert done.returncode == 1 and "found shape [1, 4, 32, 32], expected [?, 3, ?, ?]" in done.stderr


@pytest.mark.parametrize("precision", ["fp32", "int8", "int16"])
@pytest.mark.parametrize("net", [onnx_nets.fast_neural_style, onnx_nets.transposed_style, unet],
                         ids=lambda net: net.__name__)
def test_batches(run_model, tmp_path, net, precision):
    """Each picture of a batch gives the bits that it gives alone: norms and ranges are of one picture."""
    model = net(tmp_path / "net.onnx", shape=("n", 3, "height", "width")) if net is not onnx_nets.transposed_style \
        else with_free_batch(net(tmp_path / "net.onnx"))
    x = RNG.uniform(0, 255, (3, 3, 28, 36)).astype(np.float32)
    together, = run_model(model)(["output"], {"input": x}, precision=precision)
    alone = [run_model(model)(["output"], {"input": x[i:i + 1]}, precision=precision)[0] for i in range(3)]
    assert together.shape == (3, 3, 28, 36)
    np.testing.assert_array_equal(together, np.concatenate(alone))


def with_free_batch(path):
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.save(model, path)
    return path


def test_batches_of_quantized_models(run_model, tmp_path):
    """The same of a QDQ model; and ONNX Runtime gives the bytes but for middles between two levels."""
    net = onnx_nets.Net()
    scale, zero = net.constant(np.float32(0.02)), net.constant(np.int8(-3))

    def quantized(x):
        return net.node("DequantizeLinear", [net.node("QuantizeLinear", [x, scale, zero]), scale, zero])

    def convolve(x, ci, co, **attributes):
        weights = net.constant(net.rng.integers(-127, 128, (co, ci, 3, 3)).astype(np.int8))
        scales = net.constant(net.rng.uniform(5e-4, 2e-3, co).astype(np.float32))
        zeros = net.constant(np.zeros(co, np.int8))
        filters = net.node("DequantizeLinear", [weights, scales, zeros], axis=0)
        return net.node("Conv", [x, filters, net.vector(co, -0.2, 0.2)], pads=[1, 1, 1, 1], **attributes)

    x = quantized(net.node("Relu", [convolve(quantized("input"), 3, 8)]))
    y = quantized(convolve(x, 1, 8, group=8))
    y = quantized(net.node("Add", [y, quantized(convolve(x, 4, 8, group=2))]))
    model = net.save(tmp_path / "qdq.onnx", y, ("n", 3, "height", "width"))
    x = RNG.uniform(-1, 1, (3, 3, 19, 37)).astype(np.float32)
    together, = run_model(model)(["output"], {"input": x})
    alone = [run_model(model)(["output"], {"input": x[i:i + 1]})[0] for i in range(3)]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    levels = np.abs(together - oracle(model, x)) / 0.02
    assert levels.max() <= 3.01 and (levels > 0.5).mean() <= 2e-3  # one level each of three layers that follow
