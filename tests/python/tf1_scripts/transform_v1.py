# -*- coding: utf-8 -*-
# another hand: compat.v1 names, eval inside `with`, the session's default graph, a float for the power
import tensorflow as tf
from tensorflow.python.framework import graph_util
from tensorflow.python.platform import gfile
import numpy as np
import os, sys, time
import cv2

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'
os.putenv('MLU_VISIBLE_DEVICES', '')
image, ori_pb, power_pb, numpy_pb = sys.argv[1:5]


def load(path):
    g = tf.compat.v1.Graph()
    with g.as_default():
        with tf.io.gfile.GFile(path, 'rb') as f:
            graph_def = tf.compat.v1.GraphDef()
            graph_def.ParseFromString(f.read())
            tf.import_graph_def(graph_def, name='')
    return g


X = np.expand_dims(cv2.resize(cv2.imread(image), (256, 256)), 0)
for path, feeds in ((ori_pb, {}), (power_pb, {'moments_15/PowerDifference_z:0': np.array(2, dtype=np.float)})):
    with load(path).as_default() as g:
        config = tf.compat.v1.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=1)
        with tf.compat.v1.Session(config=config) as sess:
            sess.run(tf.compat.v1.global_variables_initializer())
            feed = {sess.graph.get_tensor_by_name(k): v for k, v in feeds.items()}
            feed['X_content:0'] = X
            out = sess.graph.get_tensor_by_name('add_37:0').eval(feed_dict=feed)
            picture = tf.reshape(out, [256, 256, 3]).eval()
            assert picture.dtype == np.float32, picture.dtype
            cv2.imwrite('v1_' + os.path.basename(path).split('.')[0] + '.png', picture)
