"""./dev bench without the large peers: its columns, its refusals, and that a wrong answer is not timed."""

import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT
from onnx_nets import Net

ROW = {"model", "size", "entry", "is_peer", "ms_median", "ms_min", "openvino_int8_ratio", "openvino_int8_best_ratio",
       "psnr_db", "ssim", "peak_rss_bytes", "gmacs_per_s", "peak_share", "integer_macs_share", "macs", "void"}
COLUMNS = ["entry", "ms", "ms min", "x OpenVINO INT8", "x its best", "PSNR dB", "SSIM", "peak MB", "GMAC/s", "% of peak",
           "% integer"]
QUICK = ["--rounds", "1", "--runs", "1", "--sizes", "32x40"]

# A picabia whose INT8 answers are another picture, or no numbers; all else is the real one's.
LIAR = """#!{python}
import subprocess, sys
import numpy as np
done = subprocess.run(["{real}", *sys.argv[1:]])
if sys.argv[1] == "run" and "int8" in sys.argv:
    file = sys.argv[sys.argv.index("--fetch") + 1].split("=")[1]
    answer = np.load(file)
    np.save(file, {wrong})
sys.exit(done.returncode)
"""


@pytest.fixture
def bench(picabia_binary):
    """Runs the script as ./dev does; `program` takes the place of picabia."""
    def run(*args, program=picabia_binary, script=ROOT / "bench/race.py"):
        environment = {**os.environ, "PICABIA_BIN": str(program), "ORT_DISABLE_TELEMETRY": "1"}
        return subprocess.run([sys.executable, str(script), *map(str, args)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=environment, timeout=300)
    return run


def report_of(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def small_net(tmp_path_factory):
    net = Net()
    features = net.relu(net.norm(net.conv("input", 3, 8, 3), 8))
    return net.save(tmp_path_factory.mktemp("net") / "small.onnx", net.conv(features, 8, 3, 3))


def test_program_keeps_its_contract(picabia, style):
    timed = json.loads(picabia("bench", style, "--size", "16x20", "--runs", 2, "--json").stdout)
    assert 0 < timed["ms_min"] <= timed["ms_median"] <= timed["ms_max"]
    assert timed["peak_rss_bytes"] > 2**20 and timed["isa"] and timed["runs"] == 2
    assert timed["macs"] > 0 and 0 <= timed["integer_macs_share"] <= 1


def test_json_has_every_figure(bench):
    report = report_of(bench("--peers", "none", "--json", "--layers", *QUICK))
    assert report["machine"]["cpu"] and report["machine"]["cores"] >= 1 and report["versions"]["picabia"]
    assert {"int8", "fp32"} <= {row["entry"].removeprefix("Picabia ") for row in report["rows"]}
    for row in report["rows"]:
        assert ROW <= set(row) and row["void"] is None and row["isa"]
        assert 0 < row["ms_min"] <= row["ms_median"] and row["peak_rss_bytes"] > 2**20
        assert row["psnr_db"] > 30 and 0.9 < row["ssim"] <= 1 and row["gmacs_per_s"] > 0
    assert {steps["entry"] for steps in report["layers"]} == {row["entry"] for row in report["rows"]}
    assert all(len(steps["steps"]) == 16 for steps in report["layers"])


@pytest.mark.parametrize("markdown", [False, True])
def test_table_has_every_column(bench, markdown, tmp_path):
    file = tmp_path / "report.json"
    done = bench("--peers", "none", "--precisions", "int8", "--output", file, *(["--markdown"] * markdown), *QUICK)
    assert done.returncode == 0, done.stderr
    header = next(line for line in done.stdout.splitlines() if "PSNR dB" in line)
    if markdown:
        assert [cell.strip() for cell in header.strip("|").split("|")] == COLUMNS
    else:
        assert header.split() == " ".join(COLUMNS).split()
    assert len(json.loads(file.read_text())["rows"]) == 1


def test_races_onnx_runtime(bench, small_net):
    report = report_of(bench(small_net, "--peers", "onnxruntime", "--precisions", "int8,fp32", "--json", *QUICK))
    rows = {row["entry"]: row for row in report["rows"]}
    assert list(rows) == ["Picabia int8", "Picabia fp32", "ONNX Runtime INT8", "ONNX Runtime float"]
    assert all(row["ms_median"] > 0 and row["gmacs_per_s"] > 0 for row in rows.values())
    assert rows["ONNX Runtime float"]["psnr_db"] > 150 > rows["ONNX Runtime INT8"]["psnr_db"]
    assert report["versions"]["onnxruntime"]


@pytest.mark.parametrize("wrong", ["255 - answer", "answer * np.nan", "answer[:, :-1]"])
def test_wrong_answer_is_not_timed(bench, wrong, tmp_path, picabia_binary):
    liar = tmp_path / "picabia"
    liar.write_text(LIAR.format(python=sys.executable, real=picabia_binary, wrong=wrong))
    liar.chmod(0o755)
    done = bench("--peers", "none", "--precisions", "int8,fp32", "--json", *QUICK, program=liar)
    assert done.returncode == 1
    rows = {row["entry"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["Picabia int8"]["ms_median"] is None and "wrong answer" in rows["Picabia int8"]["void"]
    assert rows["Picabia fp32"]["ms_median"] > 0 and rows["Picabia fp32"]["void"] is None


def test_quality(bench):
    report = report_of(bench("--quality", "--peers", "none", "--json", "--precisions", "int8", "--sizes", "32"))
    [part] = report["quality"]
    assert len(part["photos"]) >= 4 and {"gradient", "constant 128"} <= {row["picture"] for row in part["synthetic"]}
    [summary] = part["summary"]
    psnr = {row["picture"]: row["Picabia int8"]["psnr_db"] for row in part["photos"]}
    assert summary["worst_db"] == min(psnr.values()) == psnr[summary["worst"]] <= summary["median_db"]


def test_threads_and_startup(bench, small_net):
    report = report_of(bench(small_net, "--threads-scaling", "--startup", "--threads", 2, "--peers", "none", "--json",
                             "--precisions", "int8", *QUICK))
    [scaling], [startup] = report["scaling"], report["startup"]
    assert scaling["ratio"] == pytest.approx(scaling["ms_one_thread"] / scaling["ms_all_threads"])
    assert startup["ms_beyond"] == pytest.approx(startup["ms_process"] - startup["ms_inference"])


def test_two_builds(bench, tmp_path):
    """The race of two builds, but for the building."""
    script = tmp_path / "two.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(ROOT / 'bench')!r})\n"
                      "import against, ours, race\n"
                      "against.build = lambda revision: ours.default_program()\n"
                      "sys.exit(race.main())\n")
    report = report_of(bench("--against", "HEAD", "--precisions", "int8", "--json", *QUICK, script=script))
    [row] = report["against"]
    assert row["ratio"] == pytest.approx(row["ms_other"] / row["ms_this"])
    assert row["psnr_db_this"] == row["psnr_db_other"]


@pytest.mark.parametrize("args, code, text", [
    (["--sizes", "0"], 2, "a size is"), (["--sizes", "12x"], 2, "a size is"), (["--peers", "mnn"], 2, "choices are"),
    (["--precisions", "int4"], 2, "choices are"), (["--rounds", "0"], 2, "from 1 on"), (["--set", "a=b"], 2, "a=b"),
    (["nothing.onnx"], 1, "no such file"), (["--against", "no-such-revision"], 1, "no-such-revision")])
def test_options(bench, args, code, text):
    done = bench(*QUICK[:4], "--peers", "none", *args)
    assert done.returncode == code and text in done.stderr and "Traceback" not in done.stderr
