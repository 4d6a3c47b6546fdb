"""The figures as tables, for the terminal and for docs/performance.md."""


def _number(value, digits: int, scale: float = 1) -> str:
    return "-" if value is None else f"{value * scale:.{digits}f}"


def _db(value) -> str:
    return "-" if value is None else "same" if value >= 200 else f"{value:.1f}"


COLUMNS = {
    "entry": lambda row: row["entry"],
    "ms": lambda row: _number(row["ms_median"], 1),
    "ms min": lambda row: _number(row["ms_min"], 1),
    "x OpenVINO INT8": lambda row: _number(row["speedup"], 2),
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


def render(header: list[str], rows: list[list[str]], as_markdown: bool) -> str:
    return (markdown if as_markdown else plain)(header, rows)


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
    return text


def race_text(report: dict, as_markdown: bool) -> str:
    """A table a model and size, with the reasons of rows that have no time."""
    parts = [machine_text(report)]
    groups = {}
    for row in report["rows"]:
        groups.setdefault((row["model"], row["size"]), []).append(row)
    for (model, size), rows in groups.items():
        title = f"{model} at {size}"
        parts.append((f"**{title}**\n\n" if as_markdown else f"{title}\n")
                     + render(list(COLUMNS), [[cell(row) for cell in COLUMNS.values()] for row in rows], as_markdown))
        parts += [f"{row['entry']} was not timed: {row['void']}." for row in rows if row["void"]]
    return "\n\n".join(parts + report["notes"])


def layers_text(report: dict, as_markdown: bool) -> str:
    """The time of every step of Picabia's entries."""
    parts = []
    for table in report.get("layers", []):
        rows = [[step["name"], step["kernel"], f"{step['ms']:.2f}", f"{step['macs'] * 1e-6:.0f}",
                 _number(step["macs"] / step["ms"] * 1e-6 if step["ms"] else None, 0)] for step in table["steps"]]
        title = f"{table['entry']}, {table['model']} at {table['size']}, step by step"
        parts.append(title + "\n" * (1 + as_markdown)
                     + render(["step", "kernel", "ms", "MMAC", "GMAC/s"], rows, as_markdown))
    return "\n\n".join(parts)
