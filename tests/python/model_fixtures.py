"""Fixtures that run models through the command line, with NumPy arrays in and out."""

import json
import os
import subprocess

import numpy as np
import pytest


@pytest.fixture
def run_model(picabia_binary, tmp_path):
    """run_model(path)(fetches, feeds, precision=..., threads=..., isa=..., fast=...) -> arrays; asserts that the program succeeds."""
    calls = iter(range(1_000_000))

    def at(path):
        def run(fetches, feeds, precision="fp32", threads=0, isa=None, fast=False):
            folder = tmp_path / f"run{next(calls)}"
            folder.mkdir()
            command = [picabia_binary, "run", path, "--precision", precision, "--threads", threads]
            command += ["--fast"] if fast else []
            environment = {**os.environ, **({"PICABIA_ISA": isa} if isa else {})}
            for i, (name, value) in enumerate(feeds.items()):
                np.save(folder / f"in{i}.npy", value)
                command += ["--feed", f"{name}={folder}/in{i}.npy"]
            for i, name in enumerate(fetches):
                command += ["--fetch", f"{name}={folder}/out{i}.npy"]
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                                  env=environment)
            assert done.returncode == 0, done.stderr
            return [np.load(folder / f"out{i}.npy") for i in range(len(fetches))]

        return run

    return at


@pytest.fixture
def inspect_model(picabia_binary):
    def inspect(path):
        done = subprocess.run([str(picabia_binary), "inspect", str(path), "--json"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return inspect


@pytest.fixture(scope="session")
def tf_oracle():
    import tf_oracle as module  # importing TensorFlow takes seconds: only where a test needs it

    return module
