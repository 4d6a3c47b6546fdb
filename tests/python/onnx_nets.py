"""Builds style-transfer networks as ONNX files with random weights, in the spellings that exporters produce."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """Appends nodes and initializers; every method returns the name of its result."""

    def __init__(self, opset=13, seed=7):
        self.opset = opset
        self.rng = np.random.default_rng(seed)
        self.nodes, self.initializers = [], []

    def constant(self, array, name=None):
        name = name or f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, inputs, **attributes):
        name = f"n{len(self.nodes)}_{op}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weights(self, *shape):
        fan = np.prod(shape[1:])
        return self.constant((self.rng.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def vector(self, n, low=0.5, high=1.5):
        return self.constant(self.rng.uniform(low, high, n).astype(np.float32))

    def pad(self, x, p, mode="reflect"):
        pads = [0, 0, p, p, 0, 0, p, p]
        if self.opset < 11:
            return self.node("Pad", [x], mode=mode, pads=pads)
        return self.node("Pad", [x, self.constant(np.array(pads, np.int64))], mode=mode)

    def conv(self, x, ci, co, k, stride=1, **attributes):
        """Reflection padding and convolution, as PyTorch's fast_neural_style does."""
        if not attributes:
            x = self.pad(x, k // 2)
            attributes = {"pads": [0, 0, 0, 0]}
        return self.node("Conv", [x, self.weights(co, ci, k, k), self.vector(co, -1, 1)],
                         kernel_shape=[k, k], strides=[stride, stride], **attributes)

    def norm(self, x, c):
        return self.node("InstanceNormalization", [x, self.vector(c), self.vector(c, -1, 1)], epsilon=1e-5)

    def batch_norm(self, x, c):
        return self.node("BatchNormalization", [x, self.vector(c), self.vector(c, -1, 1), self.vector(c, -1, 1),
                                                self.vector(c)], epsilon=1e-5)

    def relu(self, x):
        return self.node("Relu", [x])

    def upsample(self, x, factor=2):
        scales = self.constant(np.array([1, 1, factor, factor], np.float32))
        if self.opset < 10:
            return self.node("Upsample", [x, scales], mode="nearest")
        if self.opset < 11:
            return self.node("Resize", [x, scales], mode="nearest")
        roi = "" if self.opset >= 13 else self.constant(np.zeros(0, np.float32))  # not yet optional in 11 and 12
        return self.node("Resize", [x, roi, scales], mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")

    def conv_transpose(self, x, ci, co, k=3):
        return self.node("ConvTranspose", [x, self.weights(ci, co, k, k), self.vector(co, -1, 1)], kernel_shape=[k, k],
                         strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])

    def save(self, path, result, shape=(1, 3, "height", "width"), extra=None):
        """extra: further inputs by name, with their shapes."""
        more = [helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in (extra or {}).items()]
        graph = helper.make_graph(
            self.nodes + [helper.make_node("Identity", [result], ["output"])], "net",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)] + more,
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = min(model.ir_version, 8)
        onnx.save(model, path)
        return path


def residual(net, x, c):
    y = net.relu(net.norm(net.conv(x, c, c, 3), c))
    return net.node("Add", [net.norm(net.conv(y, c, c, 3), c), x])


def fast_neural_style(path, opset=13, width=8, shape=(1, 3, "height", "width")):
    """PyTorch's example network, narrow: reflection padding, nearest upsampling, a bare last convolution."""
    net = Net(opset)
    x = net.relu(net.norm(net.conv("input", 3, width, 9), width))
    x = net.relu(net.norm(net.conv(x, width, 2 * width, 3, 2), 2 * width))
    x = net.relu(net.norm(net.conv(x, 2 * width, 4 * width, 3, 2), 4 * width))
    for _ in range(2):
        x = residual(net, x, 4 * width)
    x = net.relu(net.norm(net.conv(net.upsample(x), 4 * width, 2 * width, 3), 2 * width))
    x = net.relu(net.norm(net.conv(net.upsample(x), 2 * width, width, 3), width))
    return net.save(path, net.conv(x, width, 3, 9), shape)


def transposed_style(path, opset=13, width=8):
    """The lab's shape: transposed convolutions, tanh, scale and shift, clipped; batch norm in one place."""
    net = Net(opset)
    same = {"auto_pad": "SAME_UPPER"}
    x = net.relu(net.norm(net.conv("input", 3, width, 9, **same), width))
    x = net.relu(net.batch_norm(net.conv(x, width, 2 * width, 3, 2, pads=[1, 1, 1, 1]), 2 * width))
    x = residual(net, x, 2 * width)
    x = net.relu(net.norm(net.conv_transpose(x, 2 * width, width), width))
    x = net.node("Tanh", [net.norm(net.conv(x, width, 3, 9, **same), 3)])
    x = net.node("Mul", [x, net.constant(np.float32(150))])
    x = net.node("Add", [x, net.constant(np.float32(127.5))])
    if opset < 11:
        return net.save(path, net.node("Clip", [x], min=0.0, max=255.0))
    return net.save(path, net.node("Clip", [x, net.constant(np.float32(0)), net.constant(np.float32(255))]))
