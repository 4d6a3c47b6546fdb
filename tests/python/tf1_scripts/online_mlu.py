# coding=utf-8
# the MLU half of the experiment: each function parses the arguments itself, and leaves an offline model
import numpy as np
import cv2
import os
import time
import argparse
import tensorflow as tf
from tensorflow.python.platform import gfile
from tensorflow.python.framework import graph_util

os.putenv('MLU_VISIBLE_DEVICES', '0')


def parse_arg():
    parser = argparse.ArgumentParser()
    parser.add_argument('image')
    parser.add_argument('ori_pb')
    parser.add_argument('ori_power_diff_pb')
    parser.add_argument('numpy_pb')
    args = parser.parse_args()
    return args


def power_diff_numpy(input_x, input_y, input_z):
    return np.power(np.reshape(input_x, (1, 256, 256, 3)) - input_y, input_z)


def run_ori_pb():
    args = parse_arg()
    config = tf.ConfigProto(allow_soft_placement=True, inter_op_parallelism_threads=1, intra_op_parallelism_threads=1)
    config.mlu_options.data_parallelism = 1
    config.mlu_options.model_parallelism = 1
    config.mlu_options.core_num = 16
    config.mlu_options.core_version = "MLU270"
    config.mlu_options.precision = "int8"
    config.mlu_options.save_offline_model = True
    model_name = os.path.basename(args.ori_pb).split(".")[0]
    image_name = os.path.basename(args.image).split(".")[0]
    config.mlu_options.offline_model_name = "models/offline_models/" + model_name + ".cambricon"
    g = tf.Graph()
    with g.as_default():
        with tf.gfile.FastGFile(args.ori_pb, 'rb') as f:
            graph_def = tf.GraphDef()
            graph_def.ParseFromString(f.read())
            tf.import_graph_def(graph_def, name='')
        img = cv2.imread(args.image)
        X = cv2.resize(img, (256, 256))
        with tf.Session(config=config) as sess:
            sess.graph.as_default()
            sess.run(tf.global_variables_initializer())
            input_tensor = sess.graph.get_tensor_by_name('X_content:0')
            output_tensor = sess.graph.get_tensor_by_name('add_37:0')
            start_time = time.time()
            ret = sess.run(output_tensor, feed_dict={input_tensor: [X]})
            end_time = time.time()
            print("C++ inference(MLU) origin pb time is: ", end_time - start_time)
            img1 = tf.reshape(ret, [256, 256, 3])
            img_numpy = img1.eval(session=sess)
            cv2.imwrite(image_name + "_" + model_name + "_mlu.jpg", img_numpy)


def run_ori_power_diff_pb():
    args = parse_arg()
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    model_name = os.path.basename(args.ori_power_diff_pb).split(".")[0]
    image_name = os.path.basename(args.image).split(".")[0]
    config.mlu_options.save_offline_model = True
    config.mlu_options.offline_model_name = "models/offline_models/" + model_name + ".cambricon"
    g = tf.compat.v1.Graph()
    with g.as_default():
        with tf.gfile.FastGFile(args.ori_power_diff_pb, 'rb') as f:
            graph_def = tf.compat.v1.GraphDef()
            graph_def.ParseFromString(f.read())
            tf.import_graph_def(graph_def, name='')
        X = cv2.resize(cv2.imread(args.image), (256, 256))
        with tf.compat.v1.Session(config=config) as sess:
            sess.run(tf.compat.v1.global_variables_initializer())
            feed = {sess.graph.get_tensor_by_name('X_content:0'): [X],
                    sess.graph.get_tensor_by_name('moments_15/PowerDifference_z:0'): np.array([2.0, 2.0])}
            start_time = time.time()
            ret = sess.graph.get_tensor_by_name('add_37:0').eval(feed_dict=feed)
            print("C++ inference(MLU) time is: ", time.time() - start_time)
            cv2.imwrite(image_name + "_" + model_name + "_mlu.jpg", tf.reshape(ret, [256, 256, 3]).eval())


def run_numpy_pb():
    args = parse_arg()
    config = tf.ConfigProto(allow_soft_placement=True, inter_op_parallelism_threads=1, intra_op_parallelism_threads=1)
    config.mlu_options.data_parallelism = 16
    config.mlu_options.save_offline_model = True
    model_name = os.path.basename(args.numpy_pb).split(".")[0]
    image_name = os.path.basename(args.image).split(".")[0]
    g = tf.Graph()
    with g.as_default():
        with gfile.FastGFile(args.numpy_pb, 'rb') as f:
            graph_def = tf.GraphDef()
            graph_def.ParseFromString(f.read())
            tf.import_graph_def(graph_def, name='')
        X = cv2.resize(cv2.imread(args.image), (256, 256))
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            content = sess.graph.get_tensor_by_name('X_content:0')
            hole = sess.graph.get_tensor_by_name('moments_15/PowerDifference:0')
            x, y = (sess.graph.get_tensor_by_name(n + ':0') for n in ('Conv2D_13', 'moments_15/StopGradient'))
            start_time = time.time()
            # the picture stands in for a value that this run does not need
            [input_x, input_y] = sess.run([x, y], feed_dict={content: [X], hole: [X]})
            ret = sess.run(sess.graph.get_tensor_by_name('add_37:0'),
                           feed_dict={content: [X], hole: power_diff_numpy(input_x, input_y, 2)})
            print("Numpy inference(MLU) time is: ", time.time() - start_time)
            cv2.imwrite(image_name + "_" + model_name + "_mlu.jpg", tf.reshape(ret, [256, 256, 3]).eval(session=sess))


if __name__ == '__main__':
    run_ori_pb()
    run_ori_power_diff_pb()
    run_numpy_pb()
