# default graphs and sessions inside each other; placeholders of unknown rank; one symbol after the other by its v1 name
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
outer, inner = v1.Graph(), v1.Graph()
with inner.as_default():
    p = v1.placeholder(np.float32)
    q = v1.placeholder(v1.float32, shape=None, name='q')
    assert p.get_shape().ndims is None and q.shape.dims is None
    square = tf.squared_difference(p, q, name='square')
with outer.as_default():
    c = tf.constant([1.0, 2.0], name='c')
    with tf.Session() as a:
        assert tf.get_default_session() is a and a.graph is outer
        with v1.Session(graph=inner) as b:
            assert tf.get_default_session() is b and v1.get_default_graph() is inner
            for shape in ((), (3,), (2, 3), (1, 2, 2, 3)):
                x = np.random.randn(*shape)
                got = square.eval(feed_dict={p: x, 'q:0': 2})
                assert got.shape == shape and np.allclose(got, (x - 2) ** 2, atol=1e-5), got
            third, = b.run([square], {p: [[1, 2]], q: [[3]]})
            assert third.tolist() == [[4, 1]]
            assert np.array_equal(c.eval(session=a), [1, 2])
            try:
                c.eval()  # the default session is of the other graph
            except ValueError as error:
                print(str(error))
        assert tf.get_default_session() is a
        assert np.array_equal((c * 2).eval(), [2, 4])
        g = a.graph.as_default()  # what it gives is not looked at
        assert a.run(v1.global_variables_initializer()) is None
        with a.as_default():
            assert tf.reshape(np.arange(4.), [2, 2]).eval().shape == (2, 2)
    assert tf.get_default_session() is None
    try:
        c.eval()
    except ValueError as error:
        print(str(error))
