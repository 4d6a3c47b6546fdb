#!/usr/bin/env python3
"""Races Picabia against ONNX Runtime's float on one model, in turns, on the same machine and picture.

    ./dev bench [MODEL] [--size HxW] [--set NAME=FILE.npy]... [--precisions int8 int16 fp32]
                        [--threads N] [--runs N] [--rounds N] [--json]

MODEL is a .pb or .onnx file; without one it is the first of styles/. A .pb is exported to ONNX for
the other side by training/export.py, which knows the architecture of the styles. Before anything is
timed, both sides must give the same picture. --set feeds the inputs beside the picture. A quantized (QDQ) model computes
in its own integers whatever the precision; the answers of two programs then differ by single levels, which later layers
multiply, so that the race only asks for the same picture, not for the same numbers. Without onnxruntime (./dev test installs it) only
Picabia is timed. Each round runs every program once, in a process of its own; the figures are the
median and the least of all rounds.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("PICABIA_BIN", ROOT / "build/release/bin/picabia"))
PRECISIONS = ["int8", "int16", "fp32"]
LEAST_PSNR = {"fp32": 80, "int16": 50, "int8": 30}  # below: another picture, the race is void

LEAST_QUANTIZED_PSNR = 25


def picabia(*args):
    done = subprocess.run([str(BINARY), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    return done.stdout


def time_picabia(model, precision, options):
    timed = json.loads(picabia("bench", model, "--precision", precision, "--size", options.size,
                               "--threads", options.threads, "--runs", options.runs, "--json",
                               *(a for text in options.set for a in ("--set", text))))
    return {"ms": timed["ms_median"], "ms_min": timed["ms_min"], "bytes": timed["peak_rss_bytes"]}


def time_onnxruntime(model, picture, options):
    """In a process of its own, so that its memory and threads do not mix with ours."""
    done = subprocess.run([sys.executable, __file__, "--worker", str(model), str(picture), str(options.threads),
                           str(options.runs), *options.set], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"onnxruntime: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def worker(model, picture, threads, runs, *sets):
    """The other side: loads, warms up once, times `runs` runs; writes its answer beside the picture."""
    import time

    import numpy as np
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    feed = {name: np.load(path) for name, path in (text.rsplit("=", 1) for text in sets)}
    feed[next(i.name for i in session.get_inputs() if i.name not in feed)] = np.load(picture)
    np.save(picture + ".answer.npy", session.run(None, feed)[0])
    times = []
    for _ in range(int(runs)):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    print(json.dumps({"ms": statistics.median(times), "ms_min": min(times), "bytes": peak}))


def make_picture(size, path, convention):
    """Smooth waves, in the layout and range of the model: the same kind of picture as `picabia bench` takes."""
    import numpy as np

    height, width = map(int, size.lower().split("x"))
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(2 * np.pi * (3 + c) * x / width) + np.cos(2 * np.pi * (2 + c) * y / height) for c in range(3)]
    noise = np.random.default_rng(1).integers(0, 16, (3, height, width))
    pixels = np.floor(124 + 50 * np.stack(waves) + noise)[None] * convention["scale"][0] + convention["shift"][0]
    np.save(path, (pixels if convention["layout"] == "NCHW" else pixels.transpose(0, 2, 3, 1)).astype(np.float32))


def prove(model, picture, about, options):
    """The PSNR of each precision against the other side's answer; ends the race where it is too low."""
    import numpy as np

    expected = np.load(f"{picture}.answer.npy").astype(np.float64)
    set_names = [text.rsplit("=", 1)[0] for text in options.set]
    feed = next(port["name"] for port in about["inputs"] if port["name"] not in set_names)
    fetch, quantized = about["outputs"][0]["name"], "QuantizeLinear" in about["nodes"]
    is_picture = expected.ndim == 4 and min(expected.shape[2:]) > 1
    low, span = (0, 255 / about["picture"]["out_scale"][0]) if is_picture else (expected.min(), np.ptp(expected))
    expected = np.clip(expected, low, low + span)
    agreement = {}
    for precision in options.precisions:
        answer = f"{picture}.{precision}.npy"
        feeds = [f"{feed}={picture}", *options.set]
        picabia("run", model, "--precision", precision, *(a for text in feeds for a in ("--feed", text)), "--fetch",
                f"{fetch}={answer}")
        error = np.mean((np.clip(np.load(answer).astype(np.float64), low, low + span) - expected) ** 2) / span**2
        agreement[precision] = round(float(-10 * np.log10(max(error, 1e-17))), 1)
        if agreement[precision] < (LEAST_QUANTIZED_PSNR if quantized else LEAST_PSNR[precision]):
            sys.exit(f"the answers differ: {precision} is {agreement[precision]} dB from ONNX Runtime's float")
    return agreement


def find_rival(model, folder):
    """The ONNX model for the other side, or None and why there is none."""
    try:
        import onnxruntime
    except ImportError:
        return None, "onnxruntime is not installed (./dev test installs it): only Picabia is timed"
    if model.suffix == ".onnx":
        return model, f"ONNX Runtime {onnxruntime.__version__}"
    exported = folder / "model.onnx"
    done = subprocess.run([sys.executable, str(ROOT / "training/export.py"), "--pb", str(model), "--onnx", str(exported)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        return None, f"{model}: no ONNX form can be made of it: only Picabia is timed"
    return exported, f"ONNX Runtime {onnxruntime.__version__}"


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def race(model, options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rival, note = find_rival(model, folder)
        results = {f"picabia {precision}": [] for precision in options.precisions}
        agreement = {}
        if rival:
            picture = str(folder / "picture.npy")
            about = json.loads(picabia("inspect", rival, "--json"))
            make_picture(options.size, picture, about["picture"])
            results["onnxruntime fp32"] = []
            time_onnxruntime(rival, picture, argparse.Namespace(threads=options.threads, runs=1, set=options.set))
            agreement = prove(rival, picture, about, options)
        for _ in range(options.rounds):
            for precision in options.precisions:
                results[f"picabia {precision}"].append(time_picabia(model, precision, options))
            if rival:
                results["onnxruntime fp32"].append(time_onnxruntime(rival, picture, options))
    return {"model": str(model), "size": options.size, "cpu": cpu_name(), "cores": os.cpu_count(),
            "version": picabia("--version").strip(), "note": note, "psnr_db_against_onnxruntime": agreement,
            "results": {name: {"ms_median": statistics.median(r["ms"] for r in rounds),
                               "ms_min": min(r["ms_min"] for r in rounds),
                               "peak_rss_bytes": max(r["bytes"] for r in rounds)}
                        for name, rounds in results.items()}}


def show(report):
    print(f"{report['model']} at {report['size']}; {report['cpu']}, {report['cores']} cores; "
          f"{report['version']}; {report['note']}")
    print(f"{'':18}{'median ms':>10}{'least ms':>10}{'peak MiB':>10}   against ONNX Runtime's float")
    for name, figures in report["results"].items():
        psnr = report["psnr_db_against_onnxruntime"].get(name.split()[1]) if name.startswith("picabia") else None
        print(f"{name:18}{figures['ms_median']:10.1f}{figures['ms_min']:10.1f}{figures['peak_rss_bytes'] / 2**20:10.1f}"
              + (f"   {psnr} dB" if psnr else ""))


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(*sys.argv[2:])
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=pathlib.Path)
    parser.add_argument("--size", default="512x512")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FILE.npy")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = options.model or min((ROOT / "styles").glob("*.pb"))
    if not model.is_file():
        parser.error(f"{model}: no such file")
    report = race(model, options)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
