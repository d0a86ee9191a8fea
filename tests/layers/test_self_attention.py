import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import SelfAttention


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def network(shape=(4, 6, 16), gamma=0.0, **arguments):
    layer = SelfAttention(**arguments)
    net = keras.Sequential([keras.Input(shape), layer])
    layer.gamma.assign(gamma)
    return net, layer


def maps(n=2, shape=(4, 6, 16)):
    return np.random.default_rng(0).normal(size=(n, *shape)).astype("float32")


def test_gamma_0_is_the_identity_and_learns(gradients):
    net, _ = network()
    x = maps()
    np.testing.assert_array_equal(numbers(net(x, training=True)), x)
    found = gradients(net, lambda: ops.sum(ops.square(net(x, training=True))))
    assert np.abs(found[0]).max() > 1e-3  # gamma itself
    assert not any(each.any() for each in found[1:])  # nothing beyond it while it is 0


def test_against_numpy():
    net, layer = network(gamma=0.7)
    x = maps()
    n, height, width, _ = x.shape

    def spectral(part):
        kernel = numbers(part.layer.kernel)[0, 0]
        return kernel / np.linalg.svd(kernel, compute_uv=False)[0]

    def pooled(y):
        y = y.reshape(n, height // 2, 2, width // 2, 2, -1).max((2, 4))
        return y.reshape(n, -1, y.shape[-1])

    queries = (x @ spectral(layer.query)).reshape(n, height * width, 2)
    keys, values = pooled(x @ spectral(layer.key)), pooled(x @ spectral(layer.value))
    assert keys.shape == (n, 6, 2) and values.shape == (n, 6, 8)
    expected = x.copy()
    for i in range(n):
        for place in range(height * width):
            weights = np.exp(keys[i] @ queries[i, place])
            looked = (weights / weights.sum()) @ values[i] @ spectral(layer.back)
            expected[i, place // width, place % width] += 0.7 * looked
    np.testing.assert_allclose(numbers(net(x)), expected, rtol=1e-4, atol=1e-4)


def test_the_maps_start_orthogonal_and_not_alike():
    _, layer = network()
    query, key = (numbers(part.layer.kernel)[0, 0] for part in (layer.query, layer.key))
    np.testing.assert_allclose(query.T @ query, np.eye(2), atol=1e-5)
    assert np.abs(query - key).max() > 1e-3


def test_through_a_file(through_a_file):
    net, layer = network(gamma=1.0, initializer=keras.initializers.RandomNormal(0.0, 0.02))
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded(maps())), numbers(net(maps())))
    assert loaded.layers[0].get_config() == layer.get_config()


@pytest.mark.usefixtures("mixed_bfloat16")
def test_mixed_precision():
    net, _ = network(gamma=1.0)
    assert "bfloat16" in str(net(maps(), training=True).dtype)


def test_a_map_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="at least 2 x 2 places, got 1 x 4"):
        network((1, 4, 16))
