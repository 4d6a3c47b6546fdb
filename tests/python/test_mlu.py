"""Device mlu against the rules of a real MLU270 written in NumPy (mlu_numpy.py), bit for bit.

Of two roundings only are the bits not asked for: tanh, which nobody rounds correctly, and sums of float convolutions."""

import json
import os
import subprocess

import numpy as np
import pytest

from pictures import photo, psnr

INPUT = "X_content"


@pytest.fixture
def run_mlu(picabia_binary, tmp_path):
    """run_mlu(path, fetches, feeds, *options, isa=...) -> (arrays, what --json says)."""
    calls = iter(range(1_000_000))

    def run(path, fetches, feeds, *options, isa=None):
        folder = tmp_path / f"mlu{next(calls)}"
        folder.mkdir()
        command = [picabia_binary, "run", path, "--device", "mlu", "--json", *options]
        for i, (name, value) in enumerate(feeds.items()):
            np.save(folder / f"in{i}.npy", value)
            command += ["--feed", f"{name}={folder}/in{i}.npy"]
        for i, name in enumerate(fetches):
            command += ["--fetch", f"{name}={folder}/out{i}.npy"]
        environment = {**os.environ, **({"PICABIA_ISA": isa} if isa else {})}
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return [np.load(folder / f"out{i}.npy") for i in range(len(fetches))], json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def emulator():
    from mlu_numpy import Emulator  # importing TensorFlow takes seconds

    return Emulator


@pytest.fixture(scope="module")
def quantized(picabia_binary, style, examples, tmp_path_factory):
    """quantized(bits, per_channel) -> the style of the project as Cambricon's tool would write it."""
    folder = tmp_path_factory.mktemp("quantized")

    def make(bits, per_channel=False):
        path = folder / f"style{bits}{'c' if per_channel else ''}.pb"
        if not path.exists():
            options = ["--bits", bits, *(["--per-channel"] if per_channel else [])]
            command = [picabia_binary, "quantize", style, "-o", path, "--calibration", examples, *options]
            subprocess.run([str(c) for c in command], check=True, capture_output=True)
        return path

    return make


def ulps(found, expected):
    """How many halves apart."""
    def order(x):
        bits = x.astype(np.float16).view(np.int16).astype(np.int32)
        return np.where(bits < 0, -32768 - bits, bits)
    assert np.array_equal(found, found.astype(np.float16)), "the output is no half"
    return np.abs(order(found) - order(expected)).max()


GRAPHS = [(8, False), (16, False), (8, True)]


@pytest.mark.parametrize("bits, per_channel", GRAPHS)
@pytest.mark.parametrize("size", [(64, 48), (41, 83)])
def test_every_layer_as_the_rules_say(bits, per_channel, size, quantized, run_mlu, emulator, examples):
    path, feeds = quantized(bits, per_channel), {INPUT: photo(examples, size)}
    fetches = ["Conv2D", "moments/mean", "moments/variance", "Relu", "Conv2D_1", "add_10", "Relu_9", "Conv2D_13", "add_36"]
    fetches = [name for name in fetches if name in emulator(path).nodes]
    expected = emulator(path)(fetches, feeds)
    found, report = run_mlu(path, fetches, feeds)
    assert report["precision"] == f"int{bits}"
    for name, a, b in zip(fetches, found, expected):
        assert np.array_equal(a, b), f"{name}: {np.count_nonzero(a != b)} of {a.size} differ"


@pytest.mark.parametrize("bits, per_channel", GRAPHS)
def test_fused_and_step_by_step_alike(bits, per_channel, quantized, run_mlu, emulator, examples):
    path, feeds = quantized(bits, per_channel), {INPUT: photo(examples, (40, 56))}
    [expected] = emulator(path)(["add_37"], feeds)
    [fused], _ = run_mlu(path, ["add_37"], feeds)
    [plain], _ = run_mlu(path, ["add_37"], feeds, "--reference")
    assert ulps(plain, expected) <= 1  # tanh
    assert ulps(fused, expected) <= 1


def test_same_bytes_everywhere(quantized, run_mlu, examples):
    path, feeds = quantized(8), {INPUT: photo(examples, (61, 45))}
    [expected], report = run_mlu(path, ["add_37"], feeds)
    isas = ["scalar", "sse4", "avx2", "avx512vnni", "avx512amx", "neon"]
    if report["isa"] not in isas:
        pytest.fail(f"unknown instruction set {report['isa']}")
    for isa in isas[:isas.index(report["isa"]) + 1] if report["isa"] != "neon" else ["scalar", "neon"]:
        for threads in (1, 3):
            [found], _ = run_mlu(path, ["add_37"], feeds, "--threads", threads, isa=isa)
            assert np.array_equal(found, expected), (isa, threads)


def test_a_float_graph_runs_in_half(style, run_mlu, emulator, examples):
    feeds = {INPUT: photo(examples, (64, 64))}
    [first, last], report = run_mlu(style, ["Conv2D", "add_37"], feeds)
    assert report["precision"] == "half"
    [expected_first, expected] = emulator(style)(["Conv2D", "add_37"], feeds)
    assert ulps(np.where(np.abs(first) > 1, first, 0), np.where(np.abs(expected_first) > 1, expected_first, 0)) <= 1
    # Sums of floats in another order decide some roundings; each norm carries them on.
    assert psnr(last, expected) > 30


@pytest.mark.parametrize("bits, per_channel", GRAPHS)
def test_wide_numerics_keep_floats(bits, per_channel, quantized, run_mlu, run_model, examples):
    path, feeds = quantized(bits, per_channel), {INPUT: photo(examples, (64, 64))}
    [wide], _ = run_mlu(path, ["add_37"], feeds, "--mlu-numerics", "wide")
    [cpu] = run_model(path)(["add_37"], feeds)
    assert np.array_equal(wide, cpu)


def test_a_batch_is_its_pictures(quantized, run_mlu, examples):
    path = quantized(8)
    pictures = [photo(examples, (48, 32), name) for name in ("astronaut.jpg", "coffee.jpg")]
    [both], _ = run_mlu(path, ["add_37"], {INPUT: np.concatenate(pictures)})
    for i, picture in enumerate(pictures):
        [alone], _ = run_mlu(path, ["add_37"], {INPUT: picture})
        assert np.array_equal(both[i:i + 1], alone)


def saturating(first):
    """Of a layer [1, H, W, C]: the channels where a sum of the norm's variance saturates, and the exact variances."""
    from mlu_numpy import LARGEST, half, mean, power_difference

    squares = power_difference(first.astype(np.float64), mean(first.astype(np.float64)), 2)
    rows = squares.sum(2)
    columns = half(half(rows) / first.shape[2]).sum(1)
    exact = first.astype(np.float64).var((1, 2))[0]
    return (rows > LARGEST).any((0, 1)) | (columns[0] > LARGEST), exact


@pytest.mark.parametrize("fused", [True, False])
def test_saturated_means_are_reported(fused, quantized, run_mlu, emulator, examples):
    """Of a dark picture: brighter ones saturate all channels of the first layer."""
    path, feeds = quantized(8), {INPUT: photo(examples, (64, 64)) * np.float32(0.1)}
    # Who asks for an inner tensor has the norm step by step.
    fetches = ["add_37"] if fused else ["add_37", "moments/variance"]
    found, report = run_mlu(path, fetches, feeds, "--saturation")
    channels, exact = saturating(emulator(path)(["Conv2D"], feeds)[0])
    assert channels.any() and not channels.all()
    nodes = ("add_1", "Relu") if fused else ("moments/variance",)
    [entry] = [e for e in report["saturated"] if e["node"] in nodes and e["what"] == ("variance" if fused else "mean")]
    assert entry["channels"] == len(exact) and entry["saturated"] == channels.sum()
    assert entry["given"] <= entry["limit"] == 65504 / 64
    if fused:  # step by step, the squares that the mean sees are those of the card
        assert np.isclose(exact, entry["exact"], rtol=1e-6).any()
    [again], _ = run_mlu(path, ["add_37"], feeds)
    assert np.array_equal(found[0], again)


@pytest.mark.parametrize("options, text", [
    (["--mlu-cores", "17"], "--mlu-cores"),
    (["--mlu-cores", "4", "--mlu-data-parallelism", "2", "--mlu-model-parallelism", "4"], "4 cores"),
    (["--fast"], "--fast"),
    (["--precision", "int8"], "picabia quantize"),
    (["--precision", "int16"], "--bits 16"),
])
def test_misuse(options, text, style, picabia, examples, tmp_path):
    np.save(tmp_path / "x.npy", photo(examples, (16, 16)))
    done = picabia("run", style, "--device", "mlu", *options, "--feed", f"{INPUT}={tmp_path}/x.npy",
                   "--fetch", f"add_37={tmp_path}/y.npy")
    assert done.returncode in (1, 2) and text in done.stderr
    assert not (tmp_path / "y.npy").exists()


def test_cores_and_parallelism_change_no_number(quantized, run_mlu, examples):
    path, feeds = quantized(8), {INPUT: photo(examples, (32, 32))}
    [expected], _ = run_mlu(path, ["add_37"], feeds)
    [found], _ = run_mlu(path, ["add_37"], feeds, "--mlu-cores", "16", "--mlu-data-parallelism", "4",
                         "--mlu-model-parallelism", "4")
    assert np.array_equal(found, expected)


def test_stylize_and_bench(quantized, style, picabia, examples, tmp_path):
    out = tmp_path / "out.png"
    done = picabia("stylize", examples / "astronaut.jpg", "-o", out, "--model", quantized(8), "--device", "mlu", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pictures"][0]["precision"] == "int8" and out.stat().st_size > 1000
    done = picabia("stylize", examples / "astronaut.jpg", "-o", out, "--device", "mlu")  # the style inside
    assert done.returncode == 0, done.stderr
    done = picabia("bench", quantized(8), "--device", "mlu", "--size", "64x64", "--runs", "2", "--json")
    assert json.loads(done.stdout)["integer_macs_share"] == 1


# What follows needs the lab's own graphs.


@pytest.mark.parametrize("name", ["udnie_int8", "udnie_int8_power_diff", "udnie_int8_power_diff_numpy"])
def test_the_graphs_of_the_lab(name, shared_models, run_mlu, emulator, examples):
    path, feeds = shared_models / f"{name}.pb", {INPUT: photo(examples, (256, 256))}
    first = emulator(path)
    if name.endswith("numpy"):
        x, m = first(["Conv2D_13", "moments_15/StopGradient"], feeds)
        feeds["moments_15/PowerDifference"] = (x - m) ** 2
    elif name.endswith("power_diff"):
        feeds["moments_15/PowerDifference_z"] = np.float32(2)
    expected = emulator(path)(["Conv2D_13", "add_37"], feeds)
    found, report = run_mlu(path, ["Conv2D_13", "add_37"], feeds, "--saturation")
    assert np.array_equal(found[0], expected[0])
    assert ulps(found[1], expected[1]) <= 1
    # The first layer saturates in every channel; the card's pictures show it as contrast.
    variance = next(e for e in report["saturated"] if e["what"] == "variance")
    assert variance["saturated"] == variance["channels"] == 32 and variance["given"] == 255.875


def test_udnie_has_the_contrast_of_the_card(shared_models, run_mlu, run_model, examples):
    feeds = {INPUT: photo(examples, (256, 256))}
    [card], _ = run_mlu(shared_models / "udnie_int8.pb", ["add_37"], feeds)
    [float_picture] = run_model(shared_models / "udnie.pb")(["add_37"], feeds)
    assert card.clip(0, 255).std() > 1.2 * float_picture.clip(0, 255).std()
    assert 12 < psnr(card, float_picture) < 22
