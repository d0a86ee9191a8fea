"""The U-Net: what its skips carry, and the layers of the paper."""

import keras
import numpy as np
import pytest

from kgen.networks import unet


def _images(seed, shape=(2, 16, 16, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _kinds(network):
    skipped = ("InputLayer",)
    names = [type(layer).__name__ for layer in network.layers]
    return [name for name in names if name not in skipped]


def _innermost(network):
    return [layer for layer in network.layers if type(layer) is keras.layers.Conv2D][-1]


@pytest.mark.parametrize("skips", [True, False])
def test_skips_carry_detail_past_a_zeroed_bottleneck(skips):
    """Nothing comes through the innermost layer; without skips nothing comes through at all."""
    keras.utils.set_random_seed(0)
    network = unet((16, 16, 1), width=4, skips=skips)
    layer = _innermost(network)
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    images = _images(0)
    changed = images.copy()
    changed[:, 5, 5] += 0.5
    difference = np.abs(network(images) - network(changed)).max(axis=(0, 3))
    if not skips:
        assert difference.max() == 0
    else:
        place = np.unravel_index(difference.argmax(), difference.shape)
        assert np.abs(np.subtract(place, 5)).max() <= 2
        assert difference.max() > 2 * np.median(difference) > 0


def test_the_papers_layers_in_its_order():
    network = unet((256, 256, 3), 1, width=2, dropout=0.5)
    down = ["LeakyReLU", "Conv2D", "GroupNormalization"]
    up = ["ReLU", "Conv2DTranspose", "GroupNormalization"]
    dropped = [*up, "GivenDropout", "Concatenate"]
    expected = ["Conv2D", *6 * down, "LeakyReLU", "Conv2D"]
    expected += 3 * dropped + 4 * [*up, "Concatenate"] + ["ReLU", "Conv2DTranspose"]
    assert _kinds(network) == expected
    convolutions = [layer for layer in network.layers if "Conv2D" in type(layer).__name__]
    widths = [layer.filters for layer in convolutions]
    assert widths == [2, 4, 8, *5 * [16], *4 * [16], 8, 4, 2, 1]
    assert all(c.kernel_size == (4, 4) and c.strides == (2, 2) for c in convolutions)
    assert not any(c.use_bias for c in convolutions)
    slopes = {x.negative_slope for x in network.layers if isinstance(x, keras.layers.LeakyReLU)}
    assert slopes == {0.2}
    # The innermost map is 1x1, its decoder's maps have sides 2, 4, 8 and 16 channels.
    assert network.input_shape[1] == (None, 16 * (4 + 16 + 64))


def test_gains_come_from_the_papers_distribution():
    network = unet((32, 32, 1), width=64)
    gains = [w.numpy() for w in network.trainable_variables if w.path.endswith("gamma")]
    gains = np.concatenate(gains)
    assert gains.mean() == pytest.approx(1, abs=0.005)
    assert gains.std() == pytest.approx(0.02, rel=0.1)


def test_dropout_hears_the_noise_in_training_mode_only():
    keras.utils.set_random_seed(0)
    network = unet((16, 16, 1), width=4, dropout=0.5)
    images, size = _images(0), network.input_shape[1][1]
    noises = [np.random.default_rng(seed).random((2, size), np.float32) for seed in (0, 1)]
    quiet = [np.asarray(network([images, noise])) for noise in noises]
    drawn = [np.asarray(network([images, noise], training=True)) for noise in noises]
    np.testing.assert_array_equal(*quiet)
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4
    # Each layer hears its own part: 16 channels of 2 x 2 first, then 8 of 4 x 4, then 4 of 8 x 8.
    assert size == 16 * 4 + 8 * 16 + 4 * 64
    starts = [x.start for x in network.layers if type(x).__name__ == "GivenDropout"]
    assert starts == [0, 64, 192]
    for part in (slice(0, 64), slice(64, 192), slice(192, 448)):
        noise = noises[0].copy()
        noise[:, part] = noises[1][:, part]
        assert np.abs(network([images, noise], training=True) - drawn[0]).max() > 1e-6


def test_any_depth_that_the_size_allows():
    assert unet((48, 80, 1), width=2).output_shape == (None, 48, 80, 1)  # down to 3 x 5
    assert unet((64, 64, 1), depth=1, width=2).count_params() == 16 * 2 + 16 * 2
    with pytest.raises(ValueError, match=r"48 x 80 allows a depth from 1 to 4; .* multiples of 32"):
        unet((48, 80, 1), depth=5)
    with pytest.raises(ValueError, match="depth from 1 to 0"):
        unet((15, 16, 1))
    opened = unet((None, None, 1), depth=2, width=2)
    assert opened(_images(0, (1, 12, 20, 1))).shape == (1, 12, 20, 1)
    with pytest.raises(ValueError, match="needs a depth and dropout=0"):
        unet((None, None, 1))
    with pytest.raises(ValueError, match="needs a depth and dropout=0"):
        unet((None, None, 1), depth=2, dropout=0.5)
