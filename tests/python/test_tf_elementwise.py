"""Elementwise operators of TensorFlow, each alone, against TensorFlow at sizes that fit no vector."""

import numpy as np
import pytest

OPERATORS = ["Ceil", "Elu", "Erf", "Floor", "Inv", "Log", "Reciprocal", "Sign", "Softplus", "Softsign"]


@pytest.mark.parametrize("shape", [(1,), (3, 1, 5), (1, 7, 17, 3)], ids=str)
@pytest.mark.parametrize("op", OPERATORS)
def test_unary(op, shape, run_model, tmp_path, tf_oracle):
    tf = tf_oracle.tf
    x = np.asarray(np.random.default_rng(9).normal(0, 4, shape), np.float32)
    if op == "Log":
        x = np.abs(x)
    with tf.Graph().as_default() as graph:
        placeholder = tf.compat.v1.placeholder(tf.float32, shape, name="x")
        y = graph.create_op(op, [placeholder], [tf.float32], name="y").outputs[0]
        with tf.compat.v1.Session(graph=graph) as session:
            expected = session.run(y, {placeholder: x})
    (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    [found] = run_model(tmp_path / "net.pb")(["y"], {"x": x})
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)
