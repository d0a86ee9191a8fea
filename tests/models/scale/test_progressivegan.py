import keras
import numpy as np
import pytest
from keras import ops

from kgen.latent import LatentSpace, interpolate
from kgen.latent.paths import slerp
from kgen.layers import EqualizedLearningRate
from kgen.losses import Drift, GradientPenalty
from kgen.models import DCGAN, ProgressiveGAN
from kgen.networks import progressive_discriminator, progressive_generator
from tests.contract import ModelContract

STABLE, FADE = 2, 3


def images(n=20, side=8):
    return np.random.default_rng(0).uniform(-1, 1, (n, side, side, 1)).astype("float32")


def tiny(side=8, **kwargs):
    kwargs = {"fade_steps": FADE, "stable_steps": STABLE, "seed": 3, **kwargs}
    return ProgressiveGAN.build_default((side, side, 1), 4, 4, **kwargs)


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


class TestProgressiveGAN(ModelContract):
    """Three steps an epoch: it ends, and is saved, after the first step of the fade.

    Files are therefore continued in the middle of it. Eagerly, for compiling both resolutions takes
    longer than all else; `test_compiled_is_the_same` compiles once.
    """

    compile_arguments = {"run_eagerly": True}

    @staticmethod
    def build():
        return tiny(fade_steps=4, group_size=4)

    @staticmethod
    def data():
        return images()

    @pytest.mark.core
    def test_the_contract_stops_within_the_fade(self, trained):
        model = keras.models.load_model(trained.folder / "initial.keras")
        for step, resolution, growth in ((3, 8, 0.5), (6, 8, 1.0), (1, 4, 0.0)):
            model.step.assign(step)
            assert model.resolution == resolution
            assert float(model.growth()) == growth
        assert trained.model.sides == [4, 8]

    @pytest.mark.core
    def test_slots_and_their_counts_begin_anew_at_a_doubling(self, trained):
        """Six steps, of which the last four are of the second resolution."""
        for player in trained.model.players:
            optimizer = trained.model.player_optimizer(player)
            assert int(ops.convert_to_numpy(optimizer.iterations.value)) == 6 - STABLE

    @pytest.mark.core
    def test_nothing_in_the_slots_outlives_a_doubling(self, trained):
        """One step from slots full of numbers is that from empty ones: there, and only there."""

        def stepped(step, filled):
            model = keras.models.load_model(trained.folder / "initial.keras")
            model.step.assign(step)
            rng = np.random.default_rng(1)
            for variable in model.optimizer.variables if filled else ():
                if variable.name != "learning_rate":
                    variable.assign(rng.integers(1, 9, variable.shape).astype(variable.dtype))
            model.fit(images(8), batch_size=8, shuffle=False, verbose=0)
            slots = [v for p in model.players for v in model.player_optimizer(p).variables]
            return [numbers(v) for v in (*model.variables, *slots)]

        for filled, empty in zip(stepped(STABLE, True), stepped(STABLE, False), strict=True):
            np.testing.assert_array_equal(filled, empty)
        later = zip(stepped(STABLE + 1, True), stepped(STABLE + 1, False), strict=True)
        assert any((filled != empty).any() for filled, empty in later)

    def test_compiled_is_the_same(self, trained):
        """One compiled function has both resolutions, and changes within an epoch."""
        model = keras.models.load_model(trained.folder / "initial.keras")
        model.compile(jit_compile=False)
        history = self.fit(model, epochs=2)
        for name, values in trained.history.items():
            np.testing.assert_allclose(history[name], values, rtol=2e-2, atol=1e-3, err_msg=name)
        assert model.resolution == 8 and model.steps_trained == 6


# ---- the schedule --------------------------------------------------------------------------------


@pytest.mark.core
def test_resolution_and_share_are_functions_of_the_step():
    """Two steps of 4 px; three of fade, two alone, for 8 and for 16 px, which then stays."""
    model = tiny(16)
    thirds = [1 / 3, 2 / 3, 1, 1, 1]
    growths = [0, 0, *thirds, *(1 + x for x in thirds), 2, 2]
    sides = [4] * 2 + [8] * 5 + [16] * 7
    for step, (growth, side) in enumerate(zip(growths, sides, strict=True)):
        model.step.assign(step)
        assert float(model.growth()) == pytest.approx(growth, abs=1e-6)
        assert model.resolution == side
    model.step.assign(10**6)
    assert float(model.growth()) == 2.0


def test_the_defaults_are_the_papers():
    model = ProgressiveGAN.build_default((8, 8, 1), 4, 4)
    assert model.fade_steps * 16 == model.stable_steps * 16 == 600_000
    assert model.ema_momentum == 0.999 and model.discriminator_steps == 1
    assert model.regularizers == (GradientPenalty(10.0), Drift(1e-3))
    for optimizer in model.default_optimizers().values():
        assert float(ops.convert_to_numpy(optimizer.learning_rate)) == pytest.approx(1e-3)
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.0, 0.99, 1e-8)


def doubled(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halved(x):
    return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean(axis=(2, 4))


# ---- growing -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grown():
    model = tiny(16, ema_momentum=None)
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")

    def at(growth, side):
        return numbers(model._generate(latents, np.full((3, 1), growth, "float32"), side))

    return model, at


@pytest.mark.core
def test_share_0_is_the_smaller_network_and_share_1_the_larger(grown):
    """Exactly; between them straight. The larger is what its own 1x1 convolution makes."""
    model, at = grown
    alone = keras.Model(model.generator.inputs, model.generator.get_layer("to_rgb_8").output)
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")
    small, large = at(0, 4), numbers(alone([latents, np.full((3, 1), np.nan, "float32")]))
    np.testing.assert_array_equal(at(1, 8), large)
    np.testing.assert_array_equal(at(0, 8), doubled(small))
    np.testing.assert_array_equal(at(0, 16), doubled(doubled(small)))
    np.testing.assert_array_equal(at(1, 16), doubled(large))
    between = 0.75 * doubled(small) + 0.25 * large
    np.testing.assert_allclose(at(0.25, 8), between, rtol=1e-5, atol=1e-6)
    assert np.abs(large - doubled(small)).max() > 0.1
    assert np.abs(at(2, 16) - doubled(large)).max() > 0.1


@pytest.mark.core
def test_the_discriminator_with_share_0_sees_the_pooled_images_alone(grown):
    model, _ = grown

    def at(x, growth):
        return numbers(model._discriminate(x, np.full((len(x), 1), growth, "float32"))[1])

    x = images(5, 16)
    other = x + doubled(np.random.default_rng(3).normal(size=(5, 8, 8, 1))).astype("float32")
    detail = x - doubled(halved(x))  # which pooling loses
    np.testing.assert_allclose(at(x, 1), at(halved(x), 1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at(x, 0), at(halved(halved(x)), 0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at(x - detail, 1), at(x, 1), rtol=1e-4, atol=1e-6)
    assert np.abs(at(x - detail, 1.5) - at(x, 1.5)).max() > 1e-3
    assert np.abs(at(other, 1) - at(x, 1)).max() > 1e-3


@pytest.mark.core
def test_real_images_fade_as_well(grown):
    model, _ = grown
    x = images(2, 16)
    for step, share in ((STABLE + FADE + STABLE, 1 / 3), (STABLE + FADE + STABLE + 2, 1.0)):
        model.step.assign(step)
        expected = share * x + (1 - share) * doubled(halved(x))
        np.testing.assert_allclose(numbers(model.faded(x, 16)), expected, atol=1e-5)
    model.step.assign(0)
    np.testing.assert_allclose(numbers(model.faded(x, 4)), halved(halved(x)), atol=1e-6)


@pytest.mark.core
def test_samples_have_the_final_size_and_the_details_of_the_present_one():
    model = tiny()
    model.step.assign(STABLE - 1)
    first = model.sample(4, seed=0)
    assert first.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(first, doubled(first[:, ::2, ::2]))
    model.step.assign(STABLE + FADE)
    second = model.sample(4, seed=0)
    assert np.abs(second - doubled(second[:, ::2, ::2])).max() > 1e-3
    assert np.abs(model.discriminate(second) - model.discriminate(first)).max() > 1e-6


def test_latents_are_laid_on_the_sphere(grown):
    """They lie there as they are drawn, and would by the generator's first layer."""
    model, at = grown
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")
    far = numbers(model._generate(7 * latents, np.full((3, 1), 2, "float32"), 16))
    np.testing.assert_allclose(far, at(2, 16), rtol=1e-3, atol=1e-5)
    drawn = numbers(model.latents(500))
    np.testing.assert_allclose(np.square(drawn).mean(axis=1), 1, rtol=1e-5)
    assert np.abs(drawn.mean(axis=0)).max() < 5 / np.sqrt(500)  # five deviations of a mean
    assert model.signatures()["sample"].inputs["latents"].distribution == "sphere"
    space = LatentSpace(model)
    one, other = space.draw(2, seed=0)["latents"]
    middle = interpolate(space, {"latents": one[None]}, {"latents": other[None]}, steps=3)
    way = slerp(one[None], other[None], np.array([[0.5]]))
    np.testing.assert_allclose(middle.images[0, 1], space.decode({"latents": way})[0], atol=1e-6)


def test_a_resolution_trains_its_own_layers_and_those_below():
    """At 4 px none of the layers of 8 px moves; past the fade the old images' layers rest."""
    for step, resting in ((0, ("8",)), (STABLE + FADE, ("rgb_4",))):
        model = tiny()
        model.compile(run_eagerly=True)
        model.step.assign(step)
        before = {v.path: numbers(v) for v in model.trainable_variables}
        model.fit(images(8), batch_size=8, verbose=0)
        moved = {v.path for v in model.trainable_variables if (numbers(v) != before[v.path]).any()}
        for part in ("rgb_4", "rgb_8", "stage_8"):
            rests = any(mark in part for mark in resting)
            assert any(part in path for path in moved) != rests, (step, part)


# ---- the networks --------------------------------------------------------------------------------


@pytest.mark.parametrize("first_side", [None, 8])
def test_paper_widths_have_the_hand_derived_counts(first_side):
    """32 px at full width 16, 64 px at half of it, with every kernel's bias."""
    w, conv = 16, lambda i, o, k=3: k * k * i * o + o
    rgb = [(8, w), (16, w), (32, w), (64, w // 2)] + ([] if first_side else [(4, w)])
    body = (8 + 1) * 16 * w + conv(w, w) + 3 * 2 * conv(w, w) + conv(w, w // 2) + conv(w // 2, 8)
    generator = progressive_generator((64, 64, 3), 8, w, first_side)
    assert generator.count_params() == body + sum(conv(c, 3, 1) for _, c in rgb)
    body = conv(8, 8) + conv(8, w) + 3 * 2 * conv(w, w) + conv(w + 1, w) + (16 * w + 1) * w + w + 1
    moving_deviation = 1
    discriminator = progressive_discriminator((64, 64, 3), w, first_side)
    entries = sum(conv(3, c, 1) for _, c in rgb)
    assert discriminator.count_params() == body + entries + moving_deviation


@pytest.mark.core
def test_variances_stay_near_1_through_both_networks():
    """Equalised layers with unit inputs, and pixelwise normalisation: nothing grows or fades."""
    keras.utils.set_random_seed(0)
    generator = progressive_generator((16, 16, 3), 32, 64)
    latents = np.random.default_rng(0).normal(size=(64, 32)).astype("float32")
    made = numbers(generator([latents, np.full((64, 1), 2, "float32")]))
    assert 0.5 < np.mean(made**2) < 2.0
    convolutions = [x for x in generator.layers if isinstance(x, EqualizedLearningRate)]
    kernels = [numbers(x.layer.kernel) for x in convolutions]
    for kernel in kernels[:-3]:
        assert np.std(kernel) == pytest.approx(1.0, abs=0.1)
    assert convolutions[0].scale == pytest.approx(np.sqrt(2) / 4 / np.sqrt(32))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fade_steps": 0}, "fade_steps must be at least 1 and stable_steps at least 0, got 0"),
        ({"first_side": 5}, "first_side must be one of 4, 8, on the way to 8 pixels, got 5"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny(**arguments)


def test_networks_that_cannot_grow_are_refused():
    other = DCGAN.build_default((8, 8, 1), 4, 4)
    with pytest.raises(ValueError, match="cannot grow: build it with"):
        ProgressiveGAN(other.generator, other.discriminator)
    with pytest.raises(ValueError, match="does not grow over 4, 8 pixels"):
        ProgressiveGAN(progressive_generator((8, 8, 1), 4, 4), other.discriminator)
