import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from sklearn.neural_network import MLPClassifier

import kgen
from kgen.datasets.graph import blocks as graph_blocks
from kgen.losses import class_entropy, labelled_loss, pull_away, unlabelled_loss
from kgen.models import SGAN, GraphSGAN
from kgen.networks import graphsgan_discriminator, graphsgan_generator
from tests.contract import ModelContract

RNG = np.random.default_rng(0)


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def rows(n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 6)).astype("float32")


def tiny(**kwargs):
    return GraphSGAN.build_default(6, 3, latent_dim=4, width=8, **kwargs)


class TestGraphSGAN(ModelContract):
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        model = tiny()
        model.initialize(rows(10))
        return model

    @staticmethod
    def data():
        return rows(20), (rows(20, seed=1), np.arange(20, dtype="int32") % 3)

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


def test_pull_away_of_rows_at_known_angles():
    """Zhao et al. 2017, eq. 6: the mean over ordered pairs of the squared cosine."""
    assert float(pull_away(2 * ops.eye(4))) == pytest.approx(0.0, abs=1e-6)
    assert float(pull_away(ops.array([[1.0, -2.0]] * 5))) == pytest.approx(1.0, rel=1e-5)
    assert float(pull_away(ops.array([[1.0, 1.0], [-3.0, -3.0]]))) == pytest.approx(1.0, rel=1e-5)
    # Three rows at 0, 60 and 90 degrees: cosines 1/2, 0 and sqrt(3)/2, whatever their lengths.
    at = np.radians([0, 60, 90])
    angled = np.array([[1], [5], [0.1]]) * np.stack([np.cos(at), np.sin(at)], axis=1)
    expected = (1 / 4 + 0 + 3 / 4) / 3
    assert float(pull_away(ops.array(angled))) == pytest.approx(expected, rel=1e-5)


def test_pull_away_is_finite_for_one_row_and_for_rows_of_zeros():
    assert float(pull_away(ops.ones((1, 3)))) == pytest.approx(0.0, abs=1e-6)
    assert float(pull_away(ops.zeros((3, 3)))) == 0.0


def test_entropy_is_in_nats_and_a_mean_over_the_nodes():
    """Probabilities (1/2, 1/4, 1/4) have 1.5 ln 2, certainty none."""
    logits = np.array([[np.log(2), 0, 0], [800.0, 0, -800.0]])
    assert float(class_entropy(ops.array(logits))) == pytest.approx(0.75 * np.log(2), rel=1e-5)


def test_the_losses_are_the_papers_and_weighted_as_said():
    """All six against the features and logits, with weights that tell each apart."""
    model = tiny(
        entropy_weight=0.7, pull_away_weight=0.3, generator_pull_away_weight=0.2,
        unlabelled_weight=0.9,
    )  # fmt: skip
    real_features, fake_features = RNG.normal(size=(2, 5, 4)).astype("float32")
    real_logits, fake_logits, logits = RNG.normal(size=(3, 5, 3)).astype("float32")
    labels = np.array([0, 2, 1, 1, 0])
    of_discriminator = model.discriminator_losses(
        *map(ops.array, (logits, labels)),
        (ops.array(real_features), ops.array(real_logits)),
        (ops.array(fake_features), ops.array(fake_logits)),
    )
    of_generator = model.generator_losses(ops.array(real_features), ops.array(fake_features))

    def away(h):
        directions = h / np.linalg.norm(h, axis=1, keepdims=True)
        squares = (directions @ directions.T) ** 2
        return squares[~np.eye(len(h), dtype=bool)].mean()

    p = np.exp(real_logits) / np.exp(real_logits).sum(axis=1, keepdims=True)
    expected = {
        "labelled_loss": float(labelled_loss(ops.array(logits), ops.array(labels))),
        "unlabelled_loss": float(unlabelled_loss(ops.array(real_logits), ops.array(fake_logits))),
        "entropy": -(p * np.log(p)).sum(axis=1).mean(),
        "pull_away": away(real_features),
        "generator_loss": np.abs(real_features.mean(axis=0) - fake_features.mean(axis=0)).mean(),
        "generator_pull_away": away(fake_features),
    }
    found = {**of_discriminator, **of_generator}
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        expected, rel=1e-4
    )
    assert {*found, "error"} == set(model.loss_names)
    first = [expected[name] for name in of_discriminator]
    assert float(model._weighted(of_discriminator)) == pytest.approx(
        np.dot([1, 0.9, 0.7, 0.3], first), rel=1e-4
    )
    assert float(model._weighted(of_generator)) == pytest.approx(
        expected["generator_loss"] + 0.2 * expected["generator_pull_away"], rel=1e-4
    )


def test_the_weights_are_the_authors():
    """They average the entropy over classes as well, and count the unlabelled half."""
    assert tiny().loss_weights == pytest.approx(
        {"unlabelled_loss": 0.5, "entropy": 1 / 3, "pull_away": 1.0, "generator_pull_away": 1.0}
    )
    assert tiny().matching == "absolute"


def test_without_its_own_losses_it_is_sgan():
    """The step itself: equal networks, noise and optimizers give equal weights."""
    none = dict(entropy_weight=0.0, pull_away_weight=0.0, generator_pull_away_weight=0.0)
    trained = []
    for kind, more in ((GraphSGAN, none), (SGAN, {})):
        keras.utils.set_random_seed(3)
        networks = (
            graphsgan_generator(6, 4, 8),
            graphsgan_discriminator(6, 3, (8, 8), noise=0.0, input_noise=0.0),
        )
        model = kind(*networks, matching="absolute", unlabelled_weight=0.5, seed=5, **more)
        model.compile(
            run_eagerly=True,
            generator_optimizer=keras.optimizers.SGD(0.1),
            discriminator_optimizer=keras.optimizers.SGD(0.1),
        )
        model.fit(rows(8), np.arange(8) % 3, batch_size=4, shuffle=False, verbose=0)
        trained.append(model.get_weights())
    for a, b in zip(*trained, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


# ---- the model -----------------------------------------------------------------------------------


def test_networks_have_the_papers_sizes():
    widths = [60, 500, 500, 250, 250, 250, 7]
    discriminator = graphsgan_discriminator(60, 7)
    dense = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    scales = sum(widths[1:])
    assert sum(int(np.prod(w.shape)) for w in discriminator.weights) == dense + scales
    fixed = sum(int(np.prod(w.shape)) for w in discriminator.non_trainable_weights)
    assert fixed == scales - 7
    noise = [layer for layer in discriminator.layers if type(layer).__name__ == "GaussianNoise"]
    assert [layer.stddev for layer in noise] == [0.05, 0.5, 0.5, 0.5, 0.5, 0.5]
    wrapped = [layer.layer for layer in discriminator.layers if hasattr(layer, "train_scale")]
    assert [layer.activation.__name__ for layer in wrapped] == ["elu"] * 5 + ["linear"]
    generator = graphsgan_generator(60)
    # No bias before batch normalisation; offset, mean and variance each; a scale for each number.
    assert sum(int(np.prod(w.shape)) for w in generator.weights) == (
        200 * 500 + 500 * 500 + 2 * 3 * 500 + 500 * 60 + 2 * 60
    )


def test_default_optimizers_are_the_authors():
    for optimizer in tiny().default_optimizers().values():
        assert float(numbers(optimizer.learning_rate)) == pytest.approx(3e-3)
        assert (optimizer.beta_1, optimizer.epsilon) == (0.5, 1e-8)


def test_capabilities_take_rows_of_any_range():
    model, x = tiny(), 3 * rows(5)
    logits = numbers(model.discriminator(x, training=False))
    exponents = np.exp(logits)
    np.testing.assert_allclose(
        model.classify(x), exponents / exponents.sum(axis=1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(
        model.discriminate(x)[:, 0], np.log(exponents.sum(axis=1)), rtol=1e-4, atol=1e-6
    )
    assert model.features(x).shape == (5, 4)
    assert model.sample(2, seed=0).shape == (2, 6)
    assert set(model.capabilities) == {"sample", "classify", "discriminate", "features"}
    with pytest.raises(kgen.errors.DataError, match=r"rows must have shape \(any, 6\)"):
        model.classify(np.zeros((2, 5)))


def test_on_blocks_it_beats_an_mlp_of_the_features():
    """Five labels of each cluster."""
    graph = graph_blocks.load()
    mlp = MLPClassifier((48, 48), solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0)
    mlp.fit(graph.features[graph.train], graph.labels[graph.train])
    of_features = mlp.score(graph.features[graph.test], graph.labels[graph.test])

    keras.utils.set_random_seed(0)
    data = kgen.datasets.load("blocks", steps_per_epoch=100)
    model = GraphSGAN.build_default(data.image_shape[0], 3, latent_dim=16, width=48, seed=0)
    model.initialize(np.concatenate([u for _, u in data.train.take(4)]))
    model.compile(jit_compile=False)
    model.fit(data.train, epochs=1, verbose=0)
    of_graph = 1 - model.evaluate(data.test, verbose=0, return_dict=True)["error"]
    assert 0.45 < of_features < 0.8  # neither at chance (1/3), nor solved by the features
    assert of_features + 0.1 < of_graph <= 1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tiny(matching="cubic"), "matching must be one of squared, absolute"),
        (lambda: GraphSGAN(graphsgan_generator(6), graphsgan_discriminator(7, 3)),
         "the generator makes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_rows_of_another_graph_are_refused_in_one_line():
    model = tiny()
    model.compile()
    data = tf.data.Dataset.from_tensors(((rows(4), np.zeros(4)), np.zeros((4, 9))))
    with pytest.raises(kgen.errors.DataError, match=r"unlabelled rows have shape \(9,\)"):
        model.fit(data, verbose=0)
