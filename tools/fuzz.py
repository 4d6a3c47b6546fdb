#!/usr/bin/env python3
"""Runs the fuzzers of one build folder, each on its seeds; called by ./dev fuzz and ./dev test.

usage: tools/fuzz.py BUILD [TARGET] [SECONDS]    SECONDS are for each target, 60 unless given

The seeds are the small models of the importers' tests and the programs compiled from them. What a
run learns stays in BUILD/corpus; an input that breaks something is kept as BUILD/findings/TARGET-...
and belongs into fuzz/regress/TARGET once it is mended: a plain test replays that folder.
"""
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGETS = ["import_onnx", "import_tensorflow", "program", "compile_run", "model_edit"]
# Sweeps over prefixes and single bytes: thousands of files that a fuzzer finds by itself.
NO_SEEDS = "-*case_004*:*case_040*:*case_027*"
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512", "-max_len=16384"]

# The runs inside the tests: the same seed, inputs in the same order, no random addresses, and a number of runs instead
# of a time, so that one tree gives one result on one machine. New findings are the business of ./dev fuzz, which begins
# anew each time.
REPEATABLE = {target: ["-seed=1", "-reload=0", f"-runs={runs}"] for target, runs in
              {"import_onnx": 100_000, "import_tensorflow": 200_000, "program": 100_000, "compile_run": 40_000,
               "model_edit": 100_000}.items()}


def write_seeds(build):
    """The folders of seeds: with models, and by target where it has its own."""
    models, programs, edits = (build / "seeds" / name for name in ("models", "programs", "edits"))
    for folder in (models, programs, edits):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    writer = ROOT / "build/release/tests/import_test"
    subprocess.run([writer, f"--gtest_filter={NO_SEEDS}"], env={**os.environ, "PICABIA_SEED_DIR": str(models)},
                   stdout=subprocess.DEVNULL, check=False)
    subprocess.run([build / "bin/write_program_seeds", models, programs], check=True)
    subprocess.run([build / "bin/write_edit_seeds", models, edits], check=True)
    return models, {"program": programs, "model_edit": edits}


def fix_addresses():
    """Without random addresses: what a fuzzer has seen compared holds pointers, and it tries those, too."""
    no_randomize = 0x0040000  # ADDR_NO_RANDOMIZE of <sys/personality.h>
    ctypes.CDLL(None).personality(no_randomize)


class Run:
    """One fuzzer at work, at a low priority."""

    def __init__(self, build, target, seconds, seeds, repeatable=False):
        corpus, findings = build / ("corpus-of-tests" if repeatable else "corpus") / target, build / "findings"
        if repeatable:
            shutil.rmtree(corpus, ignore_errors=True)
        for folder in (corpus, findings):
            folder.mkdir(parents=True, exist_ok=True)
        self.target, self.log = target, build / f"{target}.log"
        if repeatable:  # in an order that does not depend on the file system
            listed = build / f"{target}-seeds"
            listed.write_text(",".join(str(path) for path in sorted(seeds.iterdir())))
        inputs = [corpus, f"-seed_inputs=@{listed}"] if repeatable else [corpus, seeds]
        command = [build / f"bin/{target}_fuzzer", *inputs, *LIMITS, f"-max_total_time={seconds}",
                   f"-dict={ROOT}/fuzz/models.dict", f"-artifact_prefix={findings}/{target}-", "-print_final_stats=1",
                   *(REPEATABLE[target] if repeatable else [])]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=lambda: (os.nice(10), repeatable and fix_addresses()))

    def finish(self):
        """(ok, one line of text)."""
        status = self.process.wait()
        text = self.log.read_text(errors="replace")
        runs = re.findall(r"number_of_executed_units: (\d+)", text)
        executions = runs[-1] if runs else "unknown"
        if status == 0:
            return True, f"fuzz {self.target}: {executions} executions, no finding"
        finding = re.findall(r"Test unit written to (\S+)", text)
        kept = finding[-1] if finding else "nothing kept"
        return False, f"fuzz {self.target}: FINDING, {kept} (see {self.log})"


def fuzz(build, targets, seconds, repeatable=False):
    """Runs the targets, as many at a time as there are processors; yields (ok, text) of each. Repeatable runs try
    the same inputs each time on one machine, as far as they come within `seconds`."""
    models, others = write_seeds(build)
    width = max(1, os.cpu_count() or 1)
    for i in range(0, len(targets), width):
        runs = [Run(build, t, seconds, others.get(t, models), repeatable)
                for t in targets[i:i + width]]
        for run in runs:
            yield run.finish()


def main():
    build, arguments = pathlib.Path(sys.argv[1]), sys.argv[2:]
    targets = [arguments.pop(0)] if arguments and not arguments[0].isdigit() else TARGETS
    seconds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 60
    if arguments or targets[0] not in TARGETS:
        sys.exit(f"usage: ./dev fuzz [TARGET] [SECONDS]; the targets are {', '.join(TARGETS)}")
    failed = False
    for ok, text in fuzz(build, targets, seconds):
        print(text, flush=True)
        failed |= not ok
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
