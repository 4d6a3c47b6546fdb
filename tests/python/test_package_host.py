"""Python functions inside a run: the NumPy variant in one pass, operators, and what they may do wrong."""

import traceback

import numpy as np
import onnx
import pytest

import picabia
from pictures import photo
from test_operators import LIBRARY, PLACEHOLDER, POWER, levels, scaled, variants  # noqa: F401: fixtures

INPUTS = ["Conv2D_13:0", "moments_15/StopGradient:0"]


def square(x, mean):
    return (x - mean) ** 2


def check_one_pass(original, power, host, picture):
    expected = levels(picabia.Session(original).run("add_37", {"X_content": picture}))
    one_pass = picabia.Session(host, callbacks={PLACEHOLDER: (INPUTS, square)})
    assert [i.name for i in one_pass.inputs] == ["X_content"]
    assert np.abs(levels(one_pass.run("add_37", {"X_content": picture})) - expected).max() <= 1
    # The lab's own way: two runs, and NumPy between them.
    session = picabia.Session(host)
    x, mean = session.run(INPUTS, {"X_content:0": picture})
    two_runs = session.run("add_37:0", {"X_content:0": picture, PLACEHOLDER + ":0": square(x, mean)})
    assert np.abs(levels(two_runs) - expected).max() <= 1
    # And the operator itself, from C and from Python.
    # The nodes have an attribute T, an element type, which a function may take or leave.
    operators = [{"PowerDifference": function} for function in (
        lambda x, y, p, **attributes: (x - y) ** int(p.reshape(-1)[0]), lambda x, y, p: (x - y) ** int(p.reshape(-1)[0]),
        lambda x, y, p, T: ((x - y) ** int(p.reshape(-1)[0])).astype(T))]
    for form in ((), LIBRARY, *operators):
        feeds = {"X_content": picture, POWER: [2.0]}
        found = levels(picabia.Session(power, operators=form).run("add_37", feeds))
        assert np.abs(found - expected).max() <= 1


def test_the_three_variants_in_one_pass(variants, examples):  # noqa: F811
    check_one_pass(*variants, photo(examples, (64, 96)))


@pytest.mark.parametrize("kind", ["udnie", "udnie_int8"])
def test_the_labs_variants_in_one_pass(kind, shared_models, examples):
    paths = [shared_models / f"{kind}{end}.pb" for end in ("", "_power_diff", "_power_diff_numpy")]
    check_one_pass(*paths, photo(examples, (256, 256)))


# ---- small ONNX models with an operator of their own


def model(*nodes, inputs=(("x", 1, ["n", 3]),), outputs=("y",)):
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(op, i, o, domain="" if op in ("Neg", "Relu", "Add") else "here", **attributes)
         for op, i, o, attributes in nodes], "g",
        [onnx.helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [onnx.helper.make_tensor_value_info(name, 1, None) for name in outputs])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17),
                                                        onnx.helper.make_opsetid("here", 1)]).SerializeToString()


def test_inputs_are_views_of_the_run():
    seen = []

    def look(x):
        seen.append((x.__array_interface__["data"][0], x.flags.writeable, x.copy()))
        return x

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": look})
    assert np.array_equal(session.run("y", {"x": x}), x)
    [(address, writeable, copy)] = seen
    assert address == x.__array_interface__["data"][0] and not writeable and np.array_equal(copy, x)


def test_a_view_outlives_the_run():
    kept = []
    session = picabia.Session(model(("Neg", ["x"], ["n"], {}), ("Mine", ["n"], ["y"], {})),
                              operators={"here::Mine": lambda n: kept.append(n) or n})
    x = np.arange(300, dtype=np.float32).reshape(100, 3)
    for i in range(5):
        session.run("y", {"x": x + i})
    del session
    for i, view in enumerate(kept):
        assert np.array_equal(view, -(x + i))


def test_attributes_shapes_and_types():
    calls = []

    def double_rows(x, **attributes):
        calls.append(attributes)
        return np.concatenate([x, x]).astype(np.int32)

    operator = picabia.Operator(double_rows, shape=lambda x: (x[0] * 2, x[1]), dtype=np.int32)
    session = picabia.Session(model(("Mine", ["x"], ["y"], {"n": 3, "f": 0.5, "s": "text", "list": [1, 2]})),
                              operators=[("Mine", operator)])
    y = session.run("y", {"x": np.ones((2, 3), np.float32)})
    assert y.dtype == np.int32 and y.shape == (4, 3)
    assert calls == [{"n": 3, "f": 0.5, "s": "text", "list": [1, 2]}]


@pytest.mark.parametrize("result, accepted", [
    (lambda x: x.astype(np.float64), True), (lambda x: x.astype(np.float16), True), (lambda x: x.tolist(), True),
    (lambda x: x.T.copy().T, True), (lambda x: x[:1], False), (lambda x: x[None], False), (lambda x: None, False),
    (lambda x: x.astype(complex), False), (lambda x: "cat", False), (lambda x: x.sum(), False)])
def test_what_a_function_returns(result, accepted):
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": result})
    if accepted:
        assert np.array_equal(session.run("y", {"x": x}), x)
        return
    with pytest.raises(picabia.InvalidArgument, match="node 'y': its Python function raised InvalidArgument: it returned"):
        session.run("y", {"x": x})


def test_an_exception_arrives_with_its_traceback_and_the_session_stays():
    fail = [True]

    def helper():
        raise KeyError("not today")

    def mine(x):
        if fail[0]:
            helper()
        return x

    session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": mine})
    x = np.ones((1, 3), np.float32)
    for _ in range(3):
        with pytest.raises(picabia.InvalidArgument, match="node 'y': its Python function raised KeyError") as caught:
            session.run("y", {"x": x})
        assert isinstance(caught.value.__cause__, KeyError)
        text = "".join(traceback.format_exception(caught.value))
        assert "in helper" in text and 'raise KeyError("not today")' in text
    fail[0] = False
    assert np.array_equal(session.run("y", {"x": x}), x)


def test_an_exception_of_a_shape_rule_arrives():
    operator = picabia.Operator(lambda x: x, shape=lambda x: 1 // 0)
    with pytest.raises(picabia.InvalidArgument, match="raised ZeroDivisionError"):
        picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": operator}).run(
            "y", {"x": np.ones((1, 3), np.float32)})
    operator = picabia.Operator(lambda x: x, shape=lambda x: ["wide"])
    with pytest.raises(picabia.InvalidArgument, match="did not return a list of whole numbers"):
        picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": operator}).run(
            "y", {"x": np.ones((1, 3), np.float32)})


def test_interrupts_are_not_swallowed():
    def stop(x):
        raise KeyboardInterrupt

    session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": stop})
    with pytest.raises(KeyboardInterrupt):
        session.run("y", {"x": np.ones((1, 3), np.float32)})


def test_callbacks_that_cannot_be():
    data = model(("Neg", ["x"], ["n"], {}), ("Relu", ["n"], ["y"], {}))
    for callbacks, message in (({"n": (["y"], square)}, "the inputs of a callback depend on what it gives"),
                               ({"no": (["x"], square)}, "has no tensor 'no'"),
                               ({"n": (["no"], square)}, "callback for 'n': .*has no tensor 'no'"),
                               ({"n": ([], square)}, "callback for 'n': found no input")):
        with pytest.raises(picabia.Error, match=message):
            picabia.Session(data, callbacks=callbacks)


def test_a_callback_of_a_compiled_program_is_refused(style, tmp_path):
    picabia.compile(style, tmp_path / "p.picabia")
    with pytest.raises(picabia.Unsupported, match="is compiled and has lost its inner tensors"):
        picabia.Session(tmp_path / "p.picabia", callbacks={"Relu": (["X_content"], square)})


def test_a_model_inside_a_callback():
    # A session in a callback of another: the lock is free for it, and the two do not wait for each other.
    inner = picabia.Session(model(("Neg", ["x"], ["y"], {})))
    outer = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": lambda x: inner.run("y", {"x": x})})
    x = np.ones((1, 3), np.float32)
    assert np.array_equal(outer.run("y", {"x": x}), -x)


def test_operators_from_libraries(tmp_path):
    nodes = ("Scale", ["x"], ["y"], {"factor": 2.5})
    x = np.ones((2, 3), np.float32)
    assert np.array_equal(picabia.Session(model(nodes), operators=[str(LIBRARY)]).run("y", {"x": x}), x * 2.5)
    with pytest.raises(picabia.Unsupported, match="bad1.so: operator 0: found interface version 2"):
        picabia.Session(model(nodes), operators=LIBRARY.with_name("bad1.so"))
    with pytest.raises(picabia.IoError, match="cannot be loaded"):
        picabia.Session(model(nodes), operators=[tmp_path / "no.so"])
    with pytest.raises(picabia.InvalidArgument, match="is there a second time"):
        picabia.Session(model(nodes), operators=[LIBRARY, ("Scale", square)])


def test_a_callback_that_refers_to_its_session_goes_with_it():
    import gc
    import weakref

    class Owner:
        pass

    class Boom(Exception):
        pass

    owner, boom = Owner(), Boom()
    gone = weakref.ref(owner), weakref.ref(boom)

    def mine(x, session=owner, error=boom):
        if x[0, 0] < 0:
            raise error
        return x

    owner.session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": mine})
    owner.stylizer = picabia.Stylizer(operators={"Mine": mine})
    owner.session.run("y", {"x": np.ones((1, 3), np.float32)})
    with pytest.raises(picabia.InvalidArgument):
        owner.session.run("y", {"x": -np.ones((1, 3), np.float32)})
    boom.__traceback__ = None
    del owner, boom, mine
    gc.collect()
    assert gone[0]() is None and gone[1]() is None


def test_failures_leave_no_memory_behind():
    """Each run has 1 MB in and 1 MB out: 200 of each kind of failure that kept one would hold 200 MB."""
    import gc
    import pathlib
    import re

    def mine(x):
        if x[0, 0] < 0:
            raise ValueError(x)  # with the view of the run in it
        return x[:1]

    session = picabia.Session(model(("Mine", ["x"], ["y"], {})), operators={"Mine": mine})
    x = np.ones((87382, 3), np.float32)

    def resident():
        gc.collect()
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/self/status").read_text()).group(1)) * 1024

    def fail(times):
        for _ in range(times):
            for feeds in ({"x": -x}, {"x": x}, {}, {"x": x[0]}):
                with pytest.raises(picabia.Error):
                    session.run("y", feeds)
            with pytest.raises(picabia.Unsupported):
                picabia.Session(model(("Scale", ["x"], ["y"], {})), operators=LIBRARY.with_name("bad1.so"))

    fail(20)  # allocators and caches have what they keep
    before = resident()
    fail(200)
    assert resident() - before < 40e6


def test_a_model_with_a_python_operator_is_quantized(scaled, examples, tmp_path):  # noqa: F811
    def scale(x, factor=1.0):
        return x * factor

    options = {"calibration": [examples / "coffee.jpg"], "size": (64, 64)}
    summary = picabia.quantize(scaled, tmp_path / "python.pb", operators=[("Scale", scale)], **options)
    assert summary["psnr"] > 20
    picabia.quantize(scaled, tmp_path / "library.pb", operators=LIBRARY, **options)
    assert (tmp_path / "python.pb").read_bytes() == (tmp_path / "library.pb").read_bytes()

    def boom(x, factor=1.0):
        raise KeyError("not today")

    with pytest.raises(picabia.InvalidArgument, match="raised KeyError") as caught:
        picabia.quantize(scaled, tmp_path / "no.pb", operators=[("Scale", boom)], **options)
    assert isinstance(caught.value.__cause__, KeyError) and not (tmp_path / "no.pb").exists()
