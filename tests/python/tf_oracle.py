"""Runs the lab's frozen graphs in TensorFlow: the independent answer that tests compare with.

TensorFlow has no PowerDifference and no Int8Conv2D: those nodes are rewritten into stock ones with the same meaning.
"""

import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# oneDNN would use Winograd transforms, whose sums of integers are not exact.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf


def _node(graph_def, name, op, inputs, **attributes):
    node = graph_def.node.add(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        node.attr[key].CopyFrom(value)
    return node


def _float(value=tf.float32):
    return tf.compat.v1.AttrValue(type=value.as_datatype_enum)


def _constant(graph_def, name, value):
    _node(graph_def, name, "Const", [], dtype=_float(),
          value=tf.compat.v1.AttrValue(tensor=tf.make_tensor_proto(np.float32(value))))
    return name


def _rewrite_int8(old, new):
    """y = conv(clip(round(x * s), -128, 127), filter) / (s * f), rounding half to even."""
    transposed = old.op == "Int8Conv2DBackpropInput"
    data = old.input[2] if transposed else old.input[0]
    scale = np.float32(old.attr["input_scale"].f)
    divisor = scale * np.float32(old.attr["filter_scale"].f)
    name = old.name + "/oracle_"
    _node(new, name + "mul", "Mul", [data, _constant(new, name + "s", scale)], T=_float())
    _node(new, name + "round", "Round", [name + "mul"], T=_float())
    _node(new, name + "max", "Maximum", [name + "round", _constant(new, name + "low", -128)], T=_float())
    _node(new, name + "min", "Minimum", [name + "max", _constant(new, name + "high", 127)], T=_float())
    _node(new, name + "filter", "Cast", [old.input[1]], SrcT=_float(tf.int8), DstT=_float())
    inputs = [name + "min", name + "filter"]
    if transposed:
        inputs = [old.input[0], name + "filter", name + "min"]
    conv = _node(new, name + "conv", old.op.removeprefix("Int8"), inputs, T=_float())
    for key in ("strides", "padding", "data_format", "dilations"):
        if key in old.attr:
            conv.attr[key].CopyFrom(old.attr[key])
    _node(new, old.name, "RealDiv", [name + "conv", _constant(new, name + "divisor", divisor)], T=_float())


def _resize_stack(node, height, width, frozen):
    """The output size of a transposed convolution, for a picture of another size: the network's strides divide by 4."""
    shape = tf.make_ndarray(node.attr["value"].tensor)
    for axis, size in ((1, height), (2, width)):
        factor = frozen[axis - 1] // shape[axis]
        cells = -(-size // 4)  # the two strided convolutions round up
        shape[axis] = cells * 4 // factor
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(shape))


@functools.lru_cache(maxsize=4)
def load(path, height=256, width=256):
    """The graph at `path`, resized and with custom operators rewritten, as a tf.Graph."""
    original = tf.compat.v1.GraphDef()
    with open(path, "rb") as file:
        original.ParseFromString(file.read())
    graph_def = tf.compat.v1.GraphDef()
    for node in original.node:
        if node.op.startswith("Int8"):
            _rewrite_int8(node, graph_def)
            continue
        copy = graph_def.node.add()
        copy.CopyFrom(node)
        if node.op == "PowerDifference":
            copy.op = "SquaredDifference"  # the tests feed a power of 2
            del copy.input[2:]
        if node.op == "Const" and node.name.startswith("stack"):
            _resize_stack(copy, height, width, (256, 256))
        if node.name == "X_content":
            copy.attr["shape"].shape.dim[1].size = height
            copy.attr["shape"].shape.dim[2].size = width
        for key in ("_output_shapes",):
            copy.attr.pop(key, None)
    graph = tf.Graph()
    with graph.as_default():
        tf.compat.v1.import_graph_def(graph_def, name="")
    return graph


def config():
    """Of a session that runs a graph as it is."""
    result = tf.compat.v1.ConfigProto()
    # The optimizer would move the division into the weights, which are then no integers any more.
    result.graph_options.rewrite_options.disable_meta_optimizer = True
    return result


def run(path, fetches, feeds, size=(256, 256)):
    """Values of tensors `fetches` ("name:0") given `feeds`."""
    with tf.compat.v1.Session(graph=load(str(path), *size), config=config()) as session:
        return session.run(fetches, feed_dict=feeds)
