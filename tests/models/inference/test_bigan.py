import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import BiGAN
from kgen.models.inference.pair_game import Pairs
from kgen.networks import bigan_decoder, bigan_discriminator, bigan_encoder
from kgen.training import ConstantThenExponential
from tests.contract import ModelContract
from tests.models.inference.laws import images, moved, number, one_step, weights


def build(**kwargs):
    return BiGAN.build_default((8, 8, 1), latent_dim=4, width=16, seed=0, **kwargs)


class TestBiGAN(ModelContract):
    """With the latent regressor and moving averages."""

    @staticmethod
    def build():
        return build(regressor_weight=0.25, ema_momentum=0.9)

    @staticmethod
    def data():
        return images()


def decided(model, sees_codes=True):
    """The model with a discriminator that has made up its mind; it starts undecided."""
    last, second = model.discriminator.layers[-1], model.discriminator.layers[-4]
    rng = np.random.default_rng(1)
    last.set_weights([rng.normal(size=last.kernel.shape)])
    (kernel,) = second.get_weights()
    kernel[-model.latent_dim :] *= 10 if sees_codes else 0
    second.set_weights([kernel])
    return model


def compiled(model, rate=1.0):
    optimizer = keras.optimizers.SGD
    model.compile(
        run_eagerly=True,
        generator_optimizer=optimizer(rate),
        discriminator_optimizer=optimizer(rate),
    )
    return model


@pytest.mark.core
def test_at_an_undecided_discriminator_both_losses_are_ln_2():
    model = compiled(build())
    logs = {name: number(value) for name, value in model.train_step(images()).items()}
    assert logs == pytest.approx(
        {
            "discriminator_loss": np.log(2),
            "generator_loss": np.log(2),
            "real_probability": 0.5,
            "fake_probability": 0.5,
        },
        rel=1e-6,
    )


def test_losses_by_hand_with_flipped_labels():
    """Logits 1 and 3 of real pairs, -2 and 0 of made ones: means of softplus, each one half."""
    model = build()
    pairs = Pairs(*4 * [None])
    real, fake = np.array([[1.0], [3.0]], "float32"), np.array([[-2.0], [0.0]], "float32")

    def softplus(*values):
        return np.mean(np.log1p(np.exp(values)))

    judged = 0.5 * softplus(-1, -3) + 0.5 * softplus(-2, 0)
    fooled = 0.5 * softplus(1, 3) + 0.5 * softplus(2, 0)
    assert number(model.discriminator_loss(real, fake, pairs)) == pytest.approx(judged, rel=1e-6)
    assert number(model.generator_loss(real, fake, pairs)) == pytest.approx(fooled, rel=1e-6)


@keras.saving.register_keras_serializable("kgen-tests")
class Rebuilding(BiGAN):
    """Broken: the encoder also learns by a reconstruction, which no BiGAN asks for."""

    def penalty(self, player, pairs, training):
        rebuilt = self.decoder(pairs.codes, training=training)
        term, report = super().penalty(player, pairs, training)
        return term + ops.mean(ops.square(pairs.real - rebuilt)), report


def learns_only_through_the_discriminator(cls):
    model = cls.build_default((8, 8, 1), latent_dim=4, width=16, seed=0, weight_decay=0.0)
    compiled(decided(model, sees_codes=False))

    def turn():
        pairs = model.pairs(images(), model.latents(20, model.noise), True, model.noise)
        return model.turn("generator", pairs, True)[0]

    change = moved(model, turn)
    assert change["encoder"] == 0.0
    assert change["decoder"] > 0 and change["discriminator"] == 0.0


@pytest.mark.core
def test_the_encoder_learns_only_through_the_discriminator():
    """Exactly nothing where the discriminator ignores the codes; something where it does not."""
    learns_only_through_the_discriminator(BiGAN)
    with pytest.raises(AssertionError):
        learns_only_through_the_discriminator(Rebuilding)
    model = compiled(decided(build(weight_decay=0.0)))
    pairs = lambda: model.pairs(images(), model.latents(20, model.noise), True, model.noise)  # noqa: E731
    change = moved(model, lambda: model.turn("generator", pairs(), True)[0])
    assert change["encoder"] > 0


@pytest.mark.core
def test_both_players_step_from_the_same_weights():
    """Each moves as if the other stood still, on the same latents and pairs."""
    keras.utils.set_random_seed(3)
    initial = decided(build()).get_weights()
    noise = [np.random.default_rng(2).random((20, 4)).astype("float32")]
    sgd = keras.optimizers.SGD

    def start():
        model = build()
        model.set_weights(initial)
        return model

    both, generator, discriminator = (
        one_step(start, images(), noise, generator=sgd(g), discriminator=sgd(d))
        for g, d in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
    )
    still = weights(start())
    for name, alone in (
        ("encoder", generator),
        ("decoder", generator),
        ("discriminator", discriminator),
    ):
        assert np.abs(alone[name] - still[name]).max() > 1e-4, name
        np.testing.assert_allclose(both[name], alone[name], rtol=1e-6, atol=1e-7, err_msg=name)


def test_weight_decay_shrinks_every_weight():
    """In the gradient: w <- w - rate * decay * w."""
    model = compiled(build(weight_decay=0.02), rate=0.5)
    before = weights(model)
    for player in model.players:
        model.minimize(lambda player=player: model.penalty(player, None, True)[0], player)
    for name, now in weights(model).items():
        np.testing.assert_allclose(now, before[name] * 0.99, rtol=1e-5)


def test_the_latent_regressor_by_hand():
    """An encoder that always guesses 0: ln 2 a latent, and an error of the mean of |z|."""
    model = build(regressor_weight=2.0, weight_decay=0.0)
    model.encoder.layers[-3].set_weights([np.zeros((16, 4))])
    latents = np.array([[1.0, -1.0, 0.5, 0.0]], "float32")
    pairs = Pairs(images(1), None, images(1), latents)
    loss, report = model.penalty("generator", pairs, True)
    assert number(loss) == pytest.approx(2 * np.log(2), rel=1e-6)
    assert number(report["latent_error"]) == pytest.approx(0.625, rel=1e-6)
    assert number(model.penalty("discriminator", pairs, True)[0]) == 0.0


def test_the_regressor_trains_encoder_and_generator():
    """Jointly, also where the discriminator says nothing."""
    model = compiled(build(regressor_weight=1.0, weight_decay=0.0))
    latents = model.latents(20, model.noise)
    pairs = lambda: model.pairs(images(), latents, True, model.noise)  # noqa: E731
    change = moved(model, lambda: model.turn("generator", pairs(), True)[0])
    assert change["encoder"] > 0 and change["decoder"] > 0


def test_paper_size_has_the_hand_derived_counts():
    """784-1024-1024-50 and back, no biases; the latents enter twice. Statistics: 2 a unit."""
    pixels, units, latents = 784, 1024, 50
    encoder = pixels * units + units**2 + units * latents
    decoder = latents * units + (units + latents) * units + units * pixels
    discriminator = pixels * units + (units + latents) * units + units
    assert bigan_encoder((28, 28, 1)).count_params() == encoder + 2 * units
    assert bigan_decoder((28, 28, 1)).count_params() == decoder + 4 * units
    assert bigan_discriminator((28, 28, 1)).count_params() == discriminator + 2 * units


def test_the_rate_stays_for_half_of_the_steps_then_falls_to_a_hundredth():
    model = build(schedule_steps=200)
    for optimizer in model.default_optimizers().values():
        config = keras.optimizers.serialize(optimizer)["config"]
        assert config["beta_1"] == 0.5
        schedule = keras.saving.deserialize_keras_object(config["learning_rate"])
        assert [float(schedule(step)) for step in (0, 99, 150, 200, 999)] == pytest.approx(
            [2e-4, 2e-4, 2e-5, 2e-6, 2e-6], rel=1e-4
        )
    with pytest.raises(ValueError, match=r"final_share lie in \(0, 1\], got 10 and 0.0"):
        ConstantThenExponential(1.0, 10, 10, 0.0)


def test_latents_and_codes_are_within_minus_one_and_one():
    model = build()
    drawn = np.asarray(ops.convert_to_numpy(model.latents(2000, model.noise)))
    assert drawn.min() < -0.99 and drawn.max() > 0.99
    assert drawn.std() == pytest.approx(1 / np.sqrt(3), rel=0.03)
    assert model.signatures()["sample"].inputs["latents"].distribution == "U(-1, 1)"
    assert np.abs(model.encode(images())).max() < 1


def test_pairs_are_judged_with_the_codes_one_gives():
    model = decided(build())
    own = model.encode(images(3))
    np.testing.assert_allclose(
        model.discriminate(images(3)), model.discriminate(images(3), own), rtol=1e-5, atol=1e-6
    )
    others = model.discriminate(images(3), np.ones_like(own))
    assert np.abs(model.discriminate(images(3)) - others).max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight_decay": -1.0}, "weight_decay=-1.0 .* at least 0"),
        ({"regressor_weight": -0.5}, "regressor_weight=-0.5"),
        ({"schedule_steps": 1}, "schedule_steps=1 at least 2"),
    ],
)
def test_settings_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_networks_that_do_not_fit_are_refused():
    encoder, decoder = bigan_encoder((8, 8, 1), 4, 8), bigan_decoder((8, 8, 1), 4, 8)
    judge = bigan_discriminator((8, 8, 1), 4, 8)
    with pytest.raises(ValueError, match=r"must give 1 x \(4,\) numbers .* gives \[\(5,\)\]"):
        BiGAN(bigan_encoder((8, 8, 1), 5, 8), decoder, judge)
    with pytest.raises(ValueError, match=r"takes \(8, 8, 1\), the decoder makes \(4, 4, 1\)"):
        BiGAN(encoder, bigan_decoder((4, 4, 1), 4, 8), judge)
    with pytest.raises(ValueError, match=r"must take \[\(8, 8, 1\), \(4,\)\] and give one logit"):
        BiGAN(encoder, decoder, bigan_discriminator((8, 8, 1), 3, 8))
