import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import ConditionalBatchNormalization


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def images(n=6, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, (n, 3, 3, 4)).astype("float32")


def network(layer, condition, dtype=None):
    x, c = keras.Input((3, 3, 4)), keras.Input(condition, dtype=dtype)
    return keras.Model([x, c], layer([x, c]))


def set_randomly(*variables):
    rng = np.random.default_rng(1)
    for variable in variables:
        variable.assign(rng.normal(size=variable.shape).astype("float32"))


@pytest.mark.parametrize("training", [True, False])
def test_a_single_class_is_plain_batch_normalization(training):
    layer = ConditionalBatchNormalization(1, momentum=0.7, epsilon=1e-2)
    net = network(layer, (), "int32")
    plain = layers.BatchNormalization(momentum=0.7, epsilon=1e-2)
    plain.build((None, 3, 3, 4))
    set_randomly(layer.gain.embeddings, layer.shift.embeddings)
    plain.gamma.assign(1 + numbers(layer.gain.embeddings)[0])
    plain.beta.assign(numbers(layer.shift.embeddings)[0])
    labels = np.zeros(6, "int32")
    for seed in range(2):
        net([images(seed=seed), labels], training=True)
        plain(images(seed=seed), training=True)
    found = net([images(seed=5), labels], training=training)
    expected = plain(images(seed=5), training=training)
    np.testing.assert_allclose(numbers(found), numbers(expected), atol=1e-5)
    np.testing.assert_allclose(
        numbers(layer.normalization.moving_variance), numbers(plain.moving_variance), rtol=1e-5
    )


def test_each_example_has_its_class_and_all_share_the_statistics():
    layer = ConditionalBatchNormalization(3, epsilon=0.0)
    net = network(layer, (), "int32")
    set_randomly(layer.gain.embeddings, layer.shift.embeddings)
    x, labels = images(), np.array([0, 2, 1, 1, 0, 2], "int32")
    found = numbers(net([x, labels], training=True))
    normalized = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
    gains, shifts = numbers(layer.gain.embeddings), numbers(layer.shift.embeddings)
    expected = normalized * (1 + gains)[labels][:, None, None] + shifts[labels][:, None, None]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("spectral", [False, True])
def test_a_vector_goes_through_two_maps(spectral):
    layer = ConditionalBatchNormalization(
        epsilon=0.0, initializer=keras.initializers.Orthogonal(2.0), spectral_norm=spectral
    )
    net = network(layer, (4,))
    x, c = images(), np.random.default_rng(2).normal(size=(6, 4)).astype("float32")
    gain, shift = (numbers(v) for v in layer.trainable_variables)
    assert not np.array_equal(gain, shift)  # each has an initializer of its own
    for kernel in (gain, shift):
        np.testing.assert_allclose(kernel.T @ kernel, 4 * np.eye(4), atol=1e-5)
    scale = 2 if spectral else 1  # all singular values are 2
    found = numbers(net([x, c], training=True))
    normalized = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
    expected = normalized * (1 + c @ gain / scale)[:, None, None]
    np.testing.assert_allclose(
        found, expected + (c @ shift / scale)[:, None, None], rtol=1e-4, atol=1e-4
    )


def test_zeros_begin_as_plain_normalisation_and_learn(gradients):
    layer = ConditionalBatchNormalization(2, epsilon=0.0)
    net = network(layer, (), "int32")
    x, labels = images(), np.array([0, 0, 0, 1, 1, 1], "int32")
    weights = np.random.default_rng(3).normal(size=x.shape).astype("float32")
    normalized = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
    np.testing.assert_allclose(numbers(net([x, labels], training=True)), normalized, atol=1e-5)
    gain, shift = gradients(
        net, lambda: ops.sum(ops.multiply(net([x, labels], training=True), weights))
    )
    for label in range(2):
        of = labels == label
        expected = np.sum((weights * normalized)[of], (0, 1, 2))
        np.testing.assert_allclose(gain[label], expected, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(shift[label], weights[of].sum((0, 1, 2)), rtol=1e-3, atol=1e-3)


def test_moving_averages_and_independence_of_the_batch():
    layer = ConditionalBatchNormalization(2, momentum=0.75)
    net = network(layer, (), "int32")
    set_randomly(layer.gain.embeddings, layer.shift.embeddings)
    x, labels = images(), np.array([0, 1, 0, 1, 1, 0], "int32")
    net([x, labels], training=True)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    found = layer.normalization
    np.testing.assert_allclose(numbers(found.moving_mean), 0.25 * mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numbers(found.moving_variance), 0.75 + 0.25 * variance, rtol=1e-4)
    together = numbers(net([x, labels], training=False))
    alone = numbers(net([x[2:3], labels[2:3]], training=False))
    np.testing.assert_allclose(together[2:3], alone, atol=1e-5)


@pytest.mark.parametrize(("arguments", "condition", "dtype"), [
    ({"classes": 3}, (), "int32"),
    ({"spectral_norm": True, "initializer": "orthogonal"}, (5,), None),
])  # fmt: skip
def test_through_a_file(through_a_file, arguments, condition, dtype):
    layer = ConditionalBatchNormalization(momentum=0.8, epsilon=1e-3, **arguments)
    net = network(layer, condition, dtype)
    c = np.zeros((6, *condition), dtype or "float32")
    net([images(), c], training=True)
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded([images(), c])), numbers(net([images(), c])))
    copy = next(each for each in loaded.layers if isinstance(each, type(layer)))
    assert copy.get_config() == layer.get_config()


@pytest.mark.usefixtures("mixed_bfloat16")
def test_mixed_precision():
    net = network(ConditionalBatchNormalization(spectral_norm=True), (5,))
    outputs = net([images(), np.zeros((6, 5), "float32")], training=True)
    assert "bfloat16" in str(outputs.dtype)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="classes must be at least 1, got 0"):
        ConditionalBatchNormalization(0)
    with pytest.raises(ValueError, match="spectral_norm is for the maps of vectors"):
        ConditionalBatchNormalization(2, spectral_norm=True)
    with pytest.raises(ValueError, match=r"of 2 classes takes \[x, condition\], got the shapes"):
        network(ConditionalBatchNormalization(2), (4,))
    with pytest.raises(ValueError, match=r"of vectors \(n, features\) takes"):
        network(ConditionalBatchNormalization(), ())
