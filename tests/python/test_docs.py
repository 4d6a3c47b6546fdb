"""The pages of docs/ against the program: their examples run, the options of command-line.md are the program's."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from conftest import ROOT
from onnx_nets import Net
from test_set_inputs import PICTURE, styled, weighted

PAGE = (ROOT / "docs/command-line.md").read_text()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMANDS = ["stylize", "run", "inspect", "quantize", "variant", "assemble", "compile", "bench", "compare"]


@pytest.fixture
def folder(tmp_path, picabia_binary, examples):
    """A folder with what the examples name, and the program on the path."""
    Image.open(examples / "chelsea.jpg").resize((90, 60)).save(tmp_path / "photo.jpg")
    (tmp_path / "holiday").mkdir()
    shutil.copy(tmp_path / "photo.jpg", tmp_path / "holiday/one.jpg")
    np.save(tmp_path / "x.npy", np.zeros((1, 16, 20, 3), np.float32))
    (tmp_path / "styles").symlink_to(ROOT / "styles")
    (tmp_path / "bin").mkdir()
    for name in ("picabia", "cnrt_style_transfer"):
        (tmp_path / "bin" / name).symlink_to(picabia_binary.parent / name)
    return tmp_path


def run_examples(folder, text):
    scripts = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert scripts
    environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    for script in scripts:
        done = subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_run(folder, command):
    run_examples(folder, SECTIONS[command])


def test_picture_conventions(folder):
    net = Net()
    net.save(folder / "model.onnx", net.conv("input", 3, 3, 1))
    weighted(folder / "styles26.onnx", "style_weights", 26)
    styled(folder / "any_style.onnx", PICTURE)
    shutil.copy(folder / "photo.jpg", folder / "painting.jpg")
    run_examples(folder, (ROOT / "docs/picture-conventions.md").read_text())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described(picabia, command):
    usage = picabia(command, "--help").stdout
    options = set(FLAG.findall(usage)) - {"--help"}
    common = PAGE.split("## stylize")[0]
    assert not {option for option in options if option not in SECTIONS[command] + common}
    tabled = set(FLAG.findall("".join(re.findall(r"^\| `-[^|]*", SECTIONS[command], re.MULTILINE))))
    assert not tabled - options
    synopsis = re.search(r"usage: (picabia.*?)\n*\Z", usage, re.DOTALL).group(1)
    assert " ".join(synopsis.split()) in " ".join(SECTIONS[command].split())


def test_the_examples_of_the_python_page_run(folder, monkeypatch):
    """In one namespace, as a reader would type them."""
    monkeypatch.chdir(folder)
    (folder / "examples").symlink_to(ROOT / "examples")
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    exec("\n".join(blocks), {})


def test_the_lab_runs(folder, examples, monkeypatch):
    """From the first command to the last, and its Python where it stands."""
    monkeypatch.chdir(folder)
    text = (ROOT / "docs/lab.md").read_text()
    before, python, after = re.split(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    shutil.copy(examples / "chelsea.jpg", folder / "photo.jpg")  # whole: where pixels are many, last bits reach some
    run_examples(folder, before)
    one, two = (np.asarray(Image.open(folder / name)).astype(int) for name in ("int8.png", "power.png"))
    assert np.abs(one - two).max() <= 1 and (one != two).mean() < 1e-3  # 5e-5 of a level meets few roundings
    shutil.copy(folder / "holiday/one.jpg", folder / "photo.jpg")
    exec(python, {})
    run_examples(folder, after)
    for name in ("report.html", "report.json"):
        assert (folder / "comparison" / name).stat().st_size > 1000
    report = json.loads((folder / "comparison/report.json").read_text())
    assert not [v["problem"] for v in report["variants"] if "problem" in v]
    # Offline is online, on the picture that the program has made of the photo: 64x64, rounded to halves.
    assert (folder / "offline.half").stat().st_size == 64 * 64 * 3 * 2
    assert Image.open(folder / "offline.png").size == (64, 64)


def test_every_cnrt_function_is_documented():
    documented = set(re.findall(r"`(cnrt[A-Z]\w+)`", (ROOT / "docs/cnrt.md").read_text()))
    declared = set()
    for header in ("cnrt.h", "cnrt_legacy.h"):
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "include/cnrt" / header).read_text(), flags=re.DOTALL)
        declared |= set(re.findall(r"CNRT_DLL_API\s+[\w ]+[ *](cnrt\w+)\(", text))
    assert len(declared) > 200
    assert declared <= documented, sorted(declared - documented)
    macros = {"cnrtDestoryParam"}
    assert {name for name in documented if name not in declared} <= macros
