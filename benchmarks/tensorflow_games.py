"""The adversarial models' training steps as one writes them by hand in TensorFlow.

One skeleton, `Game`, and for each paper what its authors' code has: its losses, the gradients
that these need, and what it does to the weights afterwards. Optimizers are the same Keras ones.
"""

import math

import tensorflow as tf
from tensorflow_loops import Loop, copy

from kgen.networks import features_and_logits


class Players(Loop):
    """Copies of a model's two networks, with its optimizers."""

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.generator, self.discriminator = copy(model.generator), copy(model.discriminator)
        self.generator_variables = self.generator.trainable_variables
        self.discriminator_variables = self.discriminator.trainable_variables
        optimizers = model.default_optimizers()
        self.generator_optimizer = optimizers["generator"]
        self.discriminator_optimizer = optimizers["discriminator"]
        self.generator_optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(self.discriminator_variables)
        self.shape = (batch_size, model.latent_dim)


class Game(Players):
    """A discriminator's step, then a generator's where it is due.

    With more steps of the discriminator than of the generator two functions are compiled, one for
    either kind of step, and a Python counter chooses.
    """

    log_odds = False
    penalised = False

    def __init__(self, model, batch_size, xla):
        reported = ("real_probability", "fake_probability") if self.log_odds else ("critic_gap",)
        penalty = ("penalty",) if self.penalised else ()
        self.losses = ("discriminator_loss", *reported, *penalty, "generator_loss")
        super().__init__(model, batch_size, xla)
        self.uniform = model.latent_distribution == "uniform"
        self.every, self.taken = model.discriminator_steps, 0
        self.compiled = {
            due: tf.function(
                lambda batch, due=due: self.update(batch, self.draw(due)),
                jit_compile=xla,
                autograph=False,
            )
            for due in {self.every == 1, True}
        }
        self.step = self.take

    def take(self, batch):
        self.taken += 1
        return self.compiled[self.taken % self.every == 0](batch)

    def first_draws(self):
        return [self.draw(due) for due in [False] * (self.every - 1) + [True]]

    def draw(self, due):
        """The noise of a step: latents, what a penalty draws, and latents for the generator."""
        latents = tf.random.uniform if self.uniform else tf.random.normal
        return [latents(self.shape), *self.draw_places(), *([latents(self.shape)] if due else [])]

    def draw_places(self):
        return []

    def generate(self, noise):
        return self.generator(2 * noise - 1 if self.uniform else noise, training=True)

    def update(self, real, noise):
        real, noise = tf.convert_to_tensor(real), list(noise)
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(self.generate(noise.pop(0)))
            real_logits, fake_logits, *penalty = self.judge(real, fake, noise)
            loss = self.discriminator_loss(real_logits, fake_logits, real, fake) + sum(penalty)
        self.minimize(tape, loss, self.discriminator_variables, self.discriminator_optimizer)
        self.after_discriminator()
        if self.log_odds:
            means = [tf.reduce_mean(tf.sigmoid(logits)) for logits in (real_logits, fake_logits)]
        else:
            means = [tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits)]
        seen = [loss, *means, *penalty]
        if noise:
            with tf.GradientTape() as tape:
                loss = self.fool(self.generate(noise.pop(0)), real)
            self.minimize(tape, loss, self.generator_variables, self.generator_optimizer)
            seen.append(loss)
        self.after_step()
        for mean, value in zip(self.means.values(), seen, strict=False):
            mean.update_state(value)
        return {name: mean.result() for name, mean in self.means.items()}

    def judge(self, real, fake, noise):
        """The logits of both batches, and a penalty where there is one."""
        return [self.discriminator(images, training=True) for images in (real, fake)]

    def fool(self, fake, real):
        return self.generator_loss(self.discriminator(fake, training=True))

    def after_discriminator(self):
        """What is done to the discriminator's weights after its step."""

    def after_step(self):
        """What is done at the end."""

    def logits_and_slopes(self, images):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            logits = self.discriminator(images, training=True)
        slopes = tape.gradient(logits, images)
        return logits, tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])


class GAN(Game):
    log_odds = True

    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        return _mean(tf.nn.softplus(-real_logits)) + _mean(tf.nn.softplus(fake_logits))

    def generator_loss(self, logits):
        return _mean(tf.nn.softplus(-logits))


class DCGAN(GAN):
    pass


class LSGAN(Game):
    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        return 0.5 * _mean(tf.square(real_logits - 1)) + 0.5 * _mean(tf.square(fake_logits))

    def generator_loss(self, logits):
        return 0.5 * _mean(tf.square(logits - 1))


class WGAN(Game):
    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        return _mean(fake_logits) - _mean(real_logits)

    def generator_loss(self, logits):
        return -_mean(logits)

    def after_discriminator(self):
        for variable in self.discriminator_variables:
            variable.assign(tf.clip_by_value(variable.value, -0.01, 0.01))


class WGANGP(WGAN):
    penalised = True

    def draw_places(self):
        return [tf.random.uniform((self.shape[0], 1, 1, 1))]

    def judge(self, real, fake, noise):
        share = noise.pop(0)
        _, squares = self.logits_and_slopes(share * real + (1 - share) * fake)
        penalty = 10 * _mean(tf.square(tf.sqrt(squares) - 1))
        return [*super().judge(real, fake, noise), penalty]

    def after_discriminator(self):
        """Nothing is clipped."""


class FGAN(Game):
    """The Kullback-Leibler divergence."""

    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        return _mean(tf.exp(fake_logits - 1)) - _mean(real_logits)

    def generator_loss(self, logits):
        return -_mean(logits)


class GANQP(Game):
    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        gap = (real_logits - fake_logits)[:, 0]
        distance = tf.maximum(tf.reduce_mean(tf.abs(real - fake), axis=[1, 2, 3]), 1e-6)
        return _mean(tf.square(gap) / (2 * 10 * distance) - gap)

    def fool(self, fake, real):
        judged = self.discriminator(fake, training=True)
        return _mean(self.discriminator(real, training=True)) - _mean(judged)


class R3GAN(Game):
    penalised = True

    def __init__(self, model, batch_size, xla):
        super().__init__(model, batch_size, xla)
        self.average = copy(model.generator)
        self.pairs = list(zip(self.average.weights, self.generator.weights, strict=True))
        self.steps = tf.Variable(0)
        self.end, self.decay = model.schedule_steps, math.log(model.ema_momentum)
        self.gamma = model.gamma

    def progress(self):
        """From 0 to 1 along half a period of a cosine."""
        done = tf.minimum(tf.cast(self.steps, tf.float32) / self.end, 1.0)
        return (1 - tf.cos(math.pi * done)) / 2

    def judge(self, real, fake, noise):
        real_logits, real_squares = self.logits_and_slopes(real)
        fake_logits, fake_squares = self.logits_and_slopes(fake)
        gamma = self.gamma * (1 - 0.9 * self.progress())
        return real_logits, fake_logits, gamma / 2 * (_mean(real_squares) + _mean(fake_squares))

    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        return _mean(tf.nn.softplus(fake_logits - real_logits))

    def fool(self, fake, real):
        judged = self.discriminator(fake, training=True)
        return _mean(tf.nn.softplus(self.discriminator(real, training=True) - judged))

    def after_step(self):
        self.steps.assign_add(1)
        momentum = tf.exp(self.decay / tf.maximum(self.progress(), 1e-12))
        for mean, weight in self.pairs:
            mean.assign(momentum * mean.value + (1 - momentum) * weight.value)


class UnrolledGAN(GAN):
    """The discriminator is its dense tanh layers, and its Adam is written out."""

    def __init__(self, model, batch_size, xla):
        super().__init__(model, batch_size, xla)
        self.ahead = model.unroll_steps
        variables = self.discriminator_variables
        self.first = [tf.Variable(tf.zeros(v.shape)) for v in variables]
        self.second = [tf.Variable(tf.zeros(v.shape)) for v in variables]
        self.steps = tf.Variable(0.0)

    def loss_of(self, weights, real, fake):
        logits = []
        for x in (real, fake):
            x = tf.reshape(x, (self.shape[0], -1))
            for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
                x = tf.tanh(x @ kernel + bias)
            logits.append(x @ weights[-2] + weights[-1])
        return self.discriminator_loss(*logits, real, fake)

    def adam(self, weights, gradients, first, second, steps):
        steps = steps + 1
        first = [m + 0.5 * (g - m) for m, g in zip(first, gradients, strict=True)]
        second = [v + 0.001 * (g * g - v) for v, g in zip(second, gradients, strict=True)]
        rate = 1e-4 * tf.sqrt(1 - 0.999**steps) / (1 - 0.5**steps)
        moved = [
            w - rate * m / (tf.sqrt(v) + 1e-7)
            for w, m, v in zip(weights, first, second, strict=True)
        ]
        return moved, first, second, steps

    def minimize(self, tape, loss, variables, optimizer):
        if optimizer is self.generator_optimizer:
            super().minimize(tape, loss, variables, optimizer)
            return
        weights = [v.value for v in variables]
        gradients = tape.gradient(loss, variables)
        now = self.adam(weights, gradients, self.first, self.second, self.steps)
        for own, values in zip((variables, self.first, self.second), now[:3], strict=True):
            for variable, value in zip(own, values, strict=True):
                variable.assign(value)
        self.steps.assign(now[3])

    def fool(self, fake, real):
        weights = [tf.identity(v.value) for v in self.discriminator_variables]
        slots = [tf.identity(m) for m in self.first], [tf.identity(v) for v in self.second]
        state = (weights, *slots, tf.identity(self.steps))
        for _ in range(self.ahead):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(state[0])
                loss = self.loss_of(state[0], real, fake)
            state = self.adam(state[0], tape.gradient(loss, state[0]), *state[1:])
        return -self.loss_of(state[0], real, fake)


class SGAN(Players):
    losses = ("labelled_loss", "unlabelled_loss", "generator_loss", "error")

    def __init__(self, model, batch_size, xla):
        super().__init__(model, batch_size, xla)
        self.average = copy(model.discriminator)
        self.pairs = list(zip(self.average.weights, self.discriminator.weights, strict=True))
        self.look = features_and_logits(self.discriminator)
        self.steps = tf.Variable(0.0)
        self.decay = math.log(model.ema_momentum)

    def draw(self):
        return [tf.random.uniform(self.shape) for _ in range(2)]

    def update(self, batch, noise):
        (labelled, labels), unlabelled = batch
        latents, others = (2 * u - 1 for u in noise)
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(self.generator(latents, training=True))
            logits = self.discriminator(labelled, training=True)
            of_labels = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            labelled_loss = _mean(of_labels)
            real, fake = (
                tf.reduce_logsumexp(self.discriminator(images, training=True), axis=-1)
                for images in (unlabelled, fake)
            )
            unlabelled_loss = 0.5 * (_mean(tf.nn.softplus(-real)) + _mean(tf.nn.softplus(fake)))
            loss = labelled_loss + unlabelled_loss
        self.minimize(tape, loss, self.discriminator_variables, self.discriminator_optimizer)
        with tf.GradientTape() as tape:
            fake, _ = self.look(self.generator(others, training=True), training=True)
            real, _ = self.look(unlabelled, training=True)
            matched = _mean(tf.square(tf.reduce_mean(real, 0) - tf.reduce_mean(fake, 0)))
        self.minimize(tape, matched, self.generator_variables, self.generator_optimizer)
        self.steps.assign_add(1)
        past = tf.exp(self.decay) * tf.math.expm1((self.steps - 1) * self.decay)
        past /= tf.math.expm1(self.steps * self.decay)
        for mean, weight in self.pairs:
            mean.assign(past * mean.value + (1 - past) * weight.value)
        guesses = tf.argmax(logits, axis=-1, output_type=tf.int32)
        wrong = tf.not_equal(guesses, tf.cast(labels, tf.int32))
        return self.log(labelled_loss, unlabelled_loss, matched, _mean(tf.cast(wrong, tf.float32)))


def _mean(x):
    return tf.reduce_mean(x)
