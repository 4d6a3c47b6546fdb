"""The figures as tables, for the terminal and for docs/performance.md."""


def _number(value, digits: int, scale: float = 1) -> str:
    return "-" if value is None else f"{value * scale:.{digits}f}"


def _db(value) -> str:
    return "-" if value is None else "same" if value >= 200 else f"{value:.1f}"


COLUMNS = {
    "entry": lambda row: row["entry"],
    "ms": lambda row: _number(row["ms_median"], 1),
    "ms min": lambda row: _number(row["ms_min"], 1),
    "x OpenVINO INT8": lambda row: _number(row["openvino_int8_ratio"], 2),
    "x its best": lambda row: _number(row["openvino_int8_best_ratio"], 2),
    "PSNR dB": lambda row: _db(row["psnr_db"]),
    "SSIM": lambda row: _number(row["ssim"], 4),
    "peak MB": lambda row: _number(row["peak_rss_bytes"], 0, 1e-6),
    "GMAC/s": lambda row: _number(row["gmacs_per_s"], 0),
    "% of peak": lambda row: _number(row["peak_share"], 0, 100),
    "% integer": lambda row: _number(row["integer_macs_share"], 1, 100),
}


def plain(header: list[str], rows: list[list[str]]) -> str:
    """Columns in line; the first one to the left."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    lines = [[cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))]
             for line in [header, *rows]]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def titled(title: str, header: list[str], rows: list[list[str]], as_markdown: bool) -> str:
    if as_markdown:
        return f"**{title}**\n\n{markdown(header, rows)}"
    return f"{title}\n{plain(header, rows)}"


def machine_text(report: dict) -> str:
    """One paragraph: the machine, its peak, the versions."""
    machine, peak = report["machine"], report["peak"]
    text = (f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, "
            f"{machine['system']}; {report['options']['threads']} threads; "
            + ", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    if peak.get("int8_vector_gmacs_per_s"):
        text += (f"; measured in registers, GMAC/s: {peak['int8_vector_gmacs_per_s']:.0f} ({peak['int8_vector']}), "
                 f"{peak['float_gmacs_per_s']:.0f} (float)")
        if peak.get("amx_int8_gmacs_per_s"):
            text += f", {peak['amx_int8_gmacs_per_s']:.0f} (AMX INT8)"
        text += f"; a copy in memory: {peak['copy_gb_per_s']:.0f} GB/s"
    return text


def race_text(report: dict, as_markdown: bool) -> str:
    """A table a model and size, with the reasons of rows that have no time."""
    parts = []
    groups = {}
    for row in report["rows"]:
        groups.setdefault((row["model"], row["size"]), []).append(row)
    for (model, size), rows in groups.items():
        cells = [[cell(row) for cell in COLUMNS.values()] for row in rows]
        parts.append(titled(f"{model} at {size}", list(COLUMNS), cells, as_markdown))
        parts += [f"{row['entry']} was not timed: {row['void']}." for row in rows if row["void"]]
    return "\n\n".join(parts)


def layers_text(report: dict, as_markdown: bool) -> str:
    """The time of every step of Picabia's entries."""
    parts = []
    for steps in report["layers"]:
        rows = [[step["name"], step["kernel"], f"{step['ms']:.2f}", f"{step['macs'] * 1e-6:.0f}",
                 _number(step["macs"] / step["ms"] * 1e-6 if step["ms"] else None, 0)] for step in steps["steps"]]
        parts.append(titled(f"{steps['entry']}, {steps['model']} at {steps['size']}, step by step",
                            ["step", "kernel", "ms", "MMAC", "GMAC/s"], rows, as_markdown))
    return "\n\n".join(parts)


def _quality_rows(pictures: list[dict], names: list[str]) -> list[list[str]]:
    rows = []
    for picture in pictures:
        leads = [f"{picture['advantage_db'][name]:+.1f}" for name in names if name in picture.get("advantage_db", {})]
        rows.append([picture["picture"], *(_db(picture[name]["psnr_db"]) for name in names), *leads])
    return rows


def quality_text(report: dict, as_markdown: bool) -> str:
    """A table of pictures and one of their middle and worst, a model and size."""
    parts = []
    for part in report["quality"]:
        names = [summary["entry"] for summary in part["summary"]]
        leads = [f"lead of {name}" for name in names if name in part["photos"][0].get("advantage_db", {})]
        where = f"{part['model']} at {part['size']}: PSNR against float, dB"
        parts.append(titled(where, ["picture", *names, *leads],
                            _quality_rows(part["photos"] + part["synthetic"], names), as_markdown))
        rows = [[s["entry"], f"{s['median_db']:.1f}", f"{s['worst_db']:.1f}", s["worst"], f"{s['median_ssim']:.4f}",
                 _number(s.get("least_advantage_db"), 1), s.get("least_advantage", "-")] for s in part["summary"]]
        parts.append(titled(f"The {len(part['photos'])} photos of {part['model']} at {part['size']}",
                            ["entry", "median dB", "worst dB", "worst photo", "median SSIM", "least lead, dB",
                             "its photo"], rows, as_markdown))
    return "\n\n".join(parts)


def scaling_text(report: dict, as_markdown: bool) -> str:
    rows = [[part["model"], part["size"], part["entry"], f"{part['ms_one_thread']:.1f}",
             f"{part['ms_all_threads']:.1f}", f"{part['ratio']:.2f}"] for part in report["scaling"]]
    title = f"One thread and {report['options']['threads']}"
    return titled(title, ["model", "size", "entry", "ms, one", "ms, all", "ratio"], rows, as_markdown)


def startup_text(report: dict, as_markdown: bool) -> str:
    rows = [[part["model"], part["size"], f"{part['ms_process']:.1f}", f"{part['ms_inference']:.1f}",
             f"{part['ms_beyond']:.1f}"] for part in report["startup"]]
    return titled("picabia stylize, from model file to PNG",
                  ["model", "size", "ms, process", "ms, inference", "ms, rest"], rows, as_markdown)


def against_text(report: dict, as_markdown: bool) -> str:
    rows = [[part["model"], part["size"], part["precision"], f"{part['ms_this']:.1f}", f"{part['ms_other']:.1f}",
             f"{part['ratio']:.2f}", _db(part["psnr_db_this"]), _db(part["psnr_db_other"]),
             _number(part["peak_rss_bytes_this"], 0, 1e-6), _number(part["peak_rss_bytes_other"], 0, 1e-6)]
            for part in report["against"]]
    return titled(f"This build and {report['revision']}",
                  ["model", "size", "precision", "ms", "ms, other", "times faster", "dB", "dB, other", "MB",
                   "MB, other"], rows, as_markdown)


TEXTS = {"rows": race_text, "layers": layers_text, "quality": quality_text, "scaling": scaling_text,
         "startup": startup_text, "against": against_text}


def report_text(report: dict, as_markdown: bool) -> str:
    """All that was measured, after the machine."""
    measured = [text(report, as_markdown) for key, text in TEXTS.items() if report.get(key)]
    return "\n\n".join([machine_text(report), *measured, *report["notes"]])
