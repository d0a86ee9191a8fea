import itertools

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import kgen
from kgen.losses import labelled_loss, real_logit, unlabelled_loss
from kgen.models import SGAN
from kgen.networks import (
    sgan_conv_discriminator,
    sgan_conv_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
)
from tests.contract import ModelContract

RNG = np.random.default_rng(0)


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def images(n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestSGAN(ModelContract):
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        model = SGAN.build_default((8, 8, 1), 3, latent_dim=4, width=8, ema_momentum=0.9)
        model.initialize(images(10))
        return model

    @staticmethod
    def data():
        return images(20), (images(20, seed=1), np.arange(20, dtype="int32") % 3)

    @classmethod
    def fit(cls, model, epochs=1):
        unlabelled, labelled = cls.data()
        data = tf.data.Dataset.from_tensor_slices((labelled, unlabelled)).batch(cls.batch_size)
        return model.fit(data, epochs=epochs, verbose=0).history

    @classmethod
    def evaluate(cls, model):
        _, labelled = cls.data()
        data = tf.data.Dataset.from_tensor_slices(labelled).batch(cls.batch_size)
        return model.evaluate(data, verbose=0, return_dict=True)


# ---- the losses ----------------------------------------------------------------------------------


def softmax_with_fake(logits):
    """The K + 1 classes, of which the last, 'generated', has the logit 0."""
    all_logits = np.concatenate([logits, np.zeros((len(logits), 1))], axis=1)
    exponents = np.exp(all_logits - all_logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_losses_are_those_of_a_softmax_over_one_class_more():
    """Salimans et al. 2016, section 5, eqs. for L_supervised and L_unsupervised."""
    real, fake = 3 * RNG.normal(size=(2, 6, 4))
    labels = np.array([0, 3, 1, 1, 2, 0])
    p_real, p_fake = softmax_with_fake(real), softmax_with_fake(fake)
    given_real = p_real[np.arange(6), labels] / (1 - p_real[:, -1])
    assert float(labelled_loss(ops.array(real), ops.array(labels))) == pytest.approx(
        -np.log(given_real).mean(), rel=1e-5
    )
    expected = -0.5 * np.log(1 - p_real[:, -1]).mean() - 0.5 * np.log(p_fake[:, -1]).mean()
    found = float(unlabelled_loss(ops.array(real), ops.array(fake)))
    assert found == pytest.approx(expected, rel=1e-5)
    is_real = 1 / (1 + np.exp(-numbers(real_logit(ops.array(real)))))
    np.testing.assert_allclose(is_real, 1 - p_real[:, -1], rtol=1e-5)


def test_a_constant_on_all_logits_changes_realness_and_no_class():
    logits, labels = ops.array(RNG.normal(size=(5, 3)), "float32"), ops.array([0, 1, 2, 1, 0])
    moved = logits + 1.5
    np.testing.assert_allclose(
        float(labelled_loss(logits, labels)), float(labelled_loss(moved, labels)), rtol=1e-5
    )
    np.testing.assert_allclose(
        numbers(real_logit(moved)), numbers(real_logit(logits)) + 1.5, rtol=1e-5
    )


def test_large_logits_stay_finite():
    logits = ops.array([[800.0, -800.0]])
    assert float(unlabelled_loss(logits, -logits)) == pytest.approx(400.0)  # 1/2 softplus(800)


# ---- the model -----------------------------------------------------------------------------------


def tiny(**kwargs):
    return SGAN.build_default((8, 8, 1), 3, latent_dim=4, width=8, **kwargs)


@pytest.mark.parametrize("matching", ["squared", "absolute"])
def test_the_generator_matches_the_mean_of_the_last_hidden_layer(matching):
    """Against the features read off layer by layer, without noise: in evaluation."""
    model = tiny(matching=matching, ema_momentum=None)
    model.compile(run_eagerly=True)
    x, labels = images(6), np.array([0, 1, 2, 0, 1, 2])
    model.latents = lambda n, noise=None: ops.array(np.full((6, 4), 0.3, "float32"))
    logs = model.evaluate(x, labels, batch_size=6, verbose=0, return_dict=True)

    def hidden(batch):
        for layer in model.discriminator.layers[1:]:
            batch = layer(batch)
            if layer.name == "features":
                return numbers(batch)

    fake = model.generator(np.full((6, 4), 0.3, "float32"), training=False)
    gap = hidden(ops.array(x)).mean(axis=0) - hidden(fake).mean(axis=0)
    expected = np.mean(gap**2) if matching == "squared" else np.mean(np.abs(gap))
    assert logs["generator_loss"] == pytest.approx(expected, rel=1e-4)
    assert expected > 1e-6


def test_capabilities_agree_with_the_logits():
    model = tiny()
    x = images(5)
    logits = numbers(model.discriminator(x, training=False))
    exponents = np.exp(logits)
    np.testing.assert_allclose(
        model.classify(x), exponents / exponents.sum(axis=1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(
        model.discriminate(x)[:, 0], np.log(exponents.sum(axis=1)), rtol=1e-4, atol=1e-6
    )
    assert model.features(x).shape == (5, 2)
    assert set(model.capabilities) == {"sample", "classify", "discriminate", "features"}


def test_the_average_is_that_from_zero_corrected():
    """`sum_i (1 - m) m^(t - i) w_i / (1 - m^t)`: after one step the weights themselves."""
    m, model = 0.9, tiny(ema_momentum=0.9)
    variable = model.discriminator.trainable_variables[0]
    mean = model.ema_discriminator.weights[
        [id(w) for w in model.discriminator.weights].index(id(variable))
    ]
    seen = []
    for t in range(1, 5):
        seen.append(RNG.normal(size=variable.shape).astype("float32"))
        variable.assign(seen[-1])
        model.finish_step()
        shares = [(1 - m) * m ** (t - i) / (1 - m**t) for i in range(1, t + 1)]
        expected = sum(share * w for share, w in zip(shares, seen, strict=True))
        np.testing.assert_allclose(numbers(mean), expected, rtol=1e-4, atol=1e-5)
    assert model.steps_trained == 4


def test_initialising_gives_hidden_layers_unit_deviation_and_the_average_the_same():
    model = tiny(ema_momentum=0.9)
    x = images(500, seed=3)
    before = numbers(model.discriminator(x, training=False))
    model.initialize(x)
    after = numbers(model.discriminator(x, training=True))  # with noise, as it was set
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=0.25)
    np.testing.assert_allclose(after.std(axis=0), 1, rtol=0.25)
    assert not np.allclose(before, numbers(model.discriminator(x, training=False)))
    for a, b in zip(model.discriminator.weights, model.ema_discriminator.weights, strict=True):
        np.testing.assert_array_equal(numbers(a), numbers(b))


def test_learns_two_classes_from_five_labels_each():
    """Bright on the left or on the right, drowned in noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    x = rng.normal(0, 0.3, (400, 8, 8, 1))
    x[labels == 0, :, :4] += 0.4
    x[labels == 1, :, 4:] += 0.4
    data = kgen.datasets.from_arrays(
        x.clip(-1, 1).astype("float32"), labels, batch_size=20, labels_per_class=5
    )
    model = SGAN.build_default((8, 8, 1), 2, latent_dim=4, width=32, ema_momentum=0.9)
    model.initialize(x[:100])
    model.compile(jit_compile=False)
    model.fit(data.train, epochs=3, verbose=0)
    wrong = model.classify(x.clip(-1, 1)).argmax(axis=1) != labels
    assert wrong.mean() < 0.05


def test_dense_networks_have_the_authors_sizes():
    widths = [784, 1000, 500, 250, 250, 250, 10]
    dense = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    discriminator = sgan_dense_discriminator((28, 28, 1), 10)
    scales = sum(widths[1:])
    assert sum(int(np.prod(w.shape)) for w in discriminator.weights) == dense + scales
    fixed = sum(int(np.prod(w.shape)) for w in discriminator.non_trainable_weights)
    assert fixed == scales - 10  # all scales but those of the logits
    generator = sgan_dense_generator((28, 28, 1))
    # No bias before batch normalisation; offset, mean and variance each; a scale for each pixel.
    assert sum(int(np.prod(w.shape)) for w in generator.weights) == (
        100 * 500 + 500 * 500 + 2 * 3 * 500 + 500 * 784 + 2 * 784
    )
    deviations = [
        layer.stddev for layer in discriminator.layers if type(layer).__name__ == "GaussianNoise"
    ]
    assert deviations == [0.3, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_conv_networks_have_the_authors_sizes():
    channels = [3, 96, 96, 96, 192, 192, 192, 192, 192, 192]
    sizes = [3] * 7 + [1] * 2
    pairs = zip(channels, channels[1:], sizes, strict=False)
    convolutions = sum((a * k * k + 1) * b for a, b, k in pairs)
    discriminator = sgan_conv_discriminator((32, 32, 3), 10)
    scales = sum(channels[1:]) + 10
    total = sum(int(np.prod(w.shape)) for w in discriminator.weights)
    assert total == convolutions + 193 * 10 + scales
    assert discriminator.get_layer("features").output.shape == (None, 192)
    maps = [layer.output.shape[1] for layer in discriminator.layers if layer.output.shape[3:]]
    assert sorted(set(maps)) == [6, 8, 16, 32]
    generator = sgan_conv_generator((32, 32, 3))
    assert sum(int(np.prod(w.shape)) for w in generator.weights) == (
        100 * 8192 + 3 * 8192
        + 25 * (512 * 256 + 256 * 128 + 128 * 3) + 3 * (256 + 128) + 2 * 3
    )  # fmt: skip


def test_conv_architecture_takes_the_settings_for_cifar():
    model = SGAN.build_default((16, 16, 3), 4, 5, architecture="conv", width=6)
    assert model.matching == "absolute"
    optimizer = model.default_optimizers()["generator"]
    assert float(numbers(optimizer.learning_rate)) == pytest.approx(3e-4)
    assert model.sample(2, seed=0).shape == (2, 16, 16, 3)
    assert model.classify(np.zeros((2, 16, 16, 3))).shape == (2, 4)


def test_default_optimizers_are_the_authors():
    for optimizer in tiny().default_optimizers().values():
        assert float(numbers(optimizer.learning_rate)) == pytest.approx(3e-3)
        assert (optimizer.beta_1, optimizer.epsilon) == (0.5, 1e-4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tiny(matching="cubic"), "matching must be one of squared, absolute"),
        (lambda: SGAN.build_default((8, 8, 1), 3, architecture="mlp"), "'dense' or 'conv'"),
        (lambda: SGAN(sgan_dense_generator((8, 8, 1)), sgan_dense_discriminator((9, 9, 1), 3)),
         "the generator makes"),
        (lambda: SGAN(sgan_dense_generator((8, 8, 1)), sgan_dense_discriminator((8, 8, 1), 1)),
         "a logit for each class"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_wrong_images_are_refused_in_one_line():
    model = tiny()
    model.compile()
    data = tf.data.Dataset.from_tensors(((images(4), np.zeros(4)), 100 * images(4)))
    with pytest.raises(kgen.errors.DataError, match="unlabelled images must be in"):
        model.fit(data, verbose=0)
