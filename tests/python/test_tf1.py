"""python -m picabia.tf1: scripts of TensorFlow 1 as authors in the course write them, against TensorFlow and the package."""

import os
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

import picabia
from conftest import PACKAGE, ROOT
from quantizing import nodes, read_graph
from test_operators import levels, variants  # noqa: F401: a fixture

SCRIPTS = ROOT / "tests/python/tf1_scripts"


@pytest.fixture
def script(tmp_path, examples):
    """script(name, *args, cwd=...) runs a script in a folder with a photo; gives the finished process."""
    Image.open(examples / "coffee.jpg").resize((320, 200)).save(tmp_path / "photo.0.jpg")

    def run(name, *arguments, environment=None, interpreter=("-m", "picabia.tf1")):
        path = SCRIPTS / name if isinstance(name, str) else name
        return subprocess.run([sys.executable, *interpreter, str(path), *map(str, arguments)], cwd=tmp_path, text=True,
                              env={**os.environ, "PYTHONPATH": str(PACKAGE), **(environment or {})},
                              capture_output=True, timeout=300)
    return run


def expected_picture(model, photo):
    """What the lab's scripts compute: BGR pixels, resized by OpenCV, no mean and no scale."""
    x = cv2.resize(cv2.imread(str(photo)), (256, 256)).astype(np.float32)[None]
    return picabia.Session(model).run("add_37", {"X_content": x})[0]


def close_to(path, expected):
    """A JPEG of a picture, of which few pixels may be one level off before: a rounding that falls to the other side
    moves a block by some levels, so that the mean stays far below one."""
    same_way = cv2.imdecode(cv2.imencode(".jpg", expected)[1], cv2.IMREAD_COLOR).astype(float)
    return np.abs(cv2.imread(str(path)) - same_way).mean() < 0.1


def test_the_three_variants(script, variants, tmp_path):  # noqa: F811
    done = script("stu_upload/transform_cpu.py", "photo.0.jpg", *variants)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "C++ inference(CPU) origin pb time is", "C++ inference(CPU) time is", "Numpy inference(CPU) time is"]
    expected = expected_picture(variants[0], tmp_path / "photo.0.jpg")
    for model in variants:
        assert close_to(tmp_path / f"photo_{model.stem}_cpu.jpg", expected), model


@pytest.mark.parametrize("kind", ["udnie", "udnie_int8"])
def test_the_labs_graphs(kind, script, shared_models, tmp_path):
    models = [shared_models / f"{kind}{end}.pb" for end in ("", "_power_diff", "_power_diff_numpy")]
    done = script("stu_upload/transform_cpu.py", "photo.0.jpg", *models)
    assert done.returncode == 0, done.stderr
    expected = expected_picture(models[0], tmp_path / "photo.0.jpg")
    for model in models:
        assert close_to(tmp_path / f"photo_{model.stem}_cpu.jpg", expected), model


def test_the_whole_experiment(script, variants, tmp_path):  # noqa: F811
    # One module imports its neighbour by name alone, as Python 2 allows.
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 145, (64 * 64, 3)).astype(float), rng.integers(0, 145, 3).astype(float)
    (tmp_path / "data").mkdir()
    for name, value in (("in_x", x.reshape(-1, 6)), ("in_y", y), ("in_z", np.array([2.0])),
                        ("out", ((x - y) ** 2).reshape(-1, 6))):
        np.savetxt(tmp_path / f"data/{name}.txt", value)
    done = script("main_exp.py", "photo.0.jpg", *variants)
    assert done.returncode == 0, done.stderr
    for line in ("TEST C++ OP PASS.", "TEST NUMPY OP PASS.", "load data cost ", "comput C++ op cost ", "C++ op err rate= "):
        assert line in done.stdout
    assert len(list(tmp_path.glob("photo_*_cpu.jpg"))) == 3


def test_names_of_compat_v1(script, variants, tmp_path):  # noqa: F811
    done = script("transform_v1.py", "photo.0.jpg", *variants)
    assert done.returncode == 0, done.stderr
    expected = levels(expected_picture(variants[0], tmp_path / "photo.0.jpg"))
    for model in variants[:2]:
        assert np.abs(cv2.imread(str(tmp_path / f"v1_{model.stem}.png")) - expected).max() <= 1


def test_python_2(script, style, tmp_path):
    done = script("transform_py2.py", "photo.0.jpg", style)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("C++ inference(CPU) origin pb time is:  ")
    assert done.stdout.splitlines()[1:] == ["shape (1, 256, 256, 3) 3"]
    expected = levels(expected_picture(style, tmp_path / "photo.0.jpg"))
    assert np.abs(cv2.imread(str(tmp_path / "py2.png")) - expected).max() <= 1
    assert not list(SCRIPTS.rglob("__pycache__"))  # nothing is written beside scripts


def test_conversions_keep_every_node(script, style, tmp_path):
    done = script("convert.py", style)
    assert done.returncode == 0, done.stderr
    assert list(read_graph(tmp_path / "again.pb").node) == list(read_graph(style).node)
    from google.protobuf import text_format
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    text_format.Merge((tmp_path / "graph.pbtxt").read_text(), graph)
    assert list(graph.node) == list(read_graph(style).node)


def test_a_network_built_by_hand_is_tensorflows(script, tmp_path):
    for interpreter, name in ((("-m", "picabia.tf1"), "ours"), ((), "theirs")):
        done = script("build_graph.py", f"{name}.npz", f"{name}.pb", interpreter=interpreter,
                      environment={"TF_CPP_MIN_LOG_LEVEL": "3"})
        assert done.returncode == 0, done.stderr
    ours, theirs = np.load(tmp_path / "ours.npz"), np.load(tmp_path / "theirs.npz")
    for key in ("p", "b", "sum"):
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4, atol=1e-6)
        assert ours[key].shape == theirs[key].shape and ours[key].dtype == theirs[key].dtype
    assert ours["best"] == theirs["best"] and ours["best"].dtype == theirs["best"].dtype
    # The frozen graph is a file like any other.
    feeds = {"img_placeholder": np.ones((1, 32, 32, 3), np.float32)}
    np.testing.assert_allclose(picabia.Session(tmp_path / "ours.pb").run("prob", feeds),
                               picabia.Session(tmp_path / "theirs.pb").run("prob", feeds), rtol=1e-4)


def test_pictures_by_scipy_misc(script, style, tmp_path):
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    Image.open(tmp_path / "photo.0.jpg").save(tmp_path / "in/a.png")
    done = script("evaluate_42.py", style, "in", "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Inference (CPU) processing time: ")
    x = np.asarray(Image.open(tmp_path / "in/a.png").resize((256, 256), Image.BILINEAR), np.float32)[None]
    expected = np.clip(picabia.Session(style).run("add_37", {"X_content": x})[0], 0, 255).astype(np.uint8)
    found = np.asarray(Image.open(tmp_path / "out/a.png")).astype(int)
    assert np.abs(found - expected).max() <= 1


def test_cambricons_quantizer(script, style, tmp_path):
    (tmp_path / "q.ini").write_text(f"[model]\noriginal_models_path = {style}\ninput_tensor_names = X_content:0\n"
                                    "output_tensor_names = add_37:0\nsave_model_path = int8.pb\n[data]\npicture = photo.0.jpg\n")
    done = script("quantize_41.py", "q.ini")
    assert done.returncode == 0, done.stderr
    made = nodes(read_graph(tmp_path / "int8.pb"))
    assert sum(node.op == "Int8Conv2D" for node in made.values()) == 14
    x = cv2.resize(cv2.imread(str(tmp_path / "photo.0.jpg"))[..., ::-1], (64, 64))[None]
    a, b = (picabia.Session(model).run("add_37", {"X_content": x}) for model in (style, tmp_path / "int8.pb"))
    assert np.abs(a - b).mean() < 12  # static ranges of a picture of 64x64


# ---- the lab's exponents


EXPONENTS = [("2", 2), ("2.0", 2), ("[2.0]", 2), ("np.array(3)", 3), ("np.zeros((2))", 1), ("-1", 1), ("np.float32(2.7)", 2)]


@pytest.mark.parametrize("p", ["tf.placeholder(tf.float32)", "tf.placeholder(tf.int32, name='p')", "value"])
def test_exponents_on_the_cpu(p, script, tmp_path):
    # As an int, and 1 where that is less.
    (tmp_path / "power.py").write_text(f"""
import numpy as np
import tensorflow as tf
x = np.array([[5.0, -1.0], [2.0, 7.5]])
y = np.array([1.0, 2.0])
for value, times in {[(value, times) for value, times in EXPONENTS]!r}:
    value = eval(value)
    if 'int32' in {p!r}:
        value = np.array(value).astype(int)
    with tf.Session() as sess:
        p = {p}
        z = tf.power_difference(x, y, p)
        out = sess.run(z, feed_dict={{p: value}} if isinstance(p, tf.Tensor) else None)
    np.testing.assert_array_equal(out, ((x - y).astype(np.float32)) ** times, str(value))
    assert out.dtype == np.float32
print('ran')
""")
    done = script(tmp_path / "power.py")
    assert done.returncode == 0 and done.stdout == "ran\n", done.stderr


# ---- devices


def test_the_device_is_read_when_a_session_is_made(script, tmp_path):
    (tmp_path / "device.py").write_text("""
import os
import tensorflow as tf
devices = [tf.Session().device]
os.putenv('MLU_VISIBLE_DEVICES', '0'); devices.append(tf.Session().device)
os.putenv('MLU_VISIBLE_DEVICES', ''); devices.append(tf.Session().device)
os.environ['MLU_VISIBLE_DEVICES'] = '1'; devices.append(tf.Session().device)
print(devices)
""")
    done = script(tmp_path / "device.py")
    assert done.stdout == "['cpu', 'mlu', 'cpu', 'mlu']\n", done.stderr


def on_the_mlu(model, photo, **more):
    x = cv2.resize(cv2.imread(str(photo)), (256, 256)).astype(np.float32)[None]
    return levels(picabia.Session(model, device="mlu").run("add_37", {"X_content": x, **more})[0])


def test_the_mlu(script, variants, tmp_path):  # noqa: F811
    power = tmp_path / "facets_power_diff.pb"  # the script feeds the exponent by this name
    shutil.copy(variants[1], power)
    for model in (variants[0], power):
        done = script("transform_mlu.py", "photo.0.jpg", model)
        assert done.returncode == 0, done.stderr
    expected = on_the_mlu(variants[0], tmp_path / "photo.0.jpg")
    assert np.array_equal(cv2.imread(str(tmp_path / f"{variants[0].stem}_mlu.png")), expected)


def test_the_labs_graph_on_the_mlu(script, shared_models, tmp_path):
    model = shared_models / "udnie_int8.pb"
    done = script("transform_mlu.py", "photo.0.jpg", model)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(cv2.imread(str(tmp_path / "udnie_int8_mlu.png")), on_the_mlu(model, tmp_path / "photo.0.jpg"))


def test_exponents_on_the_mlu_are_lengths(script, tmp_path):
    (tmp_path / "power.py").write_text("""
import os
os.environ['MLU_VISIBLE_DEVICES'] = "0"
import numpy as np
import tensorflow as tf
x, y = np.arange(12.0).reshape(3, 4), np.array([1.0, 2.0, 3.0, 4.0])
with tf.Session() as sess:
    for power, times in ((np.zeros((2)), 2), (np.zeros(3), 3), ([7.0], 1), (2.0, 2)):
        z = tf.power_difference(tf.placeholder(tf.float32, x.shape, 'x'), y, tf.placeholder(tf.float32, name='p'))
        out = sess.run(z, feed_dict={z.op.inputs[0]: x, z.op.inputs[2]: power})
        np.testing.assert_array_equal(out, (x - y) ** times)  # small whole numbers are exact as halves
print('ran')
""")
    done = script(tmp_path / "power.py")
    assert done.returncode == 0 and done.stdout == "ran\n", done.stderr


def test_float_graphs_are_no_offline_models(script, style, tmp_path):
    done = script("transform_mlu.py", "photo.0.jpg", style, "named.cambricon")
    assert done.returncode == 1 and "target mlu270 runs integers; quantize it first: picabia quantize" in done.stderr
    assert not list(tmp_path.glob("*.cambricon*")) and not list(tmp_path.glob("offline_model*"))


def test_offline_models_are_saved(script, style, examples, picabia, tmp_path):
    model = tmp_path / "facets_int8.pb"
    done = picabia("quantize", style, "-o", model, "--calibration", examples / "astronaut.jpg", "--size", "256x256")
    assert done.returncode == 0, done.stderr
    done = script("transform_mlu.py", "photo.0.jpg", model, "named.cambricon")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "named.cambricon").stat().st_size > 0
    assert "subnet0" in (tmp_path / "named.cambricon_twins").read_text()


def test_the_mlu_half_of_the_experiment(script, style, examples, picabia, tmp_path):
    """Offline models by name and without, a dummy for a value that a run does not need, eval with a feed."""
    int8 = tmp_path / "facets_int8.pb"
    done = picabia("quantize", style, "-o", int8, "--calibration", examples / "astronaut.jpg", "--size", "256x256")
    assert done.returncode == 0, done.stderr
    models = [int8, tmp_path / "facets_int8_power_diff.pb", tmp_path / "facets_int8_power_diff_numpy.pb"]
    for op, model in (("PowerDifference", models[1]), ("placeholder", models[2])):
        done = picabia("variant", int8, "--node", "moments_15/SquaredDifference", "--op", op, "-o", model)
        assert done.returncode == 0, done.stderr
    (tmp_path / "models/offline_models").mkdir(parents=True)
    done = script("online_mlu.py", "photo.0.jpg", *models)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "C++ inference(MLU) origin pb time is", "C++ inference(MLU) time is", "Numpy inference(MLU) time is"]
    expected = on_the_mlu(int8, tmp_path / "photo.0.jpg")
    for model in models[:2]:
        assert close_to(tmp_path / f"photo_{model.stem}_mlu.jpg", expected), model
    # The host squares in float64 what came from the card in halves, which changes some roundings after it.
    found = cv2.imread(str(tmp_path / "photo_facets_int8_power_diff_numpy_mlu.jpg")).astype(float)
    assert found.shape == expected.shape and np.abs(found - expected).mean() < 12
    inputs = {"models/offline_models/facets_int8.cambricon": 1, "models/offline_models/facets_int8_power_diff.cambricon": 1,
              "offline_model": 2}
    for name, count in inputs.items():
        assert (tmp_path / name).stat().st_size > 1e6, name
        twins = (tmp_path / f"{name}_twins").read_text()
        assert re.search(rf"Input number\W+{count}\b", twins), twins
    assert len(list(tmp_path.rglob("*_twins"))) == 3


def test_the_operator_on_the_card_in_python_2(script):
    done = script("power_difference_test_bcl.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("comput BCL op cost ")
    assert float(lines[1].removeprefix("err rate= ")) < 0.1  # percent: a half has 11 bits
    assert [line.strip() for line in lines[2:]] == ["columns=6 rows=7", "True"]


def test_sessions_in_sessions(script):
    done = script("nested_sessions.py")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "is not an element of this graph" in first and second.startswith("Cannot eval: no default session is registered")


DIVISIONS = [("7 / 2", 3), ("-7 / 2", -4), ("7 / 2.0", 3.5), ("True / 2", 0), ("np.int32(7) / 2", 3), ("(7 / 2) / 2 * 2.0", 2.0),
             ("np.arange(3) / 2.0", [0, 0.5, 1]), ("np.arange(5) / 2", [0, 0, 1, 1, 2]), ("Half() / 2", "div"), ("5 // 2", 2)]


@pytest.mark.parametrize("future", [False, True])
def test_quotients_of_python_2(future, script, tmp_path):
    """Whole numbers divide to whole numbers in scripts that only Python 2 reads, unless they say otherwise themselves."""
    (tmp_path / "division.py").write_text(("from __future__ import division\n" if future else "") + """
import numpy as np
class Half(object):
    def __div__(self, other): return 'div'
    def __truediv__(self, other): return 'truediv'
""" + "".join(f"print repr(np.asarray({code}).tolist())\n" for code, _ in DIVISIONS) + """
a = np.arange(4.); b = a; a /= 2
print a is b, a.tolist()
c = [9]; c[0] /= 2
print c
""")
    done = script(tmp_path / "division.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    if future:
        assert lines[0] == "3.5" and lines[7] == "[0.0, 0.5, 1.0, 1.5, 2.0]" and lines[8] == "'truediv'" and lines[-1] == "[4.5]"
    else:
        assert [eval(line) for line in lines[:len(DIVISIONS)]] == [value for _, value in DIVISIONS]
        assert lines[-1] == "[4]"
    assert lines[-2] == "True [0.0, 0.5, 1.0, 1.5]"


# ---- what is not there


def test_training_is_refused_by_name(script):
    done = script("train_43.py")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "tensorflow.train.AdamOptimizer is not supported (it is for training)" in last
    assert "picabia.tf1 runs inference scripts" in last and "write_graph" in last
    assert "train_43.py\", line 5" in done.stderr


WRONG = [
    ("import tensorflow as tf; tf.train.Saver()", "tensorflow.train.Saver is not supported (it is for training)"),
    ("import tensorflow as tf; tf.gradients([], [])", "tensorflow.gradients is not supported (it is for training)"),
    ("import tensorflow as tf; tf.compat.v1.get_variable('w', [1])", "tensorflow.compat.v1.get_variable is not supported (it is for training)"),
    ("import tensorflow as tf; tf.foo", "tensorflow.foo is not supported: picabia.tf1 runs inference scripts"),
    ("import tensorflow.keras", "tensorflow.keras is not supported"),
    ("from tensorflow.contrib import slim", "tensorflow.contrib.slim is not supported: picabia.tf1 runs inference scripts"),
    ("import tensorflow as tf\nassert not hasattr(tf, 'foo')\ntf.nn.dropout(1)", "tensorflow.nn.dropout is not supported"),
    ("import tensorflow as tf\ntf.Session().run('x:0')", "fetch 'x:0': The name 'x:0' refers to a Tensor which does not exist"),
    ("import tensorflow as tf\ntf.constant(1).eval()", "Cannot eval: no default session is registered"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32, [2], 'x')\ntf.Session().run(x + 1)",
     "You must feed a value for placeholder tensor 'x' with dtype float32"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32, [2], 'x')\ntf.Session().run(x + 1, {x: [1, 2, 3]})",
     "Cannot feed value of shape (3,) for Tensor 'x:0', which has shape '(2,)'"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32, [2], 'x')\ntf.Session().run(x + 1, {x: 'ab'})",
     "feed 'x:0': could not convert string to float"),
    ("import tensorflow as tf\ng = tf.GraphDef(); g.ParseFromString(b'\\x0a\\xff')", "Error parsing message of type tensorflow.GraphDef"),
    ("import tensorflow as tf\ntf.ConfigProto(threads=1)", 'Protocol message ConfigProto has no "threads" field'),
    ("import tensorflow as tf\ns = tf.Session(); s.close(); s.run('x:0')", "Attempted to use a closed Session"),
    ("import tensorflow as tf\ng = tf.Graph()\nwith g.as_default(): c = tf.constant(1)\ntf.Session().run(c)", "is not an element of this graph")]


def test_errors_say_what_is_wrong(script, tmp_path):
    (tmp_path / "bad.py").write_text(f"""
for code in {[code for code, _ in WRONG]!r}:
    import tensorflow as tf
    tf.reset_default_graph()
    try:
        exec(code, {{}})
        print('nothing')
    except Exception as error:
        print(type(error).__name__, str(error).replace(chr(10), ' '))
""")
    done = script(tmp_path / "bad.py")
    assert done.returncode == 0, done.stderr
    for (code, message), line in zip(WRONG, done.stdout.splitlines(), strict=True):
        assert message in line, code


@pytest.mark.parametrize("code", ["print 'a' 'b", "x = (1,\n"])
def test_what_no_python_reads_is_a_syntax_error(code, script, tmp_path):
    (tmp_path / "bad.py").write_text(code)
    done = script(tmp_path / "bad.py")
    assert done.returncode == 1 and "SyntaxError" in done.stderr and "bad.py" in done.stderr


def test_calling_it_wrong(script, tmp_path):
    assert script(tmp_path / "no.py").stderr.startswith("picabia.tf1: [Errno 2] No such file or directory: ")
    (tmp_path / "shell.py").write_text("#!/bin/bash\nrm -f *.jpg\npython main.py $1\n")
    done = script(tmp_path / "shell.py")
    assert done.returncode == 1 and "it is no Python script, but one for /bin/bash" in done.stderr
    usage = subprocess.run([sys.executable, "-m", "picabia.tf1"], env={**os.environ, "PYTHONPATH": str(PACKAGE)},
                           capture_output=True, text=True)
    assert usage.returncode == 2 and usage.stderr.startswith("usage: python -m picabia.tf1 SCRIPT")


def test_unknown_operators_of_a_graph_are_named(script, tmp_path):
    (tmp_path / "op.py").write_text("""
import tensorflow as tf
graph = tf.GraphDef()
node = graph.node.add()
node.name, node.op = 'y', 'Yolov3DetectionOutput'
node.input.append('x')
tf.placeholder(tf.float32, [1], 'x')
tf.import_graph_def(graph, name='')
tf.Session().run('y:0', {'x:0': [1]})
""")
    done = script(tmp_path / "op.py")
    assert done.returncode == 1 and "node 'y': operator 'Yolov3DetectionOutput' is not supported" in done.stderr
