# a network made of tf.nn; runs on TensorFlow 2 as it is
import sys
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

rng = np.random.RandomState(7)


def weights(*shape):
    return rng.randn(*shape).astype(np.float32) * 0.3


x = tf.placeholder(tf.float32, shape=(1, 32, 32, 3), name='img_placeholder')
net = tf.nn.bias_add(tf.nn.conv2d(x, weights(3, 3, 3, 8), strides=(1, 1, 1, 1), padding='SAME'), weights(8))
net = tf.nn.relu(net)
net = tf.nn.max_pool(net, ksize=(1, 2, 2, 1), strides=(1, 2, 2, 1), padding='SAME')
c = tf.constant(weights(3, 3, 8, 4))
net = tf.nn.relu(tf.nn.conv2d(net, c, strides=[1, 2, 2, 1], padding='VALID') * 0.5 + 0.25)
mean = tf.reduce_mean(net, axis=[1, 2], keepdims=True)
net = (net - mean) / tf.sqrt(tf.reduce_mean(tf.squared_difference(net, mean), [1, 2], keepdims=True) + 1e-3)
flat = tf.reshape(net, [1, 7 * 7 * 4])
v = tf.Variable(weights(7 * 7 * 4, 10), name='fc/weights')
logits = tf.matmul(flat, v)
prob = tf.nn.softmax(logits, name='prob')
two = tf.concat([prob, 1.0 - prob], 1)
back = tf.transpose(tf.expand_dims(two, 0), [2, 0, 1])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    data = rng.rand(1, 32, 32, 3)
    p, b, whole = sess.run([prob, back, {'sum': tf.reduce_sum(prob), 'best': tf.argmax(prob, 1)}], feed_dict={x: data})
    again = prob.eval(feed_dict={'img_placeholder:0': data}, session=sess)
    assert np.array_equal(p, again)
    frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ['prob'])
    open(sys.argv[2], 'wb').write(frozen.SerializeToString())
np.savez(sys.argv[1], p=p, b=b, sum=whole['sum'], best=whole['best'])
