"""The Python package: sessions, against the command line; threads and memory."""

import gc
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import picabia
from conftest import PACKAGE
from pictures import photo, psnr


@pytest.fixture(scope="module")
def session(style):
    return picabia.Session(style)


def test_runs_as_the_command_line_does(session, style, run_model, examples):
    picture = photo(examples, (64, 48))
    [expected] = run_model(style)(["add_37"], {"X_content": picture})
    found = session.run("add_37:0", {"X_content:0": picture})
    assert found.dtype == np.float32 and np.array_equal(found, expected)
    assert [s["name"] for s in session.profile] and session.isa


@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_integer_precisions_give_the_same_bits_for_any_number_of_threads(precision, style, run_model, examples):
    picture = photo(examples, (64, 48))
    [expected] = run_model(style)(["add_37"], {"X_content": picture}, precision=precision)
    for threads in (1, 3):
        found = picabia.Session(str(style), precision=precision, threads=threads).run("add_37", {"X_content": picture})
        assert np.array_equal(found, expected)


def test_fetches_have_the_form_that_was_asked_for(session, examples):
    feeds = {"X_content": photo(examples, (32, 32))}
    one, two = session.run(["Relu", "add_37:0"], feeds)
    assert one.shape == (1, 32, 32, 32) and two.shape == (1, 32, 32, 3)
    again, same = session.run(["add_37", "add_37:0"], feeds)
    assert np.array_equal(again, two) and np.array_equal(same, two)
    [own] = session.run(None, feeds)
    assert np.array_equal(own, two)
    assert np.array_equal(session.run(feeds=feeds)[0], two)
    assert session.run([], feeds) == []  # nothing was asked for
    assert np.array_equal(session.run("add_37", {"Relu": one}), two)  # an inner tensor fed


def test_says_what_the_model_takes_and_gives(session):
    [info] = session.inputs
    assert (info.name, info.dtype, info.shape, info.frozen_shape) == ("X_content", np.float32, [-1, -1, -1, 3], [1, 256, 256, 3])
    assert [o.name for o in session.get_outputs()] == ["add_37"] and session.get_inputs()[0].name == "X_content"
    assert "moments_15/SquaredDifference" in session.tensor_names and "shape=[?, ?, ?, 3]" in repr(info)


@pytest.mark.parametrize("change", [
    lambda x: x.astype(np.uint8), lambda x: x.astype(np.float64), lambda x: x.astype(np.float16), lambda x: [x[0]],
    lambda x: x[:, ::-1][:, ::-1], lambda x: np.asfortranarray(x), lambda x: x.astype(">f4"), lambda x: x.tolist(),
    lambda x: x.astype(np.int64)])
def test_feeds_come_in_many_forms(change, session, examples):
    picture = np.rint(photo(examples, (16, 20)))
    expected = session.run("add_37", {"X_content": picture})
    assert np.array_equal(session.run("add_37", {"X_content": change(picture)}), expected)


def test_results_belong_to_the_caller(session, examples):
    feeds = {"X_content": photo(examples, (16, 16))}
    expected = session.run("add_37", feeds).copy()
    weights = session.run("Variable/read", {"X_content": feeds["X_content"]})
    assert weights.flags.writeable
    weights[:] = 0  # a constant: what was given is a copy
    [first] = session.run(None, feeds)
    first[:] = 7
    fed = session.run("X_content", feeds)
    fed[:] = 9  # what was fed: a copy, too
    assert feeds["X_content"].max() > 9
    assert np.array_equal(session.run("add_37", feeds), expected)
    del session
    assert first.max() == 7


# ---- errors


def test_errors_name_what_is_wrong(session, style, examples, tmp_path):
    picture = photo(examples, (16, 16))
    with pytest.raises(picabia.NotFound, match="no tensor 'add_73'; the nearest names are 'add_37', "):
        session.run("add_73", {"X_content": picture})
    with pytest.raises(picabia.NotFound, match="no tensor 'X_contents'"):
        session.run("add_37", {"X_contents": picture})
    with pytest.raises(picabia.InvalidArgument, match="input 'X_content' is not fed"):
        session.run("add_37")
    with pytest.raises(picabia.InvalidArgument, match="'X_content' .*is not fed, and the outputs need it: 'Relu'"):
        session.run("Relu", {"add_37": picture})
    with pytest.raises(picabia.InvalidArgument, match=r"found shape \[16, 16, 3\], expected \[\?, \?, \?, 3\]"):
        session.run("add_37", {"X_content": picture[0]})
    with pytest.raises(picabia.InvalidArgument, match="feed 'X_content': found elements of type <U3, expected numbers"):
        session.run("add_37", {"X_content": "cat"})
    for fetches, feeds, text in ((3, {}, "fetches: found 3 of type int"), (["add_37", 3], {}, "fetches: found 3 of type int"),
                                 ("add_37", {3: picture}, "feeds: found 3 of type int"),
                                 ("add_37", [picture], "feeds: found list, expected a dict")):
        with pytest.raises(picabia.InvalidArgument, match=text):
            session.run(fetches, feeds)
    with pytest.raises(picabia.NotFound, match="no.pb"):
        picabia.Session(tmp_path / "no.pb")
    (tmp_path / "bad.pb").write_bytes(b"<html>")
    with pytest.raises(picabia.Error, match="bad.pb"):
        picabia.Session(tmp_path / "bad.pb")
    with pytest.raises(picabia.InvalidModel, match="the model: "):
        picabia.Session(b"\x0a\x05abc")
    for options, text in (({"precision": "int4"}, "the names are fp32, int8, int16"), ({"device": "gpu"}, "expected cpu or mlu"),
                          ({"threads": -1}, "expected 0 to 1024"), ({"fast": True}, "int8 only")):
        with pytest.raises(picabia.InvalidArgument, match=text):
            picabia.Session(style, **options)
    # And the session still runs.
    assert session.run("add_37", {"X_content": picture}).shape == picture.shape


def test_error_classes():
    assert issubclass(picabia.NotFound, (picabia.Error, LookupError)) and issubclass(picabia.Error, Exception)
    assert issubclass(picabia.InvalidArgument, ValueError) and issubclass(picabia.IoError, OSError)
    assert issubclass(picabia.Unsupported, NotImplementedError) and issubclass(picabia.ResourceError, MemoryError)


# ---- models of every kind


def test_bytes_and_compiled_programs(style, session, tmp_path, picabia, examples):
    import picabia as package  # the fixture of this name is the command line

    feeds = {"X_content": photo(examples, (24, 16))}
    expected = session.run("add_37", feeds)
    assert np.array_equal(package.Session(style.read_bytes()).run("add_37", feeds), expected)
    package.compile(style, tmp_path / "a.picabia", size=(24, 16))
    assert picabia("compile", style, "-o", tmp_path / "b.picabia", "--size", "24x16").returncode == 0
    data = (tmp_path / "a.picabia").read_bytes()
    assert data == (tmp_path / "b.picabia").read_bytes()
    for model in (tmp_path / "a.picabia", data):
        compiled = package.Session(model)
        assert np.array_equal(compiled.run(["add_37:0"], feeds)[0], expected)
        assert set(compiled.tensor_names) == {"X_content", "add_37"}
        with pytest.raises(package.NotFound, match="tensor 'Relu' is no output of this compiled program"):
            compiled.run("Relu", feeds)
    assert package.styles() == [style.stem]
    assert np.array_equal(package.Session("style:" + style.stem).run("add_37", feeds), expected)


# ---- threads


def test_the_lock_is_released_while_a_model_runs(style, examples):
    session = picabia.Session(style, threads=1)
    feeds = {"X_content": photo(examples, (512, 512))}
    session.run("add_37", feeds)
    thread = threading.Thread(target=session.run, args=("add_37", feeds))
    steps, start = 0, time.perf_counter()
    thread.start()
    while thread.is_alive():
        steps += 1
        time.sleep(0.001)
    spent = time.perf_counter() - start
    # With the lock held there would be one step or two; a busy machine still gives this thread a tenth of its turns.
    assert steps > spent / 0.001 / 20 and steps > 5


def test_threads_take_turns(style, examples):
    session = picabia.Session(style, precision="int8")
    pictures = [photo(examples, (32 + 4 * i, 32)) for i in range(4)]
    expected = [session.run("add_37", {"X_content": p}) for p in pictures]
    found = {}

    def work(i):
        for k in range(3):
            found[i, k] = session.run(["Relu", "add_37"][k % 2], {"X_content": pictures[i]})

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        assert np.array_equal(found[i, 1], expected[i]) and np.array_equal(found[i, 0], found[i, 2])


# ---- the package


def test_import_prints_nothing_and_is_typed():
    code = "import picabia; assert picabia.__version__; print(end='')"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (PACKAGE / "picabia/py.typed").exists()


def test_the_stub_has_what_the_module_has():
    import ast

    from picabia import _core

    tree = ast.parse((PACKAGE / "picabia/_core.pyi").read_text())
    stub = {}
    for item in tree.body:
        if isinstance(item, ast.ClassDef):
            stub[item.name] = {f.name for f in item.body if isinstance(f, ast.FunctionDef) and f.name != "__init__"}
        elif isinstance(item, ast.FunctionDef):
            stub[item.name] = set()
    assert set(stub) == {name for name in vars(_core) if not name.startswith("_")}
    for name, methods in stub.items():
        if methods:
            assert methods == {m for m in vars(getattr(_core, name)) if not m.startswith("_")}, name


def test_every_public_name_is_documented():
    for name in picabia.__all__:
        if name != "__version__":
            assert getattr(picabia, name).__doc__, name


def test_sessions_go_away(style, examples):
    def function(x, mean):
        return (x - mean) ** 2

    gone = weakref.ref(function)
    inputs = ["Conv2D_13", "moments_15/StopGradient"]
    session = picabia.Session(style, callbacks={"moments_15/SquaredDifference": (inputs, function)})
    session.run("add_37", {"X_content": photo(examples, (16, 16))})
    del function, session
    gc.collect()
    assert gone() is None


def test_pictures_are_as_good_as_the_command_lines(style, examples, tmp_path):
    assert psnr(*[picabia.Session(style, precision=p).run("add_37", {"X_content": photo(examples, (64, 64))})
                  for p in ("fp32", "int8")]) > 40


def test_an_installed_package_finds_its_libraries(tmp_path, examples):
    build = PACKAGE.parent
    if not (build / "CMakeCache.txt").exists():
        pytest.skip(f"{PACKAGE} is in no build folder")
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(tmp_path), "--component", "python"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for file in (PACKAGE / "picabia").iterdir():
        if not file.name.startswith("_core.c"):
            (tmp_path / "picabia" / file.name).symlink_to(file.resolve())
    code = f"import picabia; assert picabia._core.__file__.startswith({str(tmp_path)!r}); print(picabia.stylize({str(examples / 'chelsea.jpg')!r}).shape)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "(300, 451, 3)\n", done.stderr
