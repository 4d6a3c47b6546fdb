"""The student: the fast-style-transfer network, with TensorFlow's SAME padding.

Called by train.py (which trains it) and export.py (which reads its weights).  Parameters keep
PyTorch's layouts; `trainable_arrays` gives them in the order and layouts of the frozen graph.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

EPSILON = 1e-3  # inside the root of every instance norm
RESIDUAL_BLOCKS = 5


class ConvNorm(nn.Module):
    """A convolution without bias, then instance norm with a scale and a shift per channel.

    TensorFlow's SAME pads a strided convolution on even sizes 0 before and 1 after, and a
    transposed one, its gradient, crops likewise; PyTorch's own padding would shift both by a pixel.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, up: bool = False):
        super().__init__()
        make = nn.ConvTranspose2d if up else nn.Conv2d
        padding = kernel // 2 if stride == 1 else 0
        self.conv = make(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = nn.InstanceNorm2d(outputs, eps=EPSILON, affine=True)
        self.up, self.stride = up, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.up:  # Kernel 3, stride 2: PyTorch gives 2n+1, of which SAME drops the last.
            return self.norm(self.conv(x)[..., :-1, :-1])
        if self.stride == 2:  # Odd sizes pad one on both sides, even ones only after.
            height, width = x.shape[-2:]
            x = functional.pad(x, (width % 2, 1, height % 2, 1))
        return self.norm(self.conv(x))


class StyleNet(nn.Module):
    """RGB 0..255 in, about 0..255 out, NCHW."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([ConvNorm(3, 32, 9), ConvNorm(32, 64, 3, 2),
                                   ConvNorm(64, 128, 3, 2)])
        self.blocks = nn.ModuleList(
            nn.ModuleList([ConvNorm(128, 128, 3), ConvNorm(128, 128, 3)])
            for _ in range(RESIDUAL_BLOCKS))
        self.up = nn.ModuleList([ConvNorm(128, 64, 3, 2, up=True), ConvNorm(64, 32, 3, 2, up=True)])
        self.last = ConvNorm(32, 3, 9)
        for layer in self.layers():
            nn.init.trunc_normal_(layer.conv.weight, std=0.1)

    def layers(self) -> list[ConvNorm]:
        """Returns the sixteen layers in the order in which they run."""
        return [*self.down, *(layer for block in self.blocks for layer in block), *self.up,
                self.last]

    def unbounded(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the last norm's output, before tanh."""
        for layer in self.down:
            x = functional.relu(layer(x))
        for first, second in self.blocks:
            x = x + second(functional.relu(first(x)))
        for layer in self.up:
            x = functional.relu(layer(x))
        return self.last(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bound(self.unbounded(x))

    @staticmethod
    def bound(x: torch.Tensor) -> torch.Tensor:
        """Returns the picture of unbounded values; 0..255 are values up to 1.26 from zero."""
        return torch.tanh(x) * 150 + 127.5


def trainable_arrays(net: StyleNet) -> list[np.ndarray]:
    """Returns filter, shift and scale of every layer: Variable, Variable_1, ... of the graph.

    Filters are HWIO, those of transposed convolutions HWOI; both are PyTorch's axes (2, 3, 1, 0).
    """
    arrays = []
    for layer in net.layers():
        arrays += [layer.conv.weight.permute(2, 3, 1, 0), layer.norm.bias, layer.norm.weight]
    return [np.ascontiguousarray(array.detach().numpy()) for array in arrays]


def round_to_half(net: StyleNet) -> float:
    """Rounds every parameter to the nearest IEEE half, in place; returns the largest change."""
    largest = 0.0
    with torch.no_grad():
        for parameter in net.parameters():
            rounded = parameter.half().float()
            largest = max(largest, (rounded - parameter).abs().max().item())
            parameter.copy_(rounded)
    return largest
