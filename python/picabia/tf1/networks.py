"""tf.nn and tf.image of TensorFlow 1 beyond the plainest layers: what style, restoration and classifying nets are made of."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .graph import Tensor
from .graph_def import attr_bool, attr_float, attr_ints, attr_text, attr_type
from .operators import MATH, _graph_of, _tensor, _unary, squeeze


def conv2d_transpose(value: Any = None, filter: Any = None, output_shape: Any = None, strides: Any = None,
                     padding: str = "SAME", data_format: str = "NHWC", name: str = "conv2d_transpose", input: Any = None,
                     filters: Any = None, dilations: Any = (1, 1, 1, 1)) -> Tensor:
    x, w = value if input is None else input, filter if filters is None else filters
    graph = _graph_of(x, w, output_shape)
    x = graph.as_tensor(x)
    sizes = graph.as_tensor(output_shape, None if isinstance(output_shape, Tensor) else dtypes.int32)
    strides = np.atleast_1d(strides).tolist()
    strides = strides if len(strides) == 4 else [1, *(strides * 2 if len(strides) == 1 else strides), 1]
    return graph.add("Conv2DBackpropInput", [sizes, graph.as_tensor(w, x.dtype), x], {
        "T": attr_type(x.dtype), "strides": attr_ints(strides), "padding": attr_text(padding),
        "data_format": attr_text(data_format), "dilations": attr_ints(dilations)}, name)


def depthwise_conv2d(input: Any, filter: Any, strides: Any, padding: str, rate: Any = None, name: str | None = None,
                     data_format: str = "NHWC") -> Tensor:
    graph = _graph_of(input, filter)
    x = graph.as_tensor(input)
    dilations = [1, *np.broadcast_to(1 if rate is None else rate, 2).tolist(), 1]
    return graph.add("DepthwiseConv2dNative", [x, graph.as_tensor(filter, x.dtype)], {
        "T": attr_type(x.dtype), "strides": attr_ints(strides), "padding": attr_text(padding),
        "data_format": attr_text(data_format or "NHWC"), "dilations": attr_ints(dilations)}, name or "depthwise")


def moments(x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: bool | None = None,
            keepdims: bool | None = None) -> tuple[Tensor, Tensor]:
    """Mean and variance, from the nodes that TensorFlow makes of it."""
    tensor = _tensor(x)
    with tensor.graph.name_scope(name or "moments"):
        mean = MATH["reduce_mean"](tensor, axes, keepdims=True, name="mean")
        difference = MATH["squared_difference"](tensor, MATH["stop_gradient"](mean, name="StopGradient"),
                                                name="SquaredDifference")
        variance = MATH["reduce_mean"](difference, axes, keepdims=True, name="variance")
        if keep_dims or keepdims:
            return mean, variance
        axes = np.atleast_1d(axes).tolist()
        return squeeze(mean, axes, name="Squeeze"), squeeze(variance, axes, name="Squeeze_1")


def batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float,
                        name: str | None = None) -> Tensor:
    tensor = _tensor(x)
    with tensor.graph.name_scope(name or "batchnorm"):
        inverse = MATH["rsqrt"](MATH["add"](variance, variance_epsilon))
        if scale is not None:
            inverse = MATH["multiply"](inverse, scale)
        shifted = MATH["multiply"](mean, inverse)
        shift = MATH["negative"](shifted) if offset is None else MATH["subtract"](offset, shifted)
        return MATH["add"](MATH["multiply"](tensor, inverse), shift, name="add_1")


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    x = _tensor(features)
    return x.graph.add("LeakyRelu", [x], {"T": attr_type(x.dtype), "alpha": attr_float(alpha)}, name)


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares, which reports compare pictures by."""
    return MATH["multiply"](MATH["reduce_sum"](MATH["square"](t)), 0.5, name=name or "L2Loss")


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    squares = MATH["reduce_sum"](MATH["square"](x), axis if axis is not None else dim, keepdims=True)
    return MATH["multiply"](x, MATH["rsqrt"](MATH["maximum"](squares, epsilon)), name=name or "l2_normalize")


def _resize(op: str) -> Any:
    def function(images: Any, size: Any, align_corners: bool = False, name: str | None = None,
                 half_pixel_centers: bool = False) -> Tensor:
        x = _tensor(images)
        to = x.graph.as_tensor(size, None if isinstance(size, Tensor) else dtypes.int32)
        return x.graph.add(op, [x, to], {"T": attr_type(x.dtype), "align_corners": attr_bool(align_corners),
                                         "half_pixel_centers": attr_bool(half_pixel_centers)}, name)

    return function


NN = {"conv2d_transpose": conv2d_transpose, "depthwise_conv2d": depthwise_conv2d, "moments": moments,
      "batch_normalization": batch_normalization, "leaky_relu": leaky_relu, "l2_loss": l2_loss,
      "l2_normalize": l2_normalize, "elu": _unary("Elu"), "selu": _unary("Selu"), "softplus": _unary("Softplus"),
      "softsign": _unary("Softsign"), "log_softmax": _unary("LogSoftmax")}
IMAGE = {"resize_bilinear": _resize("ResizeBilinear"), "resize_nearest_neighbor": _resize("ResizeNearestNeighbor"),
         "resize_bicubic": _resize("ResizeBicubic")}
