import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import CycleGAN
from kgen.networks import patchgan, resnet_generator
from tests.contract import ModelContract


def _images(seed, shape=(12, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


class TestCycleGAN(ModelContract):
    batch_size = 4

    @staticmethod
    def build():
        return CycleGAN.build_default(
            (8, 8, 1), blocks=1, width=4, downsamplings=1, pool_size=6, ema_momentum=0.9
        )

    @staticmethod
    def data():
        return _images(0), _images(1)


def _identity(name):
    images = keras.Input((16, 16, 1))
    return keras.Model(
        images, keras.layers.Conv2D(1, 1, kernel_initializer="ones")(images), name=name
    )


def test_identity_generators_have_no_cycle_and_no_identity_loss():
    model = CycleGAN(
        _identity("ab"),
        _identity("ba"),
        patchgan((16, 16, 1), 4, 1, name="da"),
        patchgan((16, 16, 1), 4, 1, name="db"),
    )
    a, b = _images(0, (2, 16, 16, 1)), _images(1, (2, 16, 16, 1))
    total, adversarial, cycle, identity, fake_a, fake_b = model.generator_losses(a, b)
    assert float(cycle) == 0 and float(identity) == 0
    assert float(total) == pytest.approx(float(adversarial))
    np.testing.assert_array_equal(fake_b, a)
    np.testing.assert_array_equal(fake_a, b)


def test_generator_objective_by_hand():
    """Constant networks: G gives 0.5, F gives -0.5, the discriminators say 0.2 and 0.7."""

    def constant(value, shape, name):
        images = keras.Input((16, 16, 1))
        layer = keras.layers.Conv2D(
            1, 1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(value)
        )
        return keras.Model(images, layer(images), name=name)

    model = CycleGAN(
        constant(0.5, 16, "ab"),
        constant(-0.5, 16, "ba"),
        constant(0.2, 16, "da"),
        constant(0.7, 16, "db"),
    )
    a, b = np.full((1, 16, 16, 1), 0.1, "float32"), np.full((1, 16, 16, 1), 0.3, "float32")
    total, adversarial, cycle, identity, fake_a, fake_b = model.generator_losses(a, b)
    assert float(adversarial) == pytest.approx((0.7 - 1) ** 2 + (0.2 - 1) ** 2, rel=1e-5)
    assert float(cycle) == pytest.approx(0.6 + 0.2, rel=1e-5)  # |-0.5 - 0.1| + |0.5 - 0.3|
    assert float(identity) == pytest.approx(0.2 + 0.6, rel=1e-5)  # |0.5 - 0.3| + |-0.5 - 0.1|
    assert float(total) == pytest.approx(0.73 + 10 * 0.8 + 5 * 0.8, rel=1e-5)
    losses = model.discriminator_losses(a, b, fake_a, fake_b)
    by_hand = 0.5 * ((0.2 - 1) ** 2 + 0.2**2) + 0.5 * ((0.7 - 1) ** 2 + 0.7**2)
    assert float(losses) == pytest.approx(by_hand, rel=1e-5)


def _receptive_field(network, size):
    """The side of the square of pixels that one central logit depends on."""
    x = keras.Variable(np.random.default_rng(0).normal(size=(1, size, size, 1)))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        logits = network(x.value)
        centre = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    gradient = np.abs(tape.gradient(centre, x.value).numpy()[0, :, :, 0])
    rows, columns = np.nonzero(gradient.sum(1))[0], np.nonzero(gradient.sum(0))[0]
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _without_normalisation(network):
    """Instance normalisation looks at the whole image; the convolutions' reach is what counts."""

    def pass_through(layer):
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=pass_through)


@pytest.mark.parametrize(("downsamplings", "field"), [(1, 16), (2, 34), (3, 70)])
def test_receptive_field_of_the_patchgan(downsamplings, field):
    network = _without_normalisation(patchgan((144, 144, 1), 4, downsamplings))
    assert _receptive_field(network, 144) == (field, field)


def test_paper_size_has_the_hand_derived_parameter_counts():
    """c7s1-64, d128, d256, 9 x R256, u128, u64, c7s1-3; C64-C128-C256-C512-1."""
    weights = 49 * 3 * 64 + 9 * (64 * 128 + 128 * 256)
    weights += 9 * 2 * 9 * 256 * 256
    weights += 9 * (256 * 128 + 128 * 64) + 49 * 64 * 3 + 3
    assert resnet_generator((256, 256, 3), blocks=9).count_params() == weights
    weights = 16 * 3 * 64 + 64 + 16 * (64 * 128 + 128 * 256 + 256 * 512) + 16 * 512 + 1
    assert patchgan((256, 256, 3)).count_params() == weights


def test_default_blocks_follow_the_papers_sizes():
    for side, blocks in ((128, 6), (256, 9)):
        model = CycleGAN.build_default((side, side, 3), width=2, pool_size=0)
        adds = [layer for layer in model.generator_ab.layers if isinstance(layer, keras.layers.Add)]
        assert len(adds) == blocks


def test_different_channels_on_either_side():
    model = CycleGAN.build_default(
        (8, 8, 1), (8, 8, 3), blocks=1, width=4, downsamplings=1, identity_weight=0.0
    )
    assert model.translate(_images(0, (2, 8, 8, 1)), "b").shape == (2, 8, 8, 3)
    assert model.translate(_images(0, (2, 8, 8, 3)), "a").shape == (2, 8, 8, 1)
    with pytest.raises(ValueError, match="identity_weight=0"):
        CycleGAN.build_default((8, 8, 1), (8, 8, 3), blocks=1, width=4, downsamplings=1)


def test_the_step_trains_discriminators_on_the_pool():
    """Once the pool is full and always exchanges, what they see is old."""
    model = CycleGAN.build_default(
        (8, 8, 1), blocks=1, width=4, downsamplings=1, pool_size=4, identity_weight=0.0
    )
    model.compile(run_eagerly=True)
    seen = []
    original = model.discriminator_losses

    def spy(a, b, fake_a, fake_b, training=True):
        seen.append(ops.convert_to_numpy(fake_b))
        return original(a, b, fake_a, fake_b, training=training)

    model.discriminator_losses = spy
    model.fit(_images(0, (4, 8, 8, 1)), _images(1, (4, 8, 8, 1)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(seen[0], model.pool_b.images.numpy())
    stored = model.pool_b.images.numpy()
    model.noise.uniform = lambda shape, *_: ops.zeros(shape)  # exchange every image
    model.fit(_images(2, (4, 8, 8, 1)), _images(3, (4, 8, 8, 1)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(np.sort(seen[1].ravel()), np.sort(stored.ravel()))


@pytest.mark.parametrize("shape", [(30, 30, 1), (4, 4, 1)])
def test_a_size_it_cannot_take_is_refused(shape):
    with pytest.raises(ValueError, match="multiples of 4"):
        CycleGAN.build_default(shape)


def test_an_image_too_small_for_the_patchgan_is_refused():
    with pytest.raises(ValueError, match=r"at least 24 x 24.*use fewer"):
        patchgan((16, 16, 3))


def test_unknown_domain_is_refused():
    model = CycleGAN.build_default((8, 8, 1), blocks=1, width=2, downsamplings=1)
    with pytest.raises(ValueError, match="domain must be 'a' or 'b'"):
        model.translate(_images(0), domain="c")
