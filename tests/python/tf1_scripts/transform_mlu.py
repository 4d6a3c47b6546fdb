import tensorflow as tf
import numpy as np
import cv2
import os
import sys
os.putenv('MLU_VISIBLE_DEVICES', '0')
model_name = os.path.basename(sys.argv[2]).split('.')[0]
config = tf.ConfigProto(allow_soft_placement=True, inter_op_parallelism_threads=1, intra_op_parallelism_threads=1)
config.mlu_options.data_parallelism = 1
config.mlu_options.model_parallelism = 1
config.mlu_options.core_num = 16
config.mlu_options.core_version = "MLU270"
config.mlu_options.precision = "int8"
config.mlu_options.save_offline_model = len(sys.argv) > 3
if len(sys.argv) > 3:
    config.mlu_options.offline_model_name = sys.argv[3]
g = tf.Graph()
with g.as_default():
    with tf.gfile.FastGFile(sys.argv[2], 'rb') as f:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(f.read())
        tf.import_graph_def(graph_def, name='')
    X = cv2.resize(cv2.imread(sys.argv[1]), (256, 256))
    with tf.Session(config=config) as sess:
        feed = {sess.graph.get_tensor_by_name('X_content:0'): [X]}
        if 'power_diff' in model_name:
            feed[sess.graph.get_tensor_by_name('moments_15/PowerDifference_z:0')] = [2.0]
        ret = sess.run(sess.graph.get_tensor_by_name('add_37:0'), feed_dict=feed)
        cv2.imwrite(model_name + '_mlu.png', tf.reshape(ret, [256, 256, 3]).eval(session=sess))
