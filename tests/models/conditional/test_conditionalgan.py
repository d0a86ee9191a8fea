import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen import losses
from kgen.errors import DataError
from kgen.models import ConditionalGAN
from kgen.networks import cgan_mlp_discriminator, cgan_mlp_generator, dcgan_generator, mlp_generator
from tests.contract import ModelContract

CLASSES = 3


def data(n=20, side=8):
    images = np.random.default_rng(0).uniform(-1, 1, (n, side, side, 1)).astype("float32")
    return images, np.arange(n, dtype="int32") % CLASSES


class TestConditionalGAN(ModelContract):
    """With every kind of argument at once."""

    compile_arguments = {"run_eagerly": True}  # `test_backends.py` traces it

    @staticmethod
    def build():
        return ConditionalGAN.build_default(
            (8, 8, 1),
            CLASSES,
            latent_dim=4,
            width=24,
            objective=losses.NonSaturating(label_smoothing=0.1),
            regularizers=["r1", losses.Orthogonality(0.1, player="generator")],
            discriminator_steps=2,
            instance_noise=keras.optimizers.schedules.PolynomialDecay(0.2, 6, 0.0),
            feature_matching=0.5,
            historical_averaging=0.1,
            ema_momentum=0.9,
        )

    data = staticmethod(data)


class TestConvolutionalConditionalGAN(ModelContract):
    compile_arguments = {"run_eagerly": True}  # the smoke test of its recipe traces it

    @staticmethod
    def build():
        return ConditionalGAN.build_default((8, 8, 1), CLASSES, 4, architecture="dcgan", width=4)

    data = staticmethod(data)


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


# ---- what a label is -----------------------------------------------------------------------------


def rows_of_classes(model):
    """The variables that meet the one-hot label, each with the axis and the place of its rows."""
    for network in (model.generator, model.discriminator):
        for layer in network.layers:
            kernel = getattr(layer, "kernel", None)
            if kernel is None:
                continue
            transposed = isinstance(layer, layers.Conv2DTranspose)
            yield kernel, (-1 if transposed else -2)


def permute(model, order, architecture):
    for kernel, axis in rows_of_classes(model):
        value = kernel.numpy()
        if architecture == "mlp":
            if value.shape[axis] != CLASSES:
                continue
            moved = np.take(value, order, axis)
        else:
            rest, rows = np.split(value, [value.shape[axis] - CLASSES], axis)
            moved = np.concatenate([rest, np.take(rows, order, axis)], axis)
        kernel.assign(moved)


@pytest.mark.parametrize("architecture", ["mlp", "dcgan"])
def test_names_of_classes_mean_nothing(architecture):
    """Permuting labels together with the rows that meet them changes nothing, training included."""
    order = np.array([2, 0, 1])  # class c is now called renamed[c]
    renamed = np.argsort(order)
    images, labels = data(8)

    def trained(renaming, move):
        keras.utils.set_random_seed(3)
        model = ConditionalGAN.build_default(
            (8, 8, 1),
            CLASSES,
            4,
            architecture=architecture,
            width=24 if architecture == "mlp" else 4,
        )
        if move:
            permute(model, order, architecture)
        model.compile(run_eagerly=True, generator_optimizer="sgd", discriminator_optimizer="sgd")
        given = renaming[labels].astype("int32")
        history = model.fit(images, given, batch_size=4, shuffle=False, verbose=0).history
        return history, model.sample(6, renaming[np.arange(6) % 3], seed=1), model

    same = np.arange(CLASSES)
    history, drawn, model = trained(same, False)
    other, again, moved = trained(renamed, True)
    for name in history:
        assert other[name][0] == pytest.approx(history[name][0], rel=1e-4), name
    np.testing.assert_allclose(again, drawn, atol=1e-4)
    permute(model, order, architecture)
    for a, b in zip(model.get_weights(), moved.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    # Without its rows, a permuted label is another one.
    assert np.abs(trained(renamed, False)[1] - drawn).max() > 1e-4


class Strangers(ConditionalGAN):
    """Broken: the generated images have other labels than the real ones."""

    def judge(self, real, fake, training, noise, *, labels):
        of_fake = (labels + 1) % CLASSES
        real_logits, fake_logits = (
            self.look(images, training, labels=given)[1]
            for images, given in ((real, labels), (fake, of_fake))
        )
        return self.discriminator_loss(real_logits, fake_logits), {
            "real_probability": 0.0,
            "fake_probability": 0.0,
        }


def label_game(cls=ConditionalGAN):
    """A discriminator that sees nothing but the label."""
    images, labels = keras.Input((1, 1, 1)), keras.Input((), dtype="int32")
    table = layers.Embedding(CLASSES, 1, embeddings_initializer="zeros")
    judged = keras.Model([images, labels], layers.Flatten()(table(labels)))
    latents, wanted = keras.Input((2,)), keras.Input((), dtype="int32")
    made = layers.Reshape((1, 1, 1))(layers.Dense(1, activation="tanh")(latents))
    model = cls(keras.Model([latents, wanted], made), judged, classes=CLASSES)
    model.compile(run_eagerly=True, generator_optimizer="sgd", discriminator_optimizer="sgd")
    return model, table


def test_a_label_alone_does_not_tell_real_from_generated():
    """The generated images of a step have the labels of the real ones: no slope at D = 1/2."""
    images, labels = data(9, 1)[0], np.array([0, 0, 0, 0, 0, 0, 1, 1, 2], "int32")
    model, table = label_game()
    logs = model.fit(images, labels, verbose=0).history
    np.testing.assert_array_equal(table.embeddings.numpy(), np.zeros((CLASSES, 1)))
    assert logs["discriminator_loss"][0] == pytest.approx(2 * np.log(2), rel=1e-6)
    broken, table = label_game(Strangers)
    broken.fit(images, labels, verbose=0)
    assert np.abs(table.embeddings.numpy()).min() > 1e-4


def test_labels_enter_both_networks():
    model = ConditionalGAN.build_default((8, 8, 1), CLASSES, 4, width=24)
    images = data(4)[0]
    said = [model.discriminate(images, np.full(4, c)) for c in range(CLASSES)]
    assert np.abs(said[0] - said[1]).min() > 0
    drawn = [model.serve("sample", latents=np.ones((1, 4)), labels=[c]) for c in range(CLASSES)]
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-5
    assert model.features(images, [0, 1, 2, 0]).shape == (4, 4)
    assert model.capabilities["sample"] == ("n", "labels", "seed")
    assert model.capabilities["discriminate"] == ("images", "labels")


def linear_game(**kwargs):
    """Points as images of 1 x 1 x 2; the critic of class c is `w_c . x`."""
    latents, wanted = keras.Input((2,)), keras.Input((), dtype="int32")
    made = layers.Reshape((1, 1, 2))(layers.Dense(2, activation="tanh")(latents))
    images, labels = keras.Input((1, 1, 2)), keras.Input((), dtype="int32")
    table = layers.Embedding(2, 2)
    logits = layers.Dot(1)([table(labels), layers.Flatten()(images)])
    generator, critic = keras.Model([latents, wanted], made), keras.Model([images, labels], logits)
    table.embeddings.assign([[3.0, 4.0], [0.0, 2.0]])
    return ConditionalGAN(generator, critic, classes=2, objective="wasserstein", **kwargs)


@pytest.mark.parametrize(
    ("regularizer", "value"),
    [
        ("gradient_penalty", 10 * ((5 - 1) ** 2 + (2 - 1) ** 2) / 2),
        ("r1", 10 / 2 * (25 + 4) / 2),
        ("r2", 10 / 2 * (25 + 4) / 2),
    ],
)
def test_a_penalty_takes_the_slope_given_the_label(regularizer, value):
    """|w_0| = 5 and |w_1| = 2, one image of each class."""
    points = np.array([[0.5, -0.5], [0.1, 0.9]], "float32").reshape(2, 1, 1, 2)
    model = linear_game(regularizers=[regularizer])
    labels = ops.convert_to_tensor(np.array([0, 1], "int32"))
    _, report = model.judge(points, np.zeros_like(points), True, model.noise, labels=labels)
    assert number(report["penalty"]) == pytest.approx(value, rel=1e-5)
    assert number(report["critic_gap"]) == pytest.approx((-0.5 + 1.8) / 2, rel=1e-5)


def test_it_draws_the_class_asked_for():
    """Class 0 is -0.5, class 1 is 0.5, with R1 so that the game settles."""
    keras.utils.set_random_seed(0)
    latents, wanted = keras.Input((2,)), keras.Input((), dtype="int32")
    both = layers.Concatenate()([latents, layers.Embedding(2, 4)(wanted)])
    made = layers.Reshape((1, 1, 1))(layers.Dense(1, activation="tanh")(both))
    images, labels = keras.Input((1, 1, 1)), keras.Input((), dtype="int32")
    seen = layers.Concatenate()([layers.Flatten()(images), layers.Embedding(2, 4)(labels)])
    logits = layers.Dense(1)(layers.Dense(16, activation="tanh")(seen))
    model = ConditionalGAN(
        keras.Model([latents, wanted], made),
        keras.Model([images, labels], logits),
        classes=2,
        regularizers=[losses.R1(0.5)],
    )
    adam = {
        f"{player}_optimizer": keras.optimizers.Adam(0.01, beta_1=0.0) for player in model.players
    }
    model.compile(**adam)
    classes = np.arange(6400, dtype="int32") % 2
    x = (classes - 0.5).astype("float32").reshape(-1, 1, 1, 1)
    model.fit(x, classes, batch_size=16, verbose=0)
    drawn = model.sample(100, labels=classes[:100], seed=0).ravel()
    assert drawn[classes[:100] == 0].mean() == pytest.approx(-0.5, abs=0.2)
    assert drawn[classes[:100] == 1].mean() == pytest.approx(0.5, abs=0.2)


# ---- the paper -----------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_counts():
    """Section 4.1: 100 -> 200 and 10 -> 1000, 1200 -> 1200 -> 784; 240 x 5 and 50 x 5, 240 x 4."""
    generator = 101 * 200 + 11 * 1000 + 1201 * 1200 + 1201 * 784
    assert cgan_mlp_generator((28, 28, 1), 10).count_params() == generator
    discriminator = 785 * 1200 + 11 * 250 + 291 * 960 + 241
    assert cgan_mlp_discriminator((28, 28, 1), 10).count_params() == discriminator
    model = ConditionalGAN.build_default()
    assert model.count_params() == generator + discriminator + 2  # step and epoch
    rates = [
        layer.rate
        for network in (model.generator, model.discriminator)
        for layer in network.layers
        if hasattr(layer, "rate")
    ]
    assert rates == [0.5] * 4


def test_dcgan_has_the_label_beside_every_layers_input():
    """K more rows in the dense kernel and in each of the convolutions'."""
    more = dcgan_generator((16, 16, 1), 5, 4, classes=7).count_params()
    less = dcgan_generator((16, 16, 1), 5, 4).count_params()
    assert more - less == 7 * (4 * 4 * 8 + 25 * 4 + 25 * 1)


@pytest.mark.parametrize(("architecture", "width"), [("mlp", 24), ("dcgan", 4)])
def test_default_optimizers_are_those_of_dcgan(architecture, width):
    model = ConditionalGAN.build_default((8, 8, 1), CLASSES, 4, architecture, width)
    for optimizer in model.default_optimizers().values():
        assert type(optimizer) is keras.optimizers.Adam and optimizer.beta_1 == 0.5
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)


# ---- mistakes ------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused():
    images, labels = data()
    model = ConditionalGAN.build_default((8, 8, 1), CLASSES, 4, width=24)
    model.compile()
    with pytest.raises(DataError, match='layout="labelled"'):
        model.fit(images, verbose=0)
    with pytest.raises(DataError, match="3 whole numbers from 0 to 2"):
        model.sample(3, labels=[0, 1, 3])
    with pytest.raises(DataError, match="20 whole numbers from 0 to 2"):
        model.discriminate(images, labels[:4])
    with pytest.raises(ValueError, match=r"must take \[latents, labels\]"):
        ConditionalGAN(mlp_generator((8, 8, 1), 4, (8,)), model.discriminator, classes=3)
    with pytest.raises(ValueError, match=r"must take \[images, labels\]"):
        plain = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
        ConditionalGAN(model.generator, plain, classes=3)
    with pytest.raises(ValueError, match="architecture must be 'mlp' or 'dcgan', got 'vgg'"):
        ConditionalGAN.build_default((8, 8, 1), architecture="vgg")
    with pytest.raises(ValueError, match="width must be at least 6, got 5"):
        ConditionalGAN.build_default((8, 8, 1), width=5)
