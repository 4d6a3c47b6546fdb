"""Checks that TensorFlow, ONNX Runtime and PyTorch agree on the exported style.

    python training/verify.py build/training/facets.onnx [PHOTO]

Compares the .pb under TensorFlow and the .onnx under ONNX Runtime with the PyTorch model at
256x256, and the .onnx at odd sizes too.  Fails where a pixel differs by more than LIMIT of 255.
"""

import argparse
import os
import pathlib

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

import export  # noqa: E402
import graphdef  # noqa: E402
import model  # noqa: E402

LIMIT = 0.05
PHOTO = export.STYLE.parent.parent / "examples" / "astronaut.jpg"
ODD_SIZES = ((225, 301), (250, 333), (513, 255))


def load_net(graph: pathlib.Path) -> model.StyleNet:
    """Returns the PyTorch model with the weights of a frozen graph."""
    net = model.StyleNet().eval()
    arrays = iter(graphdef.read(graph.read_bytes()))
    with torch.no_grad():
        for layer in net.layers():
            weights, shift, scale = (torch.tensor(next(arrays)) for _ in range(3))
            layer.conv.weight.copy_(weights.permute(3, 2, 0, 1))
            layer.norm.bias.copy_(shift)
            layer.norm.weight.copy_(scale)
    return net


def run_torch(net: model.StyleNet, picture: np.ndarray) -> np.ndarray:
    """Takes and returns H x W x 3."""
    with torch.no_grad():
        return net(torch.tensor(picture.transpose(2, 0, 1)[None]))[0].permute(1, 2, 0).numpy()


def run_tensorflow(graph: pathlib.Path, picture: np.ndarray) -> np.ndarray:
    """Runs the frozen graph as TensorFlow 1 scripts do."""
    import tensorflow.compat.v1 as tf

    definition = tf.GraphDef.FromString(graph.read_bytes())
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(definition, name="")
        with tf.Session(graph=imported) as session:
            return session.run("add_37:0", {"X_content:0": picture[None]})[0]


def run_onnx(session: ort.InferenceSession, picture: np.ndarray) -> np.ndarray:
    """Takes and returns H x W x 3."""
    result, = session.run(None, {"X_content": picture.transpose(2, 0, 1)[None]})
    return result[0].transpose(1, 2, 0)


def report(name: str, result: np.ndarray, reference: np.ndarray) -> bool:
    """Prints the largest difference; returns whether it is within LIMIT."""
    difference = np.abs(result - reference).max()
    print(f"{name}: largest difference {difference:.5f} of 255")
    return bool(difference <= LIMIT)


def main() -> None:
    """Compares, and exits with 1 where two disagree."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("onnx", type=pathlib.Path, help="made by export.py --onnx")
    parser.add_argument("photo", type=pathlib.Path, nargs="?", default=PHOTO)
    parser.add_argument("--pb", type=pathlib.Path, default=export.STYLE)
    arguments = parser.parse_args()

    photo = Image.open(arguments.photo).convert("RGB")
    net, session = load_net(arguments.pb), ort.InferenceSession(arguments.onnx)
    small = np.asarray(photo.resize((graphdef.SIZE,) * 2, Image.BILINEAR), np.float32)
    expected = run_torch(net, small)
    good = [report("TensorFlow 256x256", run_tensorflow(arguments.pb, small), expected),
            report("ONNX Runtime 256x256", run_onnx(session, small), expected)]
    for height, width in ODD_SIZES:
        picture = np.asarray(photo.resize((width, height), Image.BILINEAR), np.float32)
        name = f"ONNX Runtime {height}x{width}"
        good.append(report(name, run_onnx(session, picture), run_torch(net, picture)))
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
