"""ONNX models with float16 and bfloat16 weights."""
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402: needs onnx

RNG = np.random.default_rng(31)


def half(*shape):
    return RNG.uniform(-1, 1, shape).astype(np.float16)


def positive(*shape):
    return RNG.uniform(0.5, 1.5, shape).astype(np.float16)


# Name, attributes, and the inputs behind x [2, 6, 9, 8].
OPERATORS = {
    "Conv": ({"pads": [1, 1, 1, 1]}, [half(5, 6, 3, 3), half(5)]),
    "Conv in groups": ({"group": 3, "strides": [2, 1]}, [half(9, 2, 3, 2)]),
    "Conv depthwise": ({"group": 6, "pads": [1, 0, 1, 0]}, [half(6, 1, 3, 3), half(6)]),
    "ConvTranspose": ({"strides": [2, 2], "output_padding": [1, 0]}, [half(6, 4, 3, 3), half(4)]),
    "ConvTranspose in groups": ({"strides": [2, 2], "group": 2}, [half(6, 4, 3, 3)]),
    "InstanceNormalization": ({}, [positive(6), half(6)]),
    "BatchNormalization": ({}, [positive(6), half(6), half(6), positive(6)]),
}


def save(path, nodes, x_type, y_type, initializers):
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", x_type, ["n", 6, "h", "w"])],
                              [helper.make_tensor_value_info("y", y_type, None)], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("name", OPERATORS)
def test_float16(name, run_model, tmp_path):
    """They compute in float32 and round once to float16, which is at least as exact as any other way: against the
    same operator of ONNX Runtime in float32, the result is off by half a unit of float16, and a unit where the two
    float sums fall to different sides of a middle."""
    attributes, weights = OPERATORS[name]
    names = [f"w{i}" for i in range(len(weights))]
    node = [helper.make_node(name.split()[0], ["x", *names], ["y"], **attributes)]
    path = save(tmp_path / "half.onnx", node, TensorProto.FLOAT16, TensorProto.FLOAT16,
                [numpy_helper.from_array(w, n) for n, w in zip(names, weights)])
    float_path = save(tmp_path / "float.onnx", node, TensorProto.FLOAT, TensorProto.FLOAT,
                      [numpy_helper.from_array(w.astype(np.float32), n) for n, w in zip(names, weights)])
    x = half(2, 6, 9, 8)
    session = onnxruntime.InferenceSession(str(float_path), providers=["CPUExecutionProvider"])
    expected, = session.run(None, {"x": x.astype(np.float32)})
    got, = run_model(path)(["y"], {"x": x})
    assert got.dtype == np.float16 and got.shape == expected.shape
    unit = np.spacing(np.abs(expected).astype(np.float16)).astype(np.float32)
    # 1e-6: what float sums of 54 products below 1 differ by, where the unit of a result near 0 is smaller.
    assert (np.abs(got.astype(np.float32) - expected) <= 0.51 * unit + 1e-6).all()


def test_bfloat16_weights(run_model, tmp_path):
    """Weights stored in bfloat16 and cast where they are used; in both forms that a file may hold them in."""
    bits = [(half(5, 6, 3, 3).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16) for _ in range(2)]
    raw = helper.make_tensor("w0", TensorProto.BFLOAT16, [5, 6, 3, 3], bits[0].tobytes(), raw=True)
    typed = onnx.TensorProto(name="w1", data_type=TensorProto.BFLOAT16, dims=[5, 6, 3, 3],
                             int32_data=bits[1].flatten().tolist())
    nodes = []
    for i in range(2):
        nodes.append(helper.make_node("Cast", [f"w{i}"], [f"f{i}"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Conv", ["x", f"f{i}"], [f"y{i}"]))
    nodes.append(helper.make_node("Add", ["y0", "y1"], ["y"]))
    path = save(tmp_path / "bfloat16.onnx", nodes, TensorProto.FLOAT, TensorProto.FLOAT, [raw, typed])
    x = half(2, 6, 9, 8).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected, = session.run(None, {"x": x})
    got, = run_model(path)(["y"], {"x": x})
    assert np.abs(got - expected).max() <= 1e-5


def test_bfloat16_elsewhere_is_refused_by_name(picabia, tmp_path):
    node = [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.BFLOAT16, name="narrow")]
    path = save(tmp_path / "cast.onnx", node, TensorProto.FLOAT, TensorProto.BFLOAT16, [])
    done = picabia("inspect", path)
    assert done.returncode == 1 and "cast.onnx" in done.stderr
