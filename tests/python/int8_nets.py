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


def super_resolution(path, width=64, blocks=4):
    """EDSR: residual blocks without norms, twice the size by DepthToSpace."""
    net = Net()
    first = x = conv(net, "input", 3, width)
    for _ in range(blocks):
        y = conv(net, net.relu(conv(net, x, width, width)), width, width)
        x = net.node("Add", [net.node("Mul", [y, net.constant(np.float32(0.3))]), x])
    x = net.node("Add", [conv(net, x, width, width), first])
    x = net.node("DepthToSpace", [conv(net, x, width, 4 * width)], blocksize=2, mode="CRD")
    return net.save(path, picture(net, x, width, 0.1))


def batch_norm(net, x, c):
    """As trained: near the statistics that the convolutions before it have."""
    rng = net.rng
    values = [rng.uniform(0.7, 1.3, c), rng.uniform(-0.3, 0.3, c), rng.uniform(-0.2, 0.2, c), rng.uniform(0.5, 1.5, c)]
    return net.node("BatchNormalization", [x, *(net.constant(v.astype(np.float32)) for v in values)], epsilon=1e-5)


def batch_norms(path, width=32):
    """Convolutions with batch norms, down and up again by transposed ones."""
    net = Net()
    x = net.relu(batch_norm(net, conv(net, "input", 3, width), width))
    x = net.relu(batch_norm(net, conv(net, x, width, 2 * width, stride=2), 2 * width))
    for _ in range(3):
        y = net.relu(batch_norm(net, conv(net, x, 2 * width, 2 * width), 2 * width))
        x = net.relu(net.node("Add", [batch_norm(net, conv(net, y, 2 * width, 2 * width), 2 * width), x]))
    x = net.node("ConvTranspose", [x, he(net, 2 * width, width, 3, 3)], kernel_shape=[3, 3], strides=[2, 2],
                 pads=[1, 1, 1, 1], output_padding=[1, 1])
    return net.save(path, picture(net, net.relu(batch_norm(net, x, width)), width))


def depthwise(path, width=32):
    """MobileNet's separable convolutions with ReLU6, and one in four groups."""
    net = Net()

    def relu6(x):
        return net.node("Clip", [x, net.constant(np.float32(0)), net.constant(np.float32(6))])

    x = relu6(batch_norm(net, conv(net, "input", 3, width, stride=2), width))
    for k in (3, 5, 3):
        y = relu6(batch_norm(net, conv(net, x, width, 4 * width, k=1), 4 * width))
        y = relu6(batch_norm(net, conv(net, y, 4 * width, 4 * width, k=k, groups=4 * width), 4 * width))
        x = net.node("Add", [batch_norm(net, conv(net, y, 4 * width, width, k=1), width), x])
    x = net.relu(conv(net, x, width, width, groups=4))
    x = net.relu(conv(net, net.upsample(x), width, width, groups=width))
    return net.save(path, picture(net, x, width))


def slopes(path, width=48):
    """PReLU with a slope a channel, one slope for all, and LeakyRelu; strides; the sub-pixel layer of ESPCN."""
    net = Net()

    def prelu(x, *shape):
        return net.node("PRelu", [x, net.constant(net.rng.uniform(0.05, 0.4, shape).astype(np.float32))])

    x = prelu(conv(net, "input", 3, width, k=5), width, 1, 1)
    x = prelu(conv(net, x, width, 2 * width, stride=2), 2 * width, 1, 1)
    x = net.node("LeakyRelu", [conv(net, x, 2 * width, 2 * width)], alpha=0.2)
    x = prelu(conv(net, x, 2 * width, width), 1, 1, 1)
    x = prelu(conv(net, x, width, width), width, 1, 1)
    w = net.constant((net.rng.standard_normal((12, width, 3, 3)) * 0.3 / np.sqrt(9 * width)).astype(np.float32))
    x = net.node("Conv", [x, w, net.constant(np.full(12, 0.5, np.float32))], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return net.save(path, net.node("DepthToSpace", [x], blocksize=2))


def u_net(path, width=24):
    """Max pooling down, bilinear resizing up, and the pictures of the way down beside those of the way up."""
    net = Net()

    def block(x, ci, co):
        return net.relu(batch_norm(net, conv(net, net.relu(conv(net, x, ci, co)), co, co), co))

    def up(x):
        scales = net.constant(np.array([1, 1, 2, 2], np.float32))
        return net.node("Resize", [x, "", scales], mode="linear", coordinate_transformation_mode="half_pixel")

    def down(x):
        return net.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])

    a = block("input", 3, width)
    b = block(down(a), width, 2 * width)
    c = block(down(b), 2 * width, 4 * width)
    b = block(net.node("Concat", [up(c), b], axis=1), 6 * width, 2 * width)
    a = block(net.node("Concat", [up(b), a], axis=1), 3 * width, width)
    return net.save(path, picture(net, a, width))
