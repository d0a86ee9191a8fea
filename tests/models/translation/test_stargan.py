import itertools

import keras
import numpy as np
import pytest
from keras import ops

import kgen
from kgen.layers import LabelPlanes
from kgen.models import StarGAN
from kgen.networks import resnet_generator, stargan_discriminator, stargan_generator
from kgen.training import RecordedNoise
from tests.contract import ModelContract

FACES = np.arange(12, dtype="int32") % 3


def _images(seed, shape=(12, 8, 8, 1)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _tiny(**kwargs):
    options = {"width": 4, "blocks": 1, "downsamplings": 2, **kwargs}
    return StarGAN.build_default((8, 8, 1), 3, **options)


class TestStarGAN(ModelContract):
    batch_size = 4
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        return _tiny(discriminator_steps=2, ema_momentum=0.9)

    @staticmethod
    def data():
        return _images(0), FACES


# ---- the losses by hand --------------------------------------------------------------------------


@keras.saving.register_keras_serializable("tests")
class Shown(keras.layers.Layer):
    """Moves an image by what the vector asks for: `x + step * (v_1 - v_0)`."""

    def __init__(self, step=0.0, **kwargs):
        super().__init__(**kwargs)
        self.step = step
        self.built = True

    def call(self, inputs):
        images, vectors = inputs
        return images + self.step * (vectors[:, 1] - vectors[:, 0])[:, None, None, None]

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def _by_hand(step=0.0, **kwargs):
    """G moves by +-step; D_src(x) = 0.5 x and D_cls(x) = (x, -x), both of the mean over pixels."""
    images, vectors = keras.Input((4, 4, 1)), keras.Input((2,))
    generator = keras.Model([images, vectors], Shown(step)([images, vectors]))
    mean = keras.layers.GlobalAveragePooling2D()(images)
    src, cls = keras.layers.Dense(1, use_bias=False), keras.layers.Dense(2, use_bias=False)
    discriminator = keras.Model(images, [src(mean), cls(mean)])
    src.kernel.assign([[0.5]])
    cls.kernel.assign([[1.0, -1.0]])
    return StarGAN(generator, discriminator, **kwargs)


def _flat(*values):
    return ops.reshape(ops.array(values, "float32"), (-1, 1, 1, 1)) * ops.ones((1, 4, 4, 1))


def test_the_losses_of_classes_by_hand():
    """x = 0.4 in domain 0, asked for domain 1: G(x) = 0.4 + 0.1, back again G = 0.5 - 0.1."""
    model = _by_hand(0.1)
    real = _flat(0.4)
    origin, target = model.vectors(np.array([0])), model.vectors(np.array([1]))
    total, classification, reconstruction = model.generator_losses(
        real, origin, target, model.generator, training=True
    )
    assert float(reconstruction) == pytest.approx(0.0, abs=1e-6)
    log_p = -0.5 - np.log(np.exp(0.5) + np.exp(-0.5))  # of domain 1, whose logit is -0.5
    assert float(classification) == pytest.approx(-log_p, rel=1e-5)
    assert float(total) == pytest.approx(-0.5 * 0.5 - log_p, rel=1e-5)

    noise = RecordedNoise([np.full((1, 1, 1, 1), 0.3, "float32")])
    total, gap, penalty, classification = model.discriminator_losses(
        real, _flat(0.5), origin, True, noise
    )
    assert float(gap) == pytest.approx(0.5 * 0.4 - 0.5 * 0.5, rel=1e-5)
    # The gradient is 0.5 / 16 at each of 16 pixels, its norm 0.125.
    assert float(penalty) == pytest.approx(10 * (1 - 0.125) ** 2, rel=1e-5)
    log_p = 0.4 - np.log(np.exp(0.4) + np.exp(-0.4))
    assert float(classification) == pytest.approx(-log_p, rel=1e-5)
    assert float(total) == pytest.approx(0.05 + 10 * 0.875**2 - log_p, rel=1e-5)


def test_the_losses_of_attributes_are_summed_by_hand():
    """Two attributes of one image, logits 0.5 and -0.5, both asked for."""
    model = _by_hand(attributes=True)
    vectors = model.vectors(np.array([[1, 1]]))
    _, classification, _ = model.generator_losses(
        _flat(0.5), vectors, vectors, model.generator, training=True
    )
    by_hand = np.log1p(np.exp(-0.5)) + np.log1p(np.exp(0.5))
    assert float(classification) == pytest.approx(by_hand, rel=1e-5)


def test_translating_back_reconstructs_and_the_weight_counts():
    """An identity generator reconstructs without error; one that moves only one way does not."""
    real, other = _flat(0.2, -0.3), ops.array([[1.0, 0.0], [1.0, 0.0]])
    identity = _by_hand(0.0)
    *_, error = identity.generator_losses(real, other, other, identity.generator, training=True)
    assert float(error) == 0
    moving = _by_hand(0.1, reconstruction_weight=3.0, classification_weight=0.0)
    total, _, error = moving.generator_losses(real, other, other, moving.generator, training=True)
    assert float(error) == pytest.approx(0.2, rel=1e-5)  # moved by -0.1 twice
    assert float(total) == pytest.approx(0.5 * 0.15 + 3 * 0.2, rel=1e-4)  # mean D_src(G(x)): -0.075


# ---- the networks --------------------------------------------------------------------------------


def _lost(network, size=16):
    """How much an image changes when another domain is asked for, at the most."""
    images = _images(3, (2, size, size, 1))
    one, two = (np.tile(np.eye(3, dtype="float32")[i], (2, 1)) for i in (0, 1))
    return float(ops.max(ops.abs(network([images, one]) - network([images, two]))))


def test_reflection_padding_and_instance_normalisation_lose_a_label_and_zero_padding_does_not():
    """Reflected at the border a plane stays constant, and its mean is subtracted."""
    images, vectors = keras.Input((16, 16, 1)), keras.Input((3,))
    cyclegans = resnet_generator((16, 16, 4), channels=1, blocks=1, width=8)
    reflected = keras.Model([images, vectors], cyclegans(LabelPlanes()([images, vectors])))
    for layer in cyclegans.layers:  # its own weights, from N(0, 0.02), are small
        layer.set_weights([20 * w for w in layer.get_weights()])
    assert _lost(reflected) < 1e-3
    assert _lost(stargan_generator((16, 16, 1), 3, width=8, blocks=1)) > 0.02


def test_paper_size_has_the_hand_derived_parameter_counts():
    """c7s1-64, d128, d256, R256 x 6, u128, u64, c7s1-3; C64 ... C2048 with two heads."""
    convolutions = 49 * (3 + 5) * 64 + 16 * (64 * 128 + 128 * 256) * 2 + 12 * 9 * 256**2
    convolutions += 49 * 64 * 3
    normalised = 64 + 128 + 256 + 12 * 256 + 128 + 64
    generator = stargan_generator((128, 128, 3), 5)
    assert generator.count_params() == convolutions + 2 * normalised
    widths = [3, 64, 128, 256, 512, 1024, 2048]
    weights = sum(16 * a * b + b for a, b in itertools.pairwise(widths))
    weights += 9 * 2048 + 2 * 2 * 2048 * 5
    assert stargan_discriminator((128, 128, 3), 5).count_params() == weights


def test_weights_begin_as_pytorchs_do():
    """U(-1, 1) / sqrt(fan in) has the deviation 1 / sqrt(3 fan in)."""
    network = stargan_discriminator((16, 16, 3), 2, 32, 2)
    kernel = network.layers[3].kernel
    assert np.std(ops.convert_to_numpy(kernel)) == pytest.approx((3 * 16 * 32) ** -0.5, rel=0.02)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: stargan_generator((10, 8, 1), 2), "multiples of 4"),
        (lambda: stargan_discriminator((24, 24, 1), 2, 4, 4), "multiples of 16"),
        (lambda: _tiny(discriminator_steps=0), "at least 1"),
        (
            lambda: StarGAN(
                stargan_generator((8, 8, 1), 2, 4, 1), stargan_discriminator((8, 8, 1), 3, 4, 1)
            ),
            "1 channels and 2 domains",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# ---- training ------------------------------------------------------------------------------------


def test_the_generator_moves_every_fifth_step_and_asks_for_the_permuted_labels():
    model = _tiny()
    model.compile(run_eagerly=True)
    moved, asked = [], []
    vectors = model.vectors

    def parts(data, noise):
        result = type(model)._parts(model, data, noise)
        asked.append(ops.convert_to_numpy(ops.argmax(result[3], axis=-1)))
        return result

    model._parts = parts
    for _ in range(10):
        before = model.generator.get_weights()
        model.fit(_images(0, (3, 8, 8, 1)), np.array([0, 1, 2]), batch_size=3, verbose=0)
        moved.append(not all(map(np.array_equal, before, model.generator.get_weights())))
    assert moved == [False, False, False, False, True] * 2
    assert all(sorted(labels) == [0, 1, 2] for labels in asked)
    assert len({tuple(labels) for labels in asked}) > 1
    assert vectors(np.array([2])).shape == (1, 3)


def test_the_generators_rate_falls_with_its_own_steps():
    model = _tiny()
    model.compile(**model.decaying_optimizers(100))
    for player, steps in (("discriminator", 100), ("generator", 20)):
        optimizer = model.player_optimizer(player)
        rates = []
        for share in (0, 0.5, 0.75, 1):
            optimizer.iterations.assign(int(share * steps))
            rates.append(float(optimizer.learning_rate.numpy()))
        assert rates == pytest.approx([1e-4, 1e-4, 5e-5, 0], abs=1e-9)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_trains_on_attributes_and_translates_to_them():
    attributes = np.random.default_rng(0).integers(2, size=(8, 3)).astype("float32")
    model = _tiny(attributes=True, discriminator_steps=1)
    model.compile(run_eagerly=True)
    history = model.fit(_images(0, (8, 8, 8, 1)), attributes, batch_size=8, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    images = _images(1, (2, 8, 8, 1))
    each = model.translate(images, [[0, 1, 1], [0, 1, 1]])
    np.testing.assert_array_equal(each, model.translate(images, [0, 1, 1]))
    probabilities = model.classify(images)
    assert probabilities.shape == (2, 3) and ((probabilities > 0) & (probabilities < 1)).all()
    assert "attributes" in model.signatures()["translate"].inputs
    with pytest.raises(kgen.errors.DataError, match="3 attributes"):
        model.translate(images, [0, 1])
    with pytest.raises(kgen.errors.DataError, match="0 or 1 each"):
        model.batch_images((images, np.array([0, 1])))


def test_the_probabilities_of_classes_sum_to_one_and_labels_are_checked():
    model, images = _tiny(), _images(0, (2, 8, 8, 1))
    np.testing.assert_allclose(model.classify(images).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.translate(images, 2), model.translate(images, [2, 2]))
    with pytest.raises(kgen.errors.DataError, match="from 0 to 2"):
        model.translate(images, 3)
    with pytest.raises(kgen.errors.DataError, match='layout="labelled"'):
        model.batch_images(images)
