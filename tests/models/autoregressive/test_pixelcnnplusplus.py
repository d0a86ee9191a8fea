import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import WeightNormalization
from kgen.models import PixelCNNPlusPlus
from kgen.networks import pixelcnn_plus_plus
from tests.contract import ModelContract
from tests.models.autoregressive.laws import (
    assert_causal,
    assert_sees_all_before,
    influence,
    random_images,
    randomise,
)


class TestPixelCNNPlusPlus(ModelContract):
    @staticmethod
    def build():
        return PixelCNNPlusPlus.build_default(
            (4, 4, 1), width=4, blocks=0, resolutions=2, components=2
        )

    @staticmethod
    def data():
        return random_images(16, (4, 4, 1))


def test_every_pixel_before_is_seen_and_no_other():
    """All colours of a pixel are one place in the order: none sees another through the network."""
    network = randomise(pixelcnn_plus_plus((8, 4, 2), 6, width=4, blocks=1, dropout=0.0))
    seen = influence(network, (8, 4, 2)).reshape(32, 32, 2)
    assert_causal(seen.any(-1))
    assert_sees_all_before(seen.all(-1))


def test_a_stream_without_its_shift_breaks_the_law(monkeypatch):
    monkeypatch.setattr("kgen.layers.CausalConv2D._pad_columns", _unshifted)
    network = randomise(pixelcnn_plus_plus((4, 4, 1), 3, width=4, blocks=1, resolutions=1))
    with pytest.raises(AssertionError, match="output 0 sees input 0"):
        assert_causal(influence(network, (4, 4, 1)))


def _unshifted(self, x):
    before, after = self.before, self.after
    if after < 0:
        before, after = before - 1, 0
    return ops.pad(x, ((0, 0), (0, 0), (before, after), (0, 0)))


def test_the_first_images_set_every_layer():
    """Each layer's output then has mean 0, and deviation 1 or 0.1 (Salimans & Kingma 2016)."""
    x = random_images(20, (4, 4, 1))
    model = PixelCNNPlusPlus.build_default(
        (4, 4, 1), width=4, blocks=1, resolutions=2, components=2, first_images=x, dropout=0.0
    )
    network = model.network
    normalised = [layer for layer in network.layers if isinstance(layer, WeightNormalization)]
    assert len(normalised) > 20
    values = {}
    for layer in normalised:
        values[layer] = layer(_value(network, layer, x))
    for layer, value in values.items():
        moments = [ops.convert_to_numpy(m) for m in ops.moments(value, axes=(0, 1, 2))]
        # A channel whose input is all zero, as the first row's, has no deviation to set.
        moving = moments[1] > 1e-12
        np.testing.assert_allclose(moments[0], 0, atol=2e-3)
        np.testing.assert_allclose(np.sqrt(moments[1][moving]), layer.initial_deviation, rtol=1e-2)
    assert {layer.initial_deviation for layer in normalised} == {1.0, 0.1}


def _value(network, layer, x):
    return keras.Model(network.inputs[0], layer.input)(x, training=False)


def test_samples_lie_on_levels():
    model = PixelCNNPlusPlus.build_default((4, 4, 3), 4, 1, resolutions=1, components=2)
    levels = (model.sample(20, seed=0) + 1) * 127.5
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-4)
    assert levels.min() >= 0 and levels.max() <= 255


def test_the_averages_are_what_samples():
    model = PixelCNNPlusPlus.build_default((4, 4, 1), 4, 1, resolutions=1, components=1)
    assert model.ema_momentum == 0.9995
    before = model.log_prob(random_images(2, (4, 4, 1)))
    randomise(model.network)
    np.testing.assert_array_equal(model.log_prob(random_images(2, (4, 4, 1))), before)


def test_parameters_of_the_authors_cifar_network():
    """160 filters, 3 resolutions of 5 blocks, counted by hand; a weight-normalised layer has a
    scale and a bias for each output."""
    w = 160

    def layer(inputs, outputs):
        return inputs * outputs + 2 * outputs

    def block(taps, extra):
        entering = layer(2 * extra * w, w) if extra else 0
        return layer(taps * 2 * w, w) + entering + layer(taps * 2 * w, 2 * w)

    first = layer(6 * 4, w) + layer(3 * 4, w) + layer(2 * 4, w)
    going_down = 15 * (block(6, 0) + block(4, 1)) + 2 * (layer(6 * w, w) + layer(4 * w, w))
    going_up = (5 + 6 + 6) * (block(6, 1) + block(4, 2)) + 2 * (layer(6 * w, w) + layer(4 * w, w))
    network = pixelcnn_plus_plus((32, 32, 3), 100)
    assert network.count_params() == first + going_down + going_up + layer(w, 100)


def test_sides_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="6x8 cannot be halved 2 times"):
        pixelcnn_plus_plus((6, 8, 1), 3)
