import keras
import numpy as np
import pytest
from keras import ops

from kgen.losses import R1, R2
from kgen.models import R3GAN
from kgen.networks import r3gan_discriminator, r3gan_generator
from kgen.networks.r3gan import _double, _halve
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


def tiny(**kwargs):
    return R3GAN.build_default(
        (8, 8, 1),
        latent_dim=4,
        width=4,
        blocks=1,
        cardinality=2,
        **{"schedule_steps": 10, **kwargs},
    )


class TestR3GAN(ModelContract):
    compile_arguments = {"jit_compile": False}  # XLA's compiler takes half a minute for it

    @staticmethod
    def build():
        return tiny(ema_momentum=0.9)

    @staticmethod
    def data():
        return images()


# ---- the losses ----------------------------------------------------------------------------------


@pytest.mark.core
def test_equal_logits_give_ln_2_and_a_level_changes_nothing():
    model = tiny()
    for level in (0.0, 7.0):
        same = np.full((4, 1), level, "float32")
        assert float(model.discriminator_loss(same, same)) == pytest.approx(np.log(2), rel=1e-6)
        assert float(model.generator_loss(same, same)) == pytest.approx(np.log(2), rel=1e-6)
    real, fake = np.array([[1.0], [0.0]], "float32"), np.array([[0.0], [2.0]], "float32")
    one, other = (float(model.discriminator_loss(real + c, fake + c)) for c in (0.0, -3.0))
    assert one == pytest.approx(other, rel=1e-5)
    assert one == pytest.approx((np.log1p(np.exp(-1)) + np.log1p(np.exp(2))) / 2, rel=1e-5)


def test_both_penalties_fall_to_a_tenth_with_the_saved_step():
    """gamma along half a cosine; each is gamma / 2 of the squared norm."""
    model = tiny(gamma=0.5)
    kinds = [type(each) for each in model.regularizers]
    assert kinds == [R1, R2]
    expected = {0: 0.5, 5: (0.5 + 0.05) / 2, 10: 0.05, 50: 0.05}
    for step, gamma in expected.items():
        for regularizer in model.regularizers:
            assert float(regularizer.weight(step)) == pytest.approx(gamma, rel=1e-5)
    assert tiny(regularizers=[]).regularizers == ()


# ---- the schedules -------------------------------------------------------------------------------


def test_default_optimizers_follow_the_papers_schedules():
    for optimizer in tiny().default_optimizers().values():
        assert optimizer.beta_1 == 0.0
        rate = keras.saving.deserialize_keras_object(optimizer.get_config()["learning_rate"])
        betas = [float(optimizer.beta_2_schedule(step)) for step in (0, 5, 10, 99)]
        rates = [float(rate(step)) for step in (0, 5, 10, 99)]
        assert betas == pytest.approx([0.9, 0.945, 0.99, 0.99], rel=1e-5)
        assert rates == pytest.approx([2e-4, 1.25e-4, 5e-5, 5e-5], rel=1e-5)


@pytest.mark.core
def test_the_average_starts_with_no_memory():
    """Half-lives of 0, half and all of that of momentum 1/4: momenta 0, 1/16, 1/4."""
    model = tiny(ema_momentum=0.25)
    average, weight = model.ema_generator.weights[0], model.generator.weights[0]
    expected = ops.convert_to_numpy(average.value)
    for step, momentum in ((0, None), (4, 1 / 16), (9, 1 / 4), (30, 1 / 4)):
        weight.assign(weight.value + 1.0)
        now = ops.convert_to_numpy(weight.value)
        model.step.assign(step)
        model.finish_step()
        if momentum is None:  # after one step of ten, hardly any: 0.25^(1 / 0.0245)
            momentum = 0.25 ** (2 / (1 - np.cos(np.pi / 10)))
        expected = momentum * expected + (1 - momentum) * now
        np.testing.assert_allclose(ops.convert_to_numpy(average.value), expected, atol=1e-5)
        assert int(model.step) == step + 1


def test_the_default_average_is_that_of_five_million_images():
    model = R3GAN.build_default((8, 8, 1), 4, 4, 1, 2)
    assert 512 * np.log(0.5) / np.log(model.ema_momentum) == pytest.approx(5e6, rel=1e-6)
    assert model.schedule_steps * 512 == pytest.approx(2e7, rel=1e-4)


# ---- the network ---------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_counts():
    """CIFAR-10: four stages of two blocks, 768 wide and 1536 inside, in 96 groups of 16."""
    block = 2 * 768 * 1536 + 9 * 16 * 1536 + 2 * 1536
    generator = 64 * 768 + 4 * 4 * 768 + 8 * block + 768 * 3
    assert r3gan_generator((32, 32, 3)).count_params() == generator
    discriminator = 3 * 768 + 8 * block + 4 * 4 * 768 + 768
    assert r3gan_discriminator((32, 32, 3)).count_params() == discriminator


def test_widths_of_each_stage():
    """Where they differ, a 1x1 convolution without bias stands by the resampling."""
    one = r3gan_generator((16, 16, 1), 4, (8, 4, 2), 1, 2)
    block = lambda w: 2 * w * 2 * w + 9 * (2 * w // 2) * 2 * w + 2 * 2 * w  # noqa: E731
    expected = 4 * 8 + 16 * 8 + block(8) + 8 * 4 + block(4) + 4 * 2 + block(2) + 2
    assert one.count_params() == expected
    assert one.output_shape == r3gan_discriminator((16, 16, 1), (8, 4, 2), 1, 2).input_shape


def test_fix_up_starts_every_block_as_the_identity():
    """The last convolutions are 0, the others have He's deviation times 8^(-1/4)."""
    network = r3gan_discriminator((32, 32, 1), 32, 2, 4)
    kernels = {v.path: v.numpy() for v in network.trainable_variables if v.path.endswith("kernel")}
    zero = [path for path, kernel in kernels.items() if not kernel.any()]
    assert len(zero) == 8
    grouped = [kernel for kernel in kernels.values() if kernel.shape[:2] == (3, 3)]
    he = np.sqrt(2 / 1.04 / (9 * 16))  # 64 maps in 4 groups
    assert len(grouped) == 8
    assert np.std(grouped) == pytest.approx(he * 8**-0.25, rel=0.02)
    wide = [kernel for kernel in kernels.values() if kernel.shape == (1, 1, 32, 64)]
    assert np.std(wide) == pytest.approx(np.sqrt(2 / 1.04 / 32) * 8**-0.25, rel=0.05)


def test_nothing_normalises_and_nothing_squashes():
    layers = [*r3gan_generator((8, 8, 1), 4, 4, 1, 2).layers]
    layers += r3gan_discriminator((8, 8, 1), 4, 1, 2).layers
    names = {type(layer).__name__ for layer in layers}
    assert not any("Normalization" in name or name == "Activation" for name in names)


def test_resampling_is_by_one_two_one():
    """Doubled, a point spreads as 1/2 1 1/2; halved, windows of 1/4 1/2 1/4 share their ends."""

    def spread(resample, place):
        point = np.zeros((1, 8, 8, 1), "float32")
        point[0, place, place] = 1.0
        inputs = keras.Input((8, 8, 1))
        return np.asarray(keras.Model(inputs, resample(inputs, 1))(point))[0, :, :, 0]

    rows = np.array([0.5, 1.0, 0.5])
    doubled = spread(_double, 4)
    np.testing.assert_allclose(doubled[7:10, 7:10], np.outer(rows, rows), atol=1e-6)
    assert doubled.sum() == pytest.approx(4.0)
    middle, between = spread(_halve, 5), spread(_halve, 4)
    assert middle[2, 2] == pytest.approx(1 / 4) == middle.sum()
    np.testing.assert_allclose(between[1:3, 1:3], np.full((2, 2), 1 / 16), atol=1e-6)
    assert between.sum() == pytest.approx(1 / 4)


def test_samples_are_clipped():
    model = tiny()
    for variable in model.generator.trainable_variables:
        if variable.path.endswith("to_image/kernel"):
            variable.assign(variable.value * 1e3)
    for average, weight in zip(model.ema_generator.weights, model.generator.weights, strict=True):
        average.assign(weight.value)
    made = model.sample(4, seed=1)
    assert np.abs(made).max() == 1.0
    raw = ops.convert_to_numpy(model.generator(model.latents(4)))
    assert np.abs(raw).max() > 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cardinality": 3}, "cardinality must divide 2 times the width, and 3 does not"),
        ({"width": (8, 8, 8)}, "take 2 stages: give as many widths, not 3"),
        ({"schedule_steps": 0}, "schedule_steps must be at least 1, got 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        R3GAN.build_default(
            (8, 8, 1), 4, **{"width": 4, "blocks": 1, "cardinality": 2, **arguments}
        )
