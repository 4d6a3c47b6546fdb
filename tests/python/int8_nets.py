"""Networks of other kinds than the embedded style, for the integer engine: each takes a path and writes an ONNX file whose
input is `input` [1, 3, height, width] in 0..1. Weights are random but keep variances as trained ones do."""

import numpy as np

from onnx_nets import Net


def he(net, *shape):
    """Filter [M, C/groups, KH, KW] whose outputs have about the variance of its inputs after a ReLU."""
    fan = np.prod(shape[1:])
    return net.constant((net.rng.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32))


def conv(net, x, ci, co, k=3, stride=1, groups=1):
    bias = net.constant(net.rng.uniform(-0.1, 0.1, co).astype(np.float32))
    p = k // 2
    return net.node("Conv", [x, he(net, co, ci // groups, k, k), bias], kernel_shape=[k, k], strides=[stride, stride],
                    pads=[p, p, p, p], group=groups)


def picture(net, x, ci, scale=0.3):
    """The last layer: 3 channels, mostly within 0..1."""
    fan = ci * 9
    w = net.constant((net.rng.standard_normal((3, ci, 3, 3)) * scale / np.sqrt(fan)).astype(np.float32))
    return net.node("Conv", [x, w, net.constant(np.full(3, 0.5, np.float32))], kernel_shape=[3, 3], pads=[1, 1, 1, 1])


def conditional_style(path, width=16):
    """Instance norms whose scale and shift are mixed from those of several styles; upsampling; few channels at the end."""
    net = Net()

    def norm(x, c):
        mixed = []
        for low, high in ((0.5, 1.5), (-1, 1)):
            styles = net.constant(net.rng.uniform(low, high, (4, c)).astype(np.float32))
            weights = net.node("Unsqueeze", ["weights", net.constant(np.array([1], np.int64))])
            rows = net.node("Mul", [weights, styles])
            row = net.node("ReduceSum", [rows, net.constant(np.array([0], np.int64))], keepdims=0)
            mixed.append(net.node("Reshape", [row, net.constant(np.array([1, -1, 1, 1], np.int64))]))
        mean = net.node("ReduceMean", [x], axes=[2, 3])
        centered = net.node("Sub", [x, mean])
        square = net.node("Pow", [centered, net.constant(np.float32(2))])
        variance = net.node("Add", [net.node("ReduceMean", [square], axes=[2, 3]), net.constant(np.float32(1e-5))])
        inverse = net.node("Div", [net.constant(np.float32(1)), net.node("Sqrt", [variance])])
        scaled = net.node("Mul", [net.node("Mul", [centered, inverse]), mixed[0]])
        return net.node("Add", [scaled, mixed[1]])

    x = net.relu(norm(net.conv("input", 3, width, 9), width))
    x = net.relu(norm(net.conv(x, width, 2 * width, 3, 2), 2 * width))
    for _ in range(2):
        y = net.relu(norm(net.conv(x, 2 * width, 2 * width, 3), 2 * width))
        x = net.node("Add", [x, norm(net.conv(y, 2 * width, 2 * width, 3), 2 * width)])
    x = net.relu(norm(net.conv(net.upsample(x), 2 * width, 4, 3), 4))
    x = net.node("Sigmoid", [norm(net.conv(x, 4, 3, 9), 3)])
    return net.save(path, x, extra={"weights": [4]})
