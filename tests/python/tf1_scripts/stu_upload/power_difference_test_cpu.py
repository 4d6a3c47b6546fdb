import os
os.environ['MLU_VISIBLE_DEVICES'] = ""
import numpy as np
import time
import tensorflow as tf
np.set_printoptions(suppress=True)


def power_difference_op(input_x, input_y, input_pow):
    with tf.Session() as sess:
        x = tf.placeholder(tf.float32, shape=input_x.shape, name='input_x')
        y = tf.placeholder(tf.float32, shape=input_y.shape)
        pow_ = tf.placeholder(tf.float32, name='pow')
        z = tf.power_difference(x, y, pow_)
        return sess.run(z, feed_dict={x: input_x, y: input_y, pow_: input_pow})
