"""What picabia quantize leaves behind when it is killed or the disk is full, and how much memory it takes."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time

import pytest


@pytest.fixture
def command(picabia_binary, style, tmp_path):
    return [str(picabia_binary), "quantize", str(style), "-o", str(tmp_path / "out.pb"), "--size", "32x32"]


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, **options)


def test_killed_at_any_time_a_file_is_old_or_complete(command, tmp_path):
    out = tmp_path / "out.pb"
    start = time.monotonic()
    assert run(command).returncode == 0
    whole, took = out.read_bytes(), time.monotonic() - start
    rng, seen = random.Random(1), set()
    for i in range(30):
        before = [None, b"old"][i % 2]
        out.unlink() if before is None else out.write_bytes(before)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.5, 1.2) * took if i % 3 else rng.uniform(0, took))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = out.read_bytes() if out.exists() else None
        assert found in (before, whole)
        seen.add(found == whole)
    assert False in seen  # some were killed in time


@pytest.mark.parametrize("name", ["quantize", "variant", "assemble"])
def test_no_room_for_the_file(name, command, picabia_binary, style, tmp_path):
    out = tmp_path / "out.pb"
    out.write_bytes(b"old")
    if name == "variant":
        command[1:] = ["variant", str(style), "--node", "moments_15/SquaredDifference", "--op", "placeholder", "-o", str(out)]
    if name == "assemble":
        text = tmp_path / "text.txt"
        text.write_text(run([str(picabia_binary), "inspect", "--text", str(style)]).stdout)
        command[1:] = ["assemble", str(text), "-o", str(out)]
    before = sorted(os.listdir(tmp_path))
    limit = 100_000  # bytes a file may have; the output has more
    done = run(command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1 and "out.pb: cannot write: File too large" in done.stderr
    assert out.read_bytes() == b"old" and sorted(os.listdir(tmp_path)) == before


def test_memory_does_not_grow_with_the_pictures(command, tmp_path, examples):
    peaks = []
    for count in (2, 24):
        folder = tmp_path / f"photos{count}"
        folder.mkdir()
        for i in range(count):
            shutil.copy(examples / "coffee.jpg", folder / f"{i}.jpg")
        process = subprocess.Popen([*command, "--calibration", str(folder)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(usage.ru_maxrss / 1024)
    # 22 more pictures are 16 MB as pixels, and more than 20 MB as outputs of layers.
    assert peaks[1] - peaks[0] < 8, peaks
