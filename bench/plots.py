"""The plots of docs/performance.md: time, exactness and memory by size and entry."""

import pathlib

import ours

# File, title, what of a row is drawn, and whether its axis is logarithmic.
PLOTS = [
    ("time", "Time of one picture, ms (less is better)", lambda row: row["ms_median"], True),
    ("psnr", "PSNR against float, dB (more is better)", lambda row: row["psnr_db"], False),
    ("memory", "Peak memory of the process, MB (less is better)", lambda row: row["peak_rss_bytes"] / 1e6, True),
]
LIMIT_DB = 100  # above it a float entry is as good as equal, and would flatten the rest


def _curves(rows: list[dict], value) -> dict:
    """Of every entry its points: the side of a square with as many pixels, and the value."""
    curves = {}
    for row in rows:
        if row["void"] is None:
            height, width = map(int, row["size"].split("x"))
            curves.setdefault(row["entry"], []).append(((height * width) ** 0.5, value(row)))
    return {name: sorted(points) for name, points in curves.items()}


def _draw_one(pyplot, rows: list[dict], plot: tuple, model: str, file: pathlib.Path) -> None:
    name, title, value, logarithmic = plot
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    for index, (entry, points) in enumerate(_curves(rows, value).items()):
        if name == "psnr" and max(y for _, y in points) > LIMIT_DB:
            continue
        style = "-o" if entry.startswith("Picabia") else "--s"
        axes.plot(*zip(*points), style, label=entry, color=f"C{index}", markersize=4)
    sides = sorted({x for points in _curves(rows, value).values() for x, _ in points})
    axes.set_xscale("log", base=2)
    axes.set_xticks(sides, [f"{side:.0f}" for side in sides])
    if logarithmic:
        axes.set_yscale("log")
    axes.set(title=f"{model}: {title}", xlabel="width and height, pixels")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small")
    figure.savefig(file, metadata={"Date": None})  # the same figures give the same file
    pyplot.close(figure)


def draw(report: dict, folder: pathlib.Path) -> None:
    """Writes MODEL_time.svg, MODEL_psnr.svg and MODEL_memory.svg of the race."""
    try:
        import matplotlib
        matplotlib.use("svg")
        from matplotlib import pyplot
    except ImportError:
        raise ours.Failed("--plots: matplotlib is not installed (a race with peers installs it)") from None
    matplotlib.rcParams |= {"svg.hashsalt": "picabia", "svg.fonttype": "none"}
    folder.mkdir(parents=True, exist_ok=True)
    rows = report.get("rows", [])
    for model in dict.fromkeys(row["model"] for row in rows if row["void"] is None):
        of_model = [row for row in rows if row["model"] == model]
        for plot in PLOTS:
            _draw_one(pyplot, of_model, plot, model, folder / f"{model}_{plot[0]}.svg")
