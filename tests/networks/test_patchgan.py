"""The patch that one logit of a PatchGAN sees, by gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.networks import patchgan


def _receptive_field(network, size):
    """The side of the square of pixels that one central logit depends on."""
    x = tf.constant(np.random.default_rng(0).normal(size=(1, size, size, 1)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = network(x)
        centre = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    gradient = np.abs(tape.gradient(centre, x).numpy()[0, :, :, 0])
    rows, columns = np.nonzero(gradient.sum(1))[0], np.nonzero(gradient.sum(0))[0]
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _without_normalisation(network):
    """Instance normalisation looks at the whole image; the convolutions' reach is what counts."""

    def pass_through(layer):
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=pass_through)


@pytest.mark.parametrize(
    ("downsamplings", "field", "size"),
    [(0, 1, 8), (1, 16, 48), (2, 34, 80), (3, 70, 144), (4, 142, 288), (5, 286, 576)],
)
def test_receptive_field(downsamplings, field, size):
    network = _without_normalisation(patchgan((size, size, 1), 2, downsamplings, affine=True))
    assert _receptive_field(network, size) == (field, field)


def test_the_papers_variants_have_its_layers():
    def widths(downsamplings):
        layers = patchgan((256, 256, 3), 2, downsamplings).layers
        return [layer.filters for layer in layers if isinstance(layer, keras.layers.Conv2D)]

    assert widths(0) == [2, 4, 1]
    assert widths(1) == [2, 4, 1]
    assert widths(3) == [2, 4, 8, 16, 1]
    assert widths(5) == [2, 4, 8, 16, 16, 16, 1]


def test_pix2pix_has_gains_and_shifts_in_place_of_biases():
    plain, affine = patchgan((32, 32, 1), 4), patchgan((32, 32, 1), 4, affine=True)
    names = [{v.path.split("/")[-1] for v in n.trainable_variables} for n in (plain, affine)]
    assert names == [{"kernel", "bias"}, {"kernel", "gamma", "beta"}]
    # 8, 16 and 32 channels are normalised; the first and the last convolution lose their biases.
    assert affine.count_params() - plain.count_params() == 2 * (8 + 16 + 32) - (4 + 1)


def test_what_it_cannot_take_is_refused():
    with pytest.raises(ValueError, match="at least 24 x 24"):
        patchgan((16, 16, 1), 4)
    with pytest.raises(ValueError, match="0 or more, got -1"):
        patchgan((16, 16, 1), 4, -1)
