"""The LSTM over tokens: its two forms, its causality, and the oracle's arithmetic."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.datasets.tokens.oracle import Oracle
from kgen.layers import TokenEmbedding, TokenLSTM


def layer_and_tokens(stddev=0.7, length=6):
    keras.utils.set_random_seed(0)
    layer = TokenLSTM(5, 3, 4, stddev)
    tokens = np.random.default_rng(0).integers(5, size=(7, length), dtype=np.int32)
    layer(tokens)
    return layer, tokens


@pytest.mark.parametrize("soft", [False, True])
def test_steps_give_what_the_call_gives(soft):
    layer, tokens = layer_and_tokens()
    inputs = ops.one_hot(tokens, 5) if soft else ops.convert_to_tensor(tokens)
    whole = ops.convert_to_numpy(layer(inputs))
    before, state = layer.start(7, soft)[:, 0], layer.begin(7)
    for t in range(tokens.shape[1]):
        logits, state = layer.step(before, state)
        np.testing.assert_allclose(ops.convert_to_numpy(logits), whole[:, t], atol=1e-5)
        before = inputs[:, t]
    assert np.abs(whole).max() > 0.5


def test_logits_depend_on_the_tokens_before_alone():
    layer, tokens = layer_and_tokens()
    before = ops.convert_to_numpy(layer(tokens))
    for t in range(6):
        other = tokens.copy()
        other[:, t] = (other[:, t] + 1) % 5
        moved = np.abs(ops.convert_to_numpy(layer(other)) - before).max(axis=(0, 2)) > 1e-6
        np.testing.assert_array_equal(moved, np.arange(6) > t)


def test_it_computes_what_the_oracle_does():
    """Two independent forms of one model: NumPy's, token by token, and this layer."""
    layer, tokens = layer_and_tokens(stddev=1.0)
    names = ("kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias")
    weights = {name: ops.convert_to_numpy(getattr(layer, name)) for name in names}
    oracle = Oracle(embedding=ops.convert_to_numpy(layer.embedding.table), **weights)
    log_p = ops.convert_to_numpy(ops.log_softmax(layer(tokens)))
    expected = np.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(oracle.log_prob(tokens), expected, atol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only TensorFlow's look-ups are sparse"
)
def test_numbers_and_one_hot_rows_have_one_gradient():
    """Also where a token occurs twice: a sparse gradient's norm would count its rows apart."""
    embedding, tokens = TokenEmbedding(4, 3), tf.constant([1, 1, 3])
    weights = tf.constant([[1.0, 2.0, 3.0]] * 3)
    gradients = []
    for inputs in (tokens, tf.one_hot(tokens, 4)):
        with tf.GradientTape() as tape:
            total = ops.sum(embedding(inputs) * weights)
        gradients.append(tape.gradient(total, embedding.table.value))
    assert all(isinstance(gradient, tf.Tensor) for gradient in gradients)
    expected = [[0, 0, 0], [2, 4, 6], [0, 0, 0], [1, 2, 3]]
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, expected)


def test_an_unknown_length_is_refused():
    with pytest.raises(ValueError, match="must know their length"):
        TokenLSTM(5, 3, 4)(keras.Input((None,), dtype="int32"))
