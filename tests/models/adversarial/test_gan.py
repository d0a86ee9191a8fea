import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kgen import losses
from kgen.models import GAN
from kgen.networks import maxout_discriminator, mlp_discriminator, mlp_generator
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestGAN(ModelContract):
    """With every kind of argument at once."""

    @staticmethod
    def build():
        return GAN.build_default(
            (8, 8, 1),
            latent_dim=4,
            width=20,
            objective=losses.NonSaturating(label_smoothing=0.1),
            regularizers=["r1", losses.Orthogonality(0.1, player="generator")],
            discriminator_steps=2,
            instance_noise=keras.optimizers.schedules.PolynomialDecay(0.2, 6, 0.0),
            feature_matching=0.5,
            historical_averaging=0.1,
            ema_momentum=0.9,
        )

    @staticmethod
    def data():
        return images()


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def linear_game(slope=(3.0, 4.0), **kwargs):
    """Points of the plane as images of 1 x 1 x 2; the critic is `w . x`."""
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, use_bias=False), keras.layers.Reshape((1, 1, 2))]
    )
    critic = keras.Sequential(
        [keras.Input((1, 1, 2)), keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)]
    )
    critic.set_weights([np.array(slope, "float32")[:, None]])
    model = GAN(generator, critic, seed=0, **kwargs)
    model.compile(generator_optimizer="sgd", discriminator_optimizer="sgd", run_eagerly=True)
    return model


POINTS = np.array([[0.5, -0.5], [0.1, 0.9]], "float32").reshape(2, 1, 1, 2)


# ---- objective and regularizers ------------------------------------------------------------------


@pytest.mark.core
@pytest.mark.parametrize(
    ("regularizer", "value"),
    [
        ("gradient_penalty", 10 * (5 - 1) ** 2),
        ("zero_centred_penalty", 10 * 25),
        ("r1", 10 / 2 * 25),
        ("r2", 10 / 2 * 25),
        ("drift", 1e-3 * ((1.5 - 2) ** 2 + (0.3 + 3.6) ** 2) / 2),
    ],
)
def test_a_penalty_of_a_linear_critic_joins_the_loss(regularizer, value):
    """|w| = 5; D(x) = -0.5 and 3.9."""
    plain = linear_game(objective="wasserstein")
    model = linear_game(objective="wasserstein", regularizers=[regularizer])
    fake = np.zeros_like(POINTS)
    expected, _ = plain.judge(POINTS, fake, True, plain.noise)
    loss, report = model.judge(POINTS, fake, True, model.noise)
    assert number(report["penalty"]) == pytest.approx(value, rel=1e-5)
    assert number(expected) == pytest.approx(-1.7, rel=1e-5)
    assert number(loss) == pytest.approx(-1.7 + value, rel=1e-5)


@pytest.mark.core
def test_roths_penalty_weighs_by_the_discriminators_mistakes():
    """Logits 0 of generated points at 0: D = 1/2. Real ones at logits -0.5 and 3.9."""
    model = linear_game(regularizers=[losses.JensenShannonRegularizer(2.0)])
    _, report = model.judge(POINTS, np.zeros_like(POINTS), True, model.noise)
    mistakes = np.mean([(1 / (1 + np.exp(logit))) ** 2 for logit in (-0.5, 3.9)])
    assert number(report["penalty"]) == pytest.approx(25 * (mistakes + 0.25), rel=1e-4)


@pytest.mark.core
def test_slopes_come_of_the_pass_that_judges():
    """R1 and R2 look at no image twice; batch normalisation would count it twice as well."""
    model = linear_game(regularizers=["r1", "r2", "jensen_shannon"])
    seen = []
    judge = type(model.discriminator).call

    def counting(self, images, *args, **kwargs):
        seen.append(tuple(ops.shape(images)))
        return judge(self, images, *args, **kwargs)

    model.discriminator.call = counting.__get__(model.discriminator)
    _, report = model.judge(POINTS, np.zeros_like(POINTS), True, model.noise)
    assert len(seen) == 2
    roth = 0.05 * 25 * (np.mean([(1 / (1 + np.exp(v))) ** 2 for v in (-0.5, 3.9)]) + 0.25)
    assert number(report["penalty"]) == pytest.approx(2 * 5 * 25 + roth, rel=1e-5)


def test_a_penalty_moves_the_critic_by_its_gradient():
    """R1 with gamma 0.1 alone: w <- w - rate 0.1 w."""
    model = linear_game(objective="wasserstein", regularizers=[losses.R1(0.1)])
    same = np.zeros_like(POINTS)
    model.optimizer["discriminator"].learning_rate.assign(0.5)
    model.minimize(lambda: model.judge(same, same, True, model.noise), "discriminator")
    moved = model.discriminator.get_weights()[0][:, 0]
    np.testing.assert_allclose(moved, [3 * 0.95, 4 * 0.95], rtol=1e-6)


def test_a_regularizer_of_the_generator_leaves_the_discriminators_loss():
    model = linear_game(regularizers=[losses.Orthogonality(1.0, player="generator")])
    model.generator.set_weights([np.array([[2.0, 1.0], [0.0, 1.0]], "float32")])
    assert number(model.penalty("generator")) == pytest.approx(8.0)
    assert number(model.penalty("discriminator")) == 0.0


@pytest.mark.parametrize("objective", losses.OBJECTIVES)
def test_every_objective_trains_any_networks(objective):
    model = GAN(
        mlp_generator((4, 4, 1), 3, (8,)), mlp_discriminator((4, 4, 1), (8,)), objective=objective
    )
    model.compile(run_eagerly=True)
    before = [w.copy() for w in model.get_weights()[:2]]
    logs = model.fit(images(8)[:, :4, :4], batch_size=8, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert ("real_probability" in logs) == (
        objective in ("minimax", "non_saturating", "maximum_likelihood")
    )
    assert ("critic_gap" in logs) != ("real_probability" in logs)
    assert "penalty" not in logs
    assert not np.array_equal(before[0], model.get_weights()[0])


# ---- stabilizers ---------------------------------------------------------------------------------


def steps(model, batches):
    """The first weights of both players before and after each batch, and the logs of each.

    A fit for each batch: on JAX a callback inside of one sees no weights.
    """

    def look():
        return {player: getattr(model, player).get_weights()[0] for player in model.players}

    weights, logs = [look()], []
    for batch in batches:
        logs.append(model.fit(batch, batch_size=len(batch), verbose=0).history)
        weights.append(look())
    return weights, logs


@pytest.mark.core
def test_each_step_of_the_generator_follows_k_fresh_batches():
    model = GAN(
        mlp_generator((8, 8, 1), 3, (8,)),
        mlp_discriminator((8, 8, 1), (8,)),
        objective="wasserstein",
        discriminator_steps=3,
        seed=0,
    )
    model.compile()
    weights, logs = steps(model, [images(4)] * 7)
    made = [each["generator"] for each in weights]
    changed = [not np.array_equal(a, b) for a, b in itertools.pairwise(made)]
    assert changed == [False, False, True, False, False, True, False]
    assert int(model.optimizer["generator"].iterations) == 2
    assert int(model.optimizer["discriminator"].iterations) == 7
    assert [log["generator_loss"][0] != 0 for log in logs] == changed


@pytest.mark.core
def test_the_generators_loss_is_the_mean_over_its_own_steps():
    """A critic of weight 0 that never learns gives a generator's loss of ln 2, undiluted."""
    model = linear_game(slope=(0.0, 0.0), discriminator_steps=3)
    model.optimizer["discriminator"].learning_rate.assign(0.0)
    logs = model.fit(np.repeat(POINTS, 4, axis=0), batch_size=1, verbose=0).history
    assert logs["generator_loss"][0] == pytest.approx(np.log(2), rel=1e-6)


def test_feature_matching_reads_the_last_hidden_layer():
    """Only it, at share 1: the features of a critic without hidden layers are the points."""
    model = linear_game(feature_matching=1.0)
    fake = np.array([[0.0, 0.0], [0.2, 0.2]], "float32").reshape(2, 1, 1, 2)
    # Means (0.3, 0.2) and (0.1, 0.1): (0.04 + 0.01) / 2.
    assert number(model.fool(POINTS, fake, True)) == pytest.approx(0.025, rel=1e-5)
    plain = number(linear_game().fool(POINTS, fake, True))
    half = linear_game(feature_matching=0.5)
    assert number(half.fool(POINTS, fake, True)) == pytest.approx((plain + 0.025) / 2, rel=1e-5)


def test_feature_matching_needs_layers_to_read():
    @keras.saving.register_keras_serializable("kgen-tests")
    class Opaque(keras.Model):
        input_shape, output_shape = (None, 4, 4, 1), (None, 1)

        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1)
            self(np.zeros((1, 4, 4, 1), "float32"))

        def call(self, x):
            return self.last(ops.reshape(x, (-1, 16)))

    with pytest.raises(ValueError, match=r"keras.Sequential or keras.Model\(inputs, outputs\)"):
        GAN(mlp_generator((4, 4, 1), 3, (8,)), Opaque(), feature_matching=1.0)


@pytest.mark.core
def test_historical_averaging_pulls_to_the_mean_of_all_weights():
    model = linear_game(objective="wasserstein", historical_averaging=2.0)
    weights, logs = steps(model, [POINTS, POINTS + 0.05, POINTS])
    history = [each["discriminator"] for each in weights]
    assert not np.array_equal(history[0], history[1])
    mean = np.mean(history, axis=0)
    past = ops.convert_to_numpy(model.past_discriminator.weights[0].value)
    np.testing.assert_allclose(past, mean, rtol=1e-5)
    expected = 2.0 * np.sum((history[-1] - mean) ** 2)
    assert expected > 1e-6
    assert number(model.penalty("discriminator")) == pytest.approx(expected, rel=1e-3)
    assert logs[0]["penalty"][0] == 0.0  # nothing is past yet


@pytest.mark.core
def test_instance_noise_fades_with_the_saved_step():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.4, 10, 0.0)
    model = linear_game(instance_noise=schedule)
    flat = np.zeros((1000, 1, 1, 2), "float32")
    for step, deviation in ((0, 0.4), (5, 0.2), (10, 0.0), (99, 0.0)):
        model.step.assign(step)
        noisy = ops.convert_to_numpy(model._noisy(ops.convert_to_tensor(flat)))
        assert noisy.std() == pytest.approx(deviation, rel=0.06)


def test_no_noise_means_no_draw():
    model = linear_game()
    assert model._noisy(POINTS) is POINTS


def test_evaluation_is_without_instance_noise():
    model = linear_game(objective="wasserstein", instance_noise=100.0)
    model.generator.set_weights([np.zeros((2, 2), "float32")])
    logs = model.evaluate(POINTS, verbose=0, return_dict=True)
    assert logs["critic_gap"] == pytest.approx(1.7, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"objective": "wgan"}, "objective must be one of minimax"),
        ({"regularizers": ["r3"]}, "regularizer must be one of gradient_penalty"),
        ({"discriminator_steps": 0}, "discriminator_steps must be at least 1, got 0"),
        ({"feature_matching": 1.5}, "share from 0 to 1, got 1.5"),
        ({"latent_distribution": "cauchy"}, "choose from normal, uniform, sphere"),
        ({"width": 4}, "width must be at least 5, got 4"),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GAN.build_default((8, 8, 1), latent_dim=2, **{"width": 10, **arguments})


# ---- the paper -----------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_counts():
    """MNIST: 100-1200-1200-784, and 784-240x5-240x5-1."""
    pixels = 28 * 28
    generator = (100 + 1) * 1200 + (1200 + 1) * 1200 + (1200 + 1) * pixels
    assert mlp_generator((28, 28, 1), 100).count_params() == generator
    discriminator = (pixels + 1) * 1200 + (240 + 1) * 1200 + 240 + 1
    assert maxout_discriminator((28, 28, 1)).count_params() == discriminator
    model = GAN.build_default()
    assert model.count_params() == generator + discriminator + 2  # step and epoch
    rates = [layer.rate for layer in model.discriminator.layers if hasattr(layer, "rate")]
    assert rates == [0.2, 0.5, 0.5]


def test_latents_are_uniform_of_variance_one():
    model = GAN.build_default((8, 8, 1), latent_dim=500, width=10)
    inside = keras.Model(model.generator.inputs, model.generator.layers[1].output)
    drawn = np.asarray(inside(model.latents(100)))
    assert drawn.std() == pytest.approx(1.0, rel=0.01)
    assert np.abs(drawn).max() == pytest.approx(np.sqrt(3), rel=1e-3)


@pytest.mark.parametrize("activation", ["tanh", None])
def test_the_generator_starts_at_the_mean_of_the_data(activation):
    mean = np.random.default_rng(0).uniform(-1, 1, (4, 4, 1)).astype("float32")
    mean[0, 0] = -1.0
    generator = mlp_generator((4, 4, 1), 3, (8,), mean_image=mean, output_activation=activation)
    made = np.asarray(generator(np.zeros((1, 3), "float32")))[0]
    np.testing.assert_allclose(made, np.clip(mean, -0.999, 0.999), atol=1e-5)
    with pytest.raises(ValueError, match=r"mean_image has shape \(4, 4\), not \(4, 4, 1\)"):
        mlp_generator((4, 4, 1), mean_image=np.zeros((4, 4)))


def test_default_optimizers_are_the_papers():
    """Rate 0.1 / 1.000004^t; the discriminator's halved, because its loss is not."""
    optimizers = GAN.build_default((8, 8, 1), 4, 10).default_optimizers()
    for player, rate in {"generator": 0.1, "discriminator": 0.05}.items():
        assert optimizers[player].momentum == 0.5
        assert float(optimizers[player].learning_rate) == pytest.approx(rate)
        schedule = keras.optimizers.serialize(optimizers[player])["config"]["learning_rate"]
        decay = keras.saving.deserialize_keras_object(schedule)
        assert float(decay(100_000)) == pytest.approx(rate * 1.000004**-100_000, rel=1e-5)


def test_networks_of_ones_own_train_and_their_file_loads(tmp_path):
    model = linear_game()
    assert model.latent_distribution == "normal"
    model.compile(generator_optimizer="adam", discriminator_optimizer="sgd")
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    latents = np.full((3, 2), 0.1, "float32")
    np.testing.assert_array_equal(
        loaded.serve("sample", latents=latents), model.serve("sample", latents=latents)
    )
    assert type(loaded.optimizer["discriminator"]) is keras.optimizers.SGD


def test_a_fixed_generator_meets_its_optimal_discriminator():
    """D -> p / (p + q) (Goodfellow et al. 2014, prop. 1); N(1, 1), N(-1, 1): logit 2x."""
    generator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Rescaling(1.0, -1.0), keras.layers.Reshape((1, 1, 1))]
    )
    discriminator = keras.Sequential(
        [keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model = GAN(generator, discriminator, seed=0)
    model.compile(
        run_eagerly=True,
        discriminator_optimizer=keras.optimizers.Adam(0.03),
        generator_optimizer="sgd",
    )
    rng = np.random.default_rng(0)
    for _ in range(250):
        real = (rng.normal(size=(500, 1, 1, 1)) + 1).astype("float32")
        fake = generator(model.latents(500))
        model.minimize(
            lambda real=real, fake=fake: model.judge(real, fake, True, model.noise),
            "discriminator",
        )
    slope, bias = (float(v.numpy().ravel()[0]) for v in discriminator.trainable_variables)
    assert slope == pytest.approx(2.0, abs=0.15)
    assert bias == pytest.approx(0.0, abs=0.15)
