"""`tf.distribute.MirroredStrategy` on two logical CPU devices against one device.

`test_mirrored_strategy.py` runs this file in a process of its own, because the devices of
TensorFlow cannot be divided once it has started.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kgen.models import GAN, VAE, CycleGAN
from kgen.training import Noise

SHAPE, LATENT = (8, 8, 1), 3
IMAGES = np.random.default_rng(0).uniform(-1, 1, (24, *SHAPE)).astype("float32")
BATCH = 8


@pytest.fixture(scope="session")
def mirrored():
    """A strategy of two replicas."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    return strategy


@pytest.fixture
def single(mirrored):
    """No strategy: one device, in the process that has two."""
    return tf.distribute.get_strategy()


class GlobalNoise(Noise):
    """Noise of the whole batch, of which each replica gets its rows.

    Its seeds are Keras's plain ones, equal on all replicas: each draws all and takes its part.
    """

    def _rows(self, shape, draw):
        context = tf.distribute.get_replica_context()
        n = shape[0]
        whole = draw((n * context.num_replicas_in_sync, *shape[1:]))
        return whole[context.replica_id_in_sync_group * n :][:n]

    def normal(self, shape):
        return self._rows(shape, super().normal)

    def uniform(self, shape, low=0.0, high=1.0):
        return self._rows(shape, lambda whole: super(GlobalNoise, self).uniform(whole, low, high))


def gan(normalisation=None, cls=GAN, **kwargs):
    """A small GAN, batch-independent but for `normalisation()` in both networks."""
    keras.utils.set_random_seed(5)
    between = [normalisation] if normalisation else []  # its makers: one layer a network
    generator = keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(8),
            *(make() for make in between),
            layers.LeakyReLU(0.2),
            layers.Dense(64, "tanh"),
            layers.Reshape(SHAPE),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, 2, "same"),
            *(make() for make in between),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model = cls(generator, discriminator, **kwargs)
    model.global_seeds = keras.random.SeedGenerator(7)  # an attribute, so that it is model state
    model.noise = GlobalNoise(model.global_seeds)
    # Plain gradient descent: Adam would hide a gradient of the wrong length.
    model.compile(
        generator_optimizer=keras.optimizers.SGD(0.1),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
    )
    return model


def synchronised():
    return layers.BatchNormalization(synchronized=True)


def batches(*arrays):
    """Batches for all replicas together."""
    data = tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0])
    return data.batch(BATCH, drop_remainder=True)


def train(strategy, build):
    """Two epochs of three steps; the history and all weights."""
    with strategy.scope():
        model = build()
    history = model.fit(batches(IMAGES), epochs=2, verbose=0).history
    assert (model.steps_trained, model.epochs_trained) == (6, 2)
    return history, [np.array(v) for v in model.get_weights()]


def largest_difference(run, reference):
    """Of losses and weights."""
    (history, weights), (expected, expected_weights) = run, reference
    assert set(history) == set(expected)
    losses = [np.abs(np.subtract(history[loss], expected[loss])).max() for loss in expected]
    values = [np.abs(a - b).max() for a, b in zip(weights, expected_weights, strict=True)]
    return max(losses + values)


def test_a_batch_independent_model_trains_as_on_one_device(mirrored, single):
    """To float32's rounding; and twice the gradient, which the unscaled loss gives, does not."""

    class Unscaled(GAN):
        """Undoes the division of the loss by the number of replicas."""

        def discriminator_loss(self, *logits):
            return 2 * super().discriminator_loss(*logits)

        def generator_loss(self, *logits):
            return 2 * super().generator_loss(*logits)

    reference = train(single, lambda: gan(ema_momentum=0.9))
    initial = gan(ema_momentum=0.9).get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(reference[1], initial, strict=True))
    assert moved > 1e-2, "nothing was trained: nothing is compared"
    assert largest_difference(train(mirrored, lambda: gan(ema_momentum=0.9)), reference) < 1e-5
    _, weights = train(mirrored, lambda: gan(cls=Unscaled, ema_momentum=0.9))
    assert largest_difference((reference[0], weights), reference) > 1e-3


def test_synchronised_batch_normalisation_trains_as_on_one_device(mirrored, single):
    """Per-replica statistics, Keras's default, are those of a part: another model."""
    reference = train(single, lambda: gan(layers.BatchNormalization))
    assert largest_difference(train(mirrored, lambda: gan(synchronised)), reference) < 1e-5
    per_replica = train(mirrored, lambda: gan(layers.BatchNormalization))
    assert largest_difference(per_replica, reference) > 1e-4


def test_branch_trains_as_on_one_device(mirrored, single):
    """With all state: a step not taken leaves weights, statistics, seeds, counts and metrics."""

    class EveryOther(GAN):
        def train_step(self, data):
            def step():
                return super(EveryOther, self).train_step(data)

            due = tf.equal(self.step.value % 2, 0)
            return self.branch(due, step, dict.fromkeys(self.loss_names, 0.0))

    models = []

    def build():
        models.append(gan(synchronised, cls=EveryOther))
        return models[-1]

    reference = train(single, build)
    assert largest_difference(train(mirrored, build), reference) < 1e-5
    for model in models:
        assert model.optimizer["generator"].iterations.numpy() == 3
        assert model.global_seeds.state.numpy().tolist() == [7, 6]


def test_every_replica_draws_noise_of_its_own(mirrored):
    with mirrored.scope():
        model = VAE.build_default(SHAPE, latent_dim=LATENT, seed=1)

    @tf.function
    def draw():
        return mirrored.run(lambda: (model.noise.normal((4,)), model.noise.uniform((4,))))

    draws = []
    for _ in range(3):
        for per_replica in draw():
            draws += [v.numpy() for v in mirrored.experimental_local_results(per_replica)]
    assert len(draws) == 12
    for i, a in enumerate(draws):
        for b in draws[:i]:
            assert not np.intersect1d(a, b).size
    # Two draws at each of three calls, counted once on each replica.
    assert model.seed_generator.state.numpy().tolist() == [1, 6]
    states = mirrored.experimental_local_results(model.seed_generator.state.value)
    assert [state.numpy().tolist() for state in states] == [[1, 6], [1, 6]]


def test_vae_trains(mirrored, tmp_path):
    """With its own noise; and the file that it writes opens without a strategy."""
    with mirrored.scope():
        model = VAE.build_default(SHAPE, latent_dim=LATENT, likelihood="gaussian", seed=1)
        model.compile()
    history = model.fit(batches(IMAGES), epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert history["loss"][1] < history["loss"][0]
    assert np.isfinite(model.evaluate(batches(IMAGES), verbose=0)).all()
    model.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    assert (loaded.steps_trained, loaded.epochs_trained) == (6, 2)
    np.testing.assert_allclose(loaded.sample(2, seed=3), model.sample(2, seed=3), atol=1e-6)


def test_cyclegan_trains_with_a_pool_on_each_replica(mirrored):
    """Each replica remembers its own fakes; what is read and saved is the first replica's pool."""
    with mirrored.scope():
        model = CycleGAN.build_default(SHAPE, blocks=1, width=4, downsamplings=1, pool_size=6)
        model.compile()
    history = model.fit(batches(IMAGES, IMAGES[::-1].copy()), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.steps_trained == 3
    pools = mirrored.experimental_local_results(model.pool_a.images.value)
    counts = mirrored.experimental_local_results(model.pool_a.count.value)
    assert [int(count) for count in counts] == [6, 6]
    assert all(np.abs(pool.numpy()).max() > 0 for pool in pools)
