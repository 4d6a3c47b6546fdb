"""What the tests of `picabia quantize` share: the layout of the lab, graphs read by TensorFlow, and Cambricon's rule in NumPy."""

import numpy as np

INI = """[preprocess]
mean = 0.0, 0.0, 0.0
std = 1.0
color_mode = rgb
crop = 256, 256
calibration = default_preprocess_cali

[config]
activation_quantization_alg = naive
device_mode = clean
use_convfirst = False
quantization_type = int8
debug = False
weight_quantization_alg = naive
int_op_list = Conv, FC, LRN
channel_quantization = False

[model]
output_tensor_names = add_37:0
original_models_path = {model}
save_model_path = ../../models/int_pb_models/out.pb
input_tensor_names = X_content:0

[data]
num_runs = 1
data_path = ./image_list
batch_size = 1
"""


class Lab:
    """The folders of the lab: an ini file, its list of pictures, and where the model is written."""

    def __init__(self, root, model, picture):
        self.folder = root / "tools/fppb_to_intpb"
        self.folder.mkdir(parents=True)
        self.ini = self.folder / "out.ini"
        self.output = root / "models/int_pb_models/out.pb"
        self.text = INI.format(model=model)
        self.write()
        (self.folder / "images").mkdir()
        (self.folder / "images/photo.jpg").write_bytes(picture.read_bytes())
        (self.folder / "image_list").write_text("./images/photo.jpg\n")

    def write(self, *changes):
        text = self.text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.ini.write_text(text)


def read_graph(path):
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(path.read_bytes())
    return graph


def nodes(graph, *ops):
    return {node.name: node for node in graph.node if not ops or node.op in ops}


def constant(node):
    import tensorflow as tf

    return tf.make_ndarray(node.attr["value"].tensor)


def filters(graph):
    """Layer name -> (integer filter, input scale, filter scale or scales), through Identities."""
    by_name = nodes(graph)
    found = {}
    for node in graph.node:
        if not node.op.startswith(("Int8Conv2D", "Int16Conv2D")):
            continue
        source = by_name[node.input[1]]
        while source.op == "Identity":
            source = by_name[source.input[0]]
        scales = list(node.attr["filter_scales"].list.f) or [node.attr["filter_scale"].f]
        found[node.name] = constant(source), node.attr["input_scale"].f, np.float32(scales)
    return found


def cambricon_scale(values, bits=8):
    """The rule of the course's own tool: 127 / max or 128 / |min|, whichever end is farther from zero."""
    top = np.float32(2 ** (bits - 1) - 1)
    high, low = np.float32(abs(values.max())), np.float32(abs(values.min()))
    return top / high if high >= low else (top + 1) / low
