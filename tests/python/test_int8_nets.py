"""Integer precision on networks of every kind: close to ONNX Runtime's floats, and the same bytes everywhere."""

import json
import platform
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

import int8_nets
import onnx_nets
from pictures import photo, psnr

NETS = {
    "conditional": (int8_nets.conditional_style, {"weights": np.array([0.5, 0, 0.25, 0.25], np.float32)}),
    "super_resolution": (int8_nets.super_resolution, {}),
    "batch_norms": (int8_nets.batch_norms, {}),
    "depthwise": (int8_nets.depthwise, {}),
    "slopes": (int8_nets.slopes, {}),
    "u_net": (int8_nets.u_net, {}),
}


LEAST = 9  # sides that the reflection of 4 pixels needs, where half of them must still be reflected by 1
STEP = {"u_net": 4}  # of the picture's sides, where not every size will do


@pytest.fixture(params=NETS, scope="module")
def net(request, tmp_path_factory):
    """(path of the model, its inputs besides the picture, the step of sizes)"""
    build, extra = NETS[request.param]
    path = tmp_path_factory.mktemp("nets") / f"{request.param}.onnx"
    build(str(path))
    return path, extra, STEP.get(request.param, 1)


def feeds_of(examples, size, extra, name="astronaut.jpg", step=1):
    size = tuple(max(-(-side // step) * step, LEAST if "weights" in extra else 1) for side in size)
    return {"input": photo(examples, size, name).transpose(0, 3, 1, 2) / 255, **extra}


@pytest.mark.parametrize("name", ["astronaut.jpg", "rocket.jpg"])
@pytest.mark.parametrize("size", [(192, 256), (101, 83)])
def test_close_to_onnxruntime(name, size, net, run_model, examples):
    path, extra, step = net
    feeds = feeds_of(examples, size, extra, name, step)
    [expected] = onnxruntime.InferenceSession(str(path)).run(None, feeds)
    for precision, least in (("int8", 38), ("int16", 60), ("fp32", 90)):
        [found] = run_model(path)(["output"], feeds, precision=precision)
        assert psnr(found * 255, expected * 255) >= least, precision


def test_all_convolutions_run_in_integers(net, picabia_binary):
    path, extra, _ = net
    command = [picabia_binary, "bench", path, "--precision", "int8", "--size", "32x32", "--runs", "1", "--json"]
    for name, value in extra.items():
        command += ["--set", name + "=" + ",".join(f"{i}:{v}" for i, v in enumerate(value) if v)]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["integer_macs_share"] >= 0.99


def test_inspect_names_what_stays_in_float(net, inspect_model, tmp_path):
    assert inspect_model(net[0])["float_steps"] == []
    grouped = onnx_nets.Net()
    x = grouped.node("ConvTranspose", ["input", grouped.weights(3, 2, 3, 3)], kernel_shape=[3, 3], group=3)
    path = grouped.save(str(tmp_path / "grouped.onnx"), x)
    [step] = inspect_model(path)["float_steps"]
    assert step == {"node": "n0_ConvTranspose", "operator": "ConvTranspose2D",
                    "reason": "a transposed convolution in groups"}


def instruction_sets():
    if platform.machine() != "x86_64":
        return ["scalar"]
    flags = open("/proc/cpuinfo", encoding="utf-8").read().split()
    optional = {"avx2": "avx2", "avx512vnni": "avx512_vnni", "avx512amx": "amx_int8"}
    return ["scalar", "sse4"] + [isa for isa, flag in optional.items() if flag in flags]


@pytest.mark.parametrize("size", [(37, 43), (9, 7), (1, 1)])
def test_same_bytes_on_every_instruction_set_and_thread_count(size, net, run_model, examples):
    path, extra, step = net
    feeds = feeds_of(examples, size, extra, step=step)
    run = run_model(path)
    for precision, threads in (("int8", (1, 2, 3, 8)), ("int16", (2,))):
        [first] = run(["output"], feeds, precision=precision, threads=1, isa="scalar")
        for isa in instruction_sets():
            for count in threads:
                [found] = run(["output"], feeds, precision=precision, threads=count, isa=isa)
                assert found.tobytes() == first.tobytes(), (precision, isa, count)


def test_inner_values_that_blocks_and_outputs_read(run_model, examples, tmp_path):
    """Levels that became floats for one reader are there as levels for a later residual."""
    path = tmp_path / "net.onnx"
    build, extra = NETS["conditional"]
    build(str(path))
    names = [name for node in onnx.load(path).graph.node for name in node.output]
    inner = [name for name in names if name.endswith(("Relu", "Add"))]
    feeds = feeds_of(examples, (24, 32), extra)
    run = run_model(path)
    expected = run([*inner, "output"], feeds)
    found = run([*inner, "output"], feeds, precision="int8")
    for name, a, b in zip([*inner, "output"], found, expected):
        assert np.mean((a - b) ** 2) <= 1e-3 * np.mean(b**2), name


@pytest.mark.parametrize("value", [0, 0.3, 1])
def test_constant_pictures_stay_constant(value, net, run_model):
    path, extra, _ = net
    feeds = {"input": np.full((1, 3, 32, 32), value, np.float32), **extra}
    [expected] = run_model(path)(["output"], feeds)
    [found] = run_model(path)(["output"], feeds, precision="int8")
    assert psnr(found * 255, expected * 255) >= 38
