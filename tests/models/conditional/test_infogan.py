import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.errors import DataError
from kgen.models import GAN, InfoGAN
from kgen.models.conditional.codes import Codes
from kgen.networks import infogan_discriminator, infogan_generator, infogan_recognition
from tests.contract import ModelContract


def images(n=20, side=8):
    return np.random.default_rng(0).uniform(-1, 1, (n, side, side, 1)).astype("float32")


class TestInfoGAN(ModelContract):
    compile_arguments = {"run_eagerly": True}  # the smoke test of its recipe traces it

    @staticmethod
    def build():
        return InfoGAN.build_default(
            (8, 8, 1), 4, width=2, categorical=(4, 3), learned_deviation=True, ema_momentum=0.9
        )

    data = staticmethod(images)


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


# ---- the bound -----------------------------------------------------------------------------------


def bound(logits, codes):
    (value,) = Codes((10,), 0).information(ops.array(logits), None, [ops.array(codes)]).values()
    return number(value)


def test_the_bound_is_the_codes_entropy_where_q_is_right():
    codes = np.arange(10)
    assert bound(100.0 * np.eye(10)[codes], codes) == pytest.approx(np.log(10), abs=1e-5)
    assert bound(np.zeros((10, 10)), codes) == pytest.approx(0.0, abs=1e-6)
    # Right for half of the images, and evenly unsure of the others.
    half = 100.0 * np.eye(10)[codes] * (codes < 5)[:, None]
    assert bound(half, codes) == pytest.approx(np.log(10) / 2, abs=1e-5)
    # Surely wrong is worse than saying nothing.
    assert bound(5.0 * np.eye(10)[codes - 1], codes) < -1


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_never_passes_ln_10(seed):
    rng = np.random.default_rng(seed)
    for scale in (0.1, 1.0, 100.0):
        logits = scale * rng.normal(size=(50, 10))
        best = logits.argmax(axis=1)  # the codes that flatter Q most
        assert bound(logits, best) <= np.log(10) + 1e-5


def test_the_bound_of_a_continuous_code():
    """Means right: ln 2 - ln(2 pi) / 2 each at deviation 1, and 1 nat more at exp(-1)."""
    codes = np.array([[0.5, -1.0], [0.0, 0.25]], "float32")
    wrong = codes + np.array([0.0, 2.0], "float32")
    fixed = Codes((), 2)
    value = number(fixed.information(codes, codes, [])["continuous_information"])
    assert value == pytest.approx(2 * (np.log(2) - np.log(2 * np.pi) / 2), rel=1e-5)
    less = number(fixed.information(ops.array(wrong), codes, [])["continuous_information"])
    assert less == pytest.approx(value - 2.0, rel=1e-5)  # 2^2 / 2
    learned = Codes((), 2, learned_deviation=True)
    sharper = np.concatenate([codes, np.full((2, 2), -2.0)], axis=1)
    more = number(learned.information(ops.array(sharper), codes, [])["continuous_information"])
    assert more == pytest.approx(value + 2.0, rel=1e-5)


def test_several_codes_share_qs_parameters_out():
    codes = Codes((2, 3), 2, learned_deviation=True)
    assert codes.parameters == 2 + 3 + 2 * 2
    row = np.arange(9.0)[None]
    logits, means, log_variances = codes.posterior(row)
    assert [part.tolist() for part in logits] == [[[0, 1]], [[2, 3, 4]]]
    assert (means.tolist(), log_variances.tolist()) == ([[5, 6]], [[7, 8]])
    sure = 100.0 * np.eye(9)[[1]] + 100.0 * np.eye(9)[[3]]
    value = codes.information(ops.array(sure), np.zeros((1, 2)), [np.array([1]), np.array([1])])
    assert number(value["mutual_information"]) == pytest.approx(np.log(6), abs=1e-5)


# ---- the game ------------------------------------------------------------------------------------


def points(**kwargs):
    """Points of the line as images of 1 x 1 x 1, and one code of two classes."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [
            keras.Input((1 + 2,)),
            layers.Dense(8, activation="tanh"),
            layers.Dense(1, activation="tanh"),
            layers.Reshape((1, 1, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((1, 1, 1)),
            layers.Flatten(),
            layers.Dense(16, activation="tanh"),
            layers.Dense(1),
        ]
    )
    recognition = keras.Sequential(
        [keras.Input((16,)), layers.Dense(2, kernel_initializer="zeros")]
    )
    arguments = {"categorical": (2,), "continuous": 0, "regularizers": ["r1"], **kwargs}
    return InfoGAN(generator, discriminator, recognition, **arguments)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_information_rises_with_lambda_and_not_without(weight):
    """Two values in the data: with lambda 1 the code chooses between them, L_I -> ln 2."""
    model = points(categorical_weight=weight)
    adam = {
        f"{player}_optimizer": keras.optimizers.Adam(0.01, beta_1=0.5) for player in model.players
    }
    model.compile(**adam)
    x = np.resize([-0.7, 0.7], (4800 if weight else 160, 1, 1, 1)).astype("float32")
    model.fit(x, batch_size=16, verbose=0)
    logs = model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True)
    if weight == 0:
        assert logs["mutual_information"] == pytest.approx(0.0, abs=1e-6)  # Q is as it was
        return
    assert 0.6 < logs["mutual_information"] <= np.log(2) + 1e-6
    asked = np.arange(40) % 2
    told = model.classify(model.sample(40, categories=asked, seed=0)).argmax(axis=1)
    assert (told == asked).mean() > 0.95


def test_the_generators_gradient_holds_lambda_times_the_bounds():
    """With lambda 0 the plain GAN's to the last bit; else lambda times that of L_I less."""
    fake = ops.convert_to_tensor(np.array([-0.3, 0.2, 0.9], "float32").reshape(3, 1, 1, 1))
    codes = {"category_0": ops.convert_to_tensor(np.array([0, 1, 1], "int32")), "continuous": None}

    def slope(weight):
        model = points(categorical_weight=weight)
        model.recognition.set_weights([np.linspace(-2, 2, 32).reshape(16, 2), np.zeros(2)])
        (gradient,) = model.functional_gradient(lambda x: model.fool(x, x, True, **codes), [fake])
        return ops.convert_to_numpy(gradient), model

    without, model = slope(0.0)
    (plain,) = model.functional_gradient(
        lambda x: GAN.generator_loss(model, model.discriminator(x)), [fake]
    )
    np.testing.assert_array_equal(without, ops.convert_to_numpy(plain))

    def information(x):
        features = model.look(x, True, features=True)[0]
        parameters = model.recognition(features)
        return model.codes.information(parameters, None, [codes["category_0"]])[
            "mutual_information"
        ]

    (of_bound,) = (ops.convert_to_numpy(g) for g in model.functional_gradient(information, [fake]))
    assert np.abs(of_bound).min() > 1e-3
    np.testing.assert_allclose(slope(2.0)[0], without - 2.0 * of_bound, rtol=1e-4, atol=1e-6)


def test_losses_hold_v_minus_lambda_l_i():
    """Logits and Q at 0: 2 ln 2 and an L_I of 0; with right codes, lambda ln 2 less."""
    model = points(categorical_weight=3.0, regularizers=())
    model.discriminator.layers[-1].set_weights([np.zeros((16, 1)), np.zeros(1)])
    x = images(4, 1)
    codes = {"category_0": ops.zeros((4,), "int32"), "continuous": None}
    loss, report = model.judge(x, x, True, model.noise, **codes)
    assert number(loss) == pytest.approx(2 * np.log(2), rel=1e-6)
    assert number(report["mutual_information"]) == pytest.approx(0.0, abs=1e-6)
    model.recognition.set_weights([np.zeros((16, 2)), np.array([50.0, -50.0])])
    assert number(model.fool(x, x, True, **codes)) == pytest.approx(-2 * np.log(2), rel=1e-6)
    loss, _ = model.judge(x, x, True, model.noise, **codes)
    assert number(loss) == pytest.approx(-np.log(2), rel=1e-6)


def test_q_learns_with_the_discriminator_on_generated_images_alone():
    """Its gradient is that of its own term; real images have no code."""
    model = points(regularizers=())
    codes = {
        "category_0": ops.convert_to_tensor(np.array([0, 1, 0, 1], "int32")),
        "continuous": None,
    }
    fake = ops.convert_to_tensor(images(4, 1))

    def moved(real):
        model.recognition.set_weights([np.zeros((16, 2)), np.zeros(2)])
        rates = {f"{player}_optimizer": keras.optimizers.SGD(1.0) for player in model.players}
        model.compile(run_eagerly=True, **rates)
        before = model.discriminator.get_weights()
        model.minimize(lambda: model.judge(real, fake, True, model.noise, **codes), "discriminator")
        model.discriminator.set_weights(before)
        return model.recognition.get_weights()[0]

    first = moved(images(4, 1))
    assert np.abs(first).max() > 1e-3
    np.testing.assert_array_equal(first, moved(-images(4, 1)))


# ---- codes asked for -----------------------------------------------------------------------------


def test_codes_are_drawn_evenly_and_stand_where_the_generator_looks():
    model = InfoGAN.build_default((8, 8, 1), 3, width=2, categorical=(4, 2), continuous=1)
    latents, codes = model.draw(np.zeros((4000, 1), "float32"))
    assert list(codes) == ["continuous", "category_0", "category_1"]
    np.testing.assert_array_equal(codes["continuous"], latents[:, 3:])
    assert np.abs(np.bincount(codes["category_0"], minlength=4) - 1000).max() < 130
    given = np.asarray(model.generator_input(latents[:2], category_0=[3, 0], category_1=[0, 1]))
    np.testing.assert_array_equal(given[:, 4:], [[0, 0, 0, 1, 1, 0], [1, 0, 0, 0, 0, 1]])


def test_samples_have_the_codes_asked_for():
    model = InfoGAN.build_default((8, 8, 1), 3, width=4, categorical=(4, 2), continuous=1)
    free = model.sample(3, seed=5)
    same = model.sample(3, [[0, 0]] * 3, [[0.1]] * 3, seed=5)
    np.testing.assert_array_equal(same, model.sample(3, [[0, 0]] * 3, [[0.1]] * 3, seed=5))
    other = model.sample(3, [[1, 0]] * 3, [[0.1]] * 3, seed=5)
    further = model.sample(3, [[0, 0]] * 3, [[2.0]] * 3, seed=5)
    assert all(np.abs(same - each).max() > 1e-5 for each in (free, other, further))
    assert model.classify(same).shape == (3, 4)
    np.testing.assert_allclose(model.classify(same, code=1).sum(axis=1), 1.0, rtol=1e-5)
    for codes in ([[0, 2]] * 3, [0, 0, 0], [[0, 0]]):
        with pytest.raises(DataError, match=r"3 rows of 2 whole numbers \(0 to 3, 0 to 1\)"):
            model.sample(3, codes)
    with pytest.raises(DataError, match=r"must have shape \(3, 1\), got \(3,\)"):
        model.sample(3, continuous=[0.0, 0.0, 0.0])


def test_without_codes_of_a_kind_their_capability_is_missing():
    model = points()
    assert "classify" in model.capabilities and "encode" not in model.capabilities
    assert model.sample(2, categories=[0, 1]).shape == (2, 1, 1, 1)
    assert "continuous_information" not in model.loss_names
    only = InfoGAN.build_default((8, 8, 1), 3, width=2, categorical=(), continuous=3)
    assert "encode" in only.capabilities and "classify" not in only.capabilities
    assert only.encode(images(2)).shape == (2, 3)


# ---- the paper -----------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_counts():
    """74 -> 1024 -> 7x7x128 -> 14x14x64 -> 28x28x1, and back; Q 1024 -> 128 -> 12."""
    generator = 74 * 1024 + 1024 * 6272 + 16 * (128 * 64 + 64) + 1 + 4 * (1024 + 6272 + 64)
    assert infogan_generator((28, 28, 1), 74).count_params() == generator
    discriminator = 16 * 64 + 64 + 16 * 64 * 128 + 6272 * 1024 + 1025 + 4 * (128 + 1024)
    assert infogan_discriminator((28, 28, 1)).count_params() == discriminator
    recognition = 1024 * 128 + 129 * 12 + 4 * 128
    assert infogan_recognition(1024, 12).count_params() == recognition
    model = InfoGAN.build_default()
    assert model.count_params() == generator + discriminator + recognition + 2  # step and epoch
    optimizers = model.default_optimizers()
    rates = {player: float(optimizers[player].learning_rate) for player in optimizers}
    assert rates == pytest.approx({"generator": 1e-3, "discriminator": 2e-4})


def test_what_does_not_fit_is_refused():
    for arguments, message in (
        ({"categorical": (1,)}, "at least 2 classes"),
        ({"categorical": (), "continuous": 0}, "there must be a code"),
        ({"latent_distribution": "normal"}, "latents are uniform"),
        ({"categorical_weight": -1.0}, "must be at least 0"),
        ({"image_shape": (9, 8, 1)}, "sides 4 divides, not 9 x 8"),
    ):
        with pytest.raises(ValueError, match=message):
            InfoGAN.build_default(
                **{"image_shape": (8, 8, 1), "noise_dim": 2, "width": 2, **arguments}
            )
    with pytest.raises(ValueError, match="the recognition network give 3; they take 3 and give 2"):
        points(categorical=(2,), continuous=1)
