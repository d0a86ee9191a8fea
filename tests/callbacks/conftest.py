import keras
import numpy as np
import pytest

import kgen


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
