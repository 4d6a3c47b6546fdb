"""The wheel of the Python package, built from what the build folder has already, and proved by tools/check_wheel.py."""

import os
import subprocess
import sys
import zipfile

import pytest

from conftest import PACKAGE, ROOT

CHECK = ROOT / "tools/check_wheel.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    cache = (PACKAGE.parent / "CMakeCache.txt").read_text()
    tests = "ON" if "PICABIA_TESTS:BOOL=ON" in cache else "OFF"  # the folder is left as it was
    command = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--no-build-isolation", "--no-deps", "--no-index",
               "-w", str(folder), f"--config-settings=build-dir={PACKAGE.parent}",
               f"--config-settings=cmake.define.PICABIA_TESTS={tests}", str(ROOT)]
    done = subprocess.run(command, env={**os.environ, "CC": "clang-19", "CXX": "clang++-19"}, cwd=folder,
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = folder.glob("picabia-*.whl")
    return path


def test_it_runs_where_the_project_is_not(wheel, tmp_path):
    done = subprocess.run([sys.executable, CHECK, wheel], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for what in ("import: ", "a picture: (40, 52, 3)", "both devices: ", "a TensorFlow 1 script: sum 6.0 argument"):
        assert what in done.stdout
    assert not list(tmp_path.iterdir())


def test_every_module_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for source in (ROOT / "python/picabia").rglob("*.py*"):
        if "__pycache__" not in source.parts:
            assert f"picabia/{source.relative_to(ROOT / 'python/picabia')}" in names
    metadata = zipfile.ZipFile(wheel).read(next(n for n in names if n.endswith("/METADATA"))).decode()
    assert f"Version: {(ROOT / 'VERSION').read_text().strip()}" in metadata and "Requires-Dist: numpy" in metadata


def test_a_wheel_that_lacks_something_is_found_out(wheel, tmp_path):
    cut = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(cut, "w") as archive:
        for name in whole.namelist():
            if not name.endswith(("py.typed", "_pictures.so")):
                archive.writestr(name, whole.read(name))
    done = subprocess.run([sys.executable, CHECK, cut], capture_output=True, text=True)
    assert done.returncode == 1 and "has no libpicabia_pictures.so, py.typed" in done.stderr
