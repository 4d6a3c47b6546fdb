"""The race itself: every entry proves its answer, then all are timed in turns."""

import pathlib
import statistics
import sys

import numpy as np

import figures
import ours
from task import Task

SECONDS_A_TURN = 4.0  # about as long as one entry may run before it is the next one's turn
# In dB, of answers that are no pictures: a graph that was trained in integers answers on a coarse grid of numbers.
LEAST_NUMBERS_PSNR = 40.0
# In dB, of quantized models: two exact programs round differently before a step, and each layer multiplies what fell.
LEAST_QUANTIZED_PSNR = 30.0
YARDSTICK = "OpenVINO INT8"


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def peak_of(reference: np.ndarray) -> float:
    """What PSNR takes for the largest signal: 255, or the range of an answer that is no picture."""
    return 255.0 if reference.ndim == 3 else max(float(np.ptp(reference)), 1e-9)


def free_bytes() -> int:
    memory = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in memory if line.startswith("MemAvailable:"))


def judge(answer: np.ndarray, reference: np.ndarray) -> dict:
    """An answer's distance from the reference."""
    peak = peak_of(reference)
    return {"psnr_db": figures.psnr(answer, reference, peak),
            "ssim": figures.ssim(answer, reference, peak) if reference.ndim == 3 else None}


def least_psnr(entry, task: Task, reference: np.ndarray) -> float:
    """What an answer must reach for its time to count."""
    floor = entry.floor if reference.ndim == 3 else min(entry.floor, LEAST_NUMBERS_PSNR)
    return min(floor, LEAST_QUANTIZED_PSNR) if task.model.quantized else floor


def runs_within(ms: float, most: int) -> int:
    """How many runs of `ms` fit one turn."""
    return int(min(max(SECONDS_A_TURN * 1e3 / ms, 1), most))


class Contest:
    """A model's race over the sizes."""

    def __init__(self, entries: list, reference, options):
        self.entries, self.reference, self.options = entries, reference, options
        self._bytes_a_pixel = {}  # of each entry, as measured at smaller sizes

    def race(self, task: Task) -> list[dict]:
        """The rows of one model and size."""
        expected = self.reference.answer(task)
        rows = {}
        for entry in self.entries:
            say(f"{task.model.name} {task.size_text}: {entry.name} proves its answer")
            rows[entry.name] = self._proven_row(entry, task, expected)
        turns = {entry: [] for entry in self.entries if rows[entry.name]["void"] is None}
        runs = {}
        for number in range(self.options.rounds + 1):  # the first one only says how long a run takes
            say(f"{task.model.name} {task.size_text}: round {number} of {self.options.rounds}")
            for entry in list(turns):
                turn = self._turn(entry, task, runs.get(entry, 1), rows[entry.name])
                if turn is None:
                    del turns[entry]
                elif number == 0:
                    runs[entry] = runs_within(turn["ms_median"], self.options.runs)
                else:
                    turns[entry].append(turn)
        for entry, timed in turns.items():
            rows[entry.name] |= self._figures(entry, task, timed)
        return self._finish(list(rows.values()))

    def _turn(self, entry, task: Task, runs: int, row: dict) -> dict | None:
        """One turn's figures; a peer that fails (of memory, say) is out of the race, and its row says why."""
        try:
            return entry.time(task, runs)
        except ours.Failed as failure:
            if not entry.is_peer:
                raise
            row["void"] = str(failure)
            return None

    def _proven_row(self, entry, task: Task, expected: np.ndarray) -> dict:
        row = dict.fromkeys(["ms_median", "ms_min", "openvino_int8_ratio", "openvino_int8_best_ratio", "peak_rss_bytes",
                             "gmacs_per_s", "peak_share", "integer_macs_share", "isa", "runs_in", "psnr_db", "ssim", "void"])
        row |= {"model": task.model.name, "size": task.size_text, "entry": entry.name, "is_peer": entry.is_peer}
        needed = self._bytes_a_pixel.get(entry.name, 0) * task.size[0] * task.size[1]
        if entry.is_peer and needed > free_bytes() / 2:  # the other half belongs to the rest of the machine
            return row | {"void": f"needs about {needed / 2**30:.0f} GiB"}
        try:
            row |= judge(entry.answer(task), expected)
        except ours.Failed as failure:
            return row | {"void": str(failure)}
        least = least_psnr(entry, task, expected)
        if row["psnr_db"] < least:
            row["void"] = f"wrong answer, {row['psnr_db']:.1f} dB from the float reference; at least {least:.0f} count"
        return row

    def _figures(self, entry, task: Task, turns: list[dict]) -> dict:
        peak = max(turn["peak_rss_bytes"] for turn in turns)
        self._bytes_a_pixel[entry.name] = peak / (task.size[0] * task.size[1])
        kept = ["macs", "integer_macs_share", "isa", "runs_in"]
        return {"ms_median": statistics.median(turn["ms_median"] for turn in turns),
                "ms_min": min(turn["ms_min"] for turn in turns), "peak_rss_bytes": peak,
                "rounds_ms": [turn["ms_median"] for turn in turns],
                **{key: turns[0][key] for key in kept if key in turns[0]}}

    def _finish(self, rows: list[dict]) -> list[dict]:
        """What compares a row with others: the multiply-adds are those that Picabia counts in the model."""
        yardstick = next((row for row in rows if row["entry"] == YARDSTICK and row["ms_median"]), None)
        macs = next((row["macs"] for row in rows if row.get("macs")), None)
        peak = self.options.peak.get("int8_vector_gmacs_per_s")
        for row in rows:
            ms = row["ms_median"]
            row["macs"] = macs
            if yardstick and ms:
                row["openvino_int8_ratio"] = yardstick["ms_median"] / ms
                row["openvino_int8_best_ratio"] = min(yardstick["rounds_ms"]) / min(row["rounds_ms"])
            row["gmacs_per_s"] = macs / ms * 1e-6 if macs and ms else None
            row["peak_share"] = row["gmacs_per_s"] / peak if peak and row["gmacs_per_s"] else None
        return rows
