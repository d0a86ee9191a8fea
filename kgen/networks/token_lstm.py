"""The generator of tokens: an LSTM from each token to the next."""

import keras

from kgen.layers import TokenLSTM


def token_lstm(
    vocabulary: int,
    length: int,
    embedding_width: int = 32,
    width: int = 32,
    stddev: float = 0.1,
) -> keras.Model:
    """Sequences of tokens to the logits of each, from the tokens before it.

    The generator of Yu et al., *SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient*,
    2017, with the sizes of its authors' code.

    Args:
        vocabulary: How many tokens there are.
        length: Of a sequence.
        embedding_width: Length of a token's vector.
        width: Length of the LSTM's state.
        stddev: Of the Gaussian that the weights are drawn from.

    Returns:
        A model of `tokens`, int32 (n, length), to logits (n, length, vocabulary).

    Example:

        >>> token_lstm(5000, 20).output_shape
        (None, 20, 5000)
    """
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    logits = TokenLSTM(vocabulary, embedding_width, width, stddev, name="lstm")(tokens)
    return keras.Model(tokens, logits, name="token_lstm")
