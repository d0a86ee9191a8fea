"""The objectives behind their names, each value derived by hand."""

import keras
import numpy as np
import pytest

from kgen import losses

ZERO, ONE, TWO = (np.full((4, 1), v, "float32") for v in (0.0, 1.0, 2.0))
IMAGES = np.zeros((4, 2, 2, 1), "float32"), np.ones((4, 2, 2, 1), "float32")
LN2, E = np.log(2), np.e

# Each with the discriminator's and the generator's loss at logits 0, 0 and at real 1, generated 2.
softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
VALUES = {
    "minimax": (2 * LN2, -LN2, softplus(-1) + softplus(2), -softplus(2)),
    "non_saturating": (2 * LN2, LN2, softplus(-1) + softplus(2), softplus(-2)),
    "maximum_likelihood": (2 * LN2, -1, softplus(-1) + softplus(2), -(E**2)),
    "least_squares": (0.5, 0.5, 2.0, 0.5),
    "hinge": (2.0, 0.0, 3.0, -2.0),
    "wasserstein": (0.0, 0.0, 1.0, -2.0),
    "relativistic": (LN2, LN2, softplus(1), softplus(-1)),
    # Images 1 apart: -D + D^2 / 20, with D = -1.
    "gan_qp_l1": (0.0, 0.0, 1.05, -1.0),
    "gan_qp_l2": (0.0, 0.0, 1.05, -1.0),
    "f_kl": (1 / E, 0.0, E - 1, -2.0),
    "f_reverse_kl": (0.0, 1.0, 1 + 1 / E, E**-2),
    "f_pearson": (0.0, 0.0, 2.0, -2.0),
    "f_neyman": (0.0, 0.0, 1 - 1 / E, -(1 - E**-2)),
    "f_squared_hellinger": (0.0, 0.0, E**2 - 1 - 1 + 1 / E, -(1 - E**-2)),
    "f_jensen_shannon": (0.0, 0.0, softplus(2) + softplus(-1) - 2 * LN2, softplus(-2) - LN2),
    "f_gan": (2 * LN2, LN2, softplus(2) + softplus(-1), softplus(-2)),
}


def test_every_objective_has_its_values():
    assert set(VALUES) == set(losses.OBJECTIVES)


@pytest.mark.parametrize("name", VALUES)
def test_values_by_hand(name):
    objective = losses.find_objective(name)
    equal_d, equal_g, other_d, other_g = VALUES[name]
    got = [
        objective.discriminator(ZERO, ZERO, *IMAGES),
        objective.generator(ZERO, ZERO),
        objective.discriminator(ONE, TWO, *IMAGES),
        objective.generator(TWO, ONE),
    ]
    assert [keras.backend.standardize_dtype(value.dtype) for value in got] == ["float32"] * 4
    expected = [equal_d, equal_g, other_d, other_g]
    assert [float(value) for value in got] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_v_is_minus_log_4_at_one_half():
    """Goodfellow et al. 2014, theorem 1: V = E log D + E log(1 - D)."""
    value = -float(losses.Minimax().discriminator(ZERO, ZERO))
    assert value == pytest.approx(-np.log(4), rel=1e-6)


def test_minimax_is_a_zero_sum_game():
    """What the generator minimises is its half of V, the discriminator's loss turned."""
    game = losses.Minimax()
    rising = float(game.discriminator(ONE, TWO)) - float(game.discriminator(ONE, ONE))
    falling = float(game.generator(TWO)) - float(game.generator(ONE))
    assert rising == pytest.approx(-falling, rel=1e-5)


@pytest.mark.parametrize("name", ["relativistic", "wasserstein", "gan_qp_l1"])
def test_some_do_not_depend_on_the_level_of_the_logits(name):
    objective = losses.find_objective(name)
    for shift in (5.0, -3.0):
        a = float(objective.discriminator(ONE, TWO, *IMAGES))
        b = float(objective.discriminator(ONE + shift, TWO + shift, *IMAGES))
        assert a == pytest.approx(b, rel=1e-5)
    hinge = losses.Hinge()  # and some do
    assert float(hinge.discriminator(ONE, TWO)) != float(hinge.discriminator(ONE + 5, TWO + 5))


def test_smoothing_is_one_sided():
    """Target 0.9 of real images only: -0.9 log D - 0.1 log(1 - D) - log(1 - D(G))."""
    real, fake = np.array([[0.4]], "float32"), np.array([[-0.7]], "float32")
    d, g = (1 / (1 + np.exp(-x)) for x in (0.4, -0.7))
    expected = -0.9 * np.log(d) - 0.1 * np.log(1 - d) - np.log(1 - g)
    smooth = losses.NonSaturating(label_smoothing=0.1)
    assert float(smooth.discriminator(real, fake)) == pytest.approx(expected, rel=1e-5)
    assert float(smooth.generator(fake)) == float(losses.NonSaturating().generator(fake))


def test_the_best_smoothed_discriminator_is_alpha_p_over_p_plus_q():
    """Equal densities and alpha 0.9: D = 0.45, logit ln(9 / 11)."""
    logits = np.linspace(-2, 2, 4001).astype("float32")
    smooth = losses.NonSaturating(0.1)
    values = [float(smooth.discriminator(v[None], v[None])) for v in logits[1000:3000:4]]
    best = logits[1000:3000:4][np.argmin(values)]
    assert 1 / (1 + np.exp(-best)) == pytest.approx(0.45, abs=2e-3)


def test_least_squares_takes_any_targets():
    """(a, b, c) = (-1, 1, 0) at 1 and 2: (0 + 9) / 2 and 4 / 2."""
    objective = losses.LeastSquares(-1.0, 1.0, 0.0)
    assert float(objective.discriminator(ONE, TWO)) == 4.5
    assert float(objective.generator(TWO)) == 2.0


@pytest.mark.parametrize("name", VALUES)
def test_an_objective_survives_its_configuration(name):
    objective = losses.find_objective(name)
    loaded = losses.find_objective(keras.saving.serialize_keras_object(objective))
    assert loaded == objective
    assert losses.find_objective(objective) is objective
    others = [losses.find_objective(other) for other in VALUES if other != name]
    assert all(objective != other for other in others)


def test_an_objective_prints_as_its_call():
    assert repr(losses.NonSaturating(0.1)) == "NonSaturating(label_smoothing=0.1)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.find_objective("wgan"), r"one of minimax, .* or an object, got 'wgan'"),
        (lambda: losses.find_objective(losses.R1()), r"got R1\(weight=10.0\)"),
        (lambda: losses.NonSaturating(1.0), r"lie in \[0, 1\), got 1.0"),
        (lambda: losses.QuadraticPotential("cosine"), "one of l1, l2, got 'cosine'"),
        (lambda: losses.QuadraticPotential(weight=0.0), "must be positive, got 0.0"),
    ],
)
def test_what_it_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_feature_matching_compares_means():
    """Means (2, 1) and (0, 4): (4 + 9) / 2; equal means of different samples match."""
    real = np.array([[1.0, 1.0], [3.0, 1.0]], "float32")
    fake = np.array([[0.0, 4.0]], "float32")
    assert float(losses.feature_matching(real, fake)) == pytest.approx(6.5)
    assert float(losses.feature_matching(real, real.mean(axis=0, keepdims=True))) == 0.0
