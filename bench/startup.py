"""`--startup`: what a whole run of `picabia stylize` takes, from model file to PNG, beyond the inference."""

import pathlib
import statistics
import tempfile
import time

from PIL import Image

import contest
import pictures

SIZE = (256, 256)
RUNS = 3
LEAST_TURNS = 10  # a process is short, and its start is at the mercy of everything else


def _stylize_ms(program, model, photo: pathlib.Path, options) -> float:
    output = photo.with_name("styled.png")
    start = time.perf_counter()
    program("stylize", photo, "-o", output, "--model", model.path, "--precision", "int8", "--threads", options.threads)
    return (time.perf_counter() - start) * 1e3


def _bench_ms(program, model, options) -> float:
    return program.bench(model.path, "--precision", "int8", "--threads", options.threads, "--size",
                         f"{SIZE[0]}x{SIZE[1]}", "--runs", RUNS)["ms_median"]


def measure(options, program, models: list, report: dict) -> None:
    """Adds report["startup"]: an element a model that takes nothing but a picture."""
    report["startup"] = []
    for model in models:
        if model.extras:
            report["notes"].append(f"{model.name}: not started, it has other inputs than the picture")
            continue
        contest.say(f"{model.name}: whole processes")
        with tempfile.TemporaryDirectory() as folder:
            photo = pathlib.Path(folder) / "photo.png"
            Image.fromarray(pictures.photo(pictures.RACED, SIZE)).save(photo)
            turns = [(_stylize_ms(program, model, photo, options), _bench_ms(program, model, options))
                     for _ in range(max(options.rounds, LEAST_TURNS))]
        whole, inference = (statistics.median(times) for times in zip(*turns))
        report["startup"].append({"model": model.name, "size": f"{SIZE[0]}x{SIZE[1]}", "ms_process": whole,
                                  "ms_inference": inference, "ms_beyond": whole - inference})
