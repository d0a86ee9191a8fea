"""Every kernel starts on its own, and from the global seed."""

import itertools

import keras
import numpy as np
import pytest

from kgen.layers import Dropout
from kgen.networks import (
    acgan_discriminator,
    acgan_generator,
    ali_decoder,
    ali_dense_decoder,
    ali_dense_discriminator,
    ali_dense_encoder,
    ali_discriminator,
    ali_encoder,
    bigan_decoder,
    bigan_discriminator,
    bigan_encoder,
    biganqp_decoder,
    biganqp_discriminator,
    biganqp_encoder,
    cgan_mlp_discriminator,
    cgan_mlp_generator,
    conv_decoder,
    conv_encoder,
    coupling_network,
    dcgan_discriminator,
    dcgan_generator,
    dense_decoder,
    dense_encoder,
    graphsgan_discriminator,
    graphsgan_generator,
    infogan_discriminator,
    infogan_generator,
    infogan_recognition,
    maxout_discriminator,
    mlp_discriminator,
    mlp_generator,
    patchgan,
    progressive_discriminator,
    progressive_generator,
    projection_discriminator,
    projection_generator,
    r3gan_discriminator,
    r3gan_generator,
    resnet_generator,
    sgan_conv_discriminator,
    sgan_conv_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
    tanh_discriminator,
    tanh_generator,
    wgangp_critic,
    wgangp_generator,
)

NETWORKS = {
    "dcgan_generator": lambda: dcgan_generator((32, 32, 1), 8, 4),
    "dcgan_discriminator": lambda: dcgan_discriminator((32, 32, 1), 4),
    "dense_encoder": lambda: dense_encoder((8, 8, 1), 4, (16, 16, 16)),
    "dense_decoder": lambda: dense_decoder((8, 8, 1), 4, (16, 16, 16)),
    "conv_encoder": lambda: conv_encoder((32, 32, 1), 4, 8),
    "conv_decoder": lambda: conv_decoder((32, 32, 1), 4, 8),
    "coupling_network": lambda: coupling_network((4, 4, 2), 4, 8),
    "resnet_generator": lambda: resnet_generator((16, 16, 1), blocks=3, width=4),
    "patchgan": lambda: patchgan((32, 32, 1), 4),
    "mlp_generator": lambda: mlp_generator((4, 4, 1), 16, (16, 16), batch_norm=True),
    "mlp_discriminator": lambda: mlp_discriminator((4, 4, 1), (16, 16)),
    "maxout_discriminator": lambda: maxout_discriminator((4, 4, 1), (16, 16), 2),
    "tanh_generator": lambda: tanh_generator((2,), 16, (16, 16)),
    "tanh_discriminator": lambda: tanh_discriminator((2,), (16, 16)),
    "wgangp_generator": lambda: wgangp_generator((16, 16, 1), 8, 8),
    "wgangp_critic": lambda: wgangp_critic((16, 16, 1), 8),
    "progressive_generator": lambda: progressive_generator((16, 16, 1), 8, 16),
    "progressive_discriminator": lambda: progressive_discriminator((16, 16, 1), 16),
    "r3gan_generator": lambda: r3gan_generator((16, 16, 1), 8, 4, 2, 2),
    "r3gan_discriminator": lambda: r3gan_discriminator((16, 16, 1), 4, 2, 2),
    "graphsgan_generator": lambda: graphsgan_generator(16, 16, 16),
    "graphsgan_discriminator": lambda: graphsgan_discriminator(16, 4, (16, 16, 16)),
    "sgan_dense_generator": lambda: sgan_dense_generator((4, 4, 1), 16, 16),
    "sgan_dense_discriminator": lambda: sgan_dense_discriminator((4, 4, 1), 4, (16, 16, 16)),
    "sgan_conv_generator": lambda: sgan_conv_generator((16, 16, 1), 8, 4),
    "sgan_conv_discriminator": lambda: sgan_conv_discriminator((16, 16, 1), 4, 4),
    "cgan_mlp_generator": lambda: cgan_mlp_generator((4, 4, 1), 4, 16, 24),
    "cgan_mlp_discriminator": lambda: cgan_mlp_discriminator((4, 4, 1), 4, 24),
    "acgan_generator": lambda: acgan_generator((16, 16, 1), 4, 8, 8),
    "acgan_discriminator": lambda: acgan_discriminator((16, 16, 1), 4),
    "infogan_generator": lambda: infogan_generator((16, 16, 1), 8, 4),
    "infogan_discriminator": lambda: infogan_discriminator((16, 16, 1), 4),
    "infogan_recognition": lambda: infogan_recognition(16, 16, 16),
    "projection_generator": lambda: projection_generator((16, 16, 3), 4, 16, 8),
    "ali_encoder": lambda: ali_encoder((20, 20, 1), 8, 4),
    "ali_decoder": lambda: ali_decoder((20, 20, 1), 8, 4),
    "ali_discriminator": lambda: ali_discriminator((20, 20, 1), 8, 4),
    "ali_dense_encoder": lambda: ali_dense_encoder((4,), 4, 16),
    "ali_dense_decoder": lambda: ali_dense_decoder((4,), 4, 16),
    "ali_dense_discriminator": lambda: ali_dense_discriminator((4,), 4, 16),
    "bigan_encoder": lambda: bigan_encoder((4, 4, 1), 16, 16),
    "bigan_decoder": lambda: bigan_decoder((4, 4, 1), 16, 16),
    "bigan_discriminator": lambda: bigan_discriminator((4, 4, 1), 16, 16),
    "biganqp_encoder": lambda: biganqp_encoder((16, 16, 1), 8, 4),
    "biganqp_decoder": lambda: biganqp_decoder((16, 16, 1), 8, 4),
    "biganqp_discriminator": lambda: biganqp_discriminator((16, 16, 1), 8, 4, 16),
    "projection_discriminator": lambda: projection_discriminator((16, 16, 3), 4, 8),
}


def _kernels(network):
    """All that starts at random: biases and other constants start equal."""
    numbers = [v.numpy() for v in network.trainable_variables]
    return [x for x in numbers if x.size > 1 and np.ptp(x) > 0]


@pytest.mark.parametrize("name", NETWORKS)
def test_no_two_kernels_start_from_the_same_numbers(name):
    one, other = NETWORKS[name](), NETWORKS[name]()
    for a, b in itertools.combinations(_kernels(one) + _kernels(other), 2):
        n = min(a.size, b.size)  # a shared seed shows in the first numbers, whatever the shape
        assert not np.allclose(a.ravel()[:n], b.ravel()[:n])
        if a.shape == b.shape:
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.9


@pytest.mark.parametrize("name", NETWORKS)
def test_the_global_seed_decides(name):
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        runs.append(_kernels(NETWORKS[name]()))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", [name for name in NETWORKS if "discriminator" in name])
def test_dropout_draws_from_a_seed_of_its_own(name):
    """Without one it would draw from PyTorch's global generator there: a run could not resume."""
    every = NETWORKS[name]().layers
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in every)
    drops = [layer for layer in every if isinstance(layer, Dropout)]
    with_dropout = ("maxout", "sgan_conv", "cgan_mlp", "acgan", "ali")
    assert bool(drops) == (name.removesuffix("_discriminator") in with_dropout)
    states = [tuple(np.array(layer.seed_generator.state)) for layer in drops]
    assert len(set(states)) == len(states)
