"""`--threads-scaling`: how much faster all threads are than one."""

import pathlib
import statistics
import tempfile

import contest
import entries
import pictures
from task import Task


def _scale(entry, model, size, options) -> dict:
    """One thread and all threads in turns."""
    counts = (1, options.threads)
    with tempfile.TemporaryDirectory() as folder:
        picture = pictures.photo(pictures.RACED, size)
        tasks = {count: Task(model, picture, pathlib.Path(folder) / str(count), count) for count in counts}
        runs = contest.runs_within(entry.time(tasks[1], 1)["ms_median"], options.runs)
        turns = {count: [] for count in counts}
        for _ in range(options.rounds):
            for count, task in tasks.items():
                turns[count].append(entry.time(task, runs)["ms_median"])
    one, many = (statistics.median(turns[count]) for count in counts)
    return {"model": model.name, "size": f"{size[0]}x{size[1]}", "entry": entry.name, "threads": options.threads,
            "ms_one_thread": one, "ms_all_threads": many, "ratio": one / many}


def measure(options, program, models: list, report: dict) -> None:
    """Adds report["scaling"]: an element a model, size and precision of Picabia."""
    report["scaling"] = []
    for model in models:
        for size in [model.fixed_size] if model.fixed_size else options.sizes:
            for entry in entries.our_entries(program, options.precisions):
                contest.say(f"{model.name} {size[0]}x{size[1]}: {entry.name} on 1 and {options.threads} threads")
                report["scaling"].append(_scale(entry, model, size, options))
