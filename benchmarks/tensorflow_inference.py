"""BiGAN-QP's training step as one writes it by hand in TensorFlow."""

import tensorflow as tf
from tensorflow_loops import Loop, copy


class BiGANQP(Loop):
    """A step of the critic, then one of encoder and generator after every so many."""

    losses = ("discriminator_loss", "generator_loss", "latent_error", "image_error")

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.encoder, self.generator = copy(model.encoder), copy(model.decoder)
        self.critic = copy(model.discriminator)
        self.variables = self.encoder.trainable_variables + self.generator.trainable_variables
        self.critic_variables = self.critic.trainable_variables
        optimizers = model.default_optimizers()
        self.optimizer, self.critic_optimizer = (
            optimizers["generator"],
            optimizers["discriminator"],
        )
        self.optimizer.build(self.variables)
        self.critic_optimizer.build(self.critic_variables)
        self.guides = model.latent_guide, model.image_guide
        self.shape = (batch_size, model.latent_dim)
        self.every, self.taken = model.discriminator_steps, 0
        self.compiled = {
            due: tf.function(
                lambda batch, due=due: self.update(batch, self.draw(due)), jit_compile=xla
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
        """Latents of the critic's step, and those of the others' where it is due."""
        return [tf.random.normal(self.shape) for _ in range(1 + due)]

    def gaps(self, x, made, z, codes):
        real = self.critic([x, codes], training=True)
        return (real - self.critic([made, z], training=True))[:, 0]

    def update(self, x, noise):
        x, z = tf.convert_to_tensor(x), noise[0]
        made = self.generator(z, training=True)
        codes = self.encoder(x, training=True)
        with tf.GradientTape() as tape:
            gap = self.gaps(x, made, z, codes)
            distance = _mean(tf.abs(x - made), [1, 2, 3]) + _mean(tf.abs(z - codes), 1)
            loss = _mean(tf.square(gap) / (2 * 10 * tf.maximum(distance, 1e-6)) - gap)
        self.minimize(tape, loss, self.critic_variables, self.critic_optimizer)
        seen = [loss]
        if len(noise) > 1:
            z = noise[1]
            with tf.GradientTape() as tape:
                made = self.generator(z, training=True)
                codes = self.encoder(x, training=True)
                loss = _mean(self.gaps(x, made, z, codes))
                guess = self.encoder(tf.stop_gradient(made), training=True)
                rebuilt = self.generator(tf.stop_gradient(codes), training=True)
                errors = _mean(tf.square(z - guess)), _mean(tf.square(x - rebuilt))
                whole = loss + self.guides[0] * errors[0] + self.guides[1] * errors[1]
            self.minimize(tape, whole, self.variables, self.optimizer)
            seen += [loss, *errors]
        for mean, value in zip(self.means.values(), seen, strict=False):
            mean.update_state(value)
        return {name: mean.result() for name, mean in self.means.items()}


def _mean(x, axis=None):
    return tf.reduce_mean(x, axis=axis)
