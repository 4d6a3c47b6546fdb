#!/usr/bin/env python3
"""./dev bench: measures what its options say and prints or writes the report. options.py has the options."""

import json
import pathlib
import signal
import sys
import tempfile

import against
import contest
import entries
import machine
import models
import options as command_line
import ours
import pictures
import plots
import quality
import scaling
import startup
import table
from task import Task


def load_models(options, program: ours.Program) -> list[models.Model]:
    paths = []
    for name in options.models + options.more_models or [str(models.DEFAULT)]:
        paths += models.wheel_models() if name == "wheel" else [pathlib.Path(name)]
    for path in paths:
        if not path.is_file():
            raise ours.Failed(f"{path}: no such file")
    return [models.load(path, program, bool(options.peers), dict(options.set)) for path in paths]


def race_size(racing: contest.Contest, task: Task, options, report: dict) -> None:
    """Adds the rows of one size, and the steps if they are wanted."""
    rows = racing.race(task)
    report["rows"] += rows
    timed = {row["entry"] for row in rows if row["void"] is None}
    for entry in racing.entries if options.layers else []:
        if entry.name in timed and not entry.is_peer:
            steps = entry.time(task, 1, layers=True)["layers"]
            report["layers"].append({"model": task.model.name, "size": task.size_text, "entry": entry.name,
                                     "steps": steps})


def race(options, program: ours.Program, report: dict) -> None:
    """The race of all models."""
    report |= {"rows": [], "layers": []}
    for model in load_models(options, program):
        peers = entries.peer_entries(options.peers, model.quantized) if model.onnx else []
        if options.peers and not model.onnx:
            report["notes"].append(f"{model.path}: no ONNX form can be made of it, so no peer can run it")
        ourselves = entries.our_entries(program, options.precisions)
        racing = contest.Contest(ourselves + peers, entries.reference(program, bool(peers)), options)
        for size in [model.fixed_size] if model.fixed_size else options.sizes:
            with tempfile.TemporaryDirectory() as folder:
                task = Task(model, pictures.photo(pictures.RACED, size), pathlib.Path(folder), options.threads)
                race_size(racing, task, options, report)


def new_report(options, program: ours.Program) -> dict:
    kept = {"threads": options.threads, "runs": options.runs, "rounds": options.rounds}
    return {"machine": machine.describe(), "versions": machine.versions(program), "peak": options.peak,
            "options": kept, "picture": pictures.RACED.name, "notes": []}


def measure(options, program: ours.Program) -> dict:
    """The report on all that is asked for; the race if nothing is."""
    report = new_report(options, program)
    subjects = [(options.quality, quality.measure), (options.threads_scaling, scaling.measure),
                (options.startup, startup.measure)]
    if options.against:
        against.race(options, program, load_models(options, program), report)
    elif any(asked for asked, _ in subjects):
        for asked, subject in subjects:
            if asked:
                subject(options, program, load_models(options, program), report)
    else:
        race(options, program, report)
    return report


def show(report: dict, options) -> None:
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")
    if options.plots:
        plots.draw(report, options.plots)
    print(json.dumps(report, indent=2) if options.json else table.report_text(report, options.markdown))


def run(options) -> int:
    program = ours.default_program()
    missing = entries.missing_engines(options.peers)
    if missing:
        raise ours.Failed(f"not installed: {', '.join(missing)} (./dev bench installs them; or --peers none)")
    options.peak = machine.peak(options.threads)
    report = measure(options, program)
    show(report, options)
    return 1 if any(row["void"] for row in report.get("rows", []) if not row["is_peer"]) else 0


def main() -> int:
    options = command_line.parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the child of the moment ends, too
    try:
        return run(options)
    except ours.Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
