import numpy as np
import pytest
from keras import ops

from kgen.layers import MaskedConv2D
from kgen.models import PixelCNN
from kgen.networks import pixelcnn
from tests.contract import ModelContract
from tests.models.autoregressive.laws import (
    all_binary_images,
    assert_causal,
    assert_sees_all_before,
    influence,
    random_images,
    randomise,
)


class TestPixelCNN(ModelContract):
    """256 levels, two colours, an averaged network; binary pixels are in the others' tests."""

    @staticmethod
    def build():
        return PixelCNN.build_default(
            (4, 4, 2), width=4, blocks=1, likelihood="categorical", ema_momentum=0.9
        )

    @staticmethod
    def data():
        return random_images(16, (4, 4, 2))


@pytest.mark.parametrize(("channels", "outputs"), [(1, 1), (3, 3), (3, 12)])
def test_no_pixel_or_colour_sees_itself_or_what_comes_after(channels, outputs):
    network = randomise(pixelcnn((4, 5, channels), outputs, width=6, blocks=2))
    seen = influence(network, (4, 5, channels), outputs=channels)
    assert_causal(seen)
    # The neighbours are seen: the colour before, and the pixel to the left.
    assert all(seen[i, i - 1] for i in range(1, len(seen)) if i // channels % 5)


def test_a_shifted_mask_breaks_the_law_and_the_sum(monkeypatch):
    """Mask B in the first layer, as if A had been forgotten."""
    whole = MaskedConv2D._mask

    def shifted(self, channels):
        self.mask_type = "B"
        return whole(self, channels)

    monkeypatch.setattr(MaskedConv2D, "_mask", shifted)
    network = randomise(pixelcnn((3, 3, 1), 1, width=4, blocks=1))
    with pytest.raises(AssertionError, match="output 0 sees input 0"):
        assert_causal(influence(network, (3, 3, 1)))
    total = _total(PixelCNN(network, binarization="threshold"))
    assert abs(total - 1) > 0.01


def test_the_masks_leave_a_blind_spot():
    """Above on the right: the law that the Gated PixelCNN keeps fails here."""
    network = randomise(pixelcnn((4, 6, 1), 1, width=4, blocks=2))
    seen = influence(network, (4, 6, 1)).reshape(4, 6, 4, 6)
    assert not seen[1, 0, 0, 4:].any() and seen[1, 0, 0, :4].all()
    with pytest.raises(AssertionError, match="does not see"):
        assert_sees_all_before(seen.reshape(24, 24))


def _total(model):
    x = all_binary_images(model.image_shape)
    return float(np.exp(model.log_prob(x).astype("float64")).sum())


@pytest.mark.parametrize("shape", [(3, 3, 1), (2, 2, 2)])
def test_all_binary_images_together_have_probability_one(shape):
    network = randomise(pixelcnn(shape, shape[-1], width=4, blocks=1), scale=0.6)
    assert _total(PixelCNN(network, binarization="threshold")) == pytest.approx(1, abs=1e-5)


def test_samples_are_as_probable_as_the_model_says():
    """The mean of -log p over samples is the entropy, known by counting all 512 images."""
    network = randomise(pixelcnn((3, 3, 1), 1, width=4, blocks=1), scale=0.6)
    model = PixelCNN(network, binarization="threshold")
    log_p = model.log_prob(all_binary_images((3, 3, 1))).astype("float64")
    entropy, spread = -(np.exp(log_p) * log_p).sum(), (np.exp(log_p) * log_p**2).sum()
    deviation = np.sqrt(spread - entropy**2)
    of_samples = -model.log_prob(model.sample(2000, seed=3)).mean()
    assert 0.5 < entropy < 9 * np.log(2) - 0.1
    assert of_samples == pytest.approx(entropy, abs=4 * deviation / np.sqrt(2000))


def test_levels_are_drawn_by_their_probabilities():
    """All logits alike but those of levels 10 and 200, which are e^9 and 3 e^9 times as likely.

    Above 0.9999 lie 3.3 of the other levels: 253, 254 and 255.
    """
    model = PixelCNN.build_default((2, 2, 1), width=4, blocks=1, likelihood="categorical")
    last = model.network.get_layer("to_parameters")
    logits = np.zeros(256, "float32")
    logits[10], logits[200] = 9, 9 + np.log(3)
    last.set_weights([np.zeros_like(last.get_weights()[0]), logits])
    uniforms = np.array([0.0, 0.1, 0.9, 0.9999]).reshape(1, 2, 2, 1)
    levels = np.round((model.serve("sample", uniforms=uniforms).ravel() + 1) * 127.5)
    assert levels.tolist() == [0, 10, 200, 252]
    mass = 4 * np.exp(9) + 254
    x = np.full((1, 2, 2, 1), 200 / 127.5 - 1)
    assert model.log_prob(x)[0] == pytest.approx(4 * np.log(3 * np.exp(9) / mass), rel=1e-5)


def test_an_untrained_pixel_is_a_fair_coin():
    model = PixelCNN.build_default((4, 4, 1), width=4, blocks=1)
    model.network.get_layer("to_parameters").kernel.assign(ops.zeros((8, 1))[None, None])
    x = random_images(3, (4, 4, 1))
    np.testing.assert_allclose(model.log_prob(x, seed=0), -16 * np.log(2), rtol=1e-6)
    model.compile()
    assert model.evaluate(x, verbose=0, return_dict=True)["bits_per_dim"] == pytest.approx(1)


def test_the_papers_sizes():
    """h = 128 and 15 blocks for CIFAR-10, counted by hand; rows below the pixel are not stored."""
    h, colours, outputs = 128, 3, 768
    first = 4 * 7 * colours * 2 * h + 2 * h
    block = (2 * h * h + h) + (2 * 3 * h * h + h) + (h * 2 * h + 2 * h)
    head = 2 * (2 * h * 2 * h + 2 * h) + 2 * h * outputs + outputs
    network = pixelcnn((32, 32, 3), 768, width=128, blocks=15)
    assert network.count_params() == first + 15 * block + head
    assert network.output_shape == (None, 32, 32, 768)
