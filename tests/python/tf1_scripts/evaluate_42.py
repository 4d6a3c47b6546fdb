import os, sys, time
import scipy.misc
import numpy as np
import tensorflow as tf

os.putenv('MLU_VISIBLE_DEVICES', '')


def get_img(src, img_size=False):
    img = scipy.misc.imread(src, mode='RGB')
    if img_size != False:
        img = scipy.misc.imresize(img, img_size)
    return img


def save_img(out_path, img):
    img = np.clip(img, 0, 255).astype(np.uint8)
    scipy.misc.imsave(out_path, img)


out = sys.argv[3]
with tf.Session() as sess:
    with tf.gfile.FastGFile(sys.argv[1], 'rb') as f:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(f.read())
        x, y = tf.import_graph_def(graph_def, name='net', return_elements=['X_content:0', 'add_37:0'])
    for name in sorted(os.listdir(sys.argv[2])):
        X = get_img(os.path.join(sys.argv[2], name), (256, 256, 3))
        t = time.time()
        preds = sess.run(y, feed_dict={x: X[np.newaxis]})
        print("Inference (CPU) processing time: %s" % (time.time() - t))
        save_img(os.path.join(out, name), preds[0])
