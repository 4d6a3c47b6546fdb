"""Hostile models, cases 1 to 31, against the program itself: its exit code, its message, its time and its memory.

The same cases, and more forms of each, are tests of src/import; here nothing of the program is left out.
"""

import os
import re
import subprocess
import sys

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest

import bad_models

MEGABYTE = 1 << 20
# A run that is refused takes milliseconds; the rest is for a machine that does other things as well.
SECONDS = 2 + 2 * (os.getloadavg()[0] > os.cpu_count())
KB = 1024  # ru_maxrss counts these


# Linux counts into a process's peak what it was before exec(): the program must be the child of something small.
LAUNCHER = """
import os, sys
report = int(sys.argv[1])
os.set_inheritable(report, False)
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, usage.ru_utime + usage.ru_stime, file=open(report, 'w'))
"""


class Ended:
    """A finished process: its text, and what it took. The time is that of the processor, as the wall's shows also
    what the machine does besides; a hang is a timeout."""

    def __init__(self, command):
        read, write = os.pipe()
        launcher = [sys.executable, "-S", "-I", "-c", LAUNCHER, str(write)]
        try:
            done = subprocess.run(launcher + [str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True,
                                  pass_fds=[write], timeout=60)
        finally:
            os.close(write)
            with open(read) as file:
                report = file.read()
        assert report, done.stderr
        code, peak, seconds = report.split()
        self.code, self.peak, self.seconds = int(code), int(peak) * KB, float(seconds)
        self.out, self.err = done.stdout, done.stderr


@pytest.fixture(scope="module")
def baseline(picabia_binary, tmp_path_factory):
    """The peak of the program at a model of one node: libraries, embedded styles."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny.onnx").write_bytes(bad_models.one("Relu"))
    ended = Ended([picabia_binary, "inspect", folder / "tiny.onnx"])
    assert ended.code == 0, ended.err
    return ended.peak


@pytest.fixture
def bad(picabia_binary, baseline, tmp_path):
    """bad(command, bytes, pattern): what must hold of every file; None: it is accepted; "": whatever it says."""
    def run(command, content, pattern, path=None, size=None):
        if path is None:
            path = tmp_path / "bad.model"
            path.write_bytes(content)
        size = path.stat().st_size if size is None else size
        more = ["--fetch", f"y={tmp_path}/y.npy"] if command == "run" else []
        if more and pattern == "":
            np.save(tmp_path / "x.npy", np.zeros((1, 3, 8, 8) if content[:1] == b"\x08" else (1, 8, 8, 3), np.float32))
            if b"\x0a\x01x" in content[:-60]:
                more += ["--feed", f"x={tmp_path}/x.npy"]
        ended = Ended([picabia_binary, command, path, *more])
        text = ended.err.decode()
        assert ended.code == (0 if pattern is None else 1), (ended.code, text)
        assert ended.seconds <= SECONDS
        assert ended.peak <= 10 * size + 64 * MEGABYTE + baseline, f"{ended.peak // MEGABYTE} MB"
        if pattern is not None:
            assert text.startswith("picabia: ") and text.count("\n") == 1, text
            assert str(path) in text or command == "run", text
            assert re.search(pattern, text), text
            assert len(text) < 4096 and all(c >= " " or c == "\n" for c in text), text
        return text
    return run


@pytest.mark.parametrize("case, name, command, make, pattern", bad_models.ROWS,
                         ids=[f"case_{row[0]:03}_{row[1]}_{i}" for i, row in enumerate(bad_models.ROWS)])
def test_case(case, name, command, make, pattern, bad):
    bad(command, make(), pattern)


def test_every_case_is_here():
    """4, 9 and 28 have tests of their own below."""
    assert {row[0] for row in bad_models.ROWS} | {4, 9, 28} == set(range(1, 32))


@pytest.mark.parametrize("form", ["onnx", "tf"])
def test_case_004_prefixes(form, bad):
    """Some; the tests of src/import try all."""
    whole = (bad_models.with_weight([2, 3, 3, 3]) if form == "onnx" else bad_models.tf_conv([1, 1, 1, 1]))
    bad("inspect", whole, None)
    for size in range(1, len(whole) - 1, len(whole) // 12):
        try:
            bad("inspect", whole[:size], "")
        except AssertionError:
            assert form == "tf"  # a graph cut behind a node is a smaller graph
            bad("inspect", whole[:size], None)


@pytest.mark.parametrize("start", [b"", b"\x08\x08", b"\x0a\x05\x0a\x01a"], ids=["zeros", "onnx", "tf"])
def test_case_009_more_than_2_gib(start, bad, tmp_path):
    path = tmp_path / "sparse.model"
    with open(path, "wb") as file:
        file.write(start)
        file.truncate((1 << 31) + 1)
    bad("inspect", None, "sparse.model: the file " if not start else "has 2147483649 bytes; protobuf", path=path, size=0)


# ---- external data

def external_model(folder, location, **more):
    """y = x + k, where k is two floats of another file."""
    k = bad_models.tensor("k", 1, [2], b"".join(
        bad_models.field(13, bad_models.field(1, key) + bad_models.field(2, value))
        for key, value in {"location": location, **more}.items()) + bad_models.field(14, 1))
    path = folder / "model.onnx"
    path.write_bytes(bad_models.onnx([bad_models.node("Add", ["x", "k"], ["y"])], [k],
                                     [bad_models.info("x", [1, 2])]))
    return path


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    for name in ("model/w.bin", "secret.bin", "model/inner/w.bin"):
        (tmp_path / name).write_bytes(bytes(8))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "up").symlink_to(tmp_path)
    os.link(tmp_path / "secret.bin", folder / "hard.bin")
    os.mkfifo(folder / "fifo")
    return folder


@pytest.mark.parametrize("location, rule", [
    ("../secret.bin", "has '..'"), ("a/../../secret.bin", "has '..'"), ("#../secret.bin", "No such file"),
    ("/etc/passwd", "is absolute"), ("/dev/zero", "is absolute"), ("/proc/self/mem", "is absolute"),
    ("link.bin", "symbolic link"), ("up/secret.bin", "symbolic links are not followed"),
    ("hard.bin", "2 hard links"), ("fifo", "no regular file"), ("inner", "no regular file"), ("gone", "No such file"),
    ("", "the name is empty"), ("w.bin\0", "a zero byte")])
def test_case_028_names(location, rule, bad, model_folder):
    text = bad("inspect", None, re.escape(rule), path=external_model(model_folder, location))
    assert "initializer 'k': external data '" in text


@pytest.mark.parametrize("more, rule", [
    ({"offset": "8"}, "it has 8 bytes"), ({"offset": str(2**64 - 1), "length": "8"}, "it has 8 bytes"),
    ({"length": str(2**64 - 1)}, "it has 8 bytes"), ({"offset": "-1"}, "a whole number"), ({"surprise": "1"}, "a key 'surprise'")])
def test_case_028_numbers(more, rule, bad, model_folder):
    bad("inspect", None, re.escape(rule), path=external_model(model_folder, "w.bin", **more))


@pytest.mark.parametrize("ir_version", [3, 4, 8, 10])
@pytest.mark.parametrize("one_file", [True, False])
def test_case_028_good_models(one_file, ir_version, run_model, tmp_path):
    rng = np.random.default_rng(28)
    w = rng.standard_normal((4, 3, 3, 3)).astype(np.float32)
    b = rng.standard_normal(4).astype(np.float32)
    helper = onnx.helper
    picture = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    weights = [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(b, "b")]
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w", "b"], ["y"])], "g", [picture] + (
        [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in weights] if ir_version == 3 else []),
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)], weights)
    model = helper.make_model(graph, ir_version=ir_version, opset_imports=[helper.make_opsetid("", 9)])
    onnx.save_model(model, tmp_path / "inside.onnx")
    onnx.save_model(model, tmp_path / "outside.onnx", save_as_external_data=True, all_tensors_to_one_file=one_file,
                    location="weights.bin" if one_file else None, size_threshold=0)
    assert (tmp_path / "weights.bin").exists() == one_file
    x = rng.standard_normal((1, 3, 8, 8)).astype(np.float32)
    results = [run_model(tmp_path / name)(["y"], {"x": x})[0] for name in ("inside.onnx", "outside.onnx")]
    np.testing.assert_array_equal(*results)
