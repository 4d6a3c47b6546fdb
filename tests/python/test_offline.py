"""Offline models: what libcnrt.so makes of them is, to the last bit, what device mlu makes online."""
import json
import os
import re
import subprocess

import numpy as np
import pytest

from cnrt_client import Cnrt, CnrtError


@pytest.fixture(scope="module")
def cnrt():
    return Cnrt()


@pytest.fixture(scope="module")
def quantized(picabia_binary, style, examples, tmp_path_factory):
    path = tmp_path_factory.mktemp("offline") / "style_int8.pb"
    subprocess.run([str(picabia_binary), "quantize", str(style), "-o", str(path), "--calibration", str(examples)],
                   check=True, capture_output=True)
    return path


@pytest.fixture
def online(picabia, tmp_path):
    def run(path, feeds, fetch, *options):
        command = ["run", path, "--device", "mlu", *options]
        for i, (name, value) in enumerate(feeds.items()):
            np.save(tmp_path / f"in{i}.npy", value)
            command += ["--feed", f"{name}={tmp_path}/in{i}.npy"]
        done = picabia(*command, "--fetch", f"{fetch}={tmp_path}/out.npy")
        assert done.returncode == 0, done.stderr
        return np.load(tmp_path / "out.npy")
    return run


def ports(picabia, path):
    """Names of the first input and output."""
    said = json.loads(picabia("inspect", path, "--json").stdout)
    return said["inputs"][0]["name"], said["outputs"][0]["name"]


def compile_model(picabia, path, out, *options):
    done = picabia("compile", path, "-o", out, "--target", "mlu270", *options)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("io_type", ["half", "float32", "uint8"])
def test_offline_is_online(picabia, cnrt, quantized, online, tmp_path, io_type):
    out = compile_model(picabia, quantized, tmp_path / "m.cambricon", "--size", "48x80", "--io-type", io_type)
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (1, 48, 80, 3))
    given = {"half": np.float16, "float32": np.float32, "uint8": np.uint8}[io_type]
    [found] = cnrt.run(out, [pixels.astype(given)])
    source, target = ports(picabia, quantized)
    expected = online(quantized, {source: pixels.astype(np.float32)}, target)
    assert expected.std() > 1
    np.testing.assert_array_equal(found.astype(np.float32), expected)


def test_functions_of_several_batches(picabia, cnrt, quantized, online, tmp_path):
    out = compile_model(picabia, quantized, tmp_path / "m.cambricon", "--size", "32x32", "--batch", "1", "--batch", "3")
    batch = np.random.default_rng(2).integers(0, 256, (3, 32, 32, 3)).astype(np.float16)
    [three] = cnrt.run(out, [batch], "subnet1")
    for i in range(3):
        [one] = cnrt.run(out, [batch[i:i + 1]])
        np.testing.assert_array_equal(three[i:i + 1], one)
    twins = (tmp_path / "m.cambricon_twins").read_text()
    assert "Function number: 2" in twins and "Shape(dim): 3 32 32 3" in twins and "Data type: CNRT_FLOAT16" in twins


def test_same_bytes_each_time(picabia, quantized, tmp_path):
    first = compile_model(picabia, quantized, tmp_path / "a.cambricon", "--size", "32x32").read_bytes()
    assert compile_model(picabia, quantized, tmp_path / "b.cambricon", "--size", "32x32").read_bytes() == first


def test_float_graph_is_refused_with_the_command(picabia, style, tmp_path):
    done = picabia("compile", style, "-o", tmp_path / "m.cambricon", "--target", "mlu270", "--size", "32x32")
    assert done.returncode == 1 and "picabia quantize" in done.stderr
    assert not list(tmp_path.iterdir())


def test_vendor_model_is_refused_by_name(picabia, cnrt, tmp_path):
    path = tmp_path / "v.cambricon"
    path.write_bytes(b"\x7fMEF" + bytes(100))
    assert "Cambricon" in picabia("inspect", path).stderr
    with pytest.raises(CnrtError) as error:
        cnrt.load(path)
    assert error.value.code == 632020


@pytest.mark.parametrize("options", [("--batch", "0"), ("--io-type", "int4"), ("--size", "0x3")])
def test_misuse(picabia, quantized, tmp_path, options):
    done = picabia("compile", quantized, "-o", tmp_path / "m", "--target", "mlu270", *options)
    assert done.returncode == 2 and not list(tmp_path.iterdir())


def test_lab_models(picabia, cnrt, shared_models, online, examples, tmp_path):
    content = np.random.default_rng(3).integers(0, 256, (1, 256, 256, 3)).astype(np.float16)
    exponent = "moments_15/PowerDifference_z:0"
    square = np.random.default_rng(6).integers(0, 2048, content.shape).astype(np.float16)
    for name, sets, feeds in (("udnie_int8", [], {}),
                              ("udnie_int8_power_diff", ["--set", f"{exponent}=2"], {exponent: np.float32(2)}),
                              ("udnie_int8_power_diff_numpy", [], {"moments_15/PowerDifference": square})):
        path = shared_models / f"{name}.pb"
        out = compile_model(picabia, path, tmp_path / f"{name}.cambricon", *sets)
        halves = [value for value in feeds.values() if value is square]
        [found] = cnrt.run(out, [content, *halves])
        expected = online(path, {"X_content": content.astype(np.float32), **feeds}, "add_37")
        np.testing.assert_array_equal(found.astype(np.float32), expected)


@pytest.mark.parametrize("layer", [15, 3])
def test_the_numpy_variant_has_two_inputs(layer, picabia, cnrt, quantized, online, tmp_path):
    """The file does not say the shape of the second one: it is that of the tensor that it normalises."""
    hole, host = f"moments_{layer}/PowerDifference", tmp_path / "host.pb"
    done = picabia("variant", quantized, "--node", f"moments_{layer}/SquaredDifference", "--op", "placeholder", "-o", host)
    assert done.returncode == 0, done.stderr
    out = compile_model(picabia, host, tmp_path / "m.cambricon", "--size", "48x80")
    source, target = ports(picabia, quantized)
    content = np.random.default_rng(5).integers(0, 256, (1, 48, 80, 3)).astype(np.float16)
    x = online(host, {source: content.astype(np.float32)}, "Conv2D_13" if layer == 15 else f"Conv2D_{layer}")
    square = np.minimum((x - x.mean((1, 2), keepdims=True)) ** 2, 65504).astype(np.float16)
    [found] = cnrt.run(out, [content, square])
    expected = online(host, {source: content.astype(np.float32), hole: square.astype(np.float32)}, target)
    np.testing.assert_array_equal(found.astype(np.float32), expected)
    out = compile_model(picabia, host, tmp_path / "u.cambricon", "--size", "48x80", "--io-type", "uint8")
    np.testing.assert_array_equal(cnrt.run(out, [content.astype(np.uint8), square])[0], found)  # squares are no pixels
    twins = (tmp_path / "m.cambricon_twins").read_text()
    assert "Input number: 2" in twins and "Output number: 1" in twins
    assert f"Shape(dim): {' '.join(map(str, x.shape))}\n    Name: {hole}" in twins


def test_an_exponent_is_no_picture(picabia, quantized, tmp_path):
    power = tmp_path / "power.pb"
    assert picabia("variant", quantized, "--node", "moments_15/SquaredDifference", "--op", "PowerDifference",
                   "-o", power).returncode == 0
    (tmp_path / "out").mkdir()
    done = picabia("compile", power, "-o", tmp_path / "out/m.cambricon", "--target", "mlu270", "--size", "48x80")
    assert done.returncode == 1 and "moments_15/PowerDifference_z" in done.stderr and "--set" in done.stderr
    assert not list((tmp_path / "out").iterdir())


def test_tensorflow_saves_what_it_ran(shared_models, cnrt, online, tmp_path):
    from picabia.tf1 import offline

    class Options:
        offline_model_name = str(tmp_path / "saved.cambricon")

    path = shared_models / "udnie_int8_power_diff.pb"
    exponent = "moments_15/PowerDifference_z:0"
    feeds = {"X_content:0": np.random.default_rng(4).integers(0, 256, (1, 256, 256, 3)).astype(np.float32),
             exponent: np.array(2, np.float32)}
    offline.save(path.read_bytes(), ["add_37:0"], feeds, Options)
    [found] = cnrt.run(Options.offline_model_name, [feeds["X_content:0"].astype(np.float16)])
    expected = online(path, feeds, "add_37:0", "--as-cambricon")
    np.testing.assert_array_equal(found.astype(np.float32), expected)
    assert "Input number: 1" in (tmp_path / "saved.cambricon_twins").read_text()


def test_example_programs(picabia, quantized, cnrt, examples, picabia_binary, tmp_path):
    out = compile_model(picabia, quantized, tmp_path / "m.cambricon", "--size", "64x64")
    photos = sorted(examples.glob("*.jpg"))
    many = tmp_path / "many"
    many.mkdir()
    command = [picabia_binary.parent / "cnrt_many_pictures", out, "3", many, *photos]
    subprocess.run([str(c) for c in command], check=True, capture_output=True)
    for path in photos:
        one, raw = tmp_path / f"{path.stem}.png", tmp_path / "raw"
        command = [picabia_binary.parent / "cnrt_style_transfer", out, path, one, raw]
        subprocess.run([str(c) for c in command], check=True, capture_output=True)
        assert one.read_bytes() == (many / one.name).read_bytes()
        assert np.fromfile(raw, np.float16).std() > 1


def test_online_through_a_library(quantized, online, picabia, picabia_binary, tmp_path, monkeypatch):
    """PICABIA_CNRT: the same bytes, at two sizes, from the whole network behind the public functions."""
    source, target = ports(picabia, quantized)
    rng = np.random.default_rng(5)
    pictures = [rng.integers(0, 256, (1, h, w, 3)).astype(np.float32) for h, w in ((48, 80), (33, 47))]
    here = [online(quantized, {source: x}, target) for x in pictures]
    monkeypatch.setenv("PICABIA_CNRT", str(picabia_binary.parent.parent / "lib" / "libcnrt.so"))
    for x, expected in zip(pictures, here):
        assert expected.std() > 1
        np.testing.assert_array_equal(online(quantized, {source: x}, target), expected)
    monkeypatch.setenv("PICABIA_CNRT", str(tmp_path / "none.so"))
    done = picabia("run", quantized, "--device", "mlu", "--feed", f"{source}={tmp_path}/in0.npy", "--fetch",
                   f"{target}={tmp_path}/other.npy")
    assert done.returncode == 1 and "none.so" in done.stderr and not (tmp_path / "other.npy").exists()


def test_environment(picabia, quantized, examples, picabia_binary, tmp_path):
    out = compile_model(picabia, quantized, tmp_path / "m.cambricon", "--size", "32x32")
    command = [str(c) for c in (picabia_binary.parent / "cnrt_style_transfer", out, examples / "rocket.jpg",
                                tmp_path / "out.png")]

    def run(**variables):
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})

    assert run().stderr == ""
    for off in ("", "0", "off", "OFF", "false"):
        assert run(CNRT_PRINT_INFO=off, CNRT_GET_HARDWARE_TIME=off).stderr == ""
    assert "subnet0: ready on device 0" in run(CNRT_PRINT_INFO="on").stderr
    assert re.search(r"subnet0: hardware time, modelled: \d+\.\d us", run(CNRT_GET_HARDWARE_TIME="1").stderr)
    other = run(PICABIA_MLU_CARD="MLU220", CNRT_PRINT_INFO="1")
    assert other.returncode == 1 and "632020" in other.stderr and "MLU270" in other.stderr
    full = run(PICABIA_MLU_MEMORY_MB="1")
    assert full.returncode == 1 and "632008" in full.stderr
