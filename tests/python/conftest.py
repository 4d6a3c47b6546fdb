"""Where the tests in this folder find the program and the models, and how they run the program."""
import os
import pathlib
import subprocess
import sys

import pytest

from model_fixtures import inspect_model, run_model, tf_oracle  # noqa: F401: fixtures of every file here

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("PICABIA_BIN", ROOT / "build/release/bin/picabia"))
PACKAGE = pathlib.Path(os.environ.get("PICABIA_PYTHON", ROOT / "build/release/python"))  # the folder of the package
sys.path.insert(0, str(PACKAGE))
SHARED_MODELS = ROOT.parent / "shared/models"


@pytest.fixture(scope="session")
def picabia_binary():
    assert BINARY.exists(), f"{BINARY} is not there: ./dev build makes it (PICABIA_BIN names another)"
    return BINARY


@pytest.fixture(scope="session")
def picabia(picabia_binary):
    """Runs the program: picabia("run", ...) gives the finished process, in text unless input is bytes."""
    def run(*args, **options):
        options.setdefault("text", not isinstance(options.get("input", ""), bytes))
        options.setdefault("stdout", subprocess.PIPE)
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        command = [str(picabia_binary), *map(str, args)]
        return subprocess.run(command, stderr=subprocess.PIPE, timeout=300, **options)
    return run


@pytest.fixture(scope="session")
def shared_models():
    """The folder with models that are not part of the project, for their licences."""
    if not SHARED_MODELS.is_dir():
        pytest.skip("there is no ../shared/models: its models are not part of the project")
    return SHARED_MODELS


@pytest.fixture(scope="session")
def examples():
    """The folder of photos."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def style():
    """The first style that the project ships."""
    return sorted((ROOT / "styles").glob("*.pb"))[0]
