"""Conv and ConvTranspose at random attributes, in one and two dimensions, against ONNX Runtime."""
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402: needs onnx

CASES = 40  # of each operator and number of axes


def save(path, node, x, weights):
    names = ["w", "b"][:len(weights)]
    graph = helper.make_graph([node], "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(w, n) for w, n in zip(weights, names)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def ints(rng, low, high, count):
    return [int(v) for v in rng.integers(low, high, count)]


def window(rng, axes):
    """Attributes that both operators share."""
    attributes = {"strides": ints(rng, 1, 4, axes), "dilations": ints(rng, 1, 3, axes)}
    kind = rng.choice(["NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"])
    if kind == "NOTSET":
        attributes["pads"] = ints(rng, 0, 3, 2 * axes)
    else:
        attributes["auto_pad"] = str(kind)
    return attributes


def case(rng, op, axes):
    groups, kernel = int(rng.choice([1, 1, 2, 3])), ints(rng, 1, 4, axes)
    ci, co = groups * int(rng.integers(1, 6)), groups * int(rng.integers(1, 20))
    attributes = window(rng, axes)
    attributes["group"] = groups
    x = rng.uniform(-1, 1, (2, ci, *ints(rng, 7, 14, axes))).astype(np.float32)
    shape = (co, ci // groups, *kernel)
    if op == "ConvTranspose":
        shape = (ci, co // groups, *kernel)
        if "auto_pad" not in attributes and rng.random() < 0.5:
            attributes["output_padding"] = [int(rng.integers(0, max(s, d))) for s, d in
                                            zip(attributes["strides"], attributes["dilations"])]
        elif rng.random() < 0.3:
            attributes.pop("pads", None)
            attributes["output_shape"] = [n * s for n, s in zip(x.shape[2:], attributes["strides"])]
    weights = [rng.uniform(-1, 1, shape).astype(np.float32)]
    if rng.random() < 0.5:
        weights.append(rng.uniform(-1, 1, co).astype(np.float32))
    return helper.make_node(op, ["x", *["w", "b"][:len(weights)]], ["y"], name="node", **attributes), x, weights


def leaves_gaps(node, weights):
    """SAME with windows that do not reach the next one: the operator's text says that the output is the input times
    the stride, which holds here; ONNX Runtime leaves off what no window reaches."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Conv" or not attributes.get("auto_pad", b"").startswith(b"SAME"):
        return False
    return any((k - 1) * d + 1 < s for k, d, s in
               zip(weights[0].shape[2:], attributes["dilations"], attributes["strides"]))


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
def test_random_attributes(op, axes, run_model, tmp_path):
    rng = np.random.default_rng(100 * axes + len(op))
    compared = 0
    for i in range(CASES):
        node, x, weights = case(rng, op, axes)
        if leaves_gaps(node, weights):
            continue
        path = save(tmp_path / f"{i}.onnx", node, x, weights)
        try:
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            expected, = session.run(None, {"x": x})
        except Exception:  # noqa: BLE001: what it refuses cannot be compared (dilated SAME; an empty result)
            continue
        got, = run_model(path)(["y"], {"x": x})
        assert got.shape == expected.shape, str(node)
        # Sums of at most 5 * 9 products below 1, in another order.
        assert np.abs(got - expected).max() <= 1e-5, str(node)
        compared += 1
    assert compared >= CASES / 2
