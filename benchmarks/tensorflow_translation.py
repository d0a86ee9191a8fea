"""The training steps of paired and many-domain translation, written by hand in TensorFlow.

As in `tensorflow_loops.py`: copies of the model's networks, its draws, losses and optimizers.
"""

import tensorflow as tf
from tensorflow_loops import Loop, adam, copy


class Pix2Pix(Loop):
    """Both players move from the same weights, on the same translations."""

    losses = ("generator_loss", "discriminator_loss", "adversarial", "l1")

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.generator, self.judge = copy(model.generator), copy(model.discriminator)
        self.generator_variables = self.generator.trainable_variables
        self.judge_variables = self.judge.trainable_variables
        self.generator_optimizer = adam(self.generator_variables, 2e-4, beta_1=0.5)
        self.judge_optimizer = adam(self.judge_variables, 2e-4, beta_1=0.5)
        self.shape = (batch_size, model.noise_size)

    def draw(self):
        return [tf.random.uniform(self.shape)]

    def update(self, batch, noise):
        a, b = batch
        with tf.GradientTape() as tape:
            fake = self.generator([a, noise[0]], training=True)
            logits = self.judge(tf.concat([a, fake], axis=-1), training=True)
            adversarial = tf.reduce_mean(tf.nn.softplus(-logits))
            l1 = tf.reduce_mean(tf.abs(fake - b))
            generator_loss = adversarial + 100 * l1
        self.minimize(tape, generator_loss, self.generator_variables, self.generator_optimizer)
        fake = tf.stop_gradient(fake)
        with tf.GradientTape() as tape:
            real = self.judge(tf.concat([a, b], axis=-1), training=True)
            false = self.judge(tf.concat([a, fake], axis=-1), training=True)
            judge_loss = tf.reduce_mean(tf.nn.softplus(-real))
            judge_loss += tf.reduce_mean(tf.nn.softplus(false))
        self.minimize(tape, judge_loss, self.judge_variables, self.judge_optimizer)
        return self.log(generator_loss, judge_loss, adversarial, l1)


class StarGAN(Loop):
    """Two compiled steps, one of which trains the generator too; a Python counter chooses."""

    losses = (
        "discriminator_loss", "critic_gap", "penalty", "real_classification",
        "generator_loss", "fake_classification", "reconstruction",
    )  # fmt: skip

    def __init__(self, model, batch_size, xla):
        super().__init__(xla)
        self.generator, self.judge = copy(model.generator), copy(model.discriminator)
        self.generator_variables = self.generator.trainable_variables
        self.judge_variables = self.judge.trainable_variables
        self.generator_optimizer = adam(self.generator_variables, 1e-4, beta_1=0.5)
        self.judge_optimizer = adam(self.judge_variables, 1e-4, beta_1=0.5)
        self.batch_size, self.domains = batch_size, model.classes
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
        """What orders the labels, the penalty's places, and a mark where the generator is due."""
        places = tf.random.uniform((self.batch_size, 1, 1, 1))
        return [tf.random.uniform((self.batch_size,)), places, *([tf.zeros(())] if due else [])]

    def update(self, batch, noise):
        (real, labels), (order, share, *due) = batch, noise
        origin = tf.one_hot(labels, self.domains)
        target = tf.gather(origin, tf.argsort(order))
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(self.generator([real, target], training=True))
            real_logits, guesses = self.judge(real, training=True)
            fake_logits, _ = self.judge(fake, training=True)
            between = share * real + (1 - share) * fake
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(between)
                logits, _ = self.judge(between, training=True)
            squares = tf.reduce_sum(tf.square(inner.gradient(logits, between)), axis=[1, 2, 3])
            penalty = 10 * tf.reduce_mean(tf.square(tf.sqrt(squares) - 1))
            gap = tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits)
            known = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(origin, guesses))
            loss = penalty + known - gap
        self.minimize(tape, loss, self.judge_variables, self.judge_optimizer)
        seen = [loss, gap, penalty, known]
        if due:
            with tf.GradientTape() as tape:
                fake = self.generator([real, target], training=True)
                logits, guesses = self.judge(fake, training=True)
                known = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, guesses))
                back = self.generator([fake, origin], training=True)
                again = tf.reduce_mean(tf.abs(back - real))
                loss = known + 10 * again - tf.reduce_mean(logits)
            self.minimize(tape, loss, self.generator_variables, self.generator_optimizer)
            seen += [loss, known, again]
        for mean, value in zip(self.means.values(), seen, strict=False):
            mean.update_state(value)
        return {name: mean.result() for name, mean in self.means.items()}
