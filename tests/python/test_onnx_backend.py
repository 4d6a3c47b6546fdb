"""The table of `picabia inspect --operators` against ONNX's own node tests, all of them run."""
import json

import onnx_backend
import pytest


@pytest.fixture(scope="module")
def listed(picabia):
    done = picabia("inspect", "--operators", "--json")
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["operators"] if row["format"] == "onnx"}


@pytest.fixture(scope="module")
def table(picabia_binary):
    found, details = onnx_backend.run_all(picabia_binary)
    return found, [d for d in details if d[0] == "fail"]


def test_no_claimed_operator_fails(table):
    assert not table[1]


def test_the_printed_table_is_true(table, listed):
    found = {op: row for op, row in table[0].items() if op in listed}
    printed = {op: {"pass": row["passed"], "refused": row["refused"], "fail": row["failed"]}
               for op, row in listed.items() if row["passed"] + row["refused"] + row["failed"]}
    found = {op: row for op, row in found.items() if row["pass"] or row["fail"]}
    assert printed == found, "run tests/python/onnx_backend.py --table src/import/onnx/node_tests.inc"


def test_at_least_600_pass(table):
    assert sum(row["pass"] for row in table[0].values()) >= 600


def test_refusals_name_the_operator_or_the_rule(picabia_binary, picabia, tmp_path):
    """Of a test that is refused, the message names the file and what was found."""
    _, details = onnx_backend.run_all(picabia_binary, only="maxpool")
    refused = [d for d in details if d[0] == "refused"]
    assert refused
    for _, _, name, reason in refused:
        assert "model.onnx: " in reason and ("expected" in reason or "not supported" in reason), (name, reason)


def test_list_for_people(picabia):
    done = picabia("inspect", "--operators")
    assert done.returncode == 0
    assert "  Conv  " in done.stdout and "TensorFlow" in done.stdout
    assert picabia("inspect", "--operators", "x.onnx").returncode != 0
    assert picabia("inspect").returncode != 0
