"""The command line as its users and their scripts see it: exit codes, messages, files."""

import json
import os
import resource
import shutil

import numpy as np
import pytest
from PIL import Image

COMMANDS = ["stylize", "run", "inspect", "bench", "compile"]
SMALL = ["--threads", "2"]


@pytest.fixture
def photo(tmp_path, examples):
    """A small photo, as a fresh file."""
    path = tmp_path / "photo.png"
    Image.open(examples / "astronaut.jpg").convert("RGB").resize((48, 40)).save(path)
    return path


def failed(done, code, *words):
    """Asserts the exit code, nothing on stdout, and a message that names what it is about."""
    assert done.returncode == code, done.stderr
    assert done.stdout in ("", b"")
    text = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
    assert text.startswith("picabia: ")
    if code == 1:
        assert text.count("\n") == 1, text
    else:
        assert "usage: picabia" in text
    for word in words:
        assert str(word) in text, text


def succeeded(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr in ("", b"")
    return done.stdout


# --- the program as a whole ---------------------------------------------------------------------

def test_version_and_help(picabia):
    assert succeeded(picabia("--version")).startswith("picabia ")
    for command in COMMANDS:
        assert command in succeeded(picabia("--help"))
        assert f"usage: picabia {command}" in succeeded(picabia(command, "--help"))


@pytest.mark.parametrize("args", [[], ["fly"], ["--fly"], *([c] for c in COMMANDS if c != "bench"),
                                  *([c, "--fly"] for c in COMMANDS)], ids=" ".join)
def test_misuse(picabia, args):
    failed(picabia(*args), 2)


@pytest.mark.parametrize("flags", [["--threads", "-1"], ["--threads", "two"], ["--threads", "1.5"],
                                   ["--precision", "int4"], ["--device", "gpu"], ["--style", "no such"],
                                   ["--quality", "0"], ["--format", "bmp"], ["--color-order", "grb"],
                                   ["--max-pixels", "0"], ["--style", "facets", "--model", "x.pb"]], ids=" ".join)
def test_nonsense_is_misuse(picabia, photo, tmp_path, flags):
    out = tmp_path / "out.png"
    failed(picabia("stylize", photo, "-o", out, *flags), 2)
    assert not out.exists()


def test_a_target_for_integers_only(picabia, tmp_path, style):
    failed(picabia("compile", style, "-o", tmp_path / "o", "--target", "mlu270", "--size", "64x64"), 1,
           "mlu270", "picabia quantize")


def test_unknown_instruction_set(picabia, photo, tmp_path):
    environment = {**os.environ, "PICABIA_ISA": "mmx"}
    failed(picabia("stylize", photo, "-o", tmp_path / "o.png", env=environment), 1, "mmx", "avx2")


def test_full_standard_output(picabia):
    with open("/dev/full", "w") as full:
        done = picabia("--version", stdout=full)
    assert done.returncode == 1
    assert "standard output" in done.stderr


def test_closed_streams(picabia, photo, tmp_path):
    out = tmp_path / "out.png"
    done = picabia("stylize", photo, "-o", out, stdin=None, preexec_fn=lambda: (os.close(0), os.close(1)))
    assert done.returncode == 0, done.stderr
    assert Image.open(out).size == (48, 40)


# --- models -------------------------------------------------------------------------------------

BAD_MODELS = {
    "empty": (b"", "empty"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "LFS"),
    "text": (b"hello, world\n", "text"),
    "noise": (bytes(range(256)) * 8, ""),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
@pytest.mark.parametrize("command", COMMANDS)
def test_bad_models(picabia, photo, tmp_path, command, kind):
    content, word = BAD_MODELS[kind]
    model = tmp_path / "bad model.pb"
    model.write_bytes(content)
    out = tmp_path / "out"
    rest = {"stylize": [photo, "-o", f"{out}.png", "--model", model],
            "run": [model, "--fetch", f"x={out}"], "compile": [model, "-o", out]}
    failed(picabia(command, *rest.get(command, [model])), 1, model, word)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad model.pb", "photo.png"]


@pytest.mark.parametrize("command", ["inspect", "bench"])
def test_missing_model(picabia, tmp_path, command):
    failed(picabia(command, tmp_path / "none.pb"), 1, tmp_path / "none.pb")
    failed(picabia(command, "style:none"), 1, "none")


def test_inspect(picabia, style):
    described = json.loads(succeeded(picabia("inspect", style, "--json")))
    assert described["format"] == "tensorflow"
    assert described["inputs"][0]["name"] == "X_content"
    assert described["inputs"][0]["shape"] == [-1, -1, -1, 3]
    assert described["inputs"][0]["frozen_shape"] == [1, 256, 256, 3]
    assert described["size_multiple"] == 4
    assert described["transposes"] == 0
    assert described["parameters"] == 1_677_638
    assert described["macs"] == 8_266_973_184
    assert described["nodes"]["Conv2D"] == 14
    text = succeeded(picabia("inspect", style))
    assert "X_content" in text and "1677638" in text
    assert "= Conv2D(" in succeeded(picabia("inspect", style, "--graph"))


def test_compiled_models(picabia, photo, style, tmp_path):
    compiled = tmp_path / "style.picabia"
    succeeded(picabia("compile", style, "-o", compiled, "--size", "96x64"))
    described = json.loads(succeeded(picabia("inspect", compiled, "--json")))
    assert described["format"] == "picabia"
    assert described["nodes"] is None
    assert described["inputs"][0]["frozen_shape"] == [1, 96, 64, 3]
    failed(picabia("inspect", compiled, "--graph"), 1, compiled)
    failed(picabia("inspect", compiled, "--text"), 1, compiled)
    for name, model in [("a", style), ("b", compiled)]:
        succeeded(picabia("stylize", photo, "-o", tmp_path / f"{name}.png", "--model", model))
    succeeded(picabia("stylize", photo, "-o", tmp_path / "c.png"))
    made = [(tmp_path / f"{n}.png").read_bytes() for n in "abc"]
    assert made[0] == made[1] == made[2]
    failed(picabia("compile", style, "-o", compiled, "--size", "96"), 2, "HEIGHTxWIDTH")
    cut = tmp_path / "cut.picabia"
    cut.write_bytes(compiled.read_bytes()[:100_000])
    failed(picabia("inspect", cut), 1, cut)


def test_bench(picabia):
    measured = json.loads(succeeded(picabia("bench", "--size", "32x48", "--runs", "2", "--layers", "--json")))
    assert measured["input"] == [1, 32, 48, 3]
    assert 0 < measured["ms_min"] <= measured["ms_median"] <= measured["ms_max"]
    assert 1e6 < measured["peak_rss_bytes"] < 1e9
    assert measured["isa"] and measured["runs"] == 2
    assert measured["integer_macs_share"] > 0.99
    assert sum(layer["macs"] for layer in measured["layers"]) == measured["macs"]
    assert "GMAC/s" in succeeded(picabia("bench", "style:facets", "--size", "32x32", "--runs", "1"))
    failed(picabia("bench", "--size", "32"), 2, "HEIGHTxWIDTH")
    failed(picabia("bench", "--runs", "0"), 2)


# --- run ----------------------------------------------------------------------------------------

@pytest.fixture
def tensor(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(1).uniform(0, 255, (1, 32, 36, 3)).astype(np.float32))
    return path


def test_run(picabia, style, tensor, tmp_path):
    args = ["run", style, "--feed", f"X_content:0={tensor}"]
    out, reference, inner = (tmp_path / f"{n}.npy" for n in ("out", "reference", "inner"))
    text = succeeded(picabia(*args, "--fetch", f"add_37:0={out}", f"Relu={inner}", "--json"))
    described = json.loads(text)
    assert [o["name"] for o in described["outputs"]] == ["add_37:0", "Relu"]
    assert described["outputs"][1]["shape"] == list(np.load(inner).shape) == [1, 32, 36, 32]
    assert described["precision"] == "fp32"
    succeeded(picabia("run", "--reference", "--feed", f"X_content={tensor}", "--fetch", f"add_37={reference}", style))
    # Both are float; sums of up to 1,152 products in another order.
    np.testing.assert_allclose(np.load(out), np.load(reference), rtol=0, atol=0.02)


@pytest.mark.parametrize("flags, word", [
    (["--fetch", "add_37"], "NAME=FILE"), (["--fetch", "=x.npy"], "NAME=FILE"), (["--fetch", "add_37="], "NAME=FILE"),
    (["--fetch", "a=1.npy", "--fetch", "a:0=2.npy"], "twice"), ([], "--fetch"),
    (["--feed", "X=1", "--feed", "X=2", "--fetch", "a=b"], "twice"),
    (["--fetch", "a=b", "--reference", "--precision", "int8"], "--reference")], ids=str)
def test_run_misuse(picabia, style, flags, word):
    failed(picabia("run", style, *flags), 2, word)


def test_run_failures(picabia, style, tensor, tmp_path):
    fetch = ["--fetch", f"add_37={tmp_path / 'o.npy'}"]
    feed = ["--feed", f"X_content={tensor}"]
    failed(picabia("run", style, *feed, "--fetch", f"none={tmp_path / 'o.npy'}"), 1, style, "none")
    failed(picabia("run", style, "--feed", f"X_content={tmp_path / 'none.npy'}", *fetch), 1, "none.npy")
    bad = tmp_path / "bad.npy"
    bad.write_bytes(tensor.read_bytes()[:1000])
    failed(picabia("run", style, "--feed", f"X_content={bad}", *fetch), 1, bad)
    np.save(bad, np.zeros((1, 32, 32, 4), np.float32))
    failed(picabia("run", style, "--feed", f"X_content={bad}", *fetch), 1, "X_content")
    failed(picabia("run", style, *fetch), 1, "X_content")
    failed(picabia("run", style, *feed, "--fetch", f"add_37={tmp_path}/none/o.npy"), 1, "none/o.npy")
    assert not (tmp_path / "o.npy").exists()


# --- nothing half-written -----------------------------------------------------------------------

def test_full_disk(picabia, photo, style, tmp_path):
    """A limit of the file size makes write() fail half-way, as a full disk does."""
    out = tmp_path / "out"
    out.mkdir()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    failed(picabia("stylize", photo, "-o", out / "o.png", preexec_fn=limit), 1, out / "o.png")
    failed(picabia("compile", style, "-o", out / "o.picabia", preexec_fn=limit), 1, out / "o.picabia")
    assert not list(out.iterdir())
    failed(picabia("stylize", photo, "-o", "/dev/full", "--format", "png"), 1, "/dev/full")
    failed(picabia("compile", style, "-o", "/dev/full"), 1, "/dev/full")


def test_old_output_survives_a_failure(picabia, photo, tmp_path):
    out = tmp_path / "out.png"
    shutil.copy(photo, out)
    before = out.read_bytes()
    bad = tmp_path / "bad.png"
    bad.write_bytes(before[: len(before) // 2])
    failed(picabia("stylize", bad, "-o", out), 1, bad)
    assert out.read_bytes() == before
