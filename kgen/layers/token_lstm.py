"""A recurrent language model: an LSTM that reads the tokens so far and says what comes next."""

import keras
from keras import ops

from kgen.layers.token_embedding import TokenEmbedding


@keras.saving.register_keras_serializable("kgen")
class TokenLSTM(keras.layers.Layer):
    """Sequences of tokens to the logits of each token, from those before it.

    An embedding, an LSTM (Hochreiter and Schmidhuber 1997) and a dense layer. The sequence is
    shifted in here: the first token is predicted from token 0 and the state zero, and the logits at
    a position depend on the tokens before it alone.

    Beside `call`, on whole sequences, there is the incremental form: `begin` gives the first state,
    and `step` takes the token before (0 at the beginning) to the logits of the next.

    Args:
        vocabulary: How many tokens there are.
        embedding_width: Length of a token's vector.
        width: Length of the hidden state.
        stddev: Of the Gaussian that all weights are drawn from; 0.1 in the authors' code of SeqGAN,
            1 for its oracle.

    Input shape (n, length), whole numbers, or (n, length, vocabulary), rows of soft tokens; output
    float32 (n, length, vocabulary).

    Raises:
        ValueError: At building, if the length is not known.

    Example:

        >>> layer = TokenLSTM(5, 3, 4)
        >>> tokens = ops.array([[2, 4, 1]])
        >>> logits = layer(tokens)
        >>> state = layer.begin(1)
        >>> first, state = layer.step(ops.array([0]), state)
        >>> second, state = layer.step(tokens[:, 0], state)
        >>> tuple(logits.shape), bool(ops.max(ops.abs(logits[:, 1] - second)) < 1e-5)
        ((1, 3, 5), True)
    """

    def __init__(
        self, vocabulary: int, embedding_width: int, width: int, stddev: float = 0.1, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        self.vocabulary, self.embedding_width, self.width = vocabulary, embedding_width, width
        self.stddev = stddev
        self.embedding = TokenEmbedding(
            vocabulary, embedding_width, stddev, dtype=self.dtype_policy, name="embedding"
        )

    def build(self, input_shape):
        """Makes the weights; of the gates' blocks the order is input, forget, output, content."""
        if input_shape[1] is None:
            raise ValueError("an LSTM over tokens must know their length: give keras.Input it.")
        self.embedding.build(None)
        shapes = {
            "kernel": (self.embedding_width, 4 * self.width),
            "recurrent_kernel": (self.width, 4 * self.width),
            "bias": (4 * self.width,),
            "output_kernel": (self.width, self.vocabulary),
            "output_bias": (self.vocabulary,),
        }
        for name, shape in shapes.items():
            initializer = keras.initializers.RandomNormal(stddev=self.stddev)
            weight = self.add_weight(name=name, shape=shape, initializer=initializer)
            setattr(self, name, weight)

    def call(self, tokens):
        """The logits of every position."""
        n, length = ops.shape(tokens)[0], tokens.shape[1]
        before = ops.concatenate([self.start(n, soft=len(tokens.shape) == 3), tokens], axis=1)
        # What the inputs give to the gates, and the logits, are each one product for all positions.
        gates = self._to_gates(before[:, :length])
        state, outputs = self.begin(n), []
        for t in range(length):
            state = self._advance(gates[:, t], state)
            outputs.append(state[0])
        return self._to_logits(ops.stack(outputs, axis=1))

    def start(self, n, soft: bool = False):
        """Token 0 for each of `n` sequences: int32 (n, 1), or float32 rows (n, 1, vocabulary)."""
        tokens = ops.zeros((n, 1), "int32")
        return ops.one_hot(tokens, self.vocabulary) if soft else tokens

    def begin(self, n):
        """The state before the first token: hidden and cell, zeros (n, width)."""
        return tuple(ops.zeros((n, self.width), self.compute_dtype) for _ in range(2))

    def step(self, inputs, state):
        """The logits of the next token.

        Args:
            inputs: The token before: whole numbers (n,), or rows (n, vocabulary).
            state: As `begin` or the step before gave it.

        Returns:
            float32 (n, vocabulary), and the new state.
        """
        state = self._advance(self._to_gates(inputs), state)
        return self._to_logits(state[0]), state

    def _to_gates(self, tokens):
        vectors = self.embedding(tokens)
        return ops.matmul(vectors, self._cast(self.kernel)) + self._cast(self.bias)

    def _advance(self, gates, state):
        hidden, cell = state
        gates = gates + ops.matmul(hidden, self._cast(self.recurrent_kernel))
        inward, forget, outward, content = ops.split(gates, 4, axis=-1)
        cell = ops.sigmoid(forget) * cell + ops.sigmoid(inward) * ops.tanh(content)
        return ops.sigmoid(outward) * ops.tanh(cell), cell

    def _to_logits(self, hidden):
        logits = ops.matmul(hidden, self._cast(self.output_kernel))
        return ops.cast(logits, "float32") + ops.cast(self.output_bias, "float32")

    def _cast(self, weight):
        return ops.cast(weight, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """A row of logits for each position."""
        return (*input_shape[:2], self.vocabulary)

    def compute_output_spec(self, tokens):
        """float32, whatever the precision of computation."""
        return keras.KerasTensor(self.compute_output_shape(tokens.shape), "float32")

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary,
            "embedding_width": self.embedding_width,
            "width": self.width,
            "stddev": self.stddev,
        }
