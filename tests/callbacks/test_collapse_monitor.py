import warnings

import keras
import numpy as np
import pytest

import kgen
from kgen.callbacks import Checkpoint, CollapseMonitor, CollapseWarning, load_checkpoint
from kgen.callbacks.collapse_monitor import distances
from kgen.errors import DataError
from tests.callbacks.toys import bars


class Drawn:
    """Stands in for a model that draws given images."""

    capabilities = {"sample": ("n", "seed")}
    epochs_trained = 3
    steps_trained = 1001

    def __init__(self, images):
        self.images = images

    def sample(self, n, seed=None):
        return self.images[:n]


def watch(images, epochs=2, logs=None, patience=2, real=None):
    """The logs after some epochs with the same samples."""
    monitor = CollapseMonitor(bars(100, seed=1) if real is None else real, patience=patience)
    monitor.set_model(Drawn(images))
    monitor.on_train_begin()
    for epoch in range(epochs):
        seen = dict(logs or {})
        monitor.on_epoch_end(epoch, seen)
    return seen


def test_diversity_and_copies_by_hand():
    real = np.array([0.0, 1.0, 3.0]).reshape(3, 1, 1, 1)  # pairs 1, 2, 3; nearest 1, 1, 2
    samples = np.array([0.0, 0.2, 1.0]).reshape(
        3, 1, 1, 1
    )  # pairs 0.2, 0.8, 1; nearest 0.2, 0.2, 0.8
    logs = watch(samples, real=real, epochs=1)
    assert logs["diversity"] == pytest.approx((2 / 3) / 2)
    assert logs["repeated"] == pytest.approx(2 / 3)  # nearer than a quarter of 4/3
    mean, nearest = distances(np.array([[0.0, 0.0], [3.0, 1.0]]))
    assert mean == pytest.approx(np.sqrt(5)) and nearest == pytest.approx([np.sqrt(5)] * 2)


def test_unseen_images_of_the_same_kind_are_as_diverse():
    real, other = (np.random.default_rng(seed).uniform(-1, 1, (100, 8, 8, 1)) for seed in (1, 2))
    logs = watch(other, real=real)
    assert 0.97 < logs["diversity"] < 1.03 and logs["repeated"] == 0


def test_one_image_with_a_little_noise():
    noise = np.random.default_rng(0).normal(0, 0.05, (100, 8, 8, 1))
    with pytest.warns(CollapseWarning, match=r"^epoch 3: samples are alike.* lower rate") as seen:
        logs = watch(bars(1) + noise)
    # Two samples differ by noise alone, of variance 2 * 0.05^2.
    expected = 0.05 * np.sqrt(2) / distances(bars(100, seed=1))[0]
    assert len(seen) == 1 and logs["diversity"] == pytest.approx(expected, rel=0.02)


def test_a_handful_of_images_again_and_again():
    """Their mean distance is nearly that of real images, so only the copies give them away."""
    few = np.tile(np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)), (13, 1, 1, 1))
    real = np.random.default_rng(1).uniform(-1, 1, (100, 8, 8, 1))
    with pytest.warns(CollapseWarning, match=r"100% of the samples have a near copy") as seen:
        logs = watch(few, real=real)
    assert len(seen) == 1 and logs["diversity"] > 0.85 and logs["repeated"] == 1


def test_a_saturated_discriminator():
    real = np.random.default_rng(1).uniform(-1, 1, (100, 8, 8, 1))
    with pytest.warns(CollapseWarning, match=r"it gives 0.998 to real and 0.003 to generated"):
        watch(real, real=real, logs={"real_probability": 0.998, "fake_probability": 0.003})
    for judged, fooled in ((0.998, 0.02), (0.97, 0.003), (0.5, 0.5)):
        watch(real, real=real, logs={"real_probability": judged, "fake_probability": fooled})


def test_patience_and_once_until_a_recovery():
    same, real = np.tile(bars(1), (100, 1, 1, 1)), bars(100, seed=1)
    watch(same, epochs=1)  # not yet
    monitor = CollapseMonitor(real, patience=2)
    monitor.set_model(Drawn(same))
    monitor.on_train_begin()
    warned = []
    for epoch, images in enumerate([same, real, same, same, same, real, same, same]):
        monitor.model.images = images
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            monitor.on_epoch_end(epoch, {})
        warned += [epoch] * any("alike" in str(w.message) for w in seen)
    assert warned == [3, 7]


def test_the_first_steps_do_not_count():
    monitor = CollapseMonitor(bars(100, seed=1), patience=1)
    monitor.set_model(Drawn(np.tile(bars(1), (100, 1, 1, 1))))
    monitor.model.steps_trained = 1000
    monitor.on_epoch_end(0, {})
    monitor.model.steps_trained = 1001
    with pytest.warns(CollapseWarning, match="samples are alike"):
        monitor.on_epoch_end(1, {})


def test_classes_are_those_of_the_images():
    class Conditional(Drawn):
        def sample(self, n, labels, seed=None):
            assert labels.dtype == "int32" and labels.tolist() == [2, 0, 1] and seed == 9
            return bars(n)

    monitor = CollapseMonitor(bars(3, seed=1), labels=[2, 0, 1], seed=9)
    monitor.set_model(Conditional(None))
    monitor.on_epoch_end(0, {})


def test_refusals():
    for images in (bars(1), np.zeros((9, 8, 8, 1))):
        with pytest.raises(DataError, match="images without a difference"):
            CollapseMonitor(images)
    with pytest.raises(DataError, match="2 labels for 3 images"):
        CollapseMonitor(bars(3), labels=[0, 1])
    with pytest.raises(ValueError, match="patience=0"):
        CollapseMonitor(bars(9), patience=0)

    class Mute:
        capabilities = {"encode": ()}

    monitor = CollapseMonitor(bars(9))
    monitor.set_model(Mute())
    with pytest.raises(ValueError, match="Mute cannot sample, so leave CollapseMonitor out"):
        monitor.on_train_begin()


# ---- models in training ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def letters():
    return kgen.datasets.load(
        "glyphs/letters", image_size=8, batch_size=64, layout="images", limit=4000
    )


@pytest.fixture(scope="module")
def held_out(letters):
    return np.concatenate([batch.numpy() for batch in letters.validation.take(2)])


def train(letters, held_out, discriminator_rate=1e-3, generator=None):
    """Three epochs of 62 steps, of which the first does not count."""
    keras.utils.set_random_seed(0)
    model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=8, width=8)
    if generator is not None:
        model = kgen.models.DCGAN(generator, model.discriminator, latent_distribution="uniform")
    model.compile(
        generator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(discriminator_rate, beta_1=0.5),
    )
    monitor = CollapseMonitor(held_out, warm_up=62)
    return model.fit(letters.train, epochs=3, verbose=0, callbacks=[monitor]).history


def test_a_healthy_gan_is_left_in_peace(letters, held_out):
    history = train(letters, held_out)  # warnings are errors here
    assert min(history["diversity"]) > 0.5 and max(history["repeated"][1:]) < 0.3


def test_a_generator_that_ignores_its_latents(letters, held_out):
    latents = keras.Input((8,))
    deaf = keras.layers.Dense(64, activation="tanh")(keras.layers.Rescaling(0.0)(latents))
    generator = keras.Model(latents, keras.layers.Reshape((8, 8, 1))(deaf))
    with pytest.warns(CollapseWarning, match="epoch 3: samples are alike"):
        history = train(letters, held_out, generator=generator)
    assert history["diversity"] == [0, 0, 0] and history["repeated"] == [1, 1, 1]


def test_a_gan_that_collapses_in_training(letters, held_out):
    """A discriminator that learns 50 times as fast leaves the generator nothing to follow."""
    with pytest.warns(CollapseWarning, match="epoch 3: samples are alike"):
        history = train(letters, held_out, discriminator_rate=5e-2)
    assert max(history["diversity"]) < 0.25


def test_the_count_survives_a_resume(make_fading, fit_on, tmp_path):
    def callbacks():
        monitor = CollapseMonitor(bars(20), patience=3, warm_up=0)
        checkpoint = Checkpoint(tmp_path / "checkpoint.keras", others=[monitor])
        drawn = keras.callbacks.LambdaCallback(on_train_begin=collapse)
        return [drawn, monitor, checkpoint]

    def collapse(logs=None):
        model.sample = lambda n, seed=None: np.zeros((n, 8, 8, 1))

    model = make_fading()
    fit_on(model, 2, callbacks())
    model = load_checkpoint(tmp_path / "checkpoint.keras")
    with pytest.warns(CollapseWarning, match="epoch 3"):
        fit_on(model, 3, callbacks())
