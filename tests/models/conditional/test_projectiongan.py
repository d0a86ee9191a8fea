import itertools

import keras
import numpy as np
import pytest

from kgen.models import ProjectionGAN
from kgen.networks import projection_discriminator, projection_generator
from tests.contract import ModelContract

CLASSES = 3


def data():
    images = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 1)).astype("float32")
    return images, np.arange(16, dtype="int32") % CLASSES


class TestProjectionGAN(ModelContract):
    compile_arguments = {"run_eagerly": True}  # the smoke test of its recipe traces it

    @staticmethod
    def build():
        return ProjectionGAN.build_default((8, 8, 1), CLASSES, 4, 2, discriminator_steps=1)

    data = staticmethod(data)


def shared():
    keras.utils.set_random_seed(0)
    return ProjectionGAN.build_default((8, 8, 1), CLASSES, 4, 4)


def table_of(model):
    """The table of classes and its spectral norm."""
    (table,) = [v.numpy() for v in model.discriminator.variables if "embeddings" in v.path]
    return table, np.linalg.svd(table, compute_uv=False)[0]


def test_two_labels_of_an_image_differ_by_the_projection():
    """D(x, y) - D(x, y') = <e(y) - e(y'), h(x)>, e divided by its spectral norm (within 1 %)."""
    model = shared()
    images, _ = data()
    table, norm = table_of(model)
    features = model.features(images, np.zeros(16))
    np.testing.assert_array_equal(features, model.features(images, np.full(16, 2)))  # h of x alone
    for one, other in ((0, 1), (2, 0)):
        said = [model.discriminate(images, np.full(16, y))[:, 0] for y in (one, other)]
        expected = features @ (table[one] - table[other]) / norm
        np.testing.assert_allclose(said[0] - said[1], expected, rtol=0.01, atol=1e-4)
        assert np.abs(expected).max() > 1e-2


def test_gains_and_shifts_of_the_generator_are_of_the_class():
    """They begin equal; a shift of one class moves its images and no others."""
    model = shared()
    latents = np.random.default_rng(1).normal(size=(CLASSES, 4)).astype("float32")
    labels = np.arange(CLASSES)
    before = model.serve("sample", latents=latents, labels=labels)
    rolled = model.serve("sample", latents=latents, labels=np.roll(labels, 1))
    np.testing.assert_allclose(before, rolled, atol=1e-6)
    (shift, *_) = [v for v in model.generator.trainable_variables if "shift" in v.path]
    moved = shift.numpy()
    moved[1] += 1.0
    shift.assign(moved)
    after = model.serve("sample", latents=latents, labels=labels)
    changed = np.abs(after - before).max(axis=(1, 2, 3)) > 1e-4
    assert changed.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("objective", "discriminator", "generator"),
    [("hinge", 2.0, 0.0), ("non_saturating", 2 * np.log(2), np.log(2))],
)
def test_losses_at_logits_of_zero(objective, discriminator, generator):
    model = ProjectionGAN.build_default((8, 8, 1), CLASSES, 4, 2, objective=objective)
    zeros = np.zeros((4, 1), "float32")
    assert float(model.discriminator_loss(zeros, zeros)) == pytest.approx(discriminator, rel=1e-6)
    assert float(model.generator_loss(zeros)) == pytest.approx(generator, abs=1e-6)
    assert ProjectionGAN.paper_objective == "hinge"


def test_paper_size_has_the_hand_derived_shapes():
    """128 pixels: 16 widths at 4 pixels down to 1 at 128, and back, with one block more."""
    generator = projection_generator((128, 128, 3), 10, 128, 2)
    sides = [2 * f for f in (16, 16, 8, 4, 2, 1)]  # width 2 instead of 64
    blocks = sum(
        9 * a * b + b + 9 * b * b + b + a * b + b + 10 * 2 * (a + b) + 2 * (a + b)
        for a, b in itertools.pairwise(sides)
    )
    dense, last = 129 * 16 * 32, 4 * 2 + 9 * 2 * 3 + 3
    assert generator.count_params() == dense + blocks + last
    discriminator = projection_discriminator((128, 128, 3), 10, 2)
    widths = [2, 4, 8, 16, 32]
    first = 9 * 3 * 2 + 2 + 9 * 2 * 2 + 2 + 3 * 2 + 2
    halving = sum(9 * a * a + a + 9 * a * b + b + a * b + b for a, b in itertools.pairwise(widths))
    same = 2 * (9 * 32 * 32 + 32)
    trained = sum(int(np.prod(v.shape)) for v in discriminator.trainable_variables)
    assert trained == first + halving + same + 10 * 32 + 33


def test_default_optimizers_are_the_papers():
    model = shared()
    assert (model.discriminator_steps, model.latent_distribution) == (5, "normal")
    for optimizer in model.default_optimizers().values():
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)
