"""Drawing by pixels gives what the whole network would give, on every network of the family."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import CausalConv2D, MaskedConv2D
from kgen.models.autoregressive.plan import NotIncrementalError, plan
from kgen.models.autoregressive.raster import FullForward, Incremental
from kgen.networks import gated_pixelcnn, pixelcnn, pixelcnn_plus_plus, pixelrnn
from tests.models.autoregressive.laws import random_images, randomise, teacher_forced

# Name: network, image shape, passes a pixel.
NETWORKS = {
    "pixelcnn": (lambda s: pixelcnn(s, 9, 4, 1), (4, 5, 3), 3),
    "gated": (lambda s: gated_pixelcnn(s, 4, 4, 1, classes=3), (4, 5, 2), 2),
    "row": (lambda s: pixelrnn(s, 4, "row", 4, 2), (4, 5, 2), 2),
    "diagonal": (lambda s: pixelrnn(s, 4, "diagonal", 4, 2), (4, 5, 2), 2),
    "plus_plus": (lambda s: pixelcnn_plus_plus(s, 6, 4, 1, resolutions=3), (4, 8, 2), 1),
}


@pytest.mark.core
@pytest.mark.parametrize("name", NETWORKS)
def test_incremental_equals_the_full_forward_pass(name):
    build, shape, passes = NETWORKS[name]
    network = randomise(build(shape))
    x = random_images(3, shape)
    others = [np.array([0, 2, 1], "int32")] if len(network.inputs) > 1 else []
    tensors = [ops.convert_to_tensor(t) for t in (x, *others)]
    full = ops.convert_to_numpy(network(tensors if others else tensors[0], training=False))
    assert np.abs(full).max() > 0.1
    said = teacher_forced(Incremental(network), x, passes, name == "plus_plus", others)
    np.testing.assert_allclose(said, full, atol=1e-5)


def test_the_law_fails_if_a_layer_forgets_a_pixel(monkeypatch):
    """Broken on purpose: the carry of every convolution stays as it was."""
    network = randomise(pixelcnn((4, 5, 1), 1, 4, 1))
    x = random_images(2, (4, 5, 1))
    full = ops.convert_to_numpy(network(x))
    step = CausalConv2D.step
    monkeypatch.setattr(CausalConv2D, "step", lambda *a: (step(*a)[0], a[3]))
    said = teacher_forced(Incremental(network), x, 1, False)
    assert np.abs(said - full).max() > 1e-2


def test_full_forward_is_the_network_itself():
    network = randomise(pixelcnn((3, 4, 2), 2, 4, 1))
    x = random_images(2, (3, 4, 2))
    full = ops.convert_to_numpy(network(x))
    np.testing.assert_allclose(teacher_forced(FullForward(network), x, 2, False), full, atol=1e-5)


@pytest.mark.usefixtures("mixed_bfloat16")
def test_runs_in_mixed_bfloat16():
    """The same numbers to the digits that bfloat16 has."""
    network = pixelrnn((4, 4, 1), 1, "diagonal", 4, 1)
    x = random_images(2, (4, 4, 1))
    full = ops.convert_to_numpy(network(x))
    said = teacher_forced(Incremental(network), x, 1, False)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said, full, atol=2e-2)


def _network(*stack):
    images = keras.Input((4, 4, 1))
    x = MaskedConv2D(4, 3, "A")(images)
    for layer in stack:
        x = layer(x)
    return keras.Model(images, x)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: layers.Conv2D(1, 3, padding="same"), "Conv2D is no layer that can run by pixels"),
        (lambda: layers.Concatenate(axis=1), "Concatenate is no layer"),
        (lambda: CausalConv2D(1, (2, 3)), "looks to the right in its own row"),
        (lambda: CausalConv2D(1, (1, 3), down=1), "does not depend on the pixels to the left"),
        (lambda: layers.BatchNormalization(axis=2), "BatchNormalization is no layer"),
    ],
)
def test_networks_that_cannot_run_by_pixels_say_why(layer, reason):
    layer = layer()
    stack = [lambda x: [x, x], layer] if isinstance(layer, layers.Concatenate) else [layer]
    with pytest.raises(NotIncrementalError, match=reason):
        plan(_network(*stack))


def test_other_networks_say_why():
    shared = MaskedConv2D(4, 3, "B")
    with pytest.raises(NotIncrementalError, match="used more than once"):
        plan(_network(shared, shared, shared))
    with pytest.raises(NotIncrementalError, match="is no layer"):
        plan(_network(lambda x: ops.exp(x)))
    images = keras.Input((None, 4, 1))
    with pytest.raises(NotIncrementalError, match="no fixed size"):
        plan(keras.Model(images, MaskedConv2D(1, 3, "A")(images)))


def test_layers_of_keras_that_compute_each_pixel_alone_are_welcome():
    network = _network(
        layers.BatchNormalization(),
        layers.LayerNormalization(),
        layers.Conv2D(5, 1, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(2),
    )
    randomise(network)
    for variable in network.weights:  # variances
        variable.assign(ops.abs(variable))
    x = random_images(2, (4, 4, 1))
    full = ops.convert_to_numpy(network(x, training=False))
    said = teacher_forced(Incremental(network), x, 1, False)
    np.testing.assert_allclose(said, full, atol=1e-5)
