"""Custom operators on the command line: the three forms of PowerDifference, and libraries that are refused."""

import json

import numpy as np
import pytest

from conftest import ROOT
from pictures import photo
from quantizing import INI, nodes, read_graph

EXAMPLES = ROOT / "build/release/examples"
LIBRARY = EXAMPLES / "power_difference.so"
POWER = "moments_15/PowerDifference_z"
PLACEHOLDER = "moments_15/PowerDifference"


@pytest.fixture
def variants(style, picabia, tmp_path):
    """The shipped style, and its variants with PowerDifference and with a placeholder."""
    for op, name in (("PowerDifference", "power"), ("placeholder", "host")):
        node = "moments_15/SquaredDifference"
        done = picabia("variant", style, "--node", node, "--op", op, "-o", tmp_path / f"{name}.pb")
        assert done.returncode == 0, done.stderr
    return style, tmp_path / "power.pb", tmp_path / "host.pb"


@pytest.fixture
def run(picabia, tmp_path):
    """run(model, feeds, *options, fetch=..., of=...) -> array."""
    def once(model, feeds, *options, fetch="add_37"):
        arguments = []
        for i, (name, value) in enumerate(feeds.items()):
            np.save(tmp_path / f"in{i}.npy", value)
            arguments += ["--feed", f"{name}={tmp_path}/in{i}.npy"]
        done = picabia("run", model, *arguments, "--fetch", f"{fetch}={tmp_path}/out.npy", *options)
        assert done.returncode == 0, done.stderr
        return np.load(tmp_path / "out.npy")
    return once


def levels(array):
    return np.clip(np.rint(array), 0, 255)


def check_same_picture(original, power, host, picture, run, feed="X_content"):
    """Largest difference between pictures of the three: one level."""
    expected = levels(run(original, {feed: picture}))
    two = np.array([2], np.float32)
    for options in ([], ["--operators", LIBRARY], ["--as-cambricon"]):
        found = levels(run(power, {feed: picture, POWER: two}, *options))
        assert np.abs(found - expected).max() <= 1, options
    x, mean = (run(host, {feed: picture}, fetch=f) for f in ("Conv2D_13", "moments_15/StopGradient"))
    found = levels(run(host, {feed: picture, PLACEHOLDER: (x - mean) ** 2}))
    assert np.abs(found - expected).max() <= 1


def test_the_three_variants_give_the_same_picture(variants, run, examples):
    check_same_picture(*variants, photo(examples, (96, 128)), run)


@pytest.mark.parametrize("kind", ["udnie", "udnie_int8"])
def test_the_three_variants_of_the_lab_give_the_same_picture(kind, shared_models, run, examples, picabia, tmp_path):
    power = shared_models / f"{kind}_power_diff.pb"
    host = shared_models / f"{kind}_power_diff_numpy.pb"
    check_same_picture(shared_models / f"{kind}.pb", power, host, photo(examples, (256, 256)), run)


@pytest.mark.parametrize("power, least", [(3, None), (1, None), (0, 1), (0.5, None), (-2, None)])
def test_a_library_computes_what_the_program_does(power, least, variants, run, examples):
    # A square root has NaN where the difference is negative; both must have them at the same places. Two float64
    # computations of the same power differ by their last bit at most: float32 sees 1 unit, 1.2e-7 of the value.
    feeds = {"X_content": photo(examples, (32, 32)), POWER: np.array([power], np.float32)}
    own = run(variants[1], feeds, fetch=PLACEHOLDER)
    library = run(variants[1], feeds, "--operators", LIBRARY, fetch=PLACEHOLDER)
    np.testing.assert_allclose(library, own, rtol=1.3e-7)
    assert least is None or own.min() == least


def test_the_labs_exponents(variants, run, examples):
    picture = photo(examples, (32, 32))
    x, mean = (run(variants[0], {"X_content": picture}, fetch=f) for f in ("Conv2D_13", "moments_15/StopGradient"))

    def power(values, *options):
        return run(variants[1], {"X_content": picture, POWER: np.array(values, np.float32)}, *options, fetch=PLACEHOLDER)

    d = x - mean
    assert np.array_equal(power([0, 0]), np.ones_like(d))
    assert np.array_equal(power([0, 0], "--as-cambricon"), d)  # (int)0: multiplied no times
    assert np.array_equal(power([2.9], "--as-cambricon"), d * d)


def test_a_compiled_program_wants_its_operators_again(variants, run, picabia, tmp_path, examples):
    program = tmp_path / "p.picabia"
    done = picabia("compile", variants[1], "-o", program, "--operators", LIBRARY)
    assert done.returncode == 0, done.stderr
    text = json.loads(picabia("inspect", program, "--json").stdout)
    assert text["steps"]["Custom:PowerDifference"] == 1
    feeds = {"X_content": photo(examples, (32, 32)), POWER: np.array([2], np.float32)}
    expected = run(variants[1], feeds)
    assert np.abs(run(program, feeds, "--operators", LIBRARY) - expected).max() < 1e-3
    for i, (name, value) in enumerate(feeds.items()):
        np.save(tmp_path / f"in{i}.npy", value)
    done = picabia("run", program, "--feed", f"X_content={tmp_path}/in0.npy", "--feed", f"{POWER}={tmp_path}/in1.npy",
                   "--fetch", f"add_37={tmp_path}/no.npy")
    assert done.returncode == 1 and not (tmp_path / "no.npy").exists()
    assert "operator 'PowerDifference' is not loaded (--operators LIBRARY loads it)" in done.stderr


def test_inspect_knows_loaded_operators(variants, picabia):
    listed = picabia("inspect", "--operators", LIBRARY).stdout
    assert "loaded\n  PowerDifference, device cpu\n  Scale\n" in listed and "ONNX" in listed
    entries = json.loads(picabia("inspect", "--operators", LIBRARY, "--json").stdout)["operators"]
    assert {"format": "library", "name": "Scale", "device": ""} in entries
    model = json.loads(picabia("inspect", variants[1], "--operators", LIBRARY, "--json").stdout)
    assert model["nodes"]["Custom:PowerDifference"] == 1
    assert picabia("inspect", "--operators").returncode == 0
    assert picabia("inspect", variants[1], "--operators").returncode == 2


@pytest.mark.parametrize("bad, message", [
    ("bad1.so", "found interface version 2 (72 bytes), expected version 1 (72 bytes)"),
    ("bad2.so", "found interface version 1 (64 bytes), expected version 1 (72 bytes)"),
    ("bad9.so", "has no function picabia_operators"), ("no.so", "cannot be loaded"), ("", "cannot be loaded")])
@pytest.mark.parametrize("command", ["run", "stylize", "bench", "inspect", "compile", "quantize", "variant", "compare"])
def test_a_bad_library_is_refused_by_name(bad, message, command, picabia, style, tmp_path, examples):
    arguments = {"run": [style, "--fetch", f"add_37={tmp_path}/o.npy"],
                 "stylize": [examples / "chelsea.jpg", "-o", tmp_path / "o.png"], "bench": [style, "--runs", "1"],
                 "inspect": [style], "compile": [style, "-o", tmp_path / "o.picabia"],
                 "quantize": [style, "-o", tmp_path / "o.pb", "--calibration", examples / "chelsea.jpg", "--size", "64x64"],
                 "variant": [style, "--node", "moments_15/SquaredDifference", "--op", "placeholder", "-o", tmp_path / "o.pb"],
                 "compare": [style, "--image", examples / "chelsea.jpg", "-o", tmp_path / "o.d"]}[command]
    library = EXAMPLES / bad if bad else tmp_path
    done = picabia(command, *arguments, "--operators", library)
    assert done.returncode == 1, done.stderr
    assert message in done.stderr and str(library) in done.stderr and done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("o.*"))


@pytest.fixture
def scaled(style, tmp_path):
    """The shipped style with a node of type Scale, which only the library has, in front of its last addition."""
    graph = read_graph(style)
    last = nodes(graph)["add_37"]
    node = graph.node.add()
    node.name, node.op = "scale", "Scale"
    node.input.append(last.input[0])
    node.attr["factor"].f = 0.5
    last.input[0] = "scale"
    path = tmp_path / "scaled.pb"
    path.write_bytes(graph.SerializeToString())
    return path


def test_models_with_operators_are_quantized(scaled, picabia, run, examples, tmp_path):
    int8 = tmp_path / "int8.pb"
    options = ["--calibration", examples / "coffee.jpg", "--size", "64x64"]
    done = picabia("quantize", scaled, "-o", int8, *options)
    assert done.returncode == 1 and "Scale" in done.stderr and not int8.exists()
    done = picabia("quantize", scaled, "-o", int8, *options, "--operators", LIBRARY, "--json")
    assert done.returncode == 0, done.stderr
    made = nodes(read_graph(int8))
    assert made["scale"].op == "Scale" and made["scale"].attr["factor"].f == 0.5
    picture = photo(examples, (64, 64))
    expected, found = (levels(run(model, {"X_content": picture}, "--operators", LIBRARY)) for model in (scaled, int8))
    assert found.shape == expected.shape and np.abs(found - expected).mean() < 12
    assert json.loads(done.stdout)["psnr"] > 20
    # An ini file says nothing of libraries.
    config = tmp_path / "q.ini"
    (tmp_path / "image_list").write_text(f"{examples}/coffee.jpg\n")
    config.write_text(INI.format(model=scaled).replace("../../models/int_pb_models/out.pb", "ini.pb"))
    done = picabia("quantize", config, "--operators", LIBRARY)
    assert done.returncode == 0, done.stderr
    assert nodes(read_graph(tmp_path / "ini.pb"))["scale"].op == "Scale"


def test_variants_and_comparisons_take_operators(scaled, picabia, examples, tmp_path):
    power = tmp_path / "power.pb"
    arguments = ["variant", scaled, "--node", "moments_15/SquaredDifference", "--op", "PowerDifference", "-o", power]
    assert picabia(*arguments).returncode == 1 and not power.exists()
    done = picabia(*arguments, "--operators", LIBRARY)
    assert done.returncode == 0, done.stderr
    done = picabia("compare", scaled, power, "--image", examples / "chelsea.jpg", "-o", tmp_path / "out", "--runs", "1",
                   "--devices", "cpu", "--precisions", "fp32", "--set", f"{POWER}=2", "--operators", LIBRARY, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["variants"]
    assert len(found) == 2 and found[1]["max_level"] <= 1
