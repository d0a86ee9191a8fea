"""`AdversarialGame`: how a generator and a discriminator are trained against each other."""

import keras
from keras import ops

from kgen import losses
from kgen.models.adversarial.stabilizers import squared_distance, with_noise
from kgen.models.base import GenerativeModel, images_of
from kgen.networks import features_and_logits
from kgen.training import averages

#: The distributions of latents, each as a signature says it.
LATENTS = {"normal": "N(0, 1)", "uniform": "U(-1, 1)"}


class AdversarialGame(GenerativeModel):
    """Two players: a generator of images from noise, and a discriminator of real from generated.

    A step trains the discriminator once, then the generator once, each on latents of its own; the
    discriminator sees real and generated images in separate batches. Objective, regularizers,
    stabilizers and networks go together freely. A paper that changes some of them is a subclass
    with other defaults; one whose objective has no name overrides `discriminator_loss` and
    `generator_loss`.

    With `discriminator_steps=k` each batch is one step of the discriminator, and every k-th step
    trains the generator as well: the discriminator gets k fresh batches, and `generator_loss` is
    the mean over the generator's own steps. Where the generator's loss reads real images, they are
    those of the discriminator's step before it.

    Args:
        generator: (n, latent_dim) to images (n, height, width, channels) in [-1, 1].
        discriminator: Images to logits (n, 1).
        objective: A key of `kgen.losses.OBJECTIVES`, or a `kgen.losses.Objective`. The default of
            this and the next two is the paper's.
        regularizers: Keys of `kgen.losses.REGULARIZERS`, or `kgen.losses.Regularizer`s.
        discriminator_steps: Steps of the discriminator for each one of the generator.
        instance_noise: Standard deviation of the Gaussian noise on every image that the
            discriminator sees in training: a number, or a
            `keras.optimizers.schedules.LearningRateSchedule` of the model's saved step.
        feature_matching: The share of `kgen.losses.feature_matching`, on the input of the
            discriminator's last layer, in the generator's loss; 1 in Salimans et al. 2016.
        historical_averaging: Weight of `|w - mean of all w so far|^2` in each player's loss
            (Salimans et al. 2016, section 3.3).
        latent_distribution: `"normal"` for N(0, 1) or `"uniform"` for U(-1, 1).
        ema_momentum: See `GenerativeModel`; averages the generator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the generator's images do not fit the discriminator, or for an argument
            outside its range.
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    averaged = ("generator",)
    loss_names = ("discriminator_loss", "generator_loss")
    inference_mode = (
        "no dropout, and batch normalisation uses its moving averages, so that an image does not "
        "depend on the others of its batch"
    )
    # What the paper has, where the constructor is given `None`.
    paper_objective = "non_saturating"
    paper_regularizers: tuple = ()
    paper_discriminator_steps = 1

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        objective=None,
        regularizers=None,
        discriminator_steps: int | None = None,
        instance_noise=0.0,
        feature_matching: float = 0.0,
        historical_averaging: float = 0.0,
        latent_distribution: str = "normal",
        **kwargs,
    ):
        super().__init__({"generator": generator, "discriminator": discriminator}, **kwargs)
        _check_networks(generator, discriminator)
        if latent_distribution not in LATENTS:
            names = ", ".join(LATENTS)
            raise ValueError(
                f"latent_distribution must be one of {names}, got {latent_distribution!r}."
            )
        if not 0 <= feature_matching <= 1:
            raise ValueError(f"feature_matching is a share from 0 to 1, got {feature_matching}.")
        self.latent_distribution = latent_distribution
        self.latent_dim = generator.input_shape[-1]
        self.image_shape = tuple(generator.output_shape[1:])
        objective = self.paper_objective if objective is None else objective
        self.objective = losses.find_objective(objective)
        regularizers = self.paper_regularizers if regularizers is None else regularizers
        self.regularizers = tuple(losses.find_regularizer(each) for each in regularizers)
        steps = discriminator_steps
        self.discriminator_steps = self.paper_discriminator_steps if steps is None else steps
        if self.discriminator_steps < 1:
            raise ValueError(f"discriminator_steps must be at least 1, got {steps}.")
        self.instance_noise = instance_noise
        self.feature_matching = feature_matching
        self.historical_averaging = historical_averaging
        try:
            self._features_and_logits = features_and_logits(discriminator)
        except ValueError:
            if feature_matching:
                raise
            self._features_and_logits = None  # the capability `features` is then missing
        if historical_averaging:
            self.past_generator = averages.frozen_copy(generator)
            self.past_discriminator = averages.frozen_copy(discriminator)
        probabilities = ("real_probability", "fake_probability")
        self._report(probabilities if self.objective.log_odds else ("critic_gap",))
        if historical_averaging or self._penalties("discriminator"):
            self._report(("penalty",))
        for player in self.players:
            self._project(player)

    def _report(self, names):
        self.loss_names = (*self.loss_names, *names)
        self.trackers.update({name: keras.metrics.Mean(name=name) for name in names})

    # ---- the losses ------------------------------------------------------------------------------

    def discriminator_loss(self, real_logits, fake_logits, real=None, fake=None):
        """What the discriminator minimises, a scalar without its regularizers."""
        return self.objective.discriminator(real_logits, fake_logits, real, fake)

    def generator_loss(self, fake_logits, real_logits=None):
        """What the generator minimises, a scalar without its regularizers."""
        return self.objective.generator(fake_logits, real_logits)

    def latents(self, n, noise=None):
        """`n` latent vectors, (n, latent_dim), from `noise` or the model's own."""
        noise = noise or self.noise
        if self.latent_distribution == "normal":
            return noise.normal((n, self.latent_dim))
        return noise.uniform((n, self.latent_dim), -1.0, 1.0)

    def penalty(self, player: str, **seen):
        """What the regularizers and historical averaging add to a player's loss.

        Args:
            player: Whose.
            **seen: The rest of what `kgen.losses.regularizers` says a regularizer may want.
        """
        seen["kernels"] = [v for v in self.player_variables(player) if len(v.shape) > 1]
        seen["step"] = self.step.value
        terms = [each.penalty(**seen) for each in self._penalties(player)]
        if self.historical_averaging:
            distance = squared_distance(getattr(self, player), getattr(self, f"past_{player}"))
            terms.append(self.historical_averaging * distance)
        return sum(terms, 0.0)

    def _penalties(self, player):
        return [each for each in self.regularizers if each.player == player and each.has_penalty]

    def judge(self, real, fake, training: bool, noise):
        """The discriminator's turn.

        Args:
            real: Images.
            fake: Generated ones.
            training: Whether in training mode.
            noise: A `Noise` for the regularizers.

        Returns:
            Its whole loss, and what to report beside it, by name.
        """

        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)

        def logits(images):
            return self.discriminator(images, training=training)

        def look(images, kind):
            if any(kind in each.slopes_of for each in self._penalties("discriminator")):
                return self.value_and_input_gradient(logits, images)
            return logits(images), None

        real_logits, real_slopes = look(real, "real")
        fake_logits, fake_slopes = look(fake, "fake")
        loss = self.discriminator_loss(real_logits, fake_logits, real, fake)
        if self.objective.log_odds:
            report = {
                "real_probability": ops.mean(ops.sigmoid(real_logits)),
                "fake_probability": ops.mean(ops.sigmoid(fake_logits)),
            }
        else:
            report = {"critic_gap": ops.mean(real_logits) - ops.mean(fake_logits)}
        if "penalty" in self.loss_names:
            report["penalty"] = self.penalty(
                "discriminator",
                real=real,
                fake=fake,
                real_logits=real_logits,
                fake_logits=fake_logits,
                real_slopes=real_slopes,
                fake_slopes=fake_slopes,
                slope=lambda images: self.input_gradient(logits, images),
                noise=noise,
            )
            loss = loss + report["penalty"]
        return loss, report

    def fool(self, real, fake, training: bool):
        """The generator's turn: its whole loss, on images as `judge` sees them."""
        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)

        def look(images):
            if self.feature_matching:
                return self._features_and_logits(images, training=training)
            return None, self.discriminator(images, training=training)

        real_features = real_logits = None
        features, logits = look(fake)
        if self.feature_matching or self.objective.generator_sees_real:
            real_features, real_logits = look(real)
        loss = self.generator_loss(logits, real_logits)
        if share := self.feature_matching:
            loss = (1 - share) * loss + share * losses.feature_matching(real_features, features)
        return loss + self.penalty("generator")

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the discriminator, then one of the generator where it is due."""
        real = images_of(data)
        n = ops.shape(real)[0]

        def generated():
            return self._noisy(self.generator(self.latents(n), training=True))

        def discriminator_loss():
            fake = ops.stop_gradient(generated())
            return self.judge(self._noisy(real), fake, True, self.noise)

        def generator_step():
            loss = self.minimize(
                lambda: self.fool(self._noisy(real), generated(), True), "generator"
            )
            self._project("generator")
            return loss

        loss, report = self.minimize(discriminator_loss, "discriminator")
        self._project("discriminator")
        due = self.generator_is_due()
        self.update_metrics(n, discriminator_loss=loss, **report)
        if due is True:
            return self.update_metrics(n, generator_loss=generator_step())
        loss = self.branch(due, generator_step, 0.0)
        return self.update_metrics(n * ops.cast(due, "int32"), generator_loss=loss)

    def generator_is_due(self):
        """Whether the step that runs now trains the generator too: True, or a boolean tensor."""
        if self.discriminator_steps == 1:
            return True
        return ops.equal(ops.mod(self.step.value + 1, self.discriminator_steps), 0)

    def finish_step(self):
        """Advances the step and all averages of weights."""
        super().finish_step()
        self._remember()

    def _remember(self):
        if self.historical_averaging:
            seen = ops.cast(self.step.value, "float32")
            for player in self.players:
                averages.follow(
                    getattr(self, f"past_{player}"), getattr(self, player), seen / (seen + 1)
                )

    def _noisy(self, images):
        return with_noise(images, self.instance_noise, self.step.value, self.noise)

    def _project(self, player):
        for regularizer in self.regularizers:
            if regularizer.player == player:
                regularizer.project(self.player_variables(player))

    def test_step(self, data):
        """The same losses in inference mode, on fresh latents and without instance noise."""
        real = images_of(data)
        n = ops.shape(real)[0]
        latents = self.latents(n, self.evaluation_noise)
        fake = self.inference_network("generator")(latents, training=False)
        loss, report = self.judge(real, fake, False, self.evaluation_noise)
        generator_loss = self.fool(real, fake, False)
        return self.update_metrics(
            n, discriminator_loss=loss, generator_loss=generator_loss, **report
        )

    def batch_images(self, data):
        """The real images."""
        return {"images": (images_of(data), self.image_shape)}

    def get_config(self):
        """The constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "objective": serialize(self.objective),
            "regularizers": [serialize(each) for each in self.regularizers],
            "discriminator_steps": self.discriminator_steps,
            "instance_noise": serialize(self.instance_noise),
            "feature_matching": self.feature_matching,
            "historical_averaging": self.historical_averaging,
            "latent_distribution": self.latent_distribution,
        }


def _check_networks(generator, discriminator):
    made, judged = generator.output_shape[1:], discriminator.input_shape[1:]
    if made != judged:
        raise ValueError(f"the generator makes {made}, the discriminator judges {judged}.")
    if tuple(discriminator.output_shape[1:]) != (1,):
        raise ValueError(
            f"the discriminator must give one logit an image, (n, 1), not "
            f"{discriminator.output_shape}."
        )
