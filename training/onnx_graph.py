"""Builds the student as an ONNX model: NCHW, one picture of any height and width.

Called by export.py.  A height or width that is no multiple of 4 is rounded up to one by the two
convolutions with stride 2 and the two transposed ones.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import graphdef

OPSET = 13
IR_VERSION = 8


class _Builder:
    """Collects nodes and initializers; each method returns the name of its result."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def node(self, op: str, inputs: list[str], **attributes) -> str:
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        array = np.ascontiguousarray(value, np.float32)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def layer(self, x: str, index: int, arrays: list[np.ndarray], stride: int = 1,
              up: bool = False) -> str:
        """Adds a convolution with TensorFlow's SAME padding, and its instance norm."""
        weights, shift, scale = arrays
        # HWIO -> OIHW; a transposed one's HWOI -> IOHW.  Both are the axes (3, 2, 0, 1).
        kernel = self.constant(f"filter_{index}", weights.transpose(3, 2, 0, 1))
        shape = list(weights.shape[:2])
        if up:  # 2n+1 without padding; SAME drops the last row and column.
            x = self.node("ConvTranspose", [x, kernel], kernel_shape=shape, strides=[2, 2],
                          pads=[0, 0, 1, 1])
        elif stride == 1:
            x = self.node("Conv", [x, kernel], kernel_shape=shape, pads=[shape[0] // 2] * 4)
        else:  # What SAME pads depends on the size being odd or even.
            x = self.node("Conv", [x, kernel], kernel_shape=shape, strides=[stride, stride],
                          auto_pad="SAME_UPPER")
        names = [self.constant(f"scale_{index}", scale), self.constant(f"shift_{index}", shift)]
        return self.node("InstanceNormalization", [x, *names], epsilon=graphdef.EPSILON)

    def relu(self, x: str) -> str:
        return self.node("Relu", [x])


def _assemble(builder: _Builder, output: str) -> onnx.ModelProto:
    picture = helper.make_tensor_value_info("X_content", TensorProto.FLOAT, [1, 3, "H", "W"])
    result = helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 3, "H_out", "W_out"])
    graph = helper.make_graph(builder.nodes, "facets", [picture], [result], builder.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              producer_name="picabia-training", ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def build(arrays: list[np.ndarray]) -> onnx.ModelProto:
    """Returns the model of filter, shift and scale of every layer, as graphdef.read gives them."""
    layers = [arrays[i:i + 3] for i in range(0, len(arrays), 3)]
    builder, x = _Builder(), "X_content"
    for index, stride in enumerate((1, 2, 2)):
        x = builder.relu(builder.layer(x, index, layers[index], stride))
    for index in range(3, 13, 2):
        inner = builder.relu(builder.layer(x, index, layers[index]))
        x = builder.node("Add", [x, builder.layer(inner, index + 1, layers[index + 1])])
    for index in (13, 14):
        x = builder.relu(builder.layer(x, index, layers[index], up=True))
    x = builder.node("Tanh", [builder.layer(x, 15, layers[15])])
    x = builder.node("Mul", [x, builder.constant("output_scale", np.array(graphdef.OUTPUT_SCALE))])
    shift = builder.constant("output_shift", np.array(graphdef.OUTPUT_SHIFT))
    builder.nodes.append(helper.make_node("Add", [x, shift], ["add_37"], "add_37"))
    return _assemble(builder, "add_37")
