"""The lab's six graphs against TensorFlow, and INT8 against float, through the command line."""

import numpy as np
import pytest

from pictures import PHOTOS, SIZES, photo, psnr, size_name

FLOAT_GRAPHS = ["udnie", "udnie_power_diff", "udnie_power_diff_numpy"]
INT8_GRAPHS = ["udnie_int8", "udnie_int8_power_diff", "udnie_int8_power_diff_numpy"]
POWER = "moments_15/PowerDifference_z"
PLACEHOLDER = "moments_15/PowerDifference"


def feeds_for(graph, picture, run):
    """The feeds of each variant; the NumPy one computes its operator on the host from two inner tensors."""
    feeds = {"X_content": picture}
    if graph.endswith("numpy"):
        x, mean = run(["Conv2D_13", "moments_15/StopGradient"], feeds)
        feeds[PLACEHOLDER] = (x - mean) ** 2
    elif graph.endswith("power_diff"):
        feeds[POWER] = np.array(2, dtype=np.float32)
    return feeds


def oracle_run(tf_oracle, path, size):
    def run(fetches, feeds):
        return tf_oracle.run(path, [f + ":0" for f in fetches],
                             {k + ":0": v for k, v in feeds.items() if k != POWER}, size)

    return run


@pytest.mark.parametrize("size", SIZES, ids=size_name)
@pytest.mark.parametrize("graph", FLOAT_GRAPHS)
def test_float_graphs_match_tensorflow(graph, size, run_model, shared_models, examples, tf_oracle):
    path = shared_models / f"{graph}.pb"
    picture = photo(examples, size)
    oracle = oracle_run(tf_oracle, path, size)
    [expected] = oracle(["add_37"], feeds_for(graph, picture, oracle))
    ours = run_model(path)
    [found] = ours(["add_37"], feeds_for(graph, picture, ours))
    assert found.shape == expected.shape == (1, -(-size[0] // 4) * 4, -(-size[1] // 4) * 4, 3)
    assert np.abs(found - expected).max() <= 0.05


# Layer by layer the rule is exact (test_int8_layer_is_exact). From end to end the last bit of a mean decides which way an
# activation rounds, and sixteen coarse layers make noise of that: two programs that differ in the order of a sum end up about
# as far from each other (35 dB here) as each is from float (26 to 33 dB).
@pytest.mark.parametrize("graph", INT8_GRAPHS)
def test_int8_graphs_match_tensorflow(graph, run_model, shared_models, examples, tf_oracle):
    path = shared_models / f"{graph}.pb"
    picture = photo(examples, (256, 256))
    oracle = oracle_run(tf_oracle, path, (256, 256))
    [expected] = oracle(["add_37"], feeds_for(graph, picture, oracle))
    ours = run_model(path)
    [found] = ours(["add_37"], feeds_for(graph, picture, ours))
    assert psnr(found, expected) >= 32


@pytest.mark.parametrize("layer", ["Conv2D", "Conv2D_1", "Conv2D_5", "conv2d_transpose", "Conv2D_13"])
def test_int8_layer_is_exact(layer, run_model, shared_models, examples, tf_oracle):
    """Fed with one input, an Int8 node gives TensorFlow's integers: equal to the last bit of the division."""
    path = shared_models / "udnie_int8.pb"
    source = {"Conv2D": "X_content", "Conv2D_1": "Relu", "Conv2D_5": "add_10", "conv2d_transpose": "add_30",
              "Conv2D_13": "Relu_9"}[layer]
    feeds = {"X_content": photo(examples, (256, 256))}
    [x] = tf_oracle.run(path, [source + ":0"], {k + ":0": v for k, v in feeds.items()})
    feeds = {source: x}
    [expected] = tf_oracle.run(path, [layer + ":0"], {source + ":0": x})
    [found] = run_model(path)([layer], feeds)
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=0)


@pytest.mark.parametrize("precision, at_least", [("int8", 40), ("int16", 60)])
@pytest.mark.parametrize("size", SIZES, ids=size_name)
@pytest.mark.parametrize("name", PHOTOS)
def test_integer_precision_keeps_the_picture(precision, at_least, size, name, run_model, shared_models, examples):
    run = run_model(shared_models / "udnie.pb")
    feeds = {"X_content": photo(examples, size, name)}
    [expected] = run(["add_37"], feeds)
    [found] = run(["add_37"], feeds, precision=precision)
    assert psnr(found, expected) >= at_least


@pytest.mark.parametrize("fetch", ["Conv2D", "moments/variance", "Relu", "add_10", "conv2d_transpose", "Tanh"])
def test_inner_tensors_can_be_fetched(fetch, run_model, shared_models, examples, tf_oracle):
    path = shared_models / "udnie.pb"
    feeds = {"X_content": photo(examples, (256, 256))}
    [expected] = tf_oracle.run(path, [fetch + ":0"], {k + ":0": v for k, v in feeds.items()})
    [found] = run_model(path)([fetch], feeds)
    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() <= 2e-5 * scale
