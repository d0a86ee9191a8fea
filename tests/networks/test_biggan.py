import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import ConditionalBatchNormalization, SelfAttention, SpectralNormalization
from kgen.networks import biggan_discriminator, biggan_generator


def trained(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def conv(inputs, outputs, size=3):
    return size * size * inputs * outputs + outputs


def attention(channels):
    """Queries and keys of an eighth, values and the way back of half; and gamma."""
    return channels * (channels // 8) * 2 + channels * (channels // 2) * 2 + 1


def generator_weights(ch, factors, latents, shared, classes, attended, colours=3):
    widths = [ch * f for f in factors]
    chunk = latents // len(widths)
    total = classes * shared + (chunk + 1) * 16 * widths[0]
    for before, after in itertools.pairwise(widths):
        total += conv(before, after) + conv(after, after) + conv(before, after, 1)
        total += 2 * (shared + chunk) * (before + after)
    total += attention(ch * attended) if attended else 0
    return total + 2 * widths[-1] + conv(widths[-1], colours)


def discriminator_weights(ch, factors, classes, attended, halvings, colours=3):
    widths = [ch * f for f in factors]
    total = (classes + 1) * widths[-1] + 1
    for i, (before, after) in enumerate(zip([colours, *widths[:-1]], widths, strict=True)):
        total += conv(before, after) + conv(after, after)
        total += conv(before, after, 1) if i < halvings or before != after else 0
    return total + (attention(ch * attended) if attended else 0)


SIZES = {
    # The generator's factors and the one with attention; the discriminator's, and its halvings.
    32: ((4, 4, 4, 4), None, (4, 4, 4, 4), None, 2),
    64: ((16, 16, 8, 4, 2), 4, (1, 2, 4, 8, 16), 1, 4),
    128: ((16, 16, 8, 4, 2, 1), 2, (1, 2, 4, 8, 16, 16), 1, 5),
}


def test_the_networks_of_imagenet_have_70_and_88_million_weights():
    """By the formulas that the next test holds against the networks, at the paper's width of 96."""
    up, up_attended, down, down_attended, halvings = SIZES[128]
    assert generator_weights(96, up, 120, 128, 1000, up_attended) == 70_433_988
    assert discriminator_weights(96, down, 1000, down_attended, halvings) == 87_982_370


@pytest.mark.parametrize("side", SIZES)
def test_sizes_have_the_hand_derived_counts(side):
    up, up_attended, down, down_attended, halvings = SIZES[side]
    generator = biggan_generator((side, side, 3), 10, 60, 8, 5, initializer="normal")
    assert trained(generator) == generator_weights(8, up, 60, 5, 10, up_attended)
    critic = biggan_discriminator((side, side, 3), 10, 8, initializer="normal")
    assert trained(critic) == discriminator_weights(8, down, 10, down_attended, halvings)
    for network in (generator, critic):
        found = [layer.input.shape[1] for layer in network.layers if type(layer) is SelfAttention]
        assert found == ([] if side == 32 else [side // 2])
    assert generator.output_shape[1:] == critic.input_shape[0][1:] == (side, side, 3)
    bare = [layer for layer in (*generator.layers, *critic.layers) if hasattr(layer, "kernel")]
    assert not bare  # every kernel is divided by its spectral norm


def test_without_a_shared_embedding_each_normalisation_has_tables():
    network = biggan_generator((16, 16, 1), 7, 5, 2, None, initializer="normal")
    tables = [layer for layer in network.layers if isinstance(layer, ConditionalBatchNormalization)]
    assert [layer.classes for layer in tables] == [7] * 4
    # 8 channels throughout: a dense layer, two blocks, the last normalisation and convolution.
    block = 2 * conv(8, 8) + conv(8, 8, 1) + 2 * 2 * 7 * 8
    assert trained(network) == 6 * 16 * 8 + 2 * block + 2 * 8 + conv(8, 1)
    stds = [np.std(np.array(ops.convert_to_numpy(t.gain.embeddings))) for t in tables]
    assert np.mean(stds) == pytest.approx(0.02, rel=0.2)


def test_each_chunk_of_latents_acts_from_its_block_on():
    """The first one on the smallest map; the second one from the first normalisation on."""
    network = biggan_generator((16, 16, 1), 3, 6, 2, 3)
    sources = [
        layer.input[0]
        for layer in network.layers
        if isinstance(layer, ConditionalBatchNormalization)
    ]
    see = keras.Model(network.inputs, [sources[0], sources[2], network.output])
    base = np.random.default_rng(0).normal(size=(1, 6)).astype("float32")
    label = np.array([1], "int32")

    def differs(chunk):
        moved = base.copy()
        moved[:, 2 * chunk : 2 * chunk + 2] += 1.0
        pairs = zip(see([base, label]), see([moved, label]), strict=True)
        return [bool(np.abs(np.array(a) - np.array(b)).max() > 1e-6) for a, b in pairs]

    see_label = zip(see([base, label]), see([base, label + 1]), strict=True)
    assert differs(0) == [True, True, True]
    assert differs(1) == [False, True, True]
    assert differs(2) == [False, False, True]
    assert [bool(np.abs(np.array(a) - np.array(b)).max() > 1e-6) for a, b in see_label] == [
        False,
        True,
        True,
    ]


def test_orthogonal_rows_or_columns_at_the_start():
    network = biggan_discriminator((8, 8, 1), 3, 2)
    kernels = [
        np.array(ops.convert_to_numpy(layer.layer.kernel))
        for layer in network.layers
        if isinstance(layer, SpectralNormalization) and hasattr(layer.layer, "kernel")
    ]
    assert len(kernels) == 6
    for kernel in kernels:
        matrix = kernel.reshape(-1, kernel.shape[-1])
        small = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
        np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (256, 256, 3)}, "up to 32 pixels a side, or of 64 or 128, not of 256"),
        ({"image_shape": (30, 30, 3)}, "choose the nearest as image_size"),
        ({"classes": 0}, "classes must be at least 1, got 0"),
        ({"initializer": "xavier"}, "initializer must be one of orthogonal, normal, got 'xavier'"),
    ],
)
def test_what_the_networks_cannot_be(arguments, message):
    arguments = {"image_shape": (8, 8, 1), "classes": 2, "width": 2, **arguments}
    for build in (biggan_generator, biggan_discriminator):
        with pytest.raises(ValueError, match=message):
            build(**arguments)
