"""ONNX's own node tests (package onnx), run through the command line.

    python tests/python/onnx_backend.py [--table FILE] [--failed]

prints, for each operator, how many of its tests pass, are refused at import, and fail; --table
writes the table that `picabia inspect --operators` prints (src/import/onnx/node_tests.inc).
A test is refused when `inspect` says that the model is not supported; when inspect takes the model,
everything but the right outputs is a failure.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def cases():
    """(operator, test case) for every node test; a test of an expanded function counts for the operator it defines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        found = [c for c in collect_testcases(None) if c.kind == "node"]
    operator = {c.name: c.model.graph.node[0].op_type for c in found if len(c.model.graph.node) == 1}
    for case in found:
        base = case.name.split("_expanded")[0]
        yield operator.get(base) or operator.get(case.name) or case.model.graph.node[0].op_type, case


def as_array(value):
    """The NumPy array of a test's input or output, which may be a TensorProto."""
    from onnx import TensorProto, numpy_helper
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def close(found, expected, case):
    """NumPy's comparison with the tolerances of the test; quantized values may round to a neighbour nowhere."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"found {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}"
    rtol, atol = getattr(case, "rtol", 1e-3) or 1e-3, getattr(case, "atol", 1e-7) or 1e-7
    if expected.dtype == np.float16:
        rtol = max(rtol, 2e-3)
    if np.allclose(found, expected, rtol=rtol, atol=max(atol, 1e-6), equal_nan=True):
        return ""
    return f"largest difference {np.max(np.abs(found.astype(float) - expected.astype(float)))}"


def run_case(binary, case):
    """'pass', or 'refused' or 'fail' with a reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / "model.onnx"
        model.write_bytes(case.model.SerializeToString())
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        looked = subprocess.run([binary, "inspect", model], capture_output=True, text=True, env=environment)
        if looked.returncode != 0:
            return ("refused" if looked.returncode > 0 else "fail"), looked.stderr.strip()
        for inputs, outputs in case.data_sets:
            command = [str(binary), "run", str(model), "--threads", "1"]
            for i, (port, value) in enumerate(zip(case.model.graph.input, inputs)):
                np.save(folder / f"in{i}.npy", as_array(value))
                command += ["--feed", f"{port.name}={folder}/in{i}.npy"]
            for i, port in enumerate(case.model.graph.output):
                command += ["--fetch", f"{port.name}={folder}/out{i}.npy"]
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if done.returncode != 0:
                return "fail", done.stderr.strip()
            for i, expected in enumerate(outputs):
                problem = close(np.load(folder / f"out{i}.npy"), as_array(expected), case)
                if problem:
                    return "fail", f"output {i}: {problem}"
    return "pass", ""


def run_all(binary, only=None):
    """{operator: {"pass": n, "refused": n, "fail": n}} and [(verdict, operator, test, reason)]."""
    table = collections.defaultdict(lambda: {"pass": 0, "refused": 0, "fail": 0})
    details = []
    chosen = [(op, c) for op, c in cases() if only is None or only in c.name]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (op, case), (verdict, reason) in zip(chosen, pool.map(lambda oc: run_case(binary, oc[1]), chosen)):
            table[op][verdict] += 1
            details.append((verdict, op, case.name, reason))
    return dict(table), details


def format_table(table):
    """Rows of C++ initializers, sorted by operator."""
    return "// Made by tests/python/onnx_backend.py --table.\n" + "".join(
        f'{{"{op}", {row["pass"]}, {row["refused"]}, {row["fail"]}}},\n'
        for op, row in sorted(table.items()) if row["pass"] or row["fail"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "build/release/bin/picabia")
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--only", help="run the tests whose names contain this")
    parser.add_argument("--show", default="fail", help="list the tests with this verdict")
    options = parser.parse_args()
    table, details = run_all(options.binary, options.only)
    for verdict, op, name, reason in details:
        if verdict == options.show:
            print(f"{verdict} {op} {name}: {reason[-300:]}")
    totals = {v: sum(row[v] for row in table.values()) for v in ("pass", "refused", "fail")}
    print(totals)
    if options.table:
        options.table.write_text(format_table(table))
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
