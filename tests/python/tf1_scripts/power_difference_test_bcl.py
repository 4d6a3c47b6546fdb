# the operator alone, on the card; in Python 2
import os
os.environ['MLU_VISIBLE_DEVICES'] = "0"
import time
import numpy as np
import tensorflow as tf
np.set_printoptions(suppress=True)


def power_difference_op(input_x, input_y, input_pow):
	with tf.Session() as sess:
		out = tf.power_difference(input_x, input_y, input_pow)
		return sess.run(out)


def main():
	options = {'rows': 7, 'columns': 6}
	if not options.has_key('rows') or options.has_key('power'):
		raise ValueError, 'no rows'
	count = options['rows'] / 2                     # a whole number here
	half = count
	half /= 2
	assert isinstance(count, int) and count == 3 and half == 1 and -7 / 2 == -4
	assert 7 / 2.0 == 3.5 and type(7L) is type(7)
	assert (np.arange(4) / 2).tolist() == [0, 0, 1, 1] and (np.arange(4.) / 2).tolist() == [0, .5, 1, 1.5]
	x = np.array([[(i * j) % 145 for j in xrange(options['columns'])] for i in xrange(count * 2)]).reshape(1, 2, 3, 6)
	y = np.array([1, 2, 3, 4, 5, 6.])
	z = np.zeros((2))                               # its length is the power
	start = time.clock()
	res = power_difference_op(x.astype(np.float32), y, z)
	print "comput BCL op cost", (time.clock() - start) * 1000, "ms"
	expected = (x - y) ** 2
	err = sum(abs(np.reshape(res - expected, -1))) / sum(np.reshape(expected, -1))
	print "err rate= " + str(err * 100)
	for key, value in sorted(options.iteritems()):
		print '%s=%d' % (key, value),
	print
	try:
		power_difference_op(x, y, 'two')
	except (TypeError, ValueError), e:
		print `e.__class__ in (TypeError, ValueError)`


main()
