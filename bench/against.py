"""`--against REV`: builds another revision and races the two builds, in turns."""

import pathlib
import shutil
import statistics
import subprocess
import tempfile

import contest
import entries
import ours
import pictures
from task import Task

FOLDER = ours.ROOT / "build/against"


def _quietly(*command, cwd=ours.ROOT) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise ours.Failed(f"{' '.join(map(str, command))}: {(done.stderr.strip() or done.stdout.strip())[-2000:]}")
    return done.stdout.strip()


def build(revision: str) -> ours.Program:
    """The program of a revision, built as ./dev build does; its sources are kept in build/against."""
    commit = _quietly("git", "rev-parse", "--verify", f"{revision}^{{commit}}")
    sources = FOLDER / commit[:12]
    if not (sources / "CMakePresets.json").is_file():
        _quietly("git", "worktree", "prune")
        shutil.rmtree(sources, ignore_errors=True)
        _quietly("git", "worktree", "add", "--detach", "--force", sources, commit)
    contest.say(f"building {revision} ({commit[:12]})")
    if not (sources / "build/release/build.ninja").is_file():
        _quietly("cmake", "--preset", "release", "-DPICABIA_TESTS=OFF", cwd=sources)
    _quietly("ninja", "-C", "build/release", "bin/picabia", cwd=sources)
    return ours.Program(sources / "build/release/bin/picabia")


def _turns(entry, other, task: Task, runs: int, rounds: int) -> list[tuple[dict, dict]]:
    """The rounds' figures of both; each goes first in every other round."""
    turns = []
    for number in range(rounds):
        if number % 2:
            theirs, mine = other.time(task, runs), entry.time(task, runs)
        else:
            mine, theirs = entry.time(task, runs), other.time(task, runs)
        turns.append((mine, theirs))
    return turns


def _compare(entry, other, task: Task, options) -> dict:
    """The row of a precision: medians of both, and how far apart their answers are."""
    contest.say(f"{task.model.name} {task.size_text}: {entry.precision}")
    expected = entries.reference(entry.program, False).answer(task)
    verdicts = [contest.judge(each.answer(task), expected) for each in (entry, other)]
    for each, verdict in zip((entry, other), verdicts):
        if verdict["psnr_db"] < contest.least_psnr(each, task, expected):
            raise ours.Failed(f"{task.model.name} at {task.size_text}: {each.name} gives a wrong answer, "
                              f"{verdict['psnr_db']:.1f} dB from Picabia's float")
    runs = contest.runs_within(entry.time(task, 1)["ms_median"], options.runs)
    turns = _turns(entry, other, task, runs, options.rounds)
    mine, theirs = (statistics.median(turn["ms_median"] for turn in side) for side in zip(*turns))
    return {"model": task.model.name, "size": task.size_text, "precision": entry.precision,
            "ms_this": mine, "ms_other": theirs, "ratio": theirs / mine,
            "psnr_db_this": verdicts[0]["psnr_db"], "psnr_db_other": verdicts[1]["psnr_db"],
            "peak_rss_bytes_this": max(turn[0]["peak_rss_bytes"] for turn in turns),
            "peak_rss_bytes_other": max(turn[1]["peak_rss_bytes"] for turn in turns)}


def race(options, program: ours.Program, models: list, report: dict) -> None:
    """Adds report["against"]: an element a model, size and precision that both builds have."""
    other = build(options.against)
    report |= {"revision": options.against, "against": []}
    wanted = entries.our_entries(program, options.precisions)
    for model in models:
        for size in [model.fixed_size] if model.fixed_size else options.sizes:
            with tempfile.TemporaryDirectory() as folder:
                task = Task(model, pictures.photo(pictures.RACED, size), pathlib.Path(folder), options.threads)
                for rival in entries.our_entries(other, [entry.precision for entry in wanted], options.against):
                    entry = next(entry for entry in wanted if entry.precision == rival.precision)
                    report["against"].append(_compare(entry, rival, task, options))
