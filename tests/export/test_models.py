"""The archetypes, written and read back by a process that has TensorFlow alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen import export
from kgen.export.endpoints import endpoints
from kgen.export.examples import example_inputs
from kgen.models import DCGAN, VAE, CycleGAN


def _dcgan():
    return DCGAN.build_default(image_shape=(8, 8, 1), latent_dim=5, width=8, ema_momentum=0.9)


def _vae():
    return VAE.build_default(image_shape=(8, 8, 1), latent_dim=3)


def _cyclegan():
    return CycleGAN.build_default(
        image_shape=(8, 8, 1),
        image_shape_b=(8, 8, 3),
        blocks=1,
        width=4,
        downsamplings=1,
        identity_weight=0,  # between a grey and a colour side there is no identity
    )


SIGNATURES = {
    _dcgan: ["sample", "discriminate", "features"],
    _vae: ["sample", "encode", "decode", "reconstruct", "log_prob"],
    _cyclegan: ["translate_ab", "translate_ba", "discriminate_a", "discriminate_b"],
}


def _disturb(model):
    """Moves every weight, so that no statistic or moving average has its initial value."""
    random = np.random.default_rng(7)
    for variable in model.weights:
        if variable.dtype == "float32":
            moved = variable.numpy() + random.uniform(0.01, 0.05, variable.shape)
            variable.assign(moved.astype("float32"))


@pytest.mark.parametrize("build", SIGNATURES)
def test_the_export_equals_the_live_model(build, tmp_path):
    keras.utils.set_random_seed(2)
    model = build()
    _disturb(model)
    path = export.save(model, export.next_version(tmp_path / "model"))
    assert path == tmp_path / "model" / "1"
    differences = export.verify(model, path)
    assert list(differences) == SIGNATURES[build]
    assert all(0 <= difference < 1e-5 for difference in differences.values()), differences


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_uint8_samples_are_the_levels_of_the_live_ones(batch, tmp_path):
    keras.utils.set_random_seed(3)
    model = _dcgan()
    _disturb(model)
    loaded = tf.saved_model.load(export.save(model, tmp_path / "dcgan", uint8=True))
    latents = np.random.default_rng(batch).standard_normal((batch, 5)).astype("float32")
    served = loaded.signatures["serving_default"](latents=tf.constant(latents))["images"]
    assert served.dtype == tf.uint8 and served.shape == (batch, 8, 8, 1)
    expected = np.rint((model.serve("sample", latents=latents) + 1) * 127.5)
    difference = np.abs(served.numpy().astype("float64") - expected)
    assert difference.max() <= 1 and difference.mean() < 0.02  # rounding at a tie


def test_a_compiled_model_exports_without_its_optimizers(tmp_path):
    keras.utils.set_random_seed(4)
    model = _vae()
    model.compile()
    assert len(model.optimizer.variables) > 2 * len(model.trainable_variables)
    path = export.save(model, tmp_path / "vae")
    names = tf.train.list_variables(str(path / "variables" / "variables"))
    values = sum(int(np.prod(shape)) for name, shape in names if "VARIABLE_VALUE" in name)
    assert values == model.encoder.count_params() + model.decoder.count_params()
    images = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
    served = tf.saved_model.load(path).signatures["reconstruct"](images=tf.constant(images))
    np.testing.assert_allclose(
        served["images"], model.serve("reconstruct", images=images), rtol=0, atol=1e-5
    )


def test_a_dcgan_says_what_its_latents_are_drawn_from(tmp_path):
    from kgen.models import DCGAN

    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    described = export.describe(export.save(model, tmp_path / "1"))
    inputs = described["signatures"]["sample"]["inputs"]
    assert inputs["latents"]["distribution"] == "U(-1, 1)"
    (endpoint, *_) = endpoints(model)
    drawn = example_inputs(endpoint, 500, seed=0)["latents"]
    assert np.abs(drawn).max() <= 1
