"""The base of models that draw sequences of tokens."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.losses import draw_category
from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count, check_tokens
from kgen.training import Noise


class TokenModel(GenerativeModel):
    """Sequences of one length, token by token: `p(y) = prod_t p(y_t | y_1 ... y_(t-1))`.

    Data are tokens, int32 (n, length), each from 0 to the size of the vocabulary. The generator is
    a network of one layer that can be stepped, such as `kgen.layers.TokenLSTM`: sampling goes
    through it once, in a compiled loop that keeps its state.

    Args:
        networks: The model's networks, by the names of their attributes. The `generator` goes from
            tokens to the logits of each, (n, length, vocabulary), from those before it;
            `kgen.networks.token_lstm` makes it.
        words: What each token stands for, in the order of their numbers; `None` where they stand
            for nothing.
        **kwargs: See `GenerativeModel`.

    Raises:
        ValueError: If the generator cannot be stepped, or the words are not as many as the tokens.
    """

    averaged = ("generator",)
    noun, role = "tokens", "tokens"

    def __init__(
        self,
        networks: dict[str, keras.Model],
        *,
        words: Sequence[str] | None = None,
        **kwargs,
    ):
        super().__init__(networks, **kwargs)
        generator = networks["generator"]
        stepped(generator)
        self.length, self.vocabulary = generator.output_shape[1:]
        self.image_shape = (self.length,)
        if words is not None and len(words) != self.vocabulary:
            raise ValueError(
                f"the generator knows {self.vocabulary} tokens, and there are {len(words)} words."
            )
        self.words = None if words is None else tuple(words)

    def batch_images(self, data):
        """The tokens, after a look at their numbers."""
        tokens = images_of(data)
        check_tokens("tokens", np.asarray(tokens), self.vocabulary)
        return {"tokens": (tokens, self.image_shape)}

    def token_log_prob(self, network, tokens, training: bool):
        """`log p(y_t | y_1 ... y_(t-1))` in nats, float32 (n, length)."""
        logits = network(tokens, training=training)
        # TensorFlow takes this and its gradient in one pass over what may be thousands of logits.
        return -ops.sparse_categorical_crossentropy(tokens, logits, from_logits=True)

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample`, from one uniform number a token, and `log_prob`."""
        uniforms = TensorSpec((None, self.length), role="uniform")
        temperatures = TensorSpec((None,), role="temperature")
        return {
            "sample": Signature(
                self._sample,
                {"uniforms": uniforms, "temperatures": temperatures},
                {"tokens": "tokens"},
            ),
            "log_prob": Signature(
                self._log_prob, {"tokens": self.token_spec}, {"log_prob": "log_prob"}
            ),
        }

    @property
    def token_spec(self) -> TensorSpec:
        """What tokens must look like."""
        shape = (None, self.length)
        return TensorSpec(shape, "int32", role="tokens", classes=self.vocabulary)

    def _sample(self, uniforms, temperatures):
        layer = stepped(self.inference_network("generator"))
        return {"tokens": draw_tokens(layer, uniforms, temperatures)[0]}

    def _log_prob(self, tokens):
        network = self.inference_network("generator")
        return {"log_prob": ops.sum(self.token_log_prob(network, tokens, False), axis=-1)}

    def sample(self, n: int, temperature: float = 1.0, seed: int | None = None) -> np.ndarray:
        """Draws sequences.

        Args:
            n: How many.
            temperature: What the logits are divided by: below 1 likely tokens become likelier.
            seed: The same seed gives the same sequences; `None` gives new ones at each call.

        Returns:
            int32 (n, length).

        Raises:
            DataError: If `n` is not a whole number of at least 1, or the temperature not positive.
        """
        if not temperature > 0:
            raise DataError(f"temperature must be above 0, got {temperature}: 0.01 is near argmax.")
        noise = Noise(keras.random.SeedGenerator(seed))
        uniforms = ops.convert_to_numpy(noise.uniform((check_count(n), self.length)))
        temperatures = np.full(n, temperature, "float32")
        return self.serve("sample", uniforms=uniforms, temperatures=temperatures)

    def log_prob(self, tokens) -> np.ndarray:
        """The log-likelihood under the generator, exactly.

        Args:
            tokens: (n, length), whole numbers.

        Returns:
            float32 (n,), in nats a sequence; divided by the length, nats a token.

        Raises:
            DataError: For tokens that do not fit the model.
        """
        return self.serve("log_prob", tokens=tokens)

    #: What `log_prob` is a probability of, for those who compare likelihoods.
    log_prob_of = "tokens"

    def texts(self, tokens) -> list[str]:
        """Sequences as texts: their words up to the first token 0, the end, with blanks between.

        Of a model without words, all the numbers themselves.

        Args:
            tokens: (n, length), whole numbers.

        Raises:
            DataError: For tokens that do not fit the model.
        """
        rows = self.token_spec.check("tokens", tokens).tolist()
        if self.words is None:
            return [" ".join(map(str, row)) for row in rows]
        ends = [row.index(0) if 0 in row else len(row) for row in rows]
        return [
            " ".join(self.words[token] for token in row[:end])
            for row, end in zip(rows, ends, strict=True)
        ]

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "words": None if self.words is None else list(self.words),
        }


def stepped(generator: keras.Model) -> keras.layers.Layer:
    """The layer of a generator that can be run token by token.

    Raises:
        ValueError: If the generator is anything but one such layer.
    """
    layers = [each for each in generator.layers if not isinstance(each, keras.layers.InputLayer)]
    if len(layers) != 1 or not hasattr(layers[0], "step") or not hasattr(layers[0], "begin"):
        names = ", ".join(type(layer).__name__ for layer in layers)
        raise ValueError(
            "a generator of tokens must be one layer with `begin` and `step`, such as "
            f"kgen.layers.TokenLSTM; this one has {names}."
        )
    return layers[0]


def draw_tokens(layer, uniforms, temperatures=None):
    """Draws sequences token by token, without gradient.

    Args:
        layer: A layer with `begin` and `step`, see `kgen.layers.TokenLSTM`.
        uniforms: In [0, 1), (n, length).
        temperatures: What the logits of each sequence are divided by, (n,), or `None` for 1.

    Returns:
        The tokens, int32 (n, length), and the layer's states that each was drawn from, nested as
        the layer has them, (length, n, ...).
    """

    def step(carry, uniforms):
        before, state = carry
        logits, state = layer.step(before, state)
        # PyTorch would keep the whole past for a gradient that nobody asks for.
        logits, state = keras.tree.map_structure(ops.stop_gradient, (logits, state))
        if temperatures is not None:
            logits = logits / temperatures[:, None]
        token = draw_category(logits, uniforms)
        return (token, state), (token, state)

    n = ops.shape(uniforms)[0]
    first = (ops.zeros((n,), "int32"), layer.begin(n))
    _, (tokens, states) = ops.scan(step, first, ops.transpose(uniforms))
    return ops.transpose(tokens), states
