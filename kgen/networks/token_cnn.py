"""The discriminator of token sequences: convolutions of many widths, and a highway."""

from collections.abc import Sequence

import keras
from keras import layers

from kgen.layers import Dropout, Highway, TokenEmbedding

#: Width and number of the filters in the code of SeqGAN.
FILTERS = (
    *((1, 100), (2, 200), (3, 200), (4, 200), (5, 200), (6, 100), (7, 100), (8, 100)),
    *((9, 100), (10, 100), (15, 160), (20, 160)),
)


def token_cnn(
    vocabulary: int,
    length: int,
    embedding_width: int = 64,
    filters: Sequence[tuple[int, int]] = FILTERS,
    dropout: float = 0.25,
    soft: bool = False,
) -> keras.Model:
    """Sequences of tokens to one logit each: is it a real one?

    The discriminator of Yu et al., *SeqGAN*, 2017: convolutions of many widths over the tokens'
    vectors (Kim 2014), the maximum of each filter over the sequence, a highway layer, dropout.

    Args:
        vocabulary: How many tokens there are.
        length: Of a sequence.
        embedding_width: Length of a token's vector.
        filters: Pairs of width and number. Those wider than the sequence are left out.
        dropout: Share of the features that training leaves out; the paper keeps 0.75 of them.
        soft: Whether the input is rows over the vocabulary, (n, length, vocabulary), such as a
            softmax, and not whole numbers. The weights are the same.

    Returns:
        A model of `tokens`, int32 (n, length), or rows of them, to logits (n, 1).

    Raises:
        ValueError: If no filter is as short as the sequence.

    Example:

        >>> token_cnn(5000, 20).output_shape, token_cnn(50, 8, soft=True).input_shape
        ((None, 1), (None, 8, 50))
    """
    fitting = [(width, count) for width, count in filters if width <= length]
    if not fitting:
        raise ValueError(f"none of the filters {tuple(filters)} is as short as {length} tokens.")
    if soft:
        tokens = keras.Input((length, vocabulary), name="tokens")
    else:
        tokens = keras.Input((length,), dtype="int32", name="tokens")
    # As wide as the authors' uniform numbers in [-1, 1].
    vectors = TokenEmbedding(vocabulary, embedding_width, stddev=3**-0.5, name="embedding")(tokens)
    maxima = []
    for width, count in fitting:
        seen = layers.Conv1D(
            count,
            width,
            activation="relu",
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.1),
            bias_initializer=keras.initializers.Constant(0.1),
            name=f"width_{width}",
        )(vectors)
        maxima.append(layers.GlobalMaxPooling1D()(seen))
    x = layers.Concatenate()(maxima) if len(maxima) > 1 else maxima[0]
    x = Dropout(dropout)(Highway(name="highway")(x))
    kernel = keras.initializers.TruncatedNormal(stddev=0.1)
    logits = layers.Dense(1, kernel_initializer=kernel, dtype="float32", name="to_logit")(x)
    return keras.Model(tokens, logits, name="token_cnn")
