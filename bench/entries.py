"""Who takes part in a race: every entry answers a task's picture and is timed on it."""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

import ours
import pictures
from task import Task

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ("openvino", "onnxruntime")
TITLES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
# Below, in dB against the float reference, an answer is another picture, and its time means nothing.
LEAST_PSNR = {"fp32": 80.0, "int16": 50.0, "int8": 30.0, "int8 --fast": 28.0}
DEFAULT_PRECISIONS = ["int8", "int8 --fast", "fp32"]
PEER_SECONDS = 300  # some graphs keep a quantizer busy without end
LEAST_PEER_PSNR = {"float": 40.0, "INT8": 12.0}  # OpenVINO's float is bfloat16 where the CPU has it


class OurEntry:
    """A build of picabia at a precision."""

    is_peer = False

    def __init__(self, program: ours.Program, precision: str, label: str = "Picabia"):
        self.program, self.precision = program, precision
        self.name = f"{label} {precision}"
        self.floor = LEAST_PSNR[precision]

    @property
    def _flags(self) -> list[str]:
        precision, *rest = self.precision.split()
        return ["--precision", precision, *rest]

    def answers(self, tasks: list[Task]) -> Iterator[np.ndarray]:
        """The answers in their normal form, one after another: all of them may not fit the memory."""
        yield from map(self.answer, tasks)

    def answer(self, task: Task) -> np.ndarray:
        model, file = task.model, task.folder / f"{self.name}.npy"
        feeds = [word for name, path in task.feeds.items() for word in ("--feed", f"{name}={path}")]
        self.program("run", model.path, *self._flags, "--threads", task.threads, *feeds, "--fetch",
                     f"{model.output}={file}")
        return task.normal_form(np.load(file), model.output_layout)

    def time(self, task: Task, runs: int, layers: bool = False) -> dict:
        """What `picabia bench` says of the task's picture."""
        sets = [word for name, path in task.feeds.items() for word in ("--set", f"{name}={path}")]
        return self.program.bench(task.model.path, *self._flags, "--threads", task.threads, "--runs", runs, *sets,
                                  *(["--layers"] if layers else []))


class PeerEntry:
    """Another engine at a precision, run by peer_worker.py."""

    is_peer = True

    def __init__(self, engine: str, precision: str):
        self.engine, self.precision = engine, precision
        self.name = f"{TITLES[engine]} {precision}"
        self.floor = LEAST_PEER_PSNR[precision]

    def file(self, task: Task) -> pathlib.Path:
        """The model file that the engine runs; the INT8 one is made when it is first wanted."""
        if self.precision == "float":
            return task.model.onnx
        version = importlib.metadata.version("nncf" if self.engine == "openvino" else "onnxruntime")
        recipe = hashlib.sha256((HERE / "peer_quantize.py").read_bytes()).hexdigest()[:8]
        folder = task.model.cache / f"{self.engine}-{version}-{recipe}"
        file = folder / ("int8.xml" if self.engine == "openvino" else "int8.onnx")
        if not file.exists():
            self._quantize(task, folder, file.name)
        return file

    def _quantize(self, task: Task, folder: pathlib.Path, name: str) -> None:
        """Calibrates on the photos of examples/, at 256x256 or the only size of the model."""
        size = task.model.fixed_size or (256, 256)
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        feeds = [Task(task.model, pictures.photo(path, size), unfinished / path.stem, 0).peer_feeds
                 for path in pictures.EXAMPLES]
        self._child("peer_quantize.py", self.engine, task.model.onnx, unfinished / name, *feeds)
        unfinished.rename(folder)

    def _child(self, script: str, *args) -> str:
        environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
        try:
            done = subprocess.run([sys.executable, str(HERE / script), *map(str, args)], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, env=environment, timeout=PEER_SECONDS)
        except subprocess.TimeoutExpired:
            raise ours.Failed(f"{script} of {self.name} took more than {PEER_SECONDS} s") from None
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise ours.Failed(f"{self.name}: {reason}")
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def _work(self, tasks: list[Task], answers: list, runs: int) -> dict:
        spec = {"engine": self.engine, "model": str(self.file(tasks[0])), "threads": tasks[0].threads, "runs": runs,
                "feeds": [str(task.peer_feeds) for task in tasks], "answers": [str(a) if a else None for a in answers]}
        return json.loads(self._child("peer_worker.py", json.dumps(spec)))

    def answer(self, task: Task) -> np.ndarray:
        return next(self.answers([task]))

    def answers(self, tasks: list[Task]) -> Iterator[np.ndarray]:
        """As OurEntry.answers, all in one process."""
        files = [task.folder / f"{self.name}.npy" for task in tasks]
        self._work(tasks, files, 0)
        layout = tasks[0].model.onnx_port.layout
        for task, file in zip(tasks, files):
            yield task.normal_form(np.load(file), layout)

    def time(self, task: Task, runs: int) -> dict:
        """The same figures that `picabia bench` gives."""
        timed = self._work([task], [None], runs)
        return {"ms_min": min(timed["ms"]), "ms_median": float(np.median(timed["ms"])),
                "peak_rss_bytes": timed["peak_rss_bytes"], "runs_in": timed["runs_in"]}


def our_entries(program: ours.Program, precisions: list[str] | None, label: str = "Picabia") -> list[OurEntry]:
    """Those of the precisions that this build has; the usual ones without a wish."""
    return [OurEntry(program, precision, label) for precision in precisions or DEFAULT_PRECISIONS
            if "--fast" not in precision or program.has_fast()]


def reference(program: ours.Program, peers: bool):
    """Who says what is right: ONNX Runtime's float, or without peers Picabia's own."""
    return PeerEntry("onnxruntime", "float") if peers else OurEntry(program, "fp32")


def peer_entries(engines: list[str], quantized: bool = False) -> list[PeerEntry]:
    """Those of a model; one that is quantized is not quantized again, it runs as it is under the name "float"."""
    precisions = ("float",) if quantized else ("INT8", "float")
    return [PeerEntry(engine, precision) for engine in engines for precision in precisions]


def missing_engines(engines: list[str]) -> list[str]:
    """Those that are not installed."""
    needed = {"openvino": ("openvino", "nncf"), "onnxruntime": ("onnxruntime", "onnx")}
    return [engine for engine in engines if not all(map(importlib.util.find_spec, needed[engine]))]
