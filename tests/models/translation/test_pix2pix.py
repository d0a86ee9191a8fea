import math

import keras
import numpy as np
import pytest
from keras import ops

import kgen
from kgen.losses import LeastSquares
from kgen.models import Pix2Pix
from kgen.networks import patchgan, unet
from tests.contract import ModelContract


def _images(seed, shape=(8, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _softplus(x):
    return math.log1p(math.exp(x))


class TestPix2Pix(ModelContract):
    batch_size = 4

    @staticmethod
    def build():
        return Pix2Pix.build_default(
            (8, 8, 1), (8, 8, 3), width=4, depth=2, downsamplings=1, ema_momentum=0.9
        )

    @staticmethod
    def data():
        return _images(0), _images(1, (8, 8, 8, 3))

    def test_dropout_is_drawn_at_inference_and_can_be_left_out(self, trained):
        model, images = trained.model, _images(2, (3, 8, 8, 1))
        one, again, other = (model.translate(images, seed=seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, again)
        assert np.abs(one - other).max() > 1e-3
        assert np.abs(model.translate(images) - model.translate(images)).max() > 1e-3
        plain = [model.translate(images, dropout=False) for _ in range(2)]
        np.testing.assert_array_equal(*plain)
        np.testing.assert_array_equal(plain[0], model.serve("translate_ab", images=images))
        # Dropout scales what it keeps, so that noise above the rate doubles and is not the mean.
        noise = np.full((3, model.noise_size), 0.9, "float32")
        kept = model.serve("translate_ab_drawn", images=images, noise=noise)
        assert np.abs(kept - plain[0]).max() > 1e-4

    def test_judges_pairs(self, trained):
        a, b = self.data()
        logits = trained.model.discriminate(a, b)
        assert logits.shape == (8, 2, 2, 1)
        assert np.abs(logits - trained.model.discriminate(a[::-1], b)).max() > 1e-4


def _affine(weights, bias, name):
    """A 1x1 convolution: `weights` of each input channel, and a bias."""
    images = keras.Input((4, 4, len(weights)))
    layer = keras.layers.Conv2D(1, 1, bias_initializer=keras.initializers.Constant(bias))
    network = keras.Model(images, layer(images), name=name)
    layer.kernel.assign(np.reshape(weights, (1, 1, len(weights), 1)))
    return network


def _affine_model(**options):
    """G(a) = 0.5 a + 0.1, D(a, b) = 0.5 a + b - 0.3."""
    return Pix2Pix(_affine([0.5], 0.1, "g"), _affine([0.5, 1.0], -0.3, "d"), **options)


def _flat(value):
    return np.full((1, 4, 4, 1), value, "float32")


# a = 0.2 and b = 0.6: G(a) = 0.2, D(a, G(a)) = 0, D(a, b) = 0.4.
@pytest.mark.parametrize(
    ("objective", "adversarial", "judged"),
    [
        ("non_saturating", math.log(2), _softplus(-0.4) + math.log(2)),
        ("least_squares", 0.5, 0.5 * 0.6**2),
        (LeastSquares(target=0.5), 0.5 * 0.5**2, 0.5 * 0.6**2),
        ("hinge", 0.0, 0.6 + 1.0),
        # D(a, b) - D(a, G(a)) = 0.4, and the generator wants it the other way round
        ("relativistic", _softplus(0.4), _softplus(-0.4)),
    ],
)
def test_losses_by_hand(objective, adversarial, judged):
    model = _affine_model(objective=objective)
    a, b = _flat(0.2), _flat(0.6)
    fake = model.generate(model.generator, a)
    np.testing.assert_allclose(fake, _flat(0.2), atol=1e-6)
    total, own, l1 = model.generator_losses(a, b, fake, training=True)
    assert float(l1) == pytest.approx(0.4, rel=1e-5)
    assert float(own) == pytest.approx(adversarial, rel=1e-5, abs=1e-6)
    assert float(total) == pytest.approx(adversarial + 100 * 0.4, rel=1e-5)
    loss = model.discriminator_loss(a, b, fake, training=True)
    assert float(loss) == pytest.approx(judged, rel=1e-5)


def test_both_players_move_from_the_same_weights_on_the_same_translations():
    """The generator's step comes first and must not show in what the discriminator sees."""
    model = _affine_model(l1_weight=1.0)
    sgd = {f"{player}_optimizer": keras.optimizers.SGD(1.0) for player in model.players}
    model.compile(run_eagerly=True, **sgd)
    logs = model.train_step((_flat(0.2), _flat(0.6)))
    assert float(logs["discriminator_loss"]) == pytest.approx(_softplus(-0.4) + math.log(2))
    # d/dbias of softplus(-D(a, G(a))) is -1/2, of |b - G(a)| -1, at the old weights of D.
    assert float(model.generator.trainable_variables[1].numpy()[0]) == pytest.approx(0.1 + 1.5)
    # d/dbias of softplus(-0.4) is -1 / (1 + e^0.4), of softplus(D(a, G(a))) 1/2, at the old G.
    moved = -0.3 + 1 / (1 + math.exp(0.4)) - 0.5
    assert float(model.discriminator.trainable_variables[1].numpy()[0]) == pytest.approx(moved)


def test_the_unconditional_discriminator_sees_the_target_alone():
    model = Pix2Pix(_affine([0.5], 0.1, "g"), _affine([2.0], 0.0, "d"))
    assert not model.conditional
    logits = model.logits(_flat(0.9), _flat(0.25), training=False)
    np.testing.assert_allclose(logits, _flat(0.5), atol=1e-6)
    built = Pix2Pix.build_default((8, 8, 1), (8, 8, 3), width=2, downsamplings=0, conditional=False)
    assert built.discriminator.input_shape == (None, 8, 8, 3)
    assert built.discriminator.output_shape == (None, 8, 8, 1)


def test_without_adversary_it_is_a_plain_l1_unet():
    model = Pix2Pix.build_default(
        (8, 8, 1), width=2, depth=2, downsamplings=0, adversarial_weight=0.0
    )
    model.compile(run_eagerly=True)
    before = [v.numpy() for v in model.discriminator.variables]
    generator = model.generator.trainable_variables[0].numpy()
    logs = model.fit(_images(0), _images(1), batch_size=4, verbose=0).history
    assert logs["discriminator_loss"] == logs["adversarial"] == [0.0]
    assert logs["generator_loss"][0] == pytest.approx(100 * logs["l1"][0], rel=1e-5)
    for variable, old in zip(model.discriminator.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
    assert np.abs(model.generator.trainable_variables[0].numpy() - generator).max() > 0


def test_it_learns_the_negative_of_an_image():
    keras.utils.set_random_seed(0)
    model = Pix2Pix.build_default(
        (8, 8, 1), width=16, depth=1, dropout=0.0, downsamplings=0, seed=0
    )
    adam = keras.optimizers.Adam(1e-2, beta_1=0.5)
    model.compile(generator_optimizer=adam)
    images = _images(0, (16, 8, 8, 1))
    first = model.evaluate(images, -images, verbose=0, return_dict=True)["l1"]
    model.fit(images, -images, batch_size=4, epochs=10, verbose=0)
    last = model.evaluate(images, -images, verbose=0, return_dict=True)["l1"]
    assert last < 0.5 * first


def test_paper_sizes_fit_the_size():
    model = Pix2Pix.build_default((64, 64, 3), (64, 64, 1), width=2)
    assert model.generator.output_shape == (None, 64, 64, 1)
    assert model.discriminator.input_shape == (None, 64, 64, 4)
    assert model.discriminator.output_shape == (None, 6, 6, 1)
    adam = model.default_optimizers()["generator"]
    assert (float(adam.learning_rate.numpy()), adam.beta_1) == (pytest.approx(2e-4), 0.5)


def test_networks_that_do_not_fit_are_refused():
    generator = unet((8, 8, 1), 3, width=2)
    with pytest.raises(ValueError, match=r"judges \(8, 8, 2\).*channels of both"):
        Pix2Pix(generator, patchgan((8, 8, 2), 2, 0))
    with pytest.raises(ValueError, match=r"judges \(16, 16, 4\)"):
        Pix2Pix(generator, patchgan((16, 16, 4), 2, 0))
    with pytest.raises(ValueError, match="a U-Net keeps the size"):
        Pix2Pix.build_default((8, 8, 1), (16, 16, 1))
    with pytest.raises(ValueError, match="whole images, not patches"):
        _affine_model(objective="gan_qp_l1")


def test_the_way_back_and_lone_images_are_refused():
    model = _affine_model()
    with pytest.raises(ValueError, match="direction='ba'"):
        model.translate(_flat(0.0), domain="a")
    with pytest.raises(kgen.errors.DataError, match="layout='paired'"):
        model.batch_images(_flat(0.0))


@pytest.mark.usefixtures("mixed_bfloat16")
def test_trains_in_mixed_bfloat16():
    model = Pix2Pix.build_default((8, 8, 1), width=2, depth=2, downsamplings=0)
    model.compile(run_eagerly=True)
    history = model.fit(_images(0), _images(1), batch_size=4, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert ops.convert_to_numpy(model.translate(_images(0))).dtype == np.float32
