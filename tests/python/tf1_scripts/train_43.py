import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 3])
w = tf.Variable(tf.constant([[1.0], [2.0], [3.0]]))
loss = tf.reduce_mean(tf.matmul(x, w))
step = tf.train.AdamOptimizer(1e-3).minimize(loss)
