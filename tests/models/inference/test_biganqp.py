import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import BiGANQP
from kgen.models.inference.pair_game import Pairs
from kgen.networks import biganqp_decoder, biganqp_discriminator, biganqp_encoder
from tests.contract import ModelContract
from tests.models.inference.laws import images, moved, number, weights


def build(cls=BiGANQP, **kwargs):
    return cls.build_default((8, 8, 1), latent_dim=4, width=4, hidden=8, seed=0, **kwargs)


class TestBiGANQP(ModelContract):
    @staticmethod
    def build():
        return build(ema_momentum=0.9)

    @staticmethod
    def data():
        return images()


@keras.saving.register_keras_serializable("kgen-tests")
class Colluding(BiGANQP):
    """Broken: the guides without the stopped gradients."""

    def penalty(self, player, pairs, training):
        guess = self.encoder(pairs.fake, training=training)
        rebuilt = self.decoder(pairs.codes, training=training)
        latent_error = ops.mean(ops.square(pairs.latents - guess))
        image_error = ops.mean(ops.square(pairs.real - rebuilt))
        return self.latent_guide * latent_error + self.image_guide * image_error, {}


def guides_one_network_each(cls):
    """A step on the first guide alone moves the encoder, one on the second the generator."""
    for guides, learns, stays in (
        ({"latent_guide": 2.0, "image_guide": 0.0}, "encoder", "decoder"),
        ({"latent_guide": 0.0, "image_guide": 3.0}, "decoder", "encoder"),
    ):
        model = build(cls, **guides)
        model.compile(run_eagerly=True, generator_optimizer=keras.optimizers.SGD(1.0))
        latents = model.latents(20, model.noise)

        def guide(model=model, latents=latents):
            pairs = model.pairs(images(), latents, True, model.noise)
            return model.penalty("generator", pairs, True)[0]

        change = moved(model, guide)
        assert change[learns] > 1e-4
        assert change[stays] == 0.0  # exactly: there is no path
        assert change["discriminator"] == 0.0


@pytest.mark.core
def test_each_guide_teaches_one_network_and_exactly_not_the_other():
    guides_one_network_each(BiGANQP)


def test_without_the_stopped_gradients_both_networks_collude():
    with pytest.raises(AssertionError):
        guides_one_network_each(Colluding)


def test_losses_by_hand():
    """Images at 0.6, codes at 1: d = 1.6. At a gap of 8: -8 + 64 / 32; at its best, 16: -8."""
    model = build()
    real = np.array([1.0, 0.0], "float32").reshape(1, 1, 1, 2)
    fake = np.array([0.0, 0.2], "float32").reshape(1, 1, 1, 2)
    codes, latents = np.array([[-0.5, 2.0]], "float32"), np.array([[0.5, 1.0]], "float32")
    pairs = Pairs(real, codes, fake, latents)
    for gap, loss in ((8.0, -6.0), (16.0, -8.0), (32.0, 0.0)):
        scores = np.array([[gap + 1]], "float32"), np.array([[1.0]], "float32")
        assert number(model.discriminator_loss(*scores, pairs)) == pytest.approx(loss, rel=1e-5)
        assert number(model.generator_loss(*scores, pairs)) == pytest.approx(gap, rel=1e-6)


def test_guides_by_hand():
    """An encoder of 0 and a generator of 0: the mean squares of z and of x, times 2 and 3."""
    model = build()
    for network in (model.encoder, model.decoder):
        network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    latents = np.array([[1.0, -1.0, 3.0, 1.0]], "float32")
    pairs = Pairs(0.5 * np.ones((1, 8, 8, 1), "float32"), latents, images(1), latents)
    term, report = model.penalty("generator", pairs, True)
    assert number(report["latent_error"]) == pytest.approx(3.0, rel=1e-6)
    assert number(report["image_error"]) == pytest.approx(0.25, rel=1e-6)
    assert number(term) == pytest.approx(2 * 3.0 + 3 * 0.25, rel=1e-6)
    assert model.penalty("discriminator", pairs, True) == (0.0, {})


@pytest.mark.core
def test_encoder_and_generator_step_after_every_second_batch():
    model = build()
    model.compile()
    seen, logs = [weights(model)], []
    for _ in range(4):
        logs.append(model.fit(images(8), batch_size=8, verbose=0).history)
        seen.append(weights(model))
    pairs = list(itertools.pairwise(seen))
    for name, expected in (
        ("encoder", [False, True, False, True]),
        ("decoder", [False, True, False, True]),
        ("discriminator", [True] * 4),
    ):
        assert [not np.array_equal(a[name], b[name]) for a, b in pairs] == expected, name
    assert [log["image_error"][0] > 0 for log in logs] == [False, True, False, True]


def test_evaluation_gives_all_losses():
    model = build()
    model.compile()
    logs = model.evaluate(images(), batch_size=8, verbose=0, return_dict=True)
    assert set(logs) == set(model.loss_names) and logs["latent_error"] > 0


def test_the_networks_of_the_author():
    """128 px: 64 to 1,024 channels, then 4 x 4; in the critic only normalisation has biases."""
    counts = {128: (64, 128, 256, 512, 1024), 256: (64, 128, 256, 512, 1024, 2048)}
    for side, widths in counts.items():
        encoder = biganqp_encoder((side, side, 3), 16, 64 // 16)
        kernels = [v.shape for v in encoder.trainable_variables if len(v.shape) == 4]
        assert [16 * shape[3] for shape in kernels] == list(widths)
        assert encoder.get_layer("codes").kernel.shape[0] == 16 * widths[-1] // 16
        assert biganqp_decoder((side, side, 3), 16, 4).layers[1].units == widths[-1]
    critic = biganqp_discriminator((16, 16, 3), 8, 4, 32)
    assert not any(v.path.endswith("bias") for v in critic.trainable_variables)
    dense = [v.shape for v in critic.trainable_variables if len(v.shape) == 2]
    assert dense == [(4 * 4 * 8, 8), (16, 32), (32, 32), (32, 1)]


@pytest.mark.parametrize(("side", "guides"), [(64, (2.0, 3.0)), (256, (4.0, 6.0))])
def test_guides_are_the_authors_for_the_size(side, guides):
    model = BiGANQP.build_default((side, side, 1), 4, width=1, hidden=4)
    assert (model.latent_guide, model.image_guide) == guides
    assert model.weight == 10.0 and model.discriminator_steps == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_guide": -1.0}, "latent_guide=-1.0 .* at least 0"),
        ({"weight": 0.0}, "weight=0.0 positive"),
        ({"discriminator_steps": 0}, "discriminator_steps=0 at least 1"),
    ],
)
def test_settings_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
