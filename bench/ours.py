"""The program that is measured, and what it is asked."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Failed(Exception):
    """Ends the race; the text says what went wrong."""


class Program:
    """One build of picabia."""

    def __init__(self, binary: pathlib.Path):
        self.binary = binary
        if not binary.is_file():
            raise Failed(f"{binary}: no such program (./dev build makes it)")
        self.version = self("--version").strip()

    def __call__(self, *args) -> str:
        done = subprocess.run([str(self.binary), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or f"{self.binary} {args[0]}: exit code {done.returncode}")
        return done.stdout

    def inspect(self, model: pathlib.Path) -> dict:
        return json.loads(self("inspect", model, "--json"))

    def bench(self, *args) -> dict:
        return json.loads(self("bench", *args, "--json"))

    def has_fast(self) -> bool:
        """Whether this build trades some exactness for speed when told --fast."""
        return "--fast" in self("bench", "--help")


def default_program() -> Program:
    return Program(pathlib.Path(os.environ.get("PICABIA_BIN", ROOT / "build/release/bin/picabia")))
