"""The training steps of large-scale models, written by hand in TensorFlow.

As in `tensorflow_games.py`, on whose skeleton they stand.
"""

import tensorflow as tf
from tensorflow_games import Game
from tensorflow_loops import copy

from kgen.networks.biggan import SHARED_EMBEDDING


class BigGAN(Game):
    """Hinge losses given labels, orthogonal regularisation, and a late moving average."""

    def __init__(self, model, batch_size, xla):
        super().__init__(model, batch_size, xla)
        self.average = copy(model.generator)
        self.pairs = list(zip(self.average.weights, self.generator.weights, strict=True))
        self.trained = {id(v) for v in self.generator_variables}
        self.kernels = [
            v
            for v in self.generator_variables
            if len(v.shape) > 1 and SHARED_EMBEDDING not in v.path
        ]
        self.momentum, self.start = model.ema_momentum, model.ema_start
        self.steps = tf.Variable(0)  # of the generator

    def update(self, batch, noise):
        images, self.labels = batch
        self.due = len(noise) > 1
        return super().update(images, noise)

    def generate(self, noise):
        return self.generator([noise, self.labels], training=True)

    def judge(self, real, fake, noise):
        return [self.discriminator([x, self.labels], training=True) for x in (real, fake)]

    def discriminator_loss(self, real_logits, fake_logits, real, fake):
        of_real = tf.reduce_mean(tf.nn.relu(1 - real_logits))
        return of_real + tf.reduce_mean(tf.nn.relu(1 + fake_logits))

    def fool(self, fake, real):
        logits = self.discriminator([fake, self.labels], training=True)
        return 1e-4 * tf.add_n(list(map(_overlap, self.kernels))) - tf.reduce_mean(logits)

    def after_step(self):
        """Only the generator's own steps move the average."""
        if not self.due:
            return
        self.steps.assign_add(1)
        momentum = tf.where(self.steps > self.start, self.momentum, 0.0)
        for mean, weight in self.pairs:
            if id(weight) in self.trained:
                mean.assign(momentum * mean.value + (1 - momentum) * weight.value)
            else:
                mean.assign(weight.value)


def _overlap(kernel):
    matrix = tf.reshape(kernel, (-1, kernel.shape[-1]))
    product = tf.matmul(matrix, matrix, transpose_a=True)
    return tf.reduce_sum(tf.square(product - tf.linalg.diag(tf.linalg.diag_part(product))))
