import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.models import GAN, UnrolledGAN
from kgen.networks import tanh_discriminator, tanh_generator
from kgen.training import RecordedNoise
from tests.contract import ModelContract

IMAGES = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def numbers(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


class TestUnrolledGAN(ModelContract):
    compile_arguments = {"jit_compile": False}

    @staticmethod
    def build():
        return UnrolledGAN.build_default((8, 8, 1), latent_dim=3, width=4, unroll_steps=1)

    @staticmethod
    def data():
        return IMAGES


# ---- the gradient, in float64 --------------------------------------------------------------------

REAL = np.random.default_rng(1).normal(size=(6, 1, 2, 1))
LATENTS = np.random.default_rng(2).normal(size=(6, 2))
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.05, beta_1=0.5, epsilon=1e-3),
    "momentum": lambda: keras.optimizers.SGD(0.3, momentum=0.5),
}


def exact(unroll_steps, optimizer="adam"):
    """A game of a few float64 weights, its discriminator two steps old."""
    keras.utils.set_random_seed(3)

    def network(inputs, *stack):
        return keras.Sequential([keras.Input(inputs, dtype="float64"), *stack])

    def dense(units, activation=None):
        return layers.Dense(units, activation, dtype="float64")

    shape = layers.Reshape((1, 2, 1), dtype="float64")
    generator = network((2,), dense(3, "tanh"), dense(2), shape)
    flat = layers.Flatten(dtype="float64")
    discriminator = network((1, 2, 1), flat, dense(4, "tanh"), dense(1))
    model = UnrolledGAN(generator, discriminator, unroll_steps=unroll_steps, seed=1)
    model.compile(
        run_eagerly=True,
        discriminator_optimizer=OPTIMIZERS[optimizer](),
        generator_optimizer=keras.optimizers.SGD(1.0),
    )
    for i in range(2):
        model.minimize(lambda i=i: discriminator_loss(model, REAL + i), "discriminator")
    return model


def discriminator_loss(model, real):
    fake = ops.stop_gradient(model.generator(ops.array(LATENTS)))
    logits = [ops.cast(model.discriminator(x), "float64") for x in (ops.array(real), fake)]
    return ops.mean(ops.softplus(-logits[0])) + ops.mean(ops.softplus(logits[1]))


def exact_loss(model):
    """The objective without the library's rounding of losses to float32."""
    model.discriminator_loss = lambda real, fake, *_: (
        ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    )
    return lambda: model.fool(ops.array(REAL), model.generator(ops.array(LATENTS)), True)


def gradient_and_differences(model):
    """Of the generator's loss by every weight of the generator."""
    loss = exact_loss(model)
    variables = model.generator.trainable_variables
    differences = []
    for variable in variables:
        start = numbers([variable])[0]
        slopes = np.zeros_like(start)
        for index in np.ndindex(*start.shape):
            values = []
            for sign in (1, -1):
                moved = start.copy()
                moved[index] += sign * 1e-5
                variable.assign(moved)
                values.append(float(ops.convert_to_numpy(loss())))
            slopes[index] = (values[0] - values[1]) / 2e-5
        variable.assign(start)
        differences.append(slopes)
    before = numbers(variables)
    model.minimize(loss, "generator")  # gradient descent with rate 1
    gradients = [a - b for a, b in zip(before, numbers(variables), strict=True)]
    flat = [np.concatenate([x.ravel() for x in part]) for part in (gradients, differences)]
    return flat


@pytest.mark.parametrize(
    ("steps", "optimizer"),
    [(0, "adam"), (1, "adam"), (3, "adam"), (1, "momentum"), (3, "momentum")],
)
def test_gradient_against_finite_differences(steps, optimizer):
    gradient, differences = gradient_and_differences(exact(steps, optimizer))
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-9)
    assert np.abs(gradient).max() > 1e-3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_gradient_that_stops_at_the_steps_is_another(optimizer, monkeypatch):
    """The broken variant: a generator that does not know how the discriminator would answer."""
    model = exact(3, optimizer)
    functional_gradient = model.functional_gradient
    stopped = lambda fn, x: [ops.stop_gradient(g) for g in functional_gradient(fn, x)]  # noqa: E731
    monkeypatch.setattr(model, "functional_gradient", stopped)
    gradient, differences = gradient_and_differences(model)
    assert np.abs(gradient - differences).max() > 1e-3


def test_looking_ahead_is_taking_the_discriminators_own_steps():
    """The loss after K steps of a copy that really takes them, slots and all."""
    for optimizer in OPTIMIZERS:
        model, stepping = exact(3, optimizer), exact(0, optimizer)
        ahead = float(exact_loss(model)())
        for _ in range(3):
            stepping.minimize(lambda m=stepping: discriminator_loss(m, REAL), "discriminator")
        assert ahead == pytest.approx(float(exact_loss(stepping)()), abs=1e-6)
        assert abs(ahead - float(exact_loss(exact(0, optimizer))())) > 1e-2


# ---- the game ------------------------------------------------------------------------------------


def test_no_steps_ahead_is_the_minimax_game():
    """Weights of both players after two steps from equal ones, on equal latents."""
    rng = np.random.default_rng(0)
    latents = [rng.standard_normal((10, 3)).astype("float32") for _ in range(4)]
    ends = []
    for cls, arguments in ((UnrolledGAN, {"unroll_steps": 0}), (GAN, {"objective": "minimax"})):
        keras.utils.set_random_seed(1)
        networks = tanh_generator((8, 8, 1), 3, (4, 4)), tanh_discriminator((8, 8, 1), (4, 4))
        model = cls(*networks, **arguments)
        adam = {f"{p}_optimizer": keras.optimizers.Adam(1e-2) for p in model.players}
        model.compile(run_eagerly=True, **adam)
        model.noise = RecordedNoise(latents)
        start = numbers(model.trainable_variables)
        model.fit(IMAGES, batch_size=10, shuffle=False, verbose=0)
        ends.append(numbers(model.trainable_variables))
        assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(start, ends[-1], strict=True))
    for a, b in zip(*ends, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_discriminator_is_untouched_by_the_generators_turn():
    flat, noise = layers.Flatten(), layers.Dropout(0.5, seed=1)
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), flat, layers.Dense(4), layers.BatchNormalization(), noise,
         layers.Dense(1)]
    )  # fmt: skip
    model = UnrolledGAN(tanh_generator((8, 8, 1), 3, (4,)), discriminator, unroll_steps=3)
    model.compile(run_eagerly=True)
    model.fit(IMAGES, batch_size=10, verbose=0)
    state = [*discriminator.variables, *model.optimizer["discriminator"].variables]
    generator = numbers(model.generator.trainable_variables)
    before = numbers(state)
    real = ops.array(IMAGES[:5])
    model.minimize(
        lambda: model.fool(real, model.generator(model.latents(5), training=True), True),
        "generator",
    )
    for a, b in zip(before, numbers(state), strict=True):
        np.testing.assert_array_equal(a, b)
    moved = numbers(model.generator.trainable_variables)
    assert all(np.abs(a - b).max() > 0 for a, b in zip(generator, moved, strict=True))


def test_the_papers_sizes_and_optimizers():
    model = UnrolledGAN.build_default()
    assert (model.image_shape, model.latent_dim, model.unroll_steps) == ((2,), 256, 5)
    assert model.generator.count_params() == 257 * 128 + 129 * 128 + 129 * 2
    assert model.discriminator.count_params() == 3 * 128 + 129 * 128 + 129
    kernel = numbers(model.generator.trainable_variables)[2]
    np.testing.assert_allclose(kernel.T @ kernel, 1.4**2 * np.eye(128), atol=1e-4)
    optimizers = model.default_optimizers()
    rates = {p: float(ops.convert_to_numpy(o.learning_rate)) for p, o in optimizers.items()}
    assert rates == pytest.approx({"generator": 1e-3, "discriminator": 1e-4})
    assert {o.beta_1 for o in optimizers.values()} == {0.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unroll_steps": -1}, "at least 0"),
        ({"regularizers": ["r1"]}, "the objective alone"),
        ({"historical_averaging": 0.1}, "the objective alone"),
        ({"feature_matching": 0.5}, "the objective alone"),
    ],
)
def test_what_the_steps_ahead_would_not_know_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        UnrolledGAN.build_default((8, 8, 1), latent_dim=3, width=4, **arguments)


def test_points_are_no_images():
    """A plane has no range of grey levels: points beyond 1 are judged, and signatures say so."""
    model = UnrolledGAN.build_default(latent_dim=3, width=4)
    assert model.sample(5, seed=1).shape == (5, 2)
    assert model.discriminate(np.array([[2.0, -3.0]])).shape == (1, 1)
    signatures = model.signatures()
    assert signatures["sample"].outputs == {"images": "point"}
    assert signatures["discriminate"].inputs["images"].role == "point"
