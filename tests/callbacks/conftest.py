import keras
import numpy as np
import pytest

import kgen
from tests.callbacks.toys import Fading, bars


@pytest.fixture(autouse=True)
def curves(monkeypatch):
    """The histories that were to be drawn, which would take longer than most of the trainings."""
    asked = []
    draw = lambda rows, path: asked.append((list(rows), path))  # noqa: E731
    monkeypatch.setattr(kgen.plotting, "save_curves", draw)
    return asked


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(0).uniform(-1, 1, (24, 8, 8, 1)).astype("float32")


@pytest.fixture
def make_model():
    """Makes a GAN of 8 x 8 images, the same each time; eager steps need no compilation."""

    def make():
        keras.utils.set_random_seed(0)
        model = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=2)
        model.compile(run_eagerly=True)
        return model

    return make


@pytest.fixture
def fit(images):
    """Trains on three batches an epoch, up to the given epoch."""

    def fit(model, epochs, callbacks, **kwargs):
        return model.fit(
            images,
            batch_size=8,
            shuffle=False,
            epochs=epochs,
            initial_epoch=model.epochs_trained,
            callbacks=callbacks,
            verbose=0,
            **kwargs,
        )

    return fit


@pytest.fixture(scope="session")
def splits():
    """Images of bars; three batches of eight are an epoch."""
    return kgen.datasets.from_arrays(
        bars(300), batch_size=8, validation=0.5, test=0.1, name="bars", steps_per_epoch=3
    )


@pytest.fixture
def make_fading():
    """Makes a model whose samples are best after `peak` epochs, the same each time."""

    def make(peak=2):
        keras.utils.set_random_seed(0)
        model = Fading(peak=peak)
        model.compile(run_eagerly=True)
        return model

    return make


@pytest.fixture
def fit_on(splits):
    """Trains a model on bars up to the given epoch."""

    def fit_on(model, epochs, callbacks, **kwargs):
        return model.fit(
            splits.train,
            epochs=epochs,
            initial_epoch=model.epochs_trained,
            callbacks=callbacks,
            verbose=0,
            **kwargs,
        )

    return fit_on
