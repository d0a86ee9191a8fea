"""GANs of token sequences by the Gumbel-softmax (Kusner & Hernández-Lobato 2016)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kgen.losses import at_step, gumbel_softmax
from kgen.models.adversarial.game import AdversarialGame
from kgen.models.base import images_of
from kgen.models.sequence.tokens import TokenModel, stepped
from kgen.models.signature import Signature
from kgen.networks import token_cnn, token_lstm
from kgen.training import ConstantThenExponential

#: How the temperature goes from its first value to its last.
ANNEALINGS = ("linear", "exponential")


@keras.saving.register_keras_serializable("kgen")
class GumbelSoftmaxGAN(AdversarialGame, TokenModel):
    """A generator of tokens that gradients reach, because its choices are made softly.

    Kusner and Hernández-Lobato, *GANs for Sequences of Discrete Elements with the Gumbel-softmax
    Distribution*, 2016. Where a language model draws a token from `softmax(h)`, the generator in
    training makes the row

        y = softmax((h + g) / tau),    g = -log(-log u),  u ~ U(0, 1),

    gives it to its own next step, and to the discriminator, which sees real tokens as one-hot rows.
    The temperature `tau` falls with the model's saved step. With `straight_through` (Jang et al.
    2017) the rows are one-hot, and their gradient is that of `y`.

    Samples are tokens: `argmax(h + g)` is distributed as `softmax(h)`, so that drawing needs no
    temperature, and the likelihood of a sequence is exact. The noise `g` is the only source of
    chance, as in SeqGAN's generator; the paper's LSTM also starts from a random state, under which
    no likelihood can be computed.

    Objective, regularizers and stabilizers are those of `AdversarialGame`; they see rows,
    (n, length, vocabulary).

    Args:
        generator: Tokens to logits (n, length, vocabulary), of one layer that steps;
            `kgen.networks.token_lstm`.
        discriminator: Rows (n, length, vocabulary) to logits (n, 1); `kgen.networks.token_cnn`
            with `soft=True`. The paper's is an LSTM.
        temperature: `tau`: a number, or a `keras.optimizers.schedules.LearningRateSchedule` of the
            model's saved step; `annealed` makes one.
        straight_through: See above.
        words: See `TokenModel`.
        **kwargs: See `AdversarialGame`.

    Raises:
        ValueError: If the networks do not fit, or for an argument outside its range.

    Example:

        >>> model = GumbelSoftmaxGAN.build_default(5, 4, width=6, filters=((2, 3),))
        >>> model.compile()
        >>> tokens = model.sample(3, seed=1)
        >>> tokens.shape, model.log_prob(tokens).shape, model.discriminate(tokens).shape
        ((3, 4), (3,), (3, 1))
    """

    inference_mode = "tokens are drawn hard, and the discriminator has no dropout"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        temperature=1.0,
        straight_through: bool = False,
        words: Sequence[str] | None = None,
        **kwargs,
    ):
        super().__init__(generator, discriminator, words=words, **kwargs)
        if not callable(temperature) and not temperature > 0:
            raise ValueError(f"temperature must be above 0, got {temperature}.")
        self.image_shape = (self.length,)
        self.temperature, self.straight_through = temperature, straight_through

    @classmethod
    def build_default(
        cls,
        vocabulary: int = 6,
        length: int = 12,
        embedding_width: int = 32,
        width: int = 32,
        filters: Sequence[tuple[int, int]] | None = None,
        dropout: float = 0.25,
        **kwargs,
    ) -> "GumbelSoftmaxGAN":
        """SeqGAN's networks, small enough for the paper's grammar.

        Args:
            vocabulary: How many tokens there are.
            length: Of a sequence.
            embedding_width: Length of a token's vector, in both networks.
            width: Length of the LSTM's state.
            filters: The discriminator's pairs of width and number; by default 32 each of widths 2
                to 4, and 64 as wide as the sequence, which know where in it a token stands.
            dropout: The discriminator's.
            **kwargs: Passed to the constructor.
        """
        filters = filters or ((2, 32), (3, 32), (4, 32), (length, 64))
        return cls(
            token_lstm(vocabulary, length, embedding_width, width),
            token_cnn(vocabulary, length, embedding_width, filters, dropout, soft=True),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-3."""
        return {player: keras.optimizers.Adam(1e-3) for player in self.players}

    # ---- the game --------------------------------------------------------------------------------

    def rows(self, tokens):
        """Tokens as one-hot rows, float32 (n, length, vocabulary)."""
        return ops.one_hot(ops.cast(tokens, "int32"), self.vocabulary, dtype="float32")

    def latents(self, n, noise=None):
        """The uniform numbers that Gumbel noise is made of, (n, length, vocabulary)."""
        return (noise or self.noise).uniform((n, self.length, self.vocabulary))

    def generated(self, latents, training: bool, **conditions):
        """Rows (n, length, vocabulary), each of which the generator was given to make the next."""
        layer = stepped(self.generator if training else self.inference_network("generator"))
        temperature = at_step(self.temperature, self.step.value)
        n = ops.shape(latents)[0]
        row, state = layer.start(n, soft=True)[:, 0], layer.begin(n)
        rows = []
        for t in range(self.length):
            logits, state = layer.step(row, state)
            row = gumbel_softmax(logits, latents[:, t], temperature, self.straight_through)
            rows.append(row)
        return ops.stack(rows, axis=1)

    def train_step(self, data):
        """As in every adversarial game, on rows."""
        return super().train_step(self.rows(images_of(data)))

    def test_step(self, data):
        """The same losses in inference mode, at the temperature of the step."""
        return super().test_step(self.rows(images_of(data)))

    def batch_images(self, data):
        """The tokens, after a look at their numbers."""
        return TokenModel.batch_images(self, data)

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """Those of every model of tokens, and `discriminate`."""
        return {
            **super().signatures(),
            "discriminate": Signature(
                lambda tokens: {"logits": self.look(self.rows(tokens), False)[1]},
                {"tokens": self.token_spec},
                {"logits": "logit"},
            ),
        }

    def discriminate(self, tokens) -> np.ndarray:
        """The discriminator's logits (n, 1) of tokens, int (n, length)."""
        return self.serve("discriminate", tokens=tokens)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "temperature": keras.saving.serialize_keras_object(self.temperature),
            "straight_through": self.straight_through,
        }


def annealed(
    first: float, last: float, steps: int, annealing: str = "linear"
) -> keras.optimizers.schedules.LearningRateSchedule:
    """A temperature that falls over so many steps, and then stays.

    Args:
        first: At step 0.
        last: From step `steps` on.
        steps: How many.
        annealing: `"linear"` or `"exponential"`.

    Raises:
        ValueError: For another annealing, or temperatures that are not positive and falling.

    Example:

        >>> for annealing in ANNEALINGS:
        ...     temperature = annealed(4.0, 1.0, 100, annealing)
        ...     print([round(float(temperature(step)), 2) for step in (0, 50, 100, 200)])
        [4.0, 2.5, 1.0, 1.0]
        [4.0, 2.0, 1.0, 1.0]
    """
    if annealing not in ANNEALINGS or not 0 < last <= first:
        raise ValueError(
            f"annealing must be one of {', '.join(ANNEALINGS)} from a temperature to one as small "
            f"and above 0, got {annealing!r} from {first} to {last}."
        )
    if annealing == "linear":
        return keras.optimizers.schedules.PolynomialDecay(first, steps, last)
    return ConstantThenExponential(first, 0, steps, last / first)
