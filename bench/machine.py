"""What the figures were measured on: processor, its measured peak, versions."""

import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess

import ours

PACKAGES = ("openvino", "nncf", "onnxruntime", "onnx", "numpy")
PEAK = ours.ROOT / "build/release/bin/bench_peak"


def cpu_name() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe() -> dict:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "memory_bytes": memory,
            "system": f"{platform.system()} {platform.release()}"}


def versions(program: ours.Program) -> dict:
    """Of what takes part; a package that is not installed is not named."""
    found = {"picabia": program.version.removeprefix("picabia "), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def peak(threads: int) -> dict:
    """Multiply-adds a second of this machine's units, from bench/peak.cc; nothing where it is not built."""
    if not PEAK.is_file():
        return {}
    done = subprocess.run([str(PEAK), str(threads)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)
