"""Many small TensorFlow graphs in one file, so that one run of each program answers for all of them."""

import numpy as np


class Batch:
    """Cases of one graph: Batch(tf, seed), then inputs and cases, then check()."""

    def __init__(self, tf, seed):
        self.tf, self.rng = tf, np.random.default_rng(seed)
        self.graph = tf.Graph()
        self.feeds, self.cases = {}, []

    def __enter__(self):
        self._scope = self.graph.as_default()
        self._scope.__enter__()
        return self

    def __exit__(self, *error):
        return self._scope.__exit__(*error)

    def numbers(self, shape, dtype=np.float32, low=-4, high=4):
        """Random numbers; whole ones, of both signs where the type has them, for integers."""
        dtype = np.dtype(dtype)
        if dtype == np.bool_:
            return self.rng.random(shape) < 0.5
        if dtype.kind in "iu":
            return self.rng.integers(max(low, 0) if dtype.kind == "u" else low, high + 1, shape).astype(dtype)
        return np.asarray(self.rng.uniform(low, high, shape)).astype(dtype)

    def input(self, value, free=None, known=None):
        """A placeholder that is fed with `value`; some dimensions are free unless told, but never that of axis `known`."""
        value = np.asarray(value)
        free = self.rng.random() < 0.3 if free is None else free
        shape = [None if free and i != known and self.rng.random() < 0.6 else d for i, d in enumerate(value.shape)]
        tensor = self.tf.compat.v1.placeholder(value.dtype, shape, name=f"x{len(self.feeds)}")
        self.feeds[tensor] = value
        return tensor

    def random(self, shape, dtype=np.float32, low=-4, high=4, free=None):
        return self.input(self.numbers(shape, dtype, low, high), free)

    def case(self, found, expected=None, tolerance=1e-5, label=""):
        """`found`, a tensor or a list of them, is to equal `expected`, by default what TensorFlow makes of it."""
        for k, tensor in enumerate(found if isinstance(found, (list, tuple)) else [found]):
            other = tensor if expected is None else (expected if not isinstance(expected, (list, tuple)) else expected[k])
            self.cases.append((tensor, other, tolerance, label))

    def answers(self, graph_def, tensors):
        """TensorFlow's values; what these do not need is left out, since not all of it runs on TensorFlow's CPUs."""
        tf = self.tf
        needed = tf.compat.v1.graph_util.extract_sub_graph(graph_def, [t.op.name for t in tensors])
        names = {n.name for n in needed.node}
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph, config=config) as session:
            tf.import_graph_def(needed, name="")
            feeds = {k.name: v for k, v in self.feeds.items() if k.op.name in names}
            return session.run([t.name for t in tensors], feeds)

    def check(self, run_model, folder):
        graph_def = self.graph.as_graph_def()
        path = folder / "net.pb"
        path.write_bytes(graph_def.SerializeToString())
        expected = self.answers(graph_def, [c[1] for c in self.cases])
        names = [c[0].name.removesuffix(":0") for c in self.cases]
        found = run_model(path)(names, {k.op.name: v for k, v in self.feeds.items()})
        wrong = [f"{name} {c[3]}: {problem}" for name, c, f, e in zip(names, self.cases, found, expected)
                 if (problem := difference(f, e, c[2]))]
        assert not wrong, "\n".join([f"{len(wrong)} of {len(names)}", *wrong])


def difference(found, expected, tolerance):
    """What is wrong with `found`, or nothing. Floats may differ by `tolerance` of the largest number, all else is exact."""
    expected = np.asarray(expected)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"found {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}"
    if expected.dtype.kind != "f" or tolerance == 0:
        same = np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")
        return "" if same else f"found {found.ravel()[:8]}, expected {expected.ravel()[:8]}"
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return f"found {found[~finite][:8]}, expected {expected[~finite][:8]}"
    scale = max(np.abs(expected[finite]).max(initial=0), 1e-3)
    error = np.abs(found[finite].astype(np.float64) - expected[finite]).max(initial=0) / scale
    return "" if error <= tolerance else f"differs by {error:.2g} of the largest number"
