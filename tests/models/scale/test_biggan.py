import inspect
import math
from typing import ClassVar

import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import SpectralNormalization
from kgen.losses import Orthogonality
from kgen.models import BigGAN
from kgen.models.scale.standing_statistics import normalization_of
from kgen.training import Noise
from tests.contract import ModelContract

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (20, 8, 8, 1)).astype("float32")
LABELS = np.arange(20, dtype="int32") % 3


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def tiny(**kwargs):
    arguments = {"latent_dim": 4, "width": 2, "shared_dim": 3, "ema_start": 0}
    return BigGAN.build_default((8, 8, 1), 3, **{**arguments, **kwargs})


@pytest.fixture(scope="module")
def untrained():
    """For tests that only look."""
    keras.utils.set_random_seed(3)
    return tiny(ema_start=20_000)


def norms(network):
    """Each batch normalisation of a network with the tensor that reaches it."""
    for layer in network.layers:
        if (normalization := normalization_of(layer)) is not None:
            yield normalization, layer.input[0] if isinstance(layer.input, list) else layer.input


class TestBigGAN(ModelContract):
    """With standing statistics, which so are held to be in files and exports.

    Eager, because compiling a step of so many layers takes longer than running it: `test_backends`
    compiles it, and the recipes do.
    """

    compile_arguments: ClassVar = {"run_eagerly": True}

    @staticmethod
    def build():
        # With orthogonal kernels all singular values would be alike.
        model = tiny(ema_momentum=0.9, initializer="normal")
        # While no image is beyond the hinge's margin, the level of the logits does not learn.
        (level,) = (v for v in model.discriminator.trainable_variables if v.shape == (1,))
        level.assign([1.0])
        return model

    @staticmethod
    def data():
        return IMAGES, LABELS

    @classmethod
    def train(cls, folder):
        trained = super().train(folder)
        trained.without = trained.model.sample(4, labels=[0, 1, 2, 0], seed=5)
        trained.model.estimate_standing_statistics(0.25, samples=40)
        trained.model.save(folder / "final.keras")
        return trained

    def test_every_kernel_that_runs_has_spectral_norm_1(self, trained):
        """After some training: within 1 % of the singular value decomposition."""
        counts = {}
        for player in trained.model.players:
            found = [
                part
                for layer in getattr(trained.model, player).layers
                for part in layer._flatten_layers()
                if isinstance(part, SpectralNormalization)
            ]
            counts[player] = len(found)
            for part in found:
                kernel = part.layer.trainable_variables[0]
                matrix = numbers(kernel).reshape(-1, kernel.shape[-1])
                sigma = numbers(part.left) @ matrix @ numbers(part.right)
                largest = np.linalg.svd(matrix, compute_uv=False)[0]
                assert sigma == pytest.approx(largest, rel=0.01), kernel.path
        # Dense layer, 3 convolutions, 2 x 2 maps of normalisations, and the last convolution; 3 and
        # 2 convolutions of two blocks that do not halve, dense layer and table.
        assert counts == {"generator": 9, "discriminator": 7}

    def test_sampling_keeps_to_the_standing_statistics(self, trained):
        model, labels = trained.model, [0, 1, 2, 0]
        samples = model.sample(4, labels=labels, seed=5)
        assert np.abs(samples - trained.without).max() > 1e-3
        asked = model.sample(4, labels=labels, truncation=0.25, seed=5)
        np.testing.assert_array_equal(samples, asked)
        free = model.sample(4, labels=labels, truncation=math.inf, seed=5)
        assert np.abs(samples - free).max() > 1e-3
        said = model.signatures()["sample"].inputs["latents"].distribution
        assert said == "N(0, 1) in [-0.25, 0.25]"


# ---- the losses ----------------------------------------------------------------------------------


@pytest.mark.core
def test_hinge_values(untrained):
    model = untrained
    real, fake = np.array([[2.0], [0.0], [-1.0]]), np.array([[-3.0], [1.0], [0.5]])
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(3 / 3 + 3.5 / 3)
    assert float(model.generator_loss(fake)) == pytest.approx(1.5 / 3)
    assert model.discriminator_steps == 2


def test_only_the_generator_is_held_orthogonal_and_not_its_shared_embedding(untrained):
    model = untrained
    assert [(type(r), r.player, r.diagonal, r.weight) for r in model.regularizers] == [
        (Orthogonality, "generator", False, 1e-4)
    ]
    held = {v.path for v in model.kernels("generator")}
    matrices = {v.path for v in model.generator.trainable_variables if len(v.shape) > 1}
    (shared,) = matrices - held
    assert "shared_embedding" in shared
    # Kernels with at least as many rows as filters begin orthogonal; the others by hand.
    expected = 0.0
    for kernel in model.kernels("generator"):
        matrix = numbers(kernel).reshape(-1, kernel.shape[-1]).astype("float64")
        product = matrix.T @ matrix
        excess = np.sum((product - np.diag(np.diag(product))) ** 2)
        assert matrix.shape[0] < matrix.shape[1] or excess < 1e-8, kernel.path
        expected += excess
    assert expected > 1
    assert float(model.penalty("generator")) == pytest.approx(1e-4 * expected, rel=1e-4)


@pytest.mark.core
def test_the_label_acts_by_a_projection(untrained):
    """D(x, y) - D(x, y') is <e(y) - e(y'), h(x)> for features h, summed over the places."""
    model = untrained
    network = model.discriminator
    table = next(
        layer
        for layer in network.layers
        if isinstance(layer, SpectralNormalization)
        and isinstance(layer.layer, keras.layers.Embedding)
    )
    embeddings = numbers(table.layer.embeddings)
    embeddings = embeddings / np.linalg.svd(embeddings, compute_uv=False)[0]
    images, zeros = IMAGES[:5], np.zeros(5, "int32")
    features = model.features(images, zeros)
    np.testing.assert_allclose(features, model.features(images, zeros + 2), rtol=1e-6)
    pool = next(
        layer
        for layer in network.layers
        if "pooling2d" in layer.name and layer.input.shape[1:3] == (8, 8)
    )
    maps = numbers(keras.Model(network.inputs, pool.input)([ops.array(images), ops.array(zeros)]))
    np.testing.assert_allclose(features, maps.sum((1, 2)), rtol=1e-4)
    swapped = model.discriminate(images, zeros + 2) - model.discriminate(images, zeros)
    expected = features @ (embeddings[2] - embeddings[0])
    np.testing.assert_allclose(swapped[:, 0], expected, rtol=1e-3, atol=1e-4)


# ---- truncation and standing statistics ----------------------------------------------------------


@pytest.mark.core
def test_truncated_latents_are_those_of_a_cut_normal(untrained):
    """Cut at t the variance is 1 - e, the fourth moment 3 - (t^2 + 3) e, with the mass inside m and
    e = 2 t phi(t) / m."""
    model = untrained
    for bound in (0.5, 2.0):
        latents = numbers(model.latents(25_000, model.evaluation_noise, bound))
        assert bound * 0.99 < np.abs(latents).max() <= bound
        density = math.exp(-(bound**2) / 2) / math.sqrt(2 * math.pi)
        edge = 2 * bound * density / math.erf(bound / math.sqrt(2))
        assert latents.mean() == pytest.approx(0.0, abs=0.01)
        assert latents.var() == pytest.approx(1 - edge, rel=0.02)
        assert (latents**4).mean() == pytest.approx(3 - edge * (bound**2 + 3), rel=0.03)
    free = numbers(model.latents(25_000, model.evaluation_noise))
    assert free.var() == pytest.approx(1.0, rel=0.02)
    assert np.abs(free).max() > 3.5


@pytest.mark.core
def test_standing_statistics_are_those_of_all_truncated_samples(untrained):
    """Each layer's equal NumPy's on what reaches it, however the samples are parted."""
    model = untrained
    network = model.ema_generator
    untouched = [numbers(v) for v in model.generator.weights]
    layers = list(norms(network))
    assert len(layers) == 3
    found = []
    for batch_size in (50, 21):
        model.estimate_standing_statistics(0.5, samples=50, batch_size=batch_size, seed=3)
        found.append([numbers(v) for n, _ in layers for v in n.non_trainable_variables])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    noise = Noise(keras.random.SeedGenerator(3))
    latents = model.latents(50, noise, 0.5)
    labels = ops.convert_to_tensor(model.checked_labels(None, 50, noise)["labels"])
    reaching = keras.Model(network.inputs, [seen for _, seen in layers])([latents, labels])
    for (normalization, _), x in zip(layers, map(numbers, reaching), strict=True):
        found = (numbers(normalization.moving_mean), numbers(normalization.moving_variance))
        np.testing.assert_allclose(found[0], x.mean((0, 1, 2)), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found[1], x.var((0, 1, 2)), rtol=1e-3, atol=1e-6)

    # The generator itself is as it was, and the next step puts its statistics in their place.
    for variable, value in zip(model.generator.weights, untouched, strict=True):
        np.testing.assert_array_equal(numbers(variable), value)
    assert float(numbers(model.standing_truncation.value)) == 0.5
    model.finish_step()
    assert float(numbers(model.standing_truncation.value)) == 0
    for normalization, _ in layers:
        np.testing.assert_array_equal(numbers(normalization.moving_mean), 0)
        np.testing.assert_array_equal(numbers(normalization.moving_variance), 1)


def test_truncation_needs_a_positive_number_and_normal_latents(untrained, monkeypatch):
    for truncation in (0.0, -1.0):
        with pytest.raises(ValueError, match="cuts off normal latents at a positive number; it is"):
            untrained.sample(2, truncation=truncation)
    monkeypatch.setattr(untrained, "latent_distribution", "uniform")
    with pytest.raises(ValueError, match="latent_distribution is 'uniform'"):
        untrained.estimate_standing_statistics(1.0)


# ---- the moving average --------------------------------------------------------------------------


@pytest.mark.core
def test_the_average_starts_late_and_follows_the_generators_own_steps():
    """Two steps of the discriminator for one of the generator, averaged from its second on."""
    model = tiny(ema_momentum=0.5, ema_start=1)
    average, weight = (
        next(v for v in network.weights if "shared_embedding" in v.path)
        for network in (model.ema_generator, model.generator)
    )
    expected = numbers(average)
    # Of step 1 to 6: a copy, a copy (the generator's first), and then every other one.
    for momentum in (0.0, 0.0, 0.0, 0.5, 1.0, 0.5):
        weight.assign(weight.value + 1.0)
        model.finish_step()
        expected = momentum * expected + (1 - momentum) * numbers(weight)
        np.testing.assert_allclose(numbers(average), expected, rtol=1e-5)


def test_defaults_are_the_papers(untrained):
    found = untrained.default_optimizers()
    rates = {player: float(one.learning_rate) for player, one in found.items()}
    assert rates == pytest.approx({"generator": 5e-5, "discriminator": 2e-4})
    for one in found.values():
        assert (one.beta_1, one.beta_2, one.epsilon) == (0.0, 0.999, 1e-6)
    assert untrained.ema_momentum == 0.9999
    assert inspect.signature(BigGAN).parameters["ema_start"].default == 20_000


def test_wrong_arguments_are_refused(untrained):
    with pytest.raises(ValueError, match="ema_start must be at least 0, got -1"):
        BigGAN(untrained.generator, untrained.discriminator, classes=3, ema_start=-1)
    with pytest.raises(ValueError, match="latent_dim must be a multiple of 2 to be split for 1"):
        tiny(latent_dim=5)
