"""tf.* one by one under picabia.tf1 against TensorFlow: the same script runs on both. Python 2's dicts, and its strings."""


import numpy as np
import pytest

from test_tf1 import script  # noqa: F401: a fixture


@pytest.fixture
def both(script, style, tmp_path):  # noqa: F811
    found = []
    for interpreter, name in ((("-m", "picabia.tf1"), "ours"), ((), "theirs")):
        done = script("functions.py", "--out", f"{name}.npz", "--noquick", "--scale=0.25", style, "--size", "7", interpreter=interpreter,
                      environment={"TF_CPP_MIN_LOG_LEVEL": "3"})
        assert done.returncode == 0, done.stderr
        found.append(dict(np.load(tmp_path / f"{name}.npz")))
    return found


def test_functions_are_tensorflows(both):
    ours, theirs = both
    assert ours.keys() == theirs.keys() and len(ours) > 45
    assert ours.pop("lines").tolist() == theirs.pop("lines").tolist()
    for name, expected in theirs.items():
        # Single functions differ by their last bits (2^-23 each of a few); the net's 16 norms divide by deviations, which
        # multiplies them: a hundredth of a level of 255.
        scale = max(1.0, float(np.abs(expected.astype(float)).max()))
        atol = 0.01 if name == "net" else 2e-6 * scale
        np.testing.assert_allclose(ours[name].astype(float), expected.astype(float), rtol=1e-5, atol=atol, err_msg=name)
        assert ours[name].dtype == expected.dtype and ours[name].shape == expected.shape, name


def test_flags_that_cannot_be(script):  # noqa: F811
    for arguments, message in ((["--sise=3"], "Unknown command line flag 'sise'"), (["--size=x"], "--size=x"),
                               (["--out"], "Missing value for flag --out")):
        done = script("functions.py", *arguments)
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr


def test_dicts_of_python_2(script, tmp_path):  # noqa: F811
    (tmp_path / "helper.py").write_text("def keys(d):\n    return sorted(d.iterkeys())\n")
    (tmp_path / "dicts.py").write_text("""
import helper
d = {'a': 1, 'b': 2}
class Own(object):
    def has_key(self, key): return 'own ' + key
print(d.has_key('a'), d.has_key('c'), Own().has_key('k'), sorted(d.iteritems()), sorted(d.itervalues()), helper.keys(d))
try:
    [].has_key(1)
except AttributeError as error:
    print(error)
""")
    done = script(tmp_path / "dicts.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("True False own k [('a', 1), ('b', 2)] [1, 2] ['a', 'b']\n"
                           "'list' object has no attribute 'has_key'\n")


def test_a_graph_read_as_text_is_bytes(script, style, tmp_path):  # noqa: F811
    """Python 2 has one kind of string, and tf.gfile's usual mode is that of text."""
    (tmp_path / "read.py").write_text("""
import sys
import tensorflow as tf
graph = tf.GraphDef()
graph.ParseFromString(tf.gfile.FastGFile(sys.argv[1]).read())
print(len(graph.node))
open('words.txt', 'w').write('caf\\u00e9')
print(tf.gfile.GFile('words.txt').read() == 'caf\\u00e9')
""")
    done = script(tmp_path / "read.py", style)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 300 and done.stdout.split()[1] == "True"
