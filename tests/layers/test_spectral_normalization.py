import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import SpectralNormalization


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def sequential(layer, inputs, dtype=None):
    return keras.Sequential([keras.Input(inputs, dtype=dtype), layer])


def matrix_of(kernel, transposed):
    kernel = np.swapaxes(kernel, -1, -2) if transposed else kernel
    return kernel.reshape(-1, kernel.shape[-1])


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (layers.Dense(12), (7,)),
        (layers.Conv2D(6, 3), (5, 5, 4)),
        (layers.Conv2DTranspose(6, 3), (5, 5, 4)),
        (layers.Embedding(9, 4), ()),
    ],
    ids=["dense", "convolution", "transposed", "embedding"],
)
def test_the_kernel_that_runs_has_spectral_norm_1(layer, inputs):
    wrapped = SpectralNormalization(layer)
    embedding = isinstance(layer, layers.Embedding)
    net = sequential(wrapped, inputs, "int32" if embedding else None)
    kernel = layer.embeddings if embedding else layer.kernel
    rng = np.random.default_rng(0)
    kernel.assign(rng.normal(size=kernel.shape).astype("float32"))
    x = rng.integers(9, size=(3,)) if embedding else rng.normal(size=(3, *inputs))
    x = x.astype("int32" if embedding else "float32")
    for _ in range(60):
        outputs = net(x, training=True)
    raw = numbers(kernel)
    matrix = matrix_of(raw, isinstance(layer, layers.Conv2DTranspose))
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    sigma = numbers(wrapped.left) @ matrix @ numbers(wrapped.right)
    assert sigma == pytest.approx(largest, rel=0.01)
    assert sigma <= largest * (1 + 1e-5)
    # The layer by itself, given the kernel divided by sigma, does the same.
    layer.set_weights([raw / sigma, *layer.get_weights()[1:]])
    np.testing.assert_allclose(numbers(outputs), numbers(layer(x)), rtol=1e-3, atol=1e-5)


def test_gradient_goes_through_sigma_with_its_vectors_held(gradients):
    """Miyato et al. 2018, eq. 12: of <A, W / sigma> it is (A - <A, W / sigma> u v') / sigma."""
    wrapped = SpectralNormalization(layers.Dense(2, use_bias=False))
    net = sequential(wrapped, (3,))
    kernel = np.array([[2.0, 1.0], [0.0, 1.0], [1.0, -3.0]])
    wrapped.layer.kernel.assign(kernel)
    u, v = np.array([1.0, 2.0, 2.0]) / 3, np.array([0.6, -0.8])
    wrapped.left.assign(u)
    wrapped.right.assign(v)
    # With the identity as input, the outputs are the kernel.
    a = np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, 1.0]])

    def loss():
        return ops.sum(ops.array(a, "float32") * net(ops.eye(3), training=False))

    (found,) = gradients(net, loss)
    sigma = u @ kernel @ v
    expected = (a - np.sum(a * kernel) / sigma * np.outer(u, v)) / sigma
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert np.abs(found - a / sigma).max() > 0.1  # what a constant sigma would give


def test_vectors_move_in_training_only_and_the_kernel_never():
    wrapped = SpectralNormalization(layers.Dense(4), power_iterations=2)
    net = sequential(wrapped, (5,))
    wrapped.right.assign(np.eye(4)[0])  # as if training had left them behind
    x = np.ones((2, 5), "float32")
    kernel, right = numbers(wrapped.layer.kernel), numbers(wrapped.right)
    net(x, training=False)
    np.testing.assert_array_equal(numbers(wrapped.right), right)
    net(x, training=True)
    expected = right
    for _ in range(2):
        left = kernel @ expected
        expected = left @ kernel
        expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(numbers(wrapped.right), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(numbers(wrapped.layer.kernel), kernel)


def test_an_untrained_layer_is_near_already():
    wrapped = SpectralNormalization(layers.Dense(30))
    net = sequential(wrapped, (20,))
    outputs = numbers(net(np.eye(20, dtype="float32"), training=False))  # bias 0: the kernel
    assert np.linalg.svd(outputs, compute_uv=False)[0] == pytest.approx(1.0, rel=0.05)


def test_a_kernel_of_zeros_stays_zero(gradients):
    wrapped = SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    net = sequential(wrapped, (3,))
    for found in gradients(net, lambda: ops.sum(net(ops.ones((1, 3)), training=True))):
        assert np.isfinite(found).all()
    assert np.isfinite(numbers(wrapped.right)).all()


def test_through_a_file(through_a_file):
    net = sequential(SpectralNormalization(layers.Dense(4), power_iterations=3), (5,))
    x = np.ones((2, 5), "float32")
    net(x, training=True)
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded(x)), numbers(net(x)))
    assert loaded.layers[0].power_iterations == 3


@pytest.mark.usefixtures("mixed_bfloat16")
def test_vectors_stay_float32_under_mixed_precision():
    wrapped = SpectralNormalization(layers.Dense(4))
    outputs = sequential(wrapped, (5,))(np.ones((2, 5), "float32"), training=True)
    assert "bfloat16" in str(outputs.dtype)
    assert np.linalg.norm(numbers(wrapped.left)) == pytest.approx(1.0, abs=1e-5)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        SpectralNormalization(layers.Dense(3), power_iterations=0)
    with pytest.raises(ValueError, match="Flatten has no kernel"):
        sequential(SpectralNormalization(layers.Flatten()), (3,))
