"""`AdversarialGame`: how a generator and a discriminator are trained against each other."""

import keras
from keras import ops

from kgen import losses
from kgen.models.adversarial.stabilizers import squared_distance, with_noise
from kgen.models.base import GenerativeModel, images_of
from kgen.networks import features_and_logits
from kgen.training import averages, draw_latents

#: The distributions of latents, each as a signature says it.
LATENTS = {"normal": "N(0, 1)", "uniform": "U(-1, 1)", "sphere": "sphere"}


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

    What a game is played under beside latents and images, such as labels, are its conditions, by
    name. `draw` makes them anew for each turn, `generator_input` and `discriminator_input` give
    them to the networks, and they are the same for the real and the generated images of a turn.
    A game with another network on the discriminator's features sets `reads_features` and defines
    `head_loss`.

    Args:
        generator: (n, latent_dim) to images (n, height, width, channels) in [-1, 1]. Of several
            inputs the latents are the first.
        discriminator: Images to logits (n, 1). Of several inputs the images are the first.
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
        latent_distribution: `"normal"`, `"uniform"` in [-1, 1], or `"sphere"` of mean square 1.
        more_networks: For subclasses: further networks by the names of their attributes.
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
    #: Whether `head_loss` reads the discriminator's features.
    reads_features = False

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
        more_networks: dict[str, keras.Model] | None = None,
        **kwargs,
    ):
        networks = {"generator": generator, "discriminator": discriminator}
        super().__init__({**networks, **(more_networks or {})}, **kwargs)
        _check_networks(generator, discriminator)
        if latent_distribution not in LATENTS:
            raise ValueError(
                f"latent_distribution={latent_distribution!r}: choose from {', '.join(LATENTS)}."
            )
        if not 0 <= feature_matching <= 1:
            raise ValueError(f"feature_matching is a share from 0 to 1, got {feature_matching}.")
        self.latent_distribution = latent_distribution
        self.latent_dim = _first_input(generator)[-1]
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
            if feature_matching or self.reads_features:
                raise
            self._features_and_logits = None  # the capability `features` is then missing
        if historical_averaging:
            for name in self._moving():
                setattr(self, f"past_{name}", averages.frozen_copy(getattr(self, name)))
        probabilities = ("real_probability", "fake_probability")
        self._report(probabilities if self.objective.log_odds else ("critic_gap",))
        if historical_averaging or self._penalties("discriminator"):
            self._report(("penalty",))
        for player in self.players:
            self._project(player)

    def _report(self, names):
        self.loss_names = (*self.loss_names, *names)
        self.trackers.update({name: keras.metrics.Mean(name=name) for name in names})

    def check_head(self, head: keras.Model) -> None:
        """Refuses a network that cannot read the discriminator's features.

        Raises:
            ValueError: If it takes another number of them.
        """
        inputs = self.discriminator.inputs
        features, _ = self._features_and_logits(inputs if len(inputs) > 1 else inputs[0])
        if head.input_shape[-1] != features.shape[-1]:
            raise ValueError(
                f"the discriminator has {features.shape[-1]} features, {head.name} takes "
                f"{head.input_shape[-1]}."
            )

    # ---- the conditions --------------------------------------------------------------------------

    def draw(self, data, noise=None):
        """What a turn is played with.

        Args:
            data: A batch.
            noise: Where to draw from; the model's own by default.

        Returns:
            Latents, one for each example of the batch, and the conditions by name: none here.
        """
        return self.latents(ops.shape(images_of(data))[0], noise), {}

    def generator_input(self, latents, **conditions):
        """What the generator is given."""
        return latents

    def discriminator_input(self, images, **conditions):
        """What the discriminator is given."""
        return images

    def generated(self, latents, training: bool, **conditions):
        """The generator's images; outside training those of its moving average, if there is one."""
        network = self.generator if training else self.inference_network("generator")
        return network(self.generator_input(latents, **conditions), training=training)

    def head_loss(self, player: str, real_features, fake_features, training: bool, **conditions):
        """What another network on the discriminator's features adds to a player's loss.

        Args:
            player: Whose.
            real_features: Of the real images, (n, features); `None` in the generator's turn.
            fake_features: Of the generated ones.
            training: Whether in training mode.
            **conditions: Of the turn.

        Returns:
            The term, a scalar with its weight, and what to report in the discriminator's turn.
        """
        return 0.0, {}

    # ---- the losses ------------------------------------------------------------------------------

    def discriminator_loss(self, real_logits, fake_logits, real=None, fake=None):
        """What the discriminator minimises, a scalar without its regularizers."""
        return self.objective.discriminator(real_logits, fake_logits, real, fake)

    def generator_loss(self, fake_logits, real_logits=None):
        """What the generator minimises, a scalar without its regularizers."""
        return self.objective.generator(fake_logits, real_logits)

    def latents(self, n, noise=None):
        """`n` latent vectors, (n, latent_dim), from `noise` or the model's own."""
        drawn = LATENTS[self.latent_distribution]
        return draw_latents(noise or self.noise, (n, self.latent_dim), drawn)

    def penalty(self, player: str, **seen):
        """What the regularizers and historical averaging add to a player's loss.

        Args:
            player: Whose.
            **seen: The rest of what `kgen.losses.regularizers` says a regularizer may want.
        """
        seen["kernels"] = self.kernels(player)
        seen["step"] = self.step.value
        terms = [each.penalty(**seen) for each in self._penalties(player)]
        if self.historical_averaging:
            for name in self.players[player]:
                distance = squared_distance(getattr(self, name), getattr(self, f"past_{name}"))
                terms.append(self.historical_averaging * distance)
        return sum(terms, 0.0)

    def kernels(self, player: str) -> list:
        """The player's weights that regularizers of kernels hold: those with more than one axis."""
        return [v for v in self.player_variables(player) if len(v.shape) > 1]

    def _penalties(self, player):
        return [each for each in self.regularizers if each.player == player and each.has_penalty]

    def look(self, images, training: bool, features: bool = False, **conditions):
        """The discriminator's features of images, `None` unless asked for, and its logits."""
        seen = self.discriminator_input(images, **conditions)
        if features:
            return self._features_and_logits(seen, training=training)
        return None, self.discriminator(seen, training=training)

    def judge(self, real, fake, training: bool, noise, **conditions):
        """The discriminator's turn.

        Args:
            real: Images.
            fake: Generated ones.
            training: Whether in training mode.
            noise: A `Noise` for the regularizers.
            **conditions: Of the turn, as `draw` gives them.

        Returns:
            Its whole loss, and what to report beside it, by name.
        """

        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)

        def total(images):
            features, logits = self.look(images, training, self.reads_features, **conditions)
            return ops.sum(logits), (features, logits)

        def look(images, kind):
            if any(kind in each.slopes_of for each in self._penalties("discriminator")):
                (slopes,), seen = self.functional_gradient(total, [images])
                return *seen, slopes
            return *total(images)[1], None

        real_features, real_logits, real_slopes = look(real, "real")
        fake_features, fake_logits, fake_slopes = look(fake, "fake")
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
                slope=lambda images: self.functional_gradient(total, [images])[0][0],
                noise=noise,
            )
            loss = loss + report["penalty"]
        if not self.reads_features:
            return loss, report
        term, more = self.head_loss(
            "discriminator", real_features, fake_features, training, **conditions
        )
        return loss + term, {**report, **more}

    def fool(self, real, fake, training: bool, **conditions):
        """The generator's turn: its whole loss, on images as `judge` sees them."""
        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
        reads = self.reads_features or bool(self.feature_matching)
        real_features = real_logits = None
        features, logits = self.look(fake, training, reads, **conditions)
        if self.feature_matching or self.objective.generator_sees_real:
            real_features, real_logits = self.look(real, training, reads, **conditions)
        loss = self.generator_loss(logits, real_logits)
        if share := self.feature_matching:
            loss = (1 - share) * loss + share * losses.feature_matching(real_features, features)
        if self.reads_features:
            loss = loss + self.head_loss("generator", None, features, training, **conditions)[0]
        return loss + self.penalty("generator")

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the discriminator, then one of the generator where it is due."""
        real = images_of(data)
        n = ops.shape(real)[0]

        def generated():
            latents, conditions = self.draw(data)
            return self._noisy(self.generated(latents, True, **conditions)), conditions

        def discriminator_loss():
            fake, conditions = generated()
            fake = ops.stop_gradient(fake)
            return self.judge(self._noisy(real), fake, True, self.noise, **conditions)

        def generator_loss():
            seen = self._noisy(real)
            fake, conditions = generated()
            return self.fool(seen, fake, True, **conditions)

        def generator_step():
            loss = self.minimize(generator_loss, "generator")
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
            for name in self._moving():
                averages.follow(
                    getattr(self, f"past_{name}"), getattr(self, name), seen / (seen + 1)
                )

    def _moving(self):
        return [name for networks in self.players.values() for name in networks]

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
        latents, conditions = self.draw(data, self.evaluation_noise)
        fake = self.generated(latents, False, **conditions)
        loss, report = self.judge(real, fake, False, self.evaluation_noise, **conditions)
        generator_loss = self.fool(real, fake, False, **conditions)
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
    made, judged = generator.output_shape[1:], _first_input(discriminator)[1:]
    if made != judged:
        raise ValueError(f"the generator makes {made}, the discriminator judges {judged}.")
    if tuple(discriminator.output_shape[1:]) != (1,):
        raise ValueError(
            f"the discriminator must give one logit an image, (n, 1), not "
            f"{discriminator.output_shape}."
        )


def _first_input(network):
    shape = network.input_shape
    return shape[0] if isinstance(shape, list) else shape
