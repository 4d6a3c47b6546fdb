"""The numbers of an MLU270, written in NumPy from the rules in docs/numerics.md alone: every node of a frozen TensorFlow graph
computes in doubles and rounds to half. Convolutions run in TensorFlow on whole numbers in doubles, which is exact."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

LARGEST = 65504.0


def half(x):
    return np.clip(np.asarray(x, np.float64), -LARGEST, LARGEST).astype(np.float16).astype(np.float64)


def mean(x):
    """Over the picture [N, H, W, C]: width first, then height, each sum a half before it is divided."""
    rows = half(half(x.sum(2, keepdims=True)) / x.shape[2])
    return half(half(rows.sum(1, keepdims=True)) / x.shape[1])


def quantize(x, scale, bits):
    """Halves go away from zero; the product is a float."""
    scaled = np.float32(x) * np.float32(scale)
    whole = np.sign(scaled) * np.floor(np.abs(scaled.astype(np.float64)) + 0.5)
    return np.clip(whole, -2.0 ** (bits - 1), 2.0 ** (bits - 1) - 1)


def power_difference(x, y, p):
    d = half(x - y)
    z = d
    for _ in range(int(p) - 1):
        z = half(z * d)
    return z


class Emulator:
    """Emulator(path)(fetches, feeds) -> arrays."""

    def __init__(self, path):
        graph = tf.compat.v1.GraphDef()
        graph.ParseFromString(open(path, "rb").read())
        self.nodes = {node.name: node for node in graph.node}

    def __call__(self, fetches, feeds):
        self.values = {name.removesuffix(":0"): half(value) for name, value in feeds.items()}
        return [self.get(name).astype(np.float32) for name in fetches]

    def get(self, name):
        name = name.removesuffix(":0")
        if name not in self.values:
            pending = [name]
            while pending:  # deep graphs: no recursion
                node = self.nodes[pending[-1]]
                missing = [i.removesuffix(":0") for i in node.input if i.removesuffix(":0") not in self.values]
                if missing:
                    pending += missing
                    continue
                self.values[pending.pop()] = self.run(node, [self.values[i.removesuffix(":0")] for i in node.input])
        return self.values[name]

    def run(self, node, x):
        unary = {"Identity": lambda a: a, "StopGradient": lambda a: a, "Relu": lambda a: np.maximum(a, 0),
                 "Tanh": lambda a: half(np.tanh(a))}
        binary = {"Add": np.add, "AddV2": np.add, "BiasAdd": np.add, "Sub": np.subtract, "Mul": np.multiply, "RealDiv": np.divide,
                  "Pow": np.power}
        if node.op == "Const":
            value = tf.make_ndarray(node.attr["value"].tensor)
            if value.dtype != np.float32:
                return value
            return value.astype(np.float64) if value.size == 1 else half(value)
        if node.op in unary:
            return unary[node.op](x[0])
        if node.op in binary:
            return half(binary[node.op](x[0], x[1]))
        if node.op == "Mean":
            assert list(x[1]) == [1, 2]
            return mean(x[0])
        if node.op == "SquaredDifference":
            return power_difference(x[0], x[1], 2)
        if node.op == "PowerDifference":
            return power_difference(x[0], x[1], x[2])
        if "Conv2D" in node.op:
            return self.convolution(node, x)
        raise NotImplementedError(node.op)

    def convolution(self, node, x):
        transposed = node.op.endswith("BackpropInput")
        data, filters = (x[2], x[1]) if transposed else (x[0], x[1])
        divisor = 1
        if node.op.startswith("Int"):
            bits = 16 if "16" in node.op else 8
            scale = node.attr["input_scale"].f
            each = np.array(node.attr["filter_scales"].list.f or [node.attr["filter_scale"].f], np.float64)
            divisor = np.float64(scale) * each
            data = quantize(data, scale, bits)
        strides, padding = list(node.attr["strides"].list.i), node.attr["padding"].s.decode()
        filters = filters.astype(np.float64)
        if transposed:
            shape = [len(data), data.shape[1] * strides[1], data.shape[2] * strides[2], filters.shape[2]]
            sums = tf.nn.conv2d_transpose(data, filters, shape, strides, padding)
        else:
            sums = tf.nn.conv2d(data, filters, strides, padding)
        return half(sums.numpy() / divisor)
