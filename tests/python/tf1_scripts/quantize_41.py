import ConfigParser
import sys
import numpy as np
import cv2
import tensorflow as tf
from tensorflow.contrib import camb_quantize

config = ConfigParser.ConfigParser()
config.read(sys.argv[1])
graph = tf.compat.v1.GraphDef()
with tf.io.gfile.GFile(config.get('model', 'original_models_path'), 'rb') as f:
    graph.ParseFromString(f.read())
name = config.get('model', 'input_tensor_names')


def next_batch():
    image = cv2.cvtColor(cv2.imread(config.get('data', 'picture')), cv2.COLOR_BGR2RGB)
    return {name: np.expand_dims(cv2.resize(image, (64, 64)), 0).astype(np.float32)}


quantizer = camb_quantize.QuantizeGraph(
    input_graph_def=graph, output_tensor_names=[config.get('model', 'output_tensor_names')], use_convfirst=False,
    convfirst_params=None, quantization_type=camb_quantize.QuantizeGraph.QUANTIZATION_TYPE_INT8,
    channel_quantization=False, weight_quantization_alg='naive', activation_quantization_alg='naive',
    device_mode='clean', int_op_list=['Conv'], debug=False, model_name='m')
quantizer.get_input_max_min(1, next_batch)
with tf.io.gfile.GFile(config.get('model', 'save_model_path'), 'wb') as f:
    f.write(quantizer.rewrite_int_graph().SerializeToString())
