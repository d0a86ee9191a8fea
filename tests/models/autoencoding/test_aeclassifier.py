import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.models import AEClassifier
from tests.contract import ModelContract


def images(n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


def batches(size=8):
    labelled = images(20, seed=1), np.arange(20, dtype="int32") % 3
    return tf.data.Dataset.from_tensor_slices((labelled, images(20))).batch(size)


class TestAEClassifier(ModelContract):
    """One of the three steps of an epoch is of the first phase."""

    @staticmethod
    def build():
        return AEClassifier.build_default(
            (8, 8, 1), 3, latent_dim=4, hidden=(8,), pretraining_steps=1, corruption="masking",
            ema_momentum=0.5, prior={"components": 2},
        )  # fmt: skip

    @staticmethod
    def data():
        return images(20), (images(20, seed=1), np.arange(20, dtype="int32") % 3)

    @classmethod
    def fit(cls, model, epochs=1):
        return model.fit(batches(cls.batch_size), epochs=epochs, verbose=0).history

    @classmethod
    def evaluate(cls, model):
        return model.evaluate(batches(cls.batch_size), verbose=0, return_dict=True)


def tiny(**kwargs):
    return AEClassifier.build_default((8, 8, 1), 3, latent_dim=4, hidden=(8,), **kwargs)


# ---- the phases ----------------------------------------------------------------------------------


def test_each_phase_trains_its_networks_and_begins_with_fresh_slots():
    model = tiny(pretraining_steps=3)
    model.compile(jit_compile=False)
    parts = {name: getattr(model, name) for name in ("encoder", "decoder", "classifier")}

    def moved():
        before = {name: part.get_weights() for name, part in parts.items()}
        model.fit(batches(20), verbose=0)
        return {
            name: not all(map(np.array_equal, before[name], part.get_weights()))
            for name, part in parts.items()
        }

    for _ in range(3):
        assert moved() == {"encoder": True, "decoder": True, "classifier": False}
    assert int(model.optimizer.iterations) == 3
    for step in range(1, 3):
        # Adam would go on moving the decoder by what it remembers.
        assert moved() == {"encoder": True, "decoder": False, "classifier": True}
        assert int(model.optimizer.iterations) == step
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_fine_tuning_begins_as_training_from_these_weights_would():
    """The first step of the second phase is that of a new model with the same weights."""
    pretrained = tiny(pretraining_steps=2)
    pretrained.compile(jit_compile=False)
    pretrained.fit(batches(10), verbose=0)
    fresh = tiny(pretraining_steps=0)
    fresh.compile(jit_compile=False)
    fresh.set_weights(pretrained.get_weights())
    fresh.step.assign(0)
    for model in (pretrained, fresh):
        model.fit(batches(20), verbose=0)
    for name in ("encoder", "classifier"):
        for one, other in zip(
            getattr(pretrained, name).get_weights(),
            getattr(fresh, name).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_losses_have_their_values_in_either_phase():
    model = tiny()
    model.compile(run_eagerly=True)
    labelled, labels = images(20, seed=1), np.arange(20) % 3
    probabilities = model.classify(labelled)
    expected = {
        "classification_loss": -np.log(probabilities[np.arange(20), labels]).mean(),
        "error": np.mean(probabilities.argmax(axis=1) != labels),
        "reconstruction_loss": np.mean(
            (np.asarray(model.through(images(20), False)) - images(20)) ** 2
        ),
    }
    logs = model.evaluate(batches(20), verbose=0, return_dict=True)
    assert logs == pytest.approx(expected, rel=1e-4)
    for pretraining_steps in (9, 0):
        other = tiny(pretraining_steps=pretraining_steps)
        other.compile(optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)
        other.set_weights(model.get_weights())
        history = other.fit(batches(20), verbose=0).history
        assert {name: values[0] for name, values in history.items()} == pytest.approx(
            expected, rel=1e-4
        )


def test_without_labels_it_learns_what_helps_with_few():
    """Six stripes, one image of each with its label: the codes of the others are near."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 40)
    x = -np.ones((240, 8, 8, 1), "float32")
    x[np.arange(240), labels] = 1
    x = (x + 0.3 * rng.normal(size=x.shape)).clip(-1, 1).astype("float32")
    data = kgen.datasets.from_arrays(x, labels, batch_size=24, labels_per_class=1, seed=0)
    model = AEClassifier.build_default(
        (8, 8, 1), 6, latent_dim=8, hidden=(32,), pretraining_steps=100
    )
    model.compile(jit_compile=False)
    history = model.fit(data.train, epochs=40, verbose=0).history
    assert history["error"][0] > 0.5 and history["error"][-1] < 0.05
    assert np.mean(model.classify(x).argmax(axis=1) == labels) > 0.9


def test_a_prior_is_fitted_to_the_unlabelled_images():
    model = tiny(pretraining_steps=1)
    model.fit_prior(batches(8), components=2, limit=20)
    expected = kgen.layers.MixtureOfGaussians(2, 4)
    expected.fit(model.encode(images(20)))
    np.testing.assert_allclose(model.prior.means, expected.means, atol=1e-5)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pretraining_steps": -1}, "at least 0, got -1"),
        ({"corruption": "blur"}, "corruption must be one of"),
        ({"corruption": "masking", "level": 2.0}, "a share from 0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny(**arguments)


def test_a_classifier_of_other_codes_is_refused():
    one, other = tiny(), AEClassifier.build_default((8, 8, 1), 3, latent_dim=5)
    with pytest.raises(ValueError, match="must take the 4 numbers that the encoder gives"):
        AEClassifier(one.encoder, one.decoder, other.classifier)
