"""SeqGAN (Yu et al. 2017)."""

from collections.abc import Sequence

import keras
from keras import ops

from kgen.losses import non_saturating_discriminator
from kgen.models.base import images_of
from kgen.models.sequence.rollouts import completions
from kgen.models.sequence.tokens import TokenModel, draw_tokens, stepped
from kgen.models.signature import Signature
from kgen.networks import token_cnn, token_lstm
from kgen.networks.token_cnn import FILTERS

BASELINES = (None, "mean", "position")
REDUCTIONS = ("sum", "mean")


@keras.saving.register_keras_serializable("kgen")
class SeqGAN(TokenModel):
    """A generator of tokens that is rewarded for what a discriminator takes for real.

    Yu et al., *SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient*, 2017. Tokens are
    no differentiable function of the generator, so its gradient is REINFORCE's (eq. 6 and 7):

        grad J = E sum_t  grad log G(y_t | y_1 ... y_(t-1))  (Q_t - b_t)

    with the value of a token `Q_t = E D(y_1 ... y_t, rest)` (eq. 4), where the rest is drawn by the
    generator as it is now, a mean over `rollouts` completions; of the last token it is
    `D(y_1 ... y_T)` itself. D gives the probability of being real, without dropout.

    One `fit` goes through three phases. Which one a step belongs to follows from the model's saved
    step, so that a stopped training goes on where it was:

    1. `generator_steps` steps of maximum likelihood (`pretraining_optimizer`);
    2. `discriminator_steps` steps of the discriminator;
    3. rounds, without end: `round_generator_steps` steps of REINFORCE (`generator_optimizer`), then
       `round_discriminator_steps` of the discriminator.

    A step of the discriminator sees the batch's n real sequences and n that are drawn for this step
    alone. The authors draw as many as there are real ones, go over both three times in mixed
    batches of n, and draw again: half as many examples a step, and each three times. A loss is the
    mean over the steps that took it, and 0 where none did.

    Args:
        generator: Tokens to logits (n, length, vocabulary), of one layer that steps;
            `kgen.networks.token_lstm`.
        discriminator: Tokens to logits (n, 1); `kgen.networks.token_cnn`.
        generator_steps: Steps of phase 1.
        discriminator_steps: Steps of phase 2.
        round_generator_steps: Steps of REINFORCE in a round.
        round_discriminator_steps: Steps of the discriminator in a round.
        rollouts: Completions of each prefix.
        baseline: What `Q_t` is compared with: nothing (`None`, the paper's), a moving average over
            all steps of its mean (`"mean"`) or of its value at each position (`"position"`), of the
            steps before, so that the gradient stays unbiased. The average's momentum is 0.9.
            Without one, whatever is drawn becomes likelier, also where rewards say nothing.
        reduction: Whether REINFORCE's loss is the `"sum"` over the batch (the paper's) or its
            `"mean"`; over positions it is a sum.
        l2: Weight of `|w|^2 / 2` of the discriminator's last layer in its loss. The authors' 0.2 is
            of two logits; of their difference the same is 0.1.
        words: See `TokenModel`.
        ema_momentum: See `GenerativeModel`; averages the generator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit, or for an argument outside its range.

    Example:

        >>> model = SeqGAN.build_default(5, 4, width=6, filters=((2, 3),), generator_steps=2)
        >>> model.compile()
        >>> tokens = model.sample(3, seed=1)
        >>> tokens.shape, model.log_prob(tokens).shape, model.phase
        ((3, 4), (3,), 'generator')
    """

    players = {
        "pretraining": ("generator",),
        "generator": ("generator",),
        "discriminator": ("discriminator",),
    }
    loss_names = (
        "nll",
        "discriminator_loss",
        "real_probability",
        "generator_loss",
        "reward",
    )
    inference_mode = "no dropout in the discriminator, neither outside training nor for rewards"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        generator_steps: int = 18_720,
        discriminator_steps: int = 23_400,
        round_generator_steps: int = 1,
        round_discriminator_steps: int = 2_340,
        rollouts: int = 16,
        baseline: str | None = None,
        reduction: str = "sum",
        l2: float = 0.1,
        words: Sequence[str] | None = None,
        **kwargs,
    ):
        networks = {"generator": generator, "discriminator": discriminator}
        super().__init__(networks, words=words, **kwargs)
        if tuple(discriminator.input_shape[1:]) != (self.length,):
            raise ValueError(
                f"the generator makes {self.length} tokens, the discriminator judges inputs of "
                f"{tuple(discriminator.input_shape[1:])}."
            )
        if baseline not in BASELINES or reduction not in REDUCTIONS:
            raise ValueError(
                f"baseline must be one of {BASELINES} and reduction one of {REDUCTIONS}, got "
                f"{baseline!r} and {reduction!r}."
            )
        counts = {
            "generator_steps": (generator_steps, 0),
            "discriminator_steps": (discriminator_steps, 0),
            "round_generator_steps": (round_generator_steps, 1),
            "round_discriminator_steps": (round_discriminator_steps, 0),
            "rollouts": (rollouts, 1),
        }
        for key, (value, least) in counts.items():
            if value < least:
                raise ValueError(f"{key} must be at least {least}, got {value}.")
            setattr(self, key, value)
        self.baseline, self.reduction, self.l2 = baseline, reduction, l2
        # The decaying sum of all values so far, and of the weights in it.
        for key, shape in (("value_sum", (self.length,)), ("value_weight", ())):
            weight = self.add_weight(name=key, shape=shape, initializer="zeros", trainable=False)
            setattr(self, key, weight)

    @classmethod
    def build_default(
        cls,
        vocabulary: int = 5000,
        length: int = 20,
        embedding_width: int = 32,
        width: int = 32,
        discriminator_embedding_width: int = 64,
        filters: Sequence[tuple[int, int]] = FILTERS,
        dropout: float = 0.25,
        **kwargs,
    ) -> "SeqGAN":
        """The paper's networks.

        Args:
            vocabulary: How many tokens there are.
            length: Of a sequence.
            embedding_width: Of the generator.
            width: Of the generator's LSTM.
            discriminator_embedding_width: Of the discriminator.
            filters: Pairs of width and number, see `kgen.networks.token_cnn`.
            dropout: In the discriminator.
            **kwargs: Passed to the constructor.
        """
        generator = token_lstm(vocabulary, length, embedding_width, width)
        discriminator = token_cnn(
            vocabulary, length, discriminator_embedding_width, filters, dropout
        )
        return cls(generator, discriminator, **kwargs)

    def default_optimizers(self):
        """Adam: rate 1e-2 for the generator, its gradient clipped at norm 5, and 1e-4 for D."""
        return {
            "pretraining": keras.optimizers.Adam(1e-2, global_clipnorm=5.0),
            "generator": keras.optimizers.Adam(1e-2, global_clipnorm=5.0),
            "discriminator": keras.optimizers.Adam(1e-4),
        }

    # ---- the phases ------------------------------------------------------------------------------

    def turn(self, step):
        """What is due at a step: 0 maximum likelihood, 1 the discriminator, 2 REINFORCE."""
        first = self.generator_steps
        second = first + self.discriminator_steps
        place = ops.mod(step - second, self.round_generator_steps + self.round_discriminator_steps)
        in_round = ops.where(place < self.round_generator_steps, 2, 1)
        return ops.where(step < first, 0, ops.where(step < second, 1, in_round))

    @property
    def phase(self) -> str:
        """Where the training is: `"generator"`, `"discriminator"` or `"rounds"`."""
        step = self.steps_trained - self.generator_steps
        if step < 0:
            return "generator"
        return "discriminator" if step < self.discriminator_steps else "rounds"

    # ---- the losses ------------------------------------------------------------------------------

    def judge(self, real, fake, training: bool):
        """The discriminator's loss, and what it thinks of each half: `P(real)`, means."""
        n = ops.shape(real)[0]
        logits = self.discriminator(ops.concatenate([real, fake]), training=training)
        loss = non_saturating_discriminator(logits[:n], logits[n:]) / 2
        for weight in self.discriminator.layers[-1].trainable_variables:
            loss = loss + self.l2 / 2 * ops.sum(ops.square(weight))
        real_probability, reward = (ops.mean(ops.sigmoid(t)) for t in (logits[:n], logits[n:]))
        return loss, {"real_probability": real_probability, "reward": reward}

    def reward(self, tokens):
        """`D(y)`, the probability of being real, without gradient; (n,)."""
        logits = self.discriminator(tokens, training=False)
        return ops.stop_gradient(ops.sigmoid(ops.cast(logits, "float32"))[:, 0])

    def values(self, tokens, states, uniforms):
        """The value `Q_t` of each token.

        Args:
            tokens: (n, length).
            states: The generator's, that each was drawn from, as `draw_tokens` gives them.
            uniforms: What the completions are drawn with, in [0, 1): (rollouts, length - 1,
                (length - 1) n).

        Returns:
            float32 (n, length), without gradient.
        """
        layer, last = stepped(self.generator), self.reward(tokens)[:, None]
        if self.length == 1:
            return last

        def roll(total, uniforms):
            completed = completions(layer, tokens, states, uniforms)
            return total + self.reward(completed), None

        rows = (self.length - 1) * ops.shape(tokens)[0]
        total, _ = ops.scan(roll, ops.zeros((rows,)), uniforms)
        values = ops.reshape(total / self.rollouts, (self.length - 1, -1))
        return ops.concatenate([ops.transpose(values), last], axis=1)

    def policy_loss(self, network, tokens, values, training: bool):
        """Whose gradient is REINFORCE's: `-sum_t log G(y_t | ...) (Q_t - b_t)`."""
        advantages = ops.stop_gradient(values - self.expected_values())
        log_p = self.token_log_prob(network, tokens, training)
        total = ops.sum if self.reduction == "sum" else ops.mean
        return -total(ops.sum(log_p * advantages, axis=-1))

    def expected_values(self):
        """The baseline `b_t`, (length,): zeros without one, and before the first step."""
        if self.baseline is None:
            return ops.zeros((self.length,))
        return self.value_sum.value / ops.maximum(self.value_weight.value, 1e-6)

    def _remember(self, values):
        here = ops.mean(values, axis=0)
        if self.baseline == "mean":
            here = ops.broadcast_to(ops.mean(here), (self.length,))
        self.value_sum.assign(0.9 * self.value_sum.value + 0.1 * here)
        self.value_weight.assign(0.9 * self.value_weight.value + 0.1)

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """The step that is due, of one of the three kinds."""
        real = images_of(data)
        n, turn = ops.shape(real)[0], self.turn(self.step.value)

        def likelihood_step():
            def nll():
                return -ops.mean(self.token_log_prob(self.generator, real, True))

            return {"nll": self.minimize(nll, "pretraining")}

        def discriminator_step():
            fake, _ = draw_tokens(stepped(self.generator), self._uniforms(n, self.noise))
            loss, report = self.minimize(lambda: self.judge(real, fake, True), "discriminator")
            return {"discriminator_loss": loss, **report}

        def policy_step():
            tokens, states = draw_tokens(stepped(self.generator), self._uniforms(n, self.noise))
            shape = (self.rollouts, self.length - 1, (self.length - 1) * n)
            values = self.values(tokens, states, self.noise.uniform(shape))
            loss = self.minimize(
                lambda: self.policy_loss(self.generator, tokens, values, True), "generator"
            )
            self._remember(values)
            return {"generator_loss": loss, "reward": ops.mean(values[:, -1])}

        kinds = (
            (likelihood_step, ("nll",)),
            (discriminator_step, ("discriminator_loss", "real_probability", "reward")),
            (policy_step, ("generator_loss", "reward")),
        )
        for kind, (step, names) in enumerate(kinds):
            due = ops.equal(turn, kind)
            losses = self.branch(due, step, dict.fromkeys(names, 0.0))
            logs = self.update_metrics(n * ops.cast(due, "int32"), **losses)
        return logs

    def _uniforms(self, n, noise):
        return noise.uniform((n, self.length))

    def test_step(self, data):
        """The losses of all phases in inference mode, on sequences drawn anew.

        `generator_loss` takes the discriminator's word on the whole sequence for the value of each
        token: the same in the mean, without rollouts.
        """
        real = images_of(data)
        n, network = ops.shape(real)[0], self.inference_network("generator")
        nll = -ops.mean(self.token_log_prob(network, real, False))
        fake, _ = draw_tokens(stepped(network), self._uniforms(n, self.evaluation_noise))
        loss, report = self.judge(real, fake, False)
        values = ops.broadcast_to(self.reward(fake)[:, None], ops.shape(fake))
        generator_loss = self.policy_loss(network, fake, values, False)
        return self.update_metrics(
            n, nll=nll, discriminator_loss=loss, generator_loss=generator_loss, **report
        )

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample`, `log_prob` and `discriminate`."""
        judged = Signature(self._discriminate, {"tokens": self.token_spec}, {"logits": "logit"})
        return {**super().signatures(), "discriminate": judged}

    def _discriminate(self, tokens):
        return {"logits": self.discriminator(tokens, training=False)[:, 0]}

    def discriminate(self, tokens):
        """The discriminator's logits, float32 (n,); their sigmoid is the reward.

        Args:
            tokens: (n, length), whole numbers.

        Raises:
            DataError: For tokens that do not fit the model.
        """
        return self.serve("discriminate", tokens=tokens)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "generator_steps": self.generator_steps,
            "discriminator_steps": self.discriminator_steps,
            "round_generator_steps": self.round_generator_steps,
            "round_discriminator_steps": self.round_discriminator_steps,
            "rollouts": self.rollouts,
            "baseline": self.baseline,
            "reduction": self.reduction,
            "l2": self.l2,
        }
