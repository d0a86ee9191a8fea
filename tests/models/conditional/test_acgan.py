import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import Dropout
from kgen.models import ACGAN
from kgen.networks import acgan_discriminator, acgan_generator, linear_head
from tests.contract import ModelContract

CLASSES = 3


class TestACGAN(ModelContract):
    compile_arguments = {"run_eagerly": True}  # the smoke test of its recipe traces it

    @staticmethod
    def build():
        return ACGAN.build_default(
            (8, 8, 1),
            CLASSES,
            latent_dim=4,
            width=6,
            regularizers=["r1"],
            historical_averaging=0.1,
            ema_momentum=0.9,
        )

    @staticmethod
    def data():
        images = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")
        return images, np.arange(20, dtype="int32") % CLASSES


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def tiny(classes=2, **kwargs):
    """Images of 1 x 1 x 2, which are their own features; all judging weights start at 0."""
    latents, wanted = keras.Input((2,)), keras.Input((), dtype="int32")
    both = layers.Concatenate()([latents, layers.Embedding(classes, 2)(wanted)])
    made = layers.Reshape((1, 1, 2))(layers.Dense(2, activation="tanh")(both))
    discriminator = keras.Sequential(
        [keras.Input((1, 1, 2)), layers.Flatten(), layers.Dense(1, kernel_initializer="zeros")]
    )
    classifier = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(classes, use_bias=False, kernel_initializer="zeros"),
        ]
    )
    model = ACGAN(keras.Model([latents, wanted], made), discriminator, classifier, **kwargs)
    sgd = {f"{player}_optimizer": keras.optimizers.SGD(1.0) for player in model.players}
    model.compile(run_eagerly=True, **sgd)
    return model


def of_kind(kinds):
    """Images that are one-hot vectors."""
    return np.eye(2, dtype="float32")[kinds].reshape(-1, 1, 1, 2)


@pytest.mark.parametrize("classes", [2, 10])
def test_a_classifier_that_says_nothing_costs_ln_k(classes):
    """2 ln K in the discriminator's loss, ln K in the generator's, beside 2 ln 2 and ln 2."""
    model = tiny(classes, class_weight=0.5, generator_class_weight=0.1)
    images = of_kind([0, 1, 1])
    labels = ops.convert_to_tensor(np.array([0, 1, 1], "int32"))
    loss, report = model.judge(images, images, True, model.noise, labels=labels)
    assert number(report["classification_loss"]) == pytest.approx(2 * np.log(classes), rel=1e-6)
    assert number(loss) == pytest.approx(2 * np.log(2) + 0.5 * 2 * np.log(classes), rel=1e-6)
    fooled = model.fool(images, images, True, labels=labels)
    assert number(fooled) == pytest.approx(np.log(2) + 0.1 * np.log(classes), rel=1e-6)


# Of real images 6 of 8 of kind 0 are of class 0, of generated ones 2 of 8.
REAL = [0] * 8 + [1] * 4, [0] * 6 + [1] * 2 + [1] * 4
FAKE = [0] * 8 + [1] * 4, [0] * 2 + [1] * 6 + [1] * 4


def step_at(posterior_of_kind_0, cls_or_model=None):
    """How far one step moves a classifier that gives kind 0 this probability of class 0.

    Kind 1 is always of class 1; its logits are left at so high a value that they do not move.
    """
    model = cls_or_model or tiny()
    logits = [[np.log(posterior_of_kind_0), np.log(1 - posterior_of_kind_0)], [-30.0, 30.0]]
    model.classifier.set_weights([np.array(logits, "float32")])
    real, fake = of_kind(REAL[0]), of_kind(FAKE[0])
    # The labels of both are the batch's, so images are permuted to have these joint counts.
    order = np.argsort(REAL[1], kind="stable"), np.argsort(FAKE[1], kind="stable")
    labels = np.sort(REAL[1]).astype("int32")
    fake_labels = np.sort(FAKE[1]).astype("int32")
    return model, real[order[0]], fake[order[1]], labels, fake_labels


def test_the_classifiers_optimum_is_the_posterior_of_the_mixture():
    """Real 6/8 and generated 2/8 of class 0 make 8/16; it does not move there, and does at 6/8."""
    for probability, at_rest in ((0.5, True), (0.75, False)):
        model, real, fake, labels, fake_labels = step_at(probability)
        before = model.classifier.get_weights()[0]

        def loss(model=model, real=real, fake=fake, labels=labels, fake_labels=fake_labels):
            # Head by head, because here real and generated images are not of equal labels.
            def term(images, given):
                features = model.look(ops.convert_to_tensor(images), True, features=True)[0]
                labels = ops.convert_to_tensor(given)
                return model.head_loss("generator", None, features, True, labels=labels)[0]

            return term(real, labels) + term(fake, fake_labels)

        model.minimize(loss, "discriminator")
        moved = np.abs(model.classifier.get_weights()[0] - before).max()
        assert (moved < 1e-5) == at_rest, (probability, moved)


def test_generated_images_teach_the_classifier_as_well():
    """With equal labels, real of kind 0 and generated of kind 1: both rows of the kernel move."""
    model = tiny()
    labels = ops.zeros((4,), dtype="int32")

    def loss():
        real, fake = of_kind([0] * 4), of_kind([1] * 4)
        return model.judge(real, fake, True, model.noise, labels=labels)

    model.minimize(loss, "discriminator")
    # d(-log softmax_0) / dlogits = (-1/2, 1/2) at uniform logits, rate 1.
    np.testing.assert_allclose(model.classifier.get_weights()[0], [[0.5, -0.5], [0.5, -0.5]])


def test_the_classifier_shares_the_discriminators_trunk():
    """Its loss moves the first convolution, and without it that moves otherwise."""
    images = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
    labels = np.arange(8, dtype="int32") % CLASSES
    weights = []
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        model = ACGAN.build_default((8, 8, 1), CLASSES, 4, 6, class_weight=weight)
        model.compile(
            run_eagerly=True,
            discriminator_optimizer=keras.optimizers.SGD(1.0),
            generator_optimizer=keras.optimizers.SGD(0.0),
        )
        head = model.classifier.get_weights()[0]
        model.fit(images, labels, batch_size=8, verbose=0)
        assert np.array_equal(head, model.classifier.get_weights()[0]) == (weight == 0.0)
        weights.append(model.discriminator.get_weights()[0])
    assert np.abs(weights[0] - weights[1]).max() > 1e-6


def test_the_generator_is_taught_the_class():
    """Images that the classifier knows: the generator's class term moves it towards the label."""
    model = tiny()
    model.classifier.set_weights([np.array([[5.0, -5.0], [-5.0, 5.0]], "float32")])
    for _ in range(60):
        labels = ops.convert_to_tensor(np.arange(8, dtype="int32") % 2)

        def loss(labels=labels):
            latents = model.latents(8)
            fake = model.generator(model.generator_input(latents, labels=labels), training=True)
            return model.fool(fake, fake, True, labels=labels)

        model.minimize(loss, "generator")
    asked = np.arange(20) % 2
    probabilities = model.classify(model.sample(20, labels=asked, seed=0))
    assert probabilities.shape == (20, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == asked).mean() == 1.0


def test_paper_size_has_the_hand_derived_shapes():
    """Table 2: 110 -> 4x4x384 -> 192 -> 96 -> 3; 16, 32, ..., 512 channels at 16, 8, 4 pixels."""
    inner = 25 * (384 * 192 + 192 * 96 + 96 * 3) + 4 * (16 * 384 + 192 + 96)
    assert acgan_generator((32, 32, 3), 10).count_params() == 110 * 16 * 384 + inner
    discriminator = acgan_discriminator((32, 32, 3))
    maps = [
        (layer.output.shape[1], layer.output.shape[-1], layer.strides[0])
        for layer in discriminator.layers
        if isinstance(layer, layers.Conv2D)
    ]
    assert maps == [(16, 16, 2), (16, 32, 1), (8, 64, 2), (8, 128, 1), (4, 256, 2), (4, 512, 1)]
    assert [x.rate for x in discriminator.layers if isinstance(x, Dropout)] == [0.5] * 6
    assert linear_head(discriminator, 10).count_params() == (4 * 4 * 512 + 1) * 10
    model = ACGAN.build_default()
    assert set(model.capabilities) == {"sample", "discriminate", "classify", "features"}
    assert model.capabilities["discriminate"] == ("images",)


def test_what_does_not_fit_is_refused():
    model = tiny()
    with pytest.raises(ValueError, match="has 2 features, wide takes 3"):
        wide = keras.Sequential([keras.Input((3,)), layers.Dense(2)], name="wide")
        ACGAN(model.generator, model.discriminator, wide)
    with pytest.raises(ValueError, match=r"at least 0, got -1 and 1\.0"):
        tiny(class_weight=-1)
