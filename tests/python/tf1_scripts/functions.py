# functions, operators, attributes and errors one by one; runs on TensorFlow 2 as it is: python functions.py OUT.npz MODEL.pb
import sys
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

flags = tf.app.flags
flags.DEFINE_string('out', '', 'where results go')
flags.DEFINE_integer('size', 3, 'rows')
flags.DEFINE_float('scale', 0.5, 'factor')
flags.DEFINE_boolean('quick', False, 'less of it')
FLAGS = flags.FLAGS
rng = np.random.RandomState(5)
values, lines = {}, []


def note(*what):
    lines.append(' '.join(str(w) for w in what))


def attempt(what, *kinds):
    try:
        what()
        note('nothing raised')
    except kinds as error:
        note('raised', [k.__name__ for k in kinds], isinstance(error, Exception))


def elementwise(sess):
    x, y = tf.placeholder(tf.float32, [3, 4], name='x'), tf.placeholder(tf.float32, [None, 4], name='y')
    note(x, y.shape.as_list(), y.shape[0], y.get_shape()[1] == 4, len(x.shape), x.op.type, x.dtype.name)
    mask = x > 0.2
    results = {
        'abs': abs(x), 'floordiv': x // 0.3, 'mod': x % 0.7, 'rpow': 2.0 ** x, 'less': x < 0.0, 'where': tf.where(mask, x, y),
        'both': tf.logical_and(mask, x > 0.0), 'equal': tf.equal(x, x), 'ceil': tf.ceil(x), 'sign': tf.sign(x), 'sin': tf.sin(x),
        'stack': tf.stack([x, y], axis=1), 'split': tf.split(x, 2, 1)[1], 'parts': tf.split(x, [1, 3], 1)[1],
        'unstack': tf.unstack(x)[2], 'pad': tf.pad(x, [[1, 2], [0, 3]]), 'mirror': tf.pad(x, [[1, 1], [2, 0]], 'REFLECT'),
        'five': tf.pad(x, [[0, 1], [1, 0]], constant_values=5.0), 'tile': tf.tile(x, [1, 2]), 'gather': tf.gather(x, [2, 0]),
        'slice': x[1:, 2], 'steps': x[::2, ::-1], 'rest': x[..., -1], 'axis': x[:, tf.newaxis, 1:3], 'cut': tf.slice(x, [1, 0], [2, -1]),
        'zeros': tf.zeros_like(x), 'ones': tf.ones_like(y), 'fill': tf.fill([2, 2], 7.0), 'range': tf.range(2, 9, 3),
        'add_n': tf.add_n([x, y, x]), 'rank': tf.rank(x), 'size': tf.size(x), 'argmin': tf.argmin(x, 1), 'prod': tf.reduce_prod(x, 1),
        'transpose': tf.transpose(x), 'product': tf.matmul(x, tf.transpose(y))}
    feeds = {x: rng.randn(3, 4), y: rng.randn(3, 4)}
    for name, value in sess.run(results, feeds).items():
        values[name] = value
        note(name, np.asarray(value).dtype, np.shape(value), results[name].dtype.name)
    attempt(lambda: sess.run(x + y, {x: np.zeros((3, 4))}), tf.errors.InvalidArgumentError)
    attempt(lambda: sess.run('absent:0'), ValueError)
    attempt(lambda: sess.run(x, {'absent:0': 1}), TypeError)
    attempt(lambda: tf.get_default_graph().get_tensor_by_name('x'), ValueError)
    attempt(lambda: tf.get_default_graph().get_tensor_by_name('x:1'), KeyError)
    attempt(lambda: tf.get_default_graph().get_operation_by_name('x:0'), ValueError)
    attempt(lambda: tf.gfile.GFile('/absent/file', 'rb').read(), tf.errors.NotFoundError)


def layers(sess):
    x = tf.placeholder(tf.uint8, [None, None, 3], name='pixels')
    net = tf.nn.conv2d(tf.expand_dims(tf.to_float(x), 0), rng.randn(3, 3, 3, 4).astype('f'), [1, 2, 2, 1], 'SAME')
    mean, variance = tf.nn.moments(net, [1, 2], keep_dims=True)
    note(mean.name, variance.name)
    norm = tf.nn.batch_normalization(net, mean, variance, None, 0.5, 1e-3)
    up = tf.nn.conv2d_transpose(norm, rng.randn(3, 3, 2, 4).astype('f'), tf.stack([1, 18, 14, 2]), [1, 2, 2, 1])
    results = {'norm': norm, 'up': up, 'leaky': tf.nn.leaky_relu(norm), 'elu': tf.nn.elu(norm), 'l2': tf.nn.l2_loss(norm),
               'unit': tf.nn.l2_normalize(norm, 3), 'plain': tf.nn.moments(net, [0, 1, 2])[1],
               'depthwise': tf.nn.depthwise_conv2d(norm, rng.randn(3, 3, 4, 2).astype('f'), [1, 1, 1, 1], 'VALID'),
               'bilinear': tf.image.resize_bilinear(norm, [5, 9]), 'nearest': tf.image.resize_nearest_neighbor(norm, [20, 9])}
    values.update(sess.run(results, {x: rng.randint(0, 255, (18, 14, 3))}))


def graphs(path):
    graph_def = tf.GraphDef()
    with tf.gfile.GFile(path, 'rb') as f:
        graph_def.ParseFromString(f.read())
    by_name = {node.name: node for node in graph_def.node}
    first = by_name['X_content']
    note([d.size for d in first.attr['shape'].shape.dim], first.attr['shape'].shape.unknown_rank, first.attr['dtype'].type)
    conv = by_name['Conv2D_1']
    note(list(conv.attr['strides'].list.i), conv.attr['padding'].s, conv.attr['padding'].WhichOneof('value'))
    values['weights'] = tf.make_ndarray(by_name['Variable'].attr['value'].tensor)
    copy = tf.GraphDef()
    copy.versions.CopyFrom(graph_def.versions)
    note(copy.versions.producer == graph_def.versions.producer)
    for node in graph_def.node:
        copy.node.add().CopyFrom(node)
    note(copy == graph_def)
    # The squared difference by hand: a subtraction and a power.
    last = [node for node in copy.node if node.name == 'moments_15/SquaredDifference'][0]
    minus = copy.node.add()
    minus.name, minus.op = 'minus', 'Sub'
    minus.input.extend(last.input)
    minus.attr['T'].type = last.attr['T'].type
    two = copy.node.add(name='two', op='Const')
    two.attr['dtype'].type = 1
    two.attr['value'].CopyFrom(tf.AttrValue(tensor=tf.make_tensor_proto(2.0)))
    last.op = 'Pow'
    del last.input[:]
    last.input.extend(['minus', 'two'])
    note(copy == graph_def)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        attempt(lambda: tf.import_graph_def(copy, return_elements=['absent:0']), ValueError)
        attempt(lambda: tf.import_graph_def(copy, input_map={'absent:0': tf.constant(1.0)}), ValueError)
        mine = tf.placeholder(tf.float32, [1, 256, 256, 3], name='mine')
        y, relu = tf.import_graph_def(copy, input_map={'X_content:0': mine}, return_elements=['add_37:0', 'Relu'], name='net')
        again, = tf.import_graph_def(copy, input_map={'X_content:0': mine}, return_elements=['add_37:0'], name='net')
        note(y.name, relu.name, again.name, relu.type, str(graph.get_operation_by_name('net/two')).splitlines()[:2])
        with tf.name_scope('s') as one, tf.name_scope('t') as two_:
            note(one, two_, tf.constant(1).name)
        with tf.name_scope('s') as three:
            note(three)
        data = rng.randint(0, 255, (1, 256, 256, 3))
        a, b = sess.run([y, again], {'mine:0': data})
        values['net'] = a
        note(np.array_equal(a, b), sess.run((relu,), {mine: data}))


def main(argv):
    note(FLAGS.size, FLAGS.scale, FLAGS.quick, argv[1:])
    with tf.Graph().as_default(), tf.Session(config=tf.ConfigProto(gpu_options=tf.GPUOptions(allow_growth=True))) as sess:
        elementwise(sess)
    with tf.Graph().as_default(), tf.Session() as sess:
        layers(sess)
    graphs(argv[1])
    tf.logging.set_verbosity(tf.logging.WARN)
    np.savez(FLAGS.out, lines=np.array(lines), **values)


if __name__ == '__main__':
    tf.app.run()
