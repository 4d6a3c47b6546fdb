"""Elementwise operators of ONNX, each alone, against ONNX Runtime at sizes that fit no vector."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

OPSET = 18  # the first with Mish

# Operator: attributes to try, and the range of inputs.
UNARY = {
    "Ceil": [{}], "Erf": [{}], "Floor": [{}], "HardSwish": [{}], "Log": [{}], "Mish": [{}], "Reciprocal": [{}],
    "Sign": [{}], "Softplus": [{}], "Softsign": [{}], "Elu": [{}, {"alpha": 2.5}], "Celu": [{}, {"alpha": 0.3}],
}
SHAPES = [(), (1,), (3, 1, 5), (1, 3, 7, 17), (2, 1, 1, 33)]


def save(path, op, inputs, **attributes):
    names = [f"x{i}" for i in range(len(inputs))]
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in zip(names, inputs)]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node(op, names, ["y"], **attributes)], op, ports, [out])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8), path)
    return dict(zip(names, inputs))


def check(path, feeds, run_model, tolerance):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    [expected] = session.run(None, feeds)
    [found] = run_model(path)(["y"], feeds)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op, attributes", [(op, a) for op, all_ in UNARY.items() for a in all_])
def test_unary(op, attributes, shape, run_model, tmp_path):
    rng = np.random.default_rng(7)
    x = np.asarray(rng.normal(0, 4, shape), np.float32)
    if op == "Log":
        x = np.asarray(np.abs(x))
    if x.size > 8 and op != "Reciprocal":
        x.flat[:4] = [0, -0.0, 30, 1e-7]
    feeds = save(tmp_path / "net.onnx", op, [x], **attributes)
    # Both round once or twice in float; ONNX Runtime's polynomials are a few units in the last place off.
    check(tmp_path / "net.onnx", feeds, run_model, 2e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("op", ["Max", "Min", "Sum"])
def test_any_number_of_inputs(op, count, run_model, tmp_path):
    rng = np.random.default_rng(8)
    shapes = [(1, 3, 7, 17), (3, 1, 1), (1, 1, 1, 17), (), (7, 1)]
    inputs = [np.asarray(rng.normal(0, 4, s), np.float32) for s in shapes[:count]]
    check(tmp_path / "net.onnx", save(tmp_path / "net.onnx", op, inputs), run_model, 1e-6)
