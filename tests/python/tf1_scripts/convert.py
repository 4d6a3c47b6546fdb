import sys
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework import graph_pb2


def pb_to_pbtxt(pb, name):
    with tf.Session() as sess:
        with tf.gfile.FastGFile(pb, 'rb') as f:
            graph_def = tf.GraphDef()
            graph_def.ParseFromString(f.read())
            tf.import_graph_def(graph_def, name='')
            tf.train.write_graph(graph_def, './', name, as_text=True)


def pbtxt_to_pb(name, pb):
    with open(name, 'r') as f:
        graph_def = graph_pb2.GraphDef()
        text_format.Merge(f.read(), graph_def)
    tf.train.write_graph(graph_def, './', pb, as_text=False)


pb_to_pbtxt(sys.argv[1], 'graph.pbtxt')
pbtxt_to_pb('graph.pbtxt', 'again.pb')
