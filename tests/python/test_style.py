"""The embedded style: against TensorFlow, INT8 against float, and the same bytes everywhere. Needs nothing outside the project."""

import platform

import numpy as np
import pytest

from pictures import PHOTOS, SIZES, photo, psnr, size_name


@pytest.mark.parametrize("size", SIZES, ids=size_name)
def test_matches_tensorflow(size, style, run_model, examples, tf_oracle):
    picture = photo(examples, size)
    [expected] = tf_oracle.run(style, ["add_37:0"], {"X_content:0": picture}, size)
    [found] = run_model(style)(["add_37"], {"X_content": picture})
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 0.05


@pytest.mark.parametrize("precision, at_least", [("int8", 40), ("int16", 60)])
@pytest.mark.parametrize("size", SIZES, ids=size_name)
@pytest.mark.parametrize("name", PHOTOS)
def test_integer_precision_keeps_the_picture(precision, at_least, size, name, style, run_model, examples):
    feeds = {"X_content": photo(examples, size, name)}
    [expected] = run_model(style)(["add_37"], feeds)
    [found] = run_model(style)(["add_37"], feeds, precision=precision)
    assert psnr(found, expected) >= at_least


@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_same_bytes_on_every_instruction_set_and_thread_count(precision, style, run_model, examples):
    feeds = {"X_content": photo(examples, (93, 71))}
    run = run_model(style)
    [first] = run(["add_37"], feeds, precision=precision, threads=1, isa="scalar")
    sets = ["scalar", "sse4", "avx2", "avx512vnni"] if platform.machine() == "x86_64" else ["scalar"]
    flags = open("/proc/cpuinfo", encoding="utf-8").read()
    if "avx512_vnni" not in flags:
        sets.remove("avx512vnni")
    for isa in sets:
        for threads in (1, 2, 3, 8):
            [found] = run(["add_37"], feeds, precision=precision, threads=threads, isa=isa)
            assert found.tobytes() == first.tobytes(), (isa, threads)


def test_float_has_the_same_bits_for_any_number_of_threads(style, run_model, examples):
    feeds = {"X_content": photo(examples, (93, 71))}
    [first] = run_model(style)(["add_37"], feeds, threads=1)
    for threads in (2, 3, 8):
        assert run_model(style)(["add_37"], feeds, threads=threads)[0].tobytes() == first.tobytes()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_constant_pictures_do_not_explode(value, style, run_model):
    feeds = {"X_content": np.full((1, 64, 64, 3), value, np.float32)}
    [expected] = run_model(style)(["add_37"], feeds)
    [found] = run_model(style)(["add_37"], feeds, precision="int8")
    assert np.isfinite(expected).all() and np.isfinite(found).all()
    assert expected.min() > -60 and expected.max() < 320  # tanh * 150 + 127.5 bounds both
    assert found.min() > -60 and found.max() < 320
