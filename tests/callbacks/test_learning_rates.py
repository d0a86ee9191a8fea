import keras
import numpy as np
import pytest

import kgen
from kgen.callbacks import Checkpoint, LearningRates, load_checkpoint


def model():
    """A GAN whose generator's rate falls from 0.01 by 0.001 a step, to 0 after 10."""
    keras.utils.set_random_seed(0)
    gan = kgen.models.DCGAN.build_default((8, 8, 1), latent_dim=4, width=2)
    falling = keras.optimizers.schedules.PolynomialDecay(0.01, 10, end_learning_rate=0.0)
    gan.compile(
        generator_optimizer=keras.optimizers.SGD(falling),
        discriminator_optimizer=keras.optimizers.SGD(0.5),
        run_eagerly=True,
    )
    return gan


@pytest.mark.core
def test_a_schedule_by_step_goes_on_in_a_resumed_run(fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    first = fit(model(), 1, [LearningRates(), Checkpoint(path)]).history
    then = fit(load_checkpoint(path), 4, [LearningRates(), Checkpoint(path)]).history
    rates = [*first["generator_learning_rate"], *then["generator_learning_rate"]]
    np.testing.assert_allclose(rates, [0.007, 0.004, 0.001, 0.0], atol=1e-8)  # three steps each
    assert first["discriminator_learning_rate"] == [0.5]


def test_one_optimizer_has_one_name(make_fading, fit_on):
    fading = make_fading()
    assert fit_on(fading, 1, [LearningRates()]).history["learning_rate"] == [np.float32(0.1)]
    line = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    line.compile(keras.optimizers.SGD(0.25), "mse")
    ones = np.ones((2, 1), "float32")
    history = line.fit(ones, ones, verbose=0, callbacks=[LearningRates()]).history
    assert history["learning_rate"] == [0.25]
