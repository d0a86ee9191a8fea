"""The training steps as one writes them by hand in TensorFlow, with XLA or without.

Each loop takes copies of the Keras networks and does the arithmetic of kgen's model: the same
forward passes, draws, optimizers and running means of the losses.
"""

import keras
import tensorflow as tf


def copy(network: keras.Model) -> keras.Model:
    """A network of its own with equal weights."""
    twin = keras.models.clone_model(network)
    for new, old in zip(twin.variables, network.variables, strict=True):  # seeds too
        new.assign(old)
    return twin


class Loop:
    """An epoch over a `tf.data.Dataset`; a subclass defines `draw` and `update`."""

    losses: tuple[str, ...] = ()

    def __init__(self, xla: bool):
        self.means = {name: keras.metrics.Mean(name=name) for name in self.losses}
        self.step = tf.function(
            lambda b: self.update(b, self.draw()), jit_compile=xla, autograph=False
        )

    def first_draws(self) -> list:
        """The noise of each of the first steps, until every network was trained once."""
        return [self.draw()]

    def minimize(self, tape, loss, variables, optimizer):
        optimizer.apply(tape.gradient(loss, variables), variables)

    def log(self, *losses):
        for mean, loss in zip(self.means.values(), losses, strict=True):
            mean.update_state(loss)
        return {name: mean.result() for name, mean in self.means.items()}

    def epoch(self, dataset) -> dict[str, float]:
        for mean in self.means.values():
            mean.reset_state()
        for batch in dataset:
            logs = {name: float(value) for name, value in self.step(batch).items()}
        return logs


def adam(variables, *args, **kwargs) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.Adam(*args, **kwargs)
    optimizer.build(variables)
    return optimizer


class VAE(Loop):
    losses = ("loss", "reconstruction", "kl", "bits_per_dim")

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.encoder, self.decoder = copy(model.encoder), copy(model.decoder)
        self.variables = self.encoder.trainable_variables + self.decoder.trainable_variables
        self.optimizer = adam(self.variables, 1e-3, epsilon=1e-4)
        self.latent_shape = (batch_size, model.latent_dim)
        self.image_shape = (batch_size, *model.image_shape)

    def draw(self):
        return tf.random.normal(self.latent_shape), tf.random.uniform(self.image_shape)

    def update(self, images, noise):
        normal, uniform = noise
        x = tf.cast((images + 1) / 2 > uniform, tf.float32)
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(2 * x - 1, training=True)
            logits = self.decoder(mean + tf.exp(log_variance / 2) * normal, training=True)
            likelihood = tf.reduce_sum(x * logits - tf.nn.softplus(logits), axis=(1, 2, 3))
            kl = -0.5 * tf.reduce_sum(
                1 + log_variance - tf.square(mean) - tf.exp(log_variance), axis=1
            )
            loss = tf.reduce_mean(kl - likelihood)
        self.minimize(tape, loss, self.variables, self.optimizer)
        pixels = self.image_shape[1] * self.image_shape[2] * self.image_shape[3]
        bits = loss / (pixels * tf.math.log(2.0))
        return self.log(loss, -tf.reduce_mean(likelihood), tf.reduce_mean(kl), bits)


class CycleGAN(Loop):
    losses = ("generator_loss", "discriminator_loss", "adversarial", "cycle", "identity")

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.ab, self.ba = copy(model.generator_ab), copy(model.generator_ba)
        self.judge_a, self.judge_b = copy(model.discriminator_a), copy(model.discriminator_b)
        self.generator_variables = self.ab.trainable_variables + self.ba.trainable_variables
        self.judge_variables = self.judge_a.trainable_variables + self.judge_b.trainable_variables
        self.generator_optimizer = adam(self.generator_variables, 2e-4, beta_1=0.5)
        self.judge_optimizer = adam(self.judge_variables, 2e-4, beta_1=0.5)
        self.batch_size = batch_size
        self.pool_a = Pool(model.pool_size, model.image_shape_a)
        self.pool_b = Pool(model.pool_size, model.image_shape_b)

    def draw(self):
        return [
            tf.random.uniform((n,))
            for pool in (self.pool_a, self.pool_b)
            for n in (pool.size, self.batch_size)
        ]

    def update(self, batch, noise):
        a, b = batch
        with tf.GradientTape() as tape:
            fake_b, fake_a = self.ab(a, training=True), self.ba(b, training=True)
            adversarial = _square(self.judge_b(fake_b, training=True) - 1) + _square(
                self.judge_a(fake_a, training=True) - 1
            )
            cycle = _absolute(self.ba(fake_b, training=True) - a) + _absolute(
                self.ab(fake_a, training=True) - b
            )
            identity = _absolute(self.ab(b, training=True) - b) + _absolute(
                self.ba(a, training=True) - a
            )
            generator_loss = adversarial + 10 * (cycle + 0.5 * identity)
        self.minimize(tape, generator_loss, self.generator_variables, self.generator_optimizer)
        fake_a = self.pool_a.exchange(fake_a, *noise[:2])
        fake_b = self.pool_b.exchange(fake_b, *noise[2:])
        with tf.GradientTape() as tape:
            judge_loss = 0.0
            for judge, real, fake in ((self.judge_a, a, fake_a), (self.judge_b, b, fake_b)):
                judge_loss += 0.5 * _square(judge(real, training=True) - 1)
                judge_loss += 0.5 * _square(judge(fake, training=True))
        self.minimize(tape, judge_loss, self.judge_variables, self.judge_optimizer)
        return self.log(generator_loss, judge_loss, adversarial, cycle, identity)


class Pool:
    """Fifty remembered images in a variable, so that they live inside the compiled step."""

    def __init__(self, size, image_shape):
        self.size = size
        self.images = tf.Variable(tf.zeros((size, *image_shape)))
        self.count = tf.Variable(0)

    def exchange(self, images, order, coins):
        n = images.shape[0]
        filling = self.count < self.size
        places = tf.where(
            filling, (self.count + tf.range(self.size)) % self.size, tf.argsort(order)
        )[:n]
        old = tf.gather(self.images, places)
        swap = tf.logical_and(tf.logical_not(filling), coins < 0.5)[:, None, None, None]
        stored = tf.where(tf.logical_or(filling, swap), images, old)
        self.images.assign(tf.tensor_scatter_nd_update(self.images, places[:, None], stored))
        self.count.assign(tf.minimum(self.count + n, self.size))
        return tf.where(swap, old, images)


def _square(x):
    return tf.reduce_mean(tf.square(x))


def _absolute(x):
    return tf.reduce_mean(tf.abs(x))
