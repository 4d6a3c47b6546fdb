"""picabia variant: the lab's variants of a graph, against the lab's own files and TensorFlow."""

import numpy as np
import pytest

from pictures import photo
from quantizing import nodes, read_graph


@pytest.fixture
def variant(picabia, tmp_path):
    def make(model, node, op):
        out = tmp_path / f"{op}.pb"
        done = picabia("variant", model, "--node", node, "--op", op, "-o", out)
        assert done.returncode == 0, done.stderr
        return out
    return make


@pytest.mark.parametrize("kind", ["", "_int8"])
@pytest.mark.parametrize("op, suffix", [("PowerDifference", "power_diff"), ("placeholder", "power_diff_numpy")])
def test_the_labs_own_variants_come_out(kind, op, suffix, variant, shared_models):
    made = read_graph(variant(shared_models / f"udnie{kind}.pb", "moments_15/SquaredDifference", op))
    assert list(made.node) == list(read_graph(shared_models / f"udnie{kind}_{suffix}.pb").node)


def test_variants_compute_the_same(style, variant, run_model, examples):
    picture = photo(examples, (64, 64))
    [expected] = run_model(style)(["add_37"], {"X_content": picture})
    power = variant(style, "moments_15/SquaredDifference:0", "PowerDifference")
    z = "moments_15/PowerDifference_z"
    [found] = run_model(power)(["add_37"], {"X_content": picture, z: np.float32(2)})
    assert np.abs(found - expected).max() < 1e-3
    host = variant(power, "moments_15/PowerDifference", "placeholder")
    x, mean = run_model(host)(["Conv2D_13", "moments_15/StopGradient"], {"X_content": picture})
    [found] = run_model(host)(["add_37"], {"X_content": picture, "moments_15/PowerDifference": (x - mean) ** 2})
    assert np.abs(found - expected).max() < 1e-2


def test_all_other_nodes_keep_their_bytes(style, variant):
    old = nodes(read_graph(style))
    new = nodes(read_graph(variant(style, "moments_3/SquaredDifference", "PowerDifference")))
    assert set(new) - set(old) == {"moments_3/PowerDifference", "moments_3/PowerDifference_z"}
    assert set(old) - set(new) == {"moments_3/SquaredDifference"}
    assert {name for name in set(old) & set(new) if old[name] != new[name]} == {"moments_3/variance"}


@pytest.mark.parametrize("node, message", [
    ("moments_15/Squared", "there is no node 'moments_15/Squared'"), ("Conv2D", "node 'Conv2D' is Conv2D")])
def test_other_nodes_are_refused(node, message, style, picabia, tmp_path):
    done = picabia("variant", style, "--node", node, "--op", "placeholder", "-o", tmp_path / "out.pb")
    assert done.returncode == 1 and message in done.stderr and "moments_15/SquaredDifference" in done.stderr
    assert not (tmp_path / "out.pb").exists()


@pytest.mark.parametrize("inputs, message", [(["X_content"], "1 input"), ([], "0 inputs"),
                                             (["^X_content", "X_content", "X_content"], "expected two in front")])
@pytest.mark.parametrize("op", ["PowerDifference", "placeholder"])
def test_a_node_without_its_two_inputs_is_refused(op, inputs, message, style, picabia, tmp_path):
    graph = read_graph(style)
    node = nodes(graph)["moments_15/SquaredDifference"]
    del node.input[:]
    node.input.extend(inputs)
    (tmp_path / "in.pb").write_bytes(graph.SerializeToString())
    done = picabia("variant", tmp_path / "in.pb", "--node", node.name, "--op", op, "-o", tmp_path / "out.pb")
    assert done.returncode == 1 and node.name in done.stderr and message in done.stderr
    assert not (tmp_path / "out.pb").exists()
