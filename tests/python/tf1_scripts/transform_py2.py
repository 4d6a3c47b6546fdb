#!/usr/bin/env python
# Python 2 in every line that Python 3 does not take
import tensorflow as tf
import ConfigParser
import cv2, os, sys, time
import numpy as np
os.putenv('MLU_VISIBLE_DEVICES', '')

def run(path, image):
	g = tf.Graph()
	with g.as_default():
	    with tf.gfile.FastGFile(path, 'rb') as f:
		graph_def = tf.GraphDef()
		graph_def.ParseFromString(f.read())
		tf.import_graph_def(graph_def, name='')
	    X = cv2.resize(cv2.imread(image), (256, 256))
	    with tf.Session() as sess:
		start = time.clock()
		ret = sess.run('add_37:0', feed_dict={'X_content:0': [X]})
		print "C++ inference(CPU) origin pb time is: ", time.clock() - start
		return ret

try:
	ret = run(sys.argv[2], sys.argv[1])
	for i in xrange(1):
		print 'shape', ret.shape, ; print np.int(3)
	cv2.imwrite('py2.png', ret[0])
except (IOError, ValueError), e:
	print >>sys.stderr, e
