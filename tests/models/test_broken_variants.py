"""The laws of the contract fail where they should: each against a model broken on purpose."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.losses import standard_normal_kl
from kgen.models import DCGAN, VAE
from kgen.models.signature import Signature, TensorSpec
from tests.contract import ModelContract


def _images():
    return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


class _Contract(ModelContract):
    """The laws, to be called one by one."""

    __test__ = False
    compile_arguments = {"run_eagerly": True}

    @staticmethod
    def data():
        return _images()


def _train(build, folder):
    contract = type("Contract", (_Contract,), {"build": staticmethod(build)})
    return contract(), contract.train(folder)


@keras.saving.register_keras_serializable("broken")
class BatchStatistics(DCGAN):
    """Samples with the statistics of the batch, as the authors of DCGAN did."""

    def signatures(self):
        run = lambda latents: {"images": self.generator(latents, training=True)}  # noqa: E731
        latents = TensorSpec((None, self.latent_dim), role="latent")
        return {"sample": Signature(run, {"latents": latents}, {"images": "image"})}


@keras.saving.register_keras_serializable("broken")
class ForgetsSeeds(VAE):
    """Saves as Keras does: without the states of its seed generators."""

    def save_own_variables(self, store):
        keras.Model.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.Model.load_own_variables(self, {k: store[k] for k in store.keys()})  # noqa: SIM118


@keras.saving.register_keras_serializable("broken")
class MovesBoth(DCGAN):
    """Lets the discriminator's step move the generator as well."""

    def minimize(self, loss_fn, player=None):
        if player == "discriminator":
            for variable in self.generator.trainable_variables:
                variable.assign(variable.value + 1e-3)
        return super().minimize(loss_fn, player)


@keras.saving.register_keras_serializable("broken")
class CutsTheGradient(VAE):
    """Stops the gradient at the sample, so that the encoder learns from the KL alone."""

    def bound(self, images, noise, uniforms, encoder, decoder, training):
        x = self.observation.observe(images, uniforms)
        mean, log_variance = encoder(self.observation.encoder_input(x), training=training)
        z = ops.stop_gradient(mean + ops.exp(log_variance / 2) * noise)
        likelihood = self.observation.log_prob(x, decoder(z, training=training))
        return likelihood, 0.0 * standard_normal_kl(mean, log_variance)


def _dcgan(cls):
    return lambda: cls.build_default((8, 8, 1), latent_dim=4, width=4)


def _vae(cls):
    return lambda: cls.build_default((8, 8, 1), latent_dim=3)


@pytest.mark.parametrize(
    ("build", "law"),
    [
        (_dcgan(BatchStatistics), "test_an_output_does_not_depend_on_its_batch"),
        (_vae(ForgetsSeeds), "test_stopped_and_continued_equals_never_stopped"),
        (_dcgan(MovesBoth), "test_each_player_moves_its_own_variables_and_no_other"),
        (_vae(CutsTheGradient), "test_each_player_moves_its_own_variables_and_no_other"),
    ],
    ids=["batch statistics", "forgets seeds", "moves both", "cuts the gradient"],
)
def test_a_broken_model_fails_its_law(build, law, tmp_path):
    contract, trained = _train(build, tmp_path)
    with pytest.raises(AssertionError):
        getattr(contract, law)(trained)


@pytest.mark.parametrize("cls", [DCGAN, VAE])
def test_the_whole_model_passes_them(cls, tmp_path):
    """So that the failures above are of what was broken."""
    contract, trained = _train((_dcgan if cls is DCGAN else _vae)(cls), tmp_path)
    contract.test_an_output_does_not_depend_on_its_batch(trained)
    contract.test_stopped_and_continued_equals_never_stopped(trained)
    contract.test_each_player_moves_its_own_variables_and_no_other(trained)
