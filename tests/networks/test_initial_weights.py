"""Every kernel starts on its own, and from the global seed."""

import itertools

import keras
import numpy as np
import pytest

from kgen.networks import (
    conv_decoder,
    conv_encoder,
    dcgan_discriminator,
    dcgan_generator,
    dense_decoder,
    dense_encoder,
    patchgan,
    resnet_generator,
)

NETWORKS = {
    "dcgan_generator": lambda: dcgan_generator((32, 32, 1), 8, 4),
    "dcgan_discriminator": lambda: dcgan_discriminator((32, 32, 1), 4),
    "dense_encoder": lambda: dense_encoder((8, 8, 1), 4, (16, 16, 16)),
    "dense_decoder": lambda: dense_decoder((8, 8, 1), 4, (16, 16, 16)),
    "conv_encoder": lambda: conv_encoder((32, 32, 1), 4, 8),
    "conv_decoder": lambda: conv_decoder((32, 32, 1), 4, 8),
    "resnet_generator": lambda: resnet_generator((16, 16, 1), blocks=3, width=4),
    "patchgan": lambda: patchgan((32, 32, 1), 4),
}


def _kernels(network):
    return [v.numpy() for v in network.trainable_variables if v.path.endswith(("kernel", "gamma"))]


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
