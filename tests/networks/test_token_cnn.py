"""The discriminator of tokens."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.networks import token_cnn


def test_soft_rows_give_the_logits_of_their_tokens():
    hard = token_cnn(5, 6, 3, ((1, 4), (3, 4), (6, 2)))
    soft = token_cnn(5, 6, 3, ((1, 4), (3, 4), (6, 2)), soft=True)
    soft.set_weights(hard.get_weights())
    tokens = np.random.default_rng(0).integers(5, size=(8, 6), dtype=np.int32)
    one, other = hard(tokens), soft(ops.one_hot(tokens, 5))
    np.testing.assert_allclose(*map(ops.convert_to_numpy, (one, other)), atol=1e-6)
    assert ops.convert_to_numpy(one).std() > 1e-3


def test_filters_wider_than_the_sequence_are_left_out():
    names = [layer.name for layer in token_cnn(5, 4).layers]
    assert [name for name in names if name.startswith("width_")] == [
        "width_1", "width_2", "width_3", "width_4",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"none of the filters .* is as short as 2 tokens"):
        token_cnn(5, 2, filters=((3, 4),))


def test_a_filter_is_the_maximum_over_the_sequence():
    """One filter of width 1 that reads the first number of a token's vector."""
    network = token_cnn(3, 4, 2, ((1, 1),))
    network.get_layer("embedding").table.assign([[0.0, 9.0], [1.0, -9.0], [2.0, 5.0]])
    network.get_layer("width_1").kernel.assign([[[1.0], [0.0]]])
    network.get_layer("width_1").bias.assign([0.0])
    features = keras.Model(network.input, network.get_layer("highway").input)
    tokens = np.array([[0, 1, 0, 1], [0, 0, 2, 1], [0, 0, 0, 0]], "int32")
    assert ops.convert_to_numpy(features(tokens)).ravel().tolist() == [1, 2, 0]
