"""Model files as text and back, byte for byte; TensorFlow's own text form is the independent reader and writer."""

import numpy as np
import onnx
import pytest
from google.protobuf import text_format

import onnx_nets
from conftest import SHARED_MODELS
from pictures import photo
from quantizing import read_graph

LAB = sorted(SHARED_MODELS.glob("*.pb")) if SHARED_MODELS.is_dir() else []


@pytest.fixture
def round_trip(picabia, tmp_path):
    """The text of a file, and the file made of it."""
    def run(path, *options):
        done = picabia("inspect", path, "--text", *options)
        assert done.returncode == 0, done.stderr
        text, out = tmp_path / "model.txt", tmp_path / "again.bin"
        text.write_text(done.stdout)
        made = picabia("assemble", text, "-o", out)
        assert made.returncode == 0, made.stderr
        return done.stdout, out.read_bytes()
    return run


@pytest.mark.parametrize("options", [[], ["--inline"]], ids=["references", "inline"])
def test_graphs_come_back_byte_for_byte(options, style, round_trip, tmp_path):
    text, again = round_trip(style, *options)
    assert again == style.read_bytes()
    assert "picabia_field" not in text
    assert (len(text) < 200_000) == (not options)
    for name in ("fast_neural_style", "transposed_style"):
        path = tmp_path / f"{name}.onnx"
        getattr(onnx_nets, name)(path)
        assert round_trip(path, *options)[1] == path.read_bytes()


@pytest.mark.skipif(not LAB, reason="there is no ../shared/models: its models are not part of the project")
@pytest.mark.parametrize("path", LAB, ids=lambda path: path.stem)
def test_the_labs_graphs_come_back(path, round_trip):
    assert round_trip(path)[1] == path.read_bytes()


def test_tensorflow_reads_the_text(style, round_trip):
    import tensorflow as tf

    text, _ = round_trip(style, "--inline")
    graph = text_format.Parse(text, tf.compat.v1.GraphDef())
    assert graph == read_graph(style)


def test_onnx_reads_the_text(round_trip, tmp_path):
    path = tmp_path / "net.onnx"
    onnx_nets.fast_neural_style(path)
    text, _ = round_trip(path, "--inline")
    assert text_format.Parse(text, onnx.ModelProto()) == onnx.load(path)


def test_tensorflows_text_is_read(style, picabia, tmp_path):
    """What the lab's pb_to_pbtxt makes becomes the graph again, with the same bytes where TensorFlow has that order."""
    import tensorflow as tf

    graph = read_graph(style)
    (tmp_path / "graph.pbtxt").write_text(text_format.MessageToString(graph))
    done = picabia("assemble", tmp_path / "graph.pbtxt", "-o", tmp_path / "graph.pb")
    assert done.returncode == 0, done.stderr
    assert read_graph(tmp_path / "graph.pb") == graph


def test_an_edit_by_hand(style, picabia, run_model, tmp_path, examples):
    text = picabia("inspect", style, "--text").stdout
    assert text.count('op: "Tanh"') == 1
    (tmp_path / "edited.txt").write_text("# by hand\n" + text.replace('op: "Tanh"', "op : 'Sig' \"moi\\x64\" ;"))
    done = picabia("assemble", tmp_path / "edited.txt", "-o", tmp_path / "edited.pb")
    assert done.returncode == 0, done.stderr
    fetches, feeds = ["Tanh", "mul_16"], {"X_content": photo(examples, (64, 64))}
    [tanh, _], [sigmoid, _] = (run_model(path)(fetches, feeds) for path in (style, tmp_path / "edited.pb"))
    assert np.allclose(sigmoid, 1 / (1 + np.exp(-np.arctanh(np.clip(tanh, -1 + 1e-7, 1 - 1e-7)))), atol=1e-2)


def field(number, payload):
    return bytes([number << 3 | 2, len(payload)]) + payload


@pytest.mark.parametrize("odd", [
    field(5, field(1, b"_u") + field(2, field(1, b"\x18\x01\x18\x02"))),  # a list of integers that are not packed
    field(5, field(1, b"_v") + field(2, b"\x18\x83\x00")),  # an integer in two bytes where one would do
    field(5, field(1, b"_n") + field(2, b"\x25\x01\x00\xa0\x7f")),  # a NaN of other bits than the usual
    b"\xfa\x01\x03abc",  # field 31, which nobody knows
], ids=["unpacked", "long", "nan", "unknown"])
def test_odd_files_come_back(odd, style, round_trip, tmp_path):
    path = tmp_path / "odd.pb"
    path.write_bytes(style.read_bytes() + field(1, field(1, b"odd") + field(2, b"NoOp") + odd))
    text, again = round_trip(path)
    assert again == path.read_bytes() and 1 <= text.count("picabia_field") <= 2


@pytest.mark.parametrize("text, message", [
    ("node {\n  nam: \"x\"\n}", "line 2: found"), ("node {\n  name: 3\n}", "line 2: found '3', expected a string"),
    ("node {", "found the end, expected '}'"), ("", None), ("node { attr { value { list { i: [1 2] } } } }", "expected ',' or ']'"),
    ("node { attr { value { f: 1x } } }", "expected a number"), ("node { attr { value { type: DT_NONE } } }", "a name or a whole number"),
    ("node { attr { value { tensor { tensor_content: @0+4 } } } }", "no block picabia_source names a file"),
    ("node { name: \"a\n\" }", "the end of a string"), ("node { name: \"\\q\" }", "a known escape"),
    ("node {} }", "expected the name of a field"), ("picabia_source { file: \"none.pb\" }", "none.pb"),
])
def test_bad_text_is_refused_by_line(text, message, picabia, tmp_path):
    (tmp_path / "bad.txt").write_text(text)
    done = picabia("assemble", tmp_path / "bad.txt", "-o", tmp_path / "out.pb")
    if message is None:  # an empty text is an empty message
        assert done.returncode == 0
        return
    assert done.returncode == 1 and message in done.stderr and "bad.txt" in done.stderr
    assert not (tmp_path / "out.pb").exists()


def test_another_source_is_refused(style, picabia, tmp_path):
    copy = tmp_path / "copy.pb"
    copy.write_bytes(style.read_bytes())
    (tmp_path / "copy.txt").write_text(picabia("inspect", copy, "--text").stdout)
    moved = tmp_path / "moved.pb"
    copy.rename(moved)
    arguments = ("assemble", tmp_path / "copy.txt", "-o", tmp_path / "out.pb")
    assert picabia(*arguments).returncode == 1
    assert picabia(*arguments, "--source", moved).returncode == 0
    assert (tmp_path / "out.pb").read_bytes() == style.read_bytes()
    moved.write_bytes(style.read_bytes()[:-1] + b"\x00")
    done = picabia(*arguments, "--source", moved)
    assert done.returncode == 1 and "SHA-256" in done.stderr


def test_misuse(style, picabia):
    assert picabia("inspect", style, "--inline").returncode == 2
    assert picabia("inspect", style, "--text", "--graph").returncode == 2
