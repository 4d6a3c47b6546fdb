"""`--quality`: how exact the integers are on every photo there is, next to OpenVINO's."""

import pathlib
import statistics
import tempfile

import contest
import entries
import pictures
from task import Task


def _entries(options, program, model) -> list:
    """Picabia's integer precisions, and the peers' where they can run the model."""
    precisions = [name for name in options.precisions or entries.DEFAULT_PRECISIONS if name != "fp32"]
    peers = [entries.PeerEntry(engine, "INT8") for engine in options.peers if engine == "openvino" and model.onnx]
    return entries.our_entries(program, precisions) + peers


def _judge_all(options, program, model, size, made: dict) -> dict:
    """Of every entry, of every picture of `made`, its distance from the reference."""
    with tempfile.TemporaryDirectory() as folder:
        tasks = [Task(model, make(size), pathlib.Path(folder) / str(index), options.threads)
                 for index, make in enumerate(made.values())]
        contest.say(f"{model.name} {tasks[0].size_text}: {len(tasks)} pictures")
        expected = entries.reference(program, bool(model.onnx)).answers(tasks)
        answers = {entry.name: entry.answers(tasks) for entry in _entries(options, program, model)}
        judged = {name: {} for name in answers}
        for picture, reference in zip(made, expected):
            for name, stream in answers.items():
                judged[name][picture] = contest.judge(next(stream), reference)
        return judged


def _row(name: str, judged: dict) -> dict:
    row = {"picture": name, **{entry: verdicts[name] for entry, verdicts in judged.items()}}
    if contest.YARDSTICK in row:
        row["advantage_db"] = {entry: verdict["psnr_db"] - row[contest.YARDSTICK]["psnr_db"]
                               for entry, verdict in row.items()
                               if entry not in ("picture", contest.YARDSTICK)}
    return row


def _summary(rows: list[dict], entry: str) -> dict:
    """The middle and the worst photo, and the one with the smallest lead over OpenVINO."""
    psnr = {row["picture"]: row[entry]["psnr_db"] for row in rows}
    worst = min(psnr, key=psnr.get)
    found = {"entry": entry, "median_db": statistics.median(psnr.values()), "worst_db": psnr[worst], "worst": worst,
             "median_ssim": statistics.median(row[entry]["ssim"] for row in rows)}
    lead = {row["picture"]: row["advantage_db"][entry] for row in rows if entry in row.get("advantage_db", {})}
    if lead:
        least = min(lead, key=lead.get)
        found |= {"least_advantage_db": lead[least], "least_advantage": least}
    return found


def measure(options, program, models: list, report: dict) -> None:
    """Adds report["quality"]: an element a model and size."""
    report["quality"] = []
    for model in models:
        for size in [model.fixed_size] if model.fixed_size else options.sizes:
            photos, synthetic = pictures.photos(), pictures.synthetic()
            judged = _judge_all(options, program, model, size, photos | synthetic)
            rows = [_row(name, judged) for name in photos]
            report["quality"].append({
                "model": model.name, "size": f"{size[0]}x{size[1]}", "photos": rows,
                "synthetic": [_row(name, judged) for name in synthetic],
                "summary": [_summary(rows, entry) for entry in judged]})
