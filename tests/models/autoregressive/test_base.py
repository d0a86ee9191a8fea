"""What all models of the family share: completing, fallbacks, what they refuse and say."""

import keras
import numpy as np
import pytest
from keras import layers

from kgen.errors import DataError
from kgen.models import GatedPixelCNN, PixelCNN, PixelCNNPlusPlus, PixelRNN
from kgen.models.autoregressive.raster import FullForward, Incremental
from kgen.networks import pixelcnn
from tests.models.autoregressive.laws import random_images, randomise


@pytest.fixture(scope="module")
def model():
    network = randomise(pixelcnn((4, 4, 2), 512, width=4, blocks=1), scale=0.2)
    return PixelCNN(network, likelihood="categorical")


def test_completing_nothing_samples_and_completing_all_returns_the_image(model):
    images = model.sample(3, seed=4)
    uniforms = np.random.default_rng(0).random((3, 4, 4, 2))
    nothing, everything = np.zeros((3, 4, 4, 1)), np.ones((3, 4, 4, 1))
    drawn = model.serve("complete", images=images, mask=nothing, uniforms=uniforms)
    np.testing.assert_array_equal(drawn, model.serve("sample", uniforms=uniforms))
    kept = model.serve("complete", images=images, mask=everything, uniforms=uniforms)
    np.testing.assert_allclose(kept, images, atol=1e-6)


def test_completing_keeps_what_is_known_and_draws_the_rest_given_it(model):
    images = model.sample(2, seed=4)
    mask = np.zeros((4, 4))
    mask[:2] = 1
    drawn = model.complete(images, mask, seed=1)
    np.testing.assert_allclose(drawn[:, :2], images[:, :2], atol=1e-6)
    assert not np.array_equal(drawn[:, 2:], images[:, 2:])
    for same in (mask[..., None], np.stack([mask] * 2), np.stack([mask] * 2)[..., None] > 0):
        np.testing.assert_array_equal(model.complete(images, same, seed=1), drawn)
    # Another upper half changes what is drawn below it from the same numbers.
    other = model.complete(-images, mask, seed=1)
    assert not np.array_equal(other[:, 2:], drawn[:, 2:])
    with pytest.raises(DataError, match=r"mask must have shape \(4, 4\) or \(2, 4, 4, 1\)"):
        model.complete(images, np.ones((3, 4)))


def test_a_grey_pixel_that_is_given_to_binary_ones_is_cut_at_the_middle():
    model = PixelCNN.build_default((4, 4, 1), width=4, blocks=1)
    images = random_images(2, (4, 4, 1))
    kept = model.complete(images, np.ones((4, 4)))
    np.testing.assert_array_equal(kept, np.where(images > 0, 1.0, -1.0))


def _dense_network():
    """Sees all pixels before through a strictly triangular matrix, which no layer here knows."""
    images = keras.Input((2, 3, 1))
    x = layers.Dense(6, kernel_constraint=None, name="to_parameters")(layers.Flatten()(images))
    network = keras.Model(images, layers.Reshape((2, 3, 1))(x))
    dense = network.get_layer("to_parameters")
    kernel = np.triu(np.random.default_rng(0).normal(size=(6, 6)), 1)
    dense.set_weights([kernel, np.random.default_rng(1).normal(size=6)])
    return network


def test_a_network_of_other_layers_is_sampled_by_whole_passes_and_says_so():
    with pytest.warns(UserWarning, match="every pixel .* whole forward pass.* Flatten is no layer"):
        model = PixelCNN(_dense_network(), binarization="threshold")
    assert isinstance(model.raster(), FullForward)
    uniforms = np.random.default_rng(2).random((5, 2, 3, 1))
    x = model.serve("sample", uniforms=uniforms)
    # Drawn from left to right: each pixel compares its number with its own probability.
    kernel, bias = model.network.get_layer("to_parameters").get_weights()
    expected = np.zeros((5, 6))
    for i in range(6):
        p = 1 / (1 + np.exp(-(expected @ kernel + bias)[:, i]))
        expected[:, i] = np.where(uniforms.reshape(5, 6)[:, i] < p, 1, -1)
    np.testing.assert_array_equal(x.reshape(5, 6), expected)


def test_the_average_is_what_draws():
    network = pixelcnn((3, 3, 1), 1, width=4, blocks=1)
    model = PixelCNN(network, ema_momentum=0.9)
    assert isinstance(model.raster(), Incremental)
    before = model.log_prob(np.ones((1, 3, 3, 1)))
    randomise(model.network)
    assert model.log_prob(np.ones((1, 3, 3, 1))) == pytest.approx(before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"likelihood": "gaussian"}, r"likelihood must be one of \('bernoulli', 'categorical'\)"),
        ({"likelihood": "categorical"}, r"must give \(3, 3, 256\), not \(3, 3, 1\)"),
        ({"binarization": "fixed"}, "binarization must be one of"),
        ({"classes": 3}, "must have 2 inputs, images and labels; this one has 1"),
    ],
)
def test_what_does_not_fit_the_network_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PixelCNN(pixelcnn((3, 3, 1), 1, width=4, blocks=1), **arguments)


def test_they_say_what_their_likelihood_is_of():
    build = {"image_shape": (4, 4, 1), "width": 4, "blocks": 1}
    assert PixelCNN.build_default(**build).log_prob_of == "pixels binarised at random"
    threshold = PixelRNN.build_default(**build, binarization="threshold")
    assert threshold.log_prob_of == "pixels binarised at the middle"
    levels = GatedPixelCNN.build_default(**build, likelihood="categorical")
    assert levels.log_prob_of == "8-bit levels"
    plus = PixelCNNPlusPlus.build_default((4, 4, 1), 4, 0, resolutions=1)
    assert plus.log_prob_of == "8-bit levels"


def test_only_dynamic_binarisation_takes_noise():
    inputs = {
        binarization: set(
            PixelCNN.build_default((3, 3, 1), 4, 1, binarization=binarization)
            .signatures()["log_prob"]
            .inputs
        )
        for binarization in ("dynamic", "threshold")
    }
    assert inputs == {"dynamic": {"images", "uniforms"}, "threshold": {"images"}}
