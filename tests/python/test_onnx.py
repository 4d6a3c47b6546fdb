"""ONNX networks against ONNX Runtime, through the command line."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import pytest

import onnx_nets

NETS = {"fast_neural_style": onnx_nets.fast_neural_style, "transposed_style": onnx_nets.transposed_style}


def expected_output(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": x})[0]


def picture(shape, seed=3):
    """Smooth noise in 0..255, NCHW."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 255, shape).astype(np.float32)
    return (x + np.roll(x, 1, 2) + np.roll(x, 1, 3) + np.roll(x, (1, 1), (2, 3))) / 4


@pytest.mark.parametrize("size", [(64, 64), (100, 84), (36, 132)], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("opset", [9, 10, 11, 13, 17, 20])
@pytest.mark.parametrize("net", NETS)
def test_matches_onnx_runtime(net, opset, size, run_model, tmp_path):
    path = NETS[net](tmp_path / "net.onnx", opset)
    x = picture((1, 3, *size))
    expected = expected_output(path, x)
    [found] = run_model(path)(["output"], {"input": x})
    assert found.shape == expected.shape
    # Values reach a few hundred; both sides round in float, in another order.
    assert np.abs(found - expected).max() <= 5e-5 * max(np.abs(expected).max(), 100)


@pytest.mark.parametrize("net", NETS)
def test_batches(net, run_model, tmp_path):
    path = NETS[net](tmp_path / "net.onnx")
    x = picture((2, 3, 48, 64))
    found = run_model(path)(["output"], {"input": x})[0]
    for n in range(2):
        alone = run_model(path)(["output"], {"input": x[n:n + 1]})[0]
        np.testing.assert_array_equal(found[n:n + 1], alone)  # a picture does not depend on its neighbours


@pytest.mark.parametrize("precision, at_least", [("int8", 35), ("int16", 70)])
@pytest.mark.parametrize("net", NETS)
def test_integer_precisions(net, precision, at_least, run_model, tmp_path):
    path = NETS[net](tmp_path / "net.onnx")
    x = picture((1, 3, 128, 96))
    [exact] = run_model(path)(["output"], {"input": x})
    [found] = run_model(path)(["output"], {"input": x}, precision=precision)
    span = exact.max() - exact.min()
    assert 20 * np.log10(span / np.sqrt(np.mean((found - exact) ** 2))) >= at_least


def test_a_frozen_size_runs_at_any_size(run_model, tmp_path):
    path = onnx_nets.fast_neural_style(tmp_path / "net.onnx", shape=(1, 3, 64, 64))
    free = onnx_nets.fast_neural_style(tmp_path / "free.onnx")
    x = picture((1, 3, 80, 48))
    [found] = run_model(path)(["output"], {"input": x})
    np.testing.assert_array_equal(found, run_model(free)(["output"], {"input": x})[0])


def test_transposes_are_only_at_the_ends(inspect_model, tmp_path):
    """Layout: an NCHW model keeps one transposition at its input and one at its output."""
    report = inspect_model(onnx_nets.fast_neural_style(tmp_path / "net.onnx"))
    assert report["transposes"] <= 2
