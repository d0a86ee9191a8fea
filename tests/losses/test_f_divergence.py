import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from kgen import losses

# The generators f of the divergences, written down independently of the library, with the interval
# of u in which the supremum for the t below lies.
GENERATORS = {
    "kl": lambda u: u * np.log(u),
    "reverse_kl": lambda u: -np.log(u),
    "pearson": lambda u: (u - 1) ** 2,
    "neyman": lambda u: (1 - u) ** 2 / u,
    "squared_hellinger": lambda u: (np.sqrt(u) - 1) ** 2,
    "jensen_shannon": lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
    "gan": lambda u: u * np.log(u) - (u + 1) * np.log(u + 1),
}
IN_DOMAIN = {
    "kl": (-1.0, 0.5, 2.0),
    "reverse_kl": (-3.0, -1.0, -0.2),
    "pearson": (-1.5, 0.0, 2.0),
    "neyman": (-3.0, 0.0, 0.8),
    "squared_hellinger": (-3.0, 0.0, 0.6),
    "jensen_shannon": (-2.0, 0.0, 0.5),
    "gan": (-3.0, -np.log(2), -0.1),
}


def test_every_divergence_is_tested():
    assert set(GENERATORS) == set(IN_DOMAIN) == set(losses.F_DIVERGENCES)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_conjugate_is_the_supremum(name):
    """f*(t) = sup_u (u t - f(u)), found numerically."""
    for t in IN_DOMAIN[name]:
        found = minimize_scalar(
            lambda log_u, t=t: GENERATORS[name](np.exp(log_u)) - np.exp(log_u) * t,
            bounds=(-8, 8),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert float(losses.f_conjugate(t, name)) == pytest.approx(-found.fun, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_discriminator_takes_the_conjugate_of_the_activation(name):
    """The closed form of f*(g_f(v)) is f* of g_f; real and generated have opposite signs."""
    v = np.linspace(-2, 2, 9).astype("float32")
    g = np.asarray(losses.f_activation(v, name))
    assert np.all(np.diff(g) > 0)  # a larger v always means 'rather real'
    composed = np.mean(np.asarray(losses.f_conjugate(g, name)))
    loss = float(losses.f_discriminator(v[:3], v, name))
    assert loss == pytest.approx(composed - np.mean(g[:3]), rel=1e-4, abs=1e-5)
    assert float(losses.f_generator(v, name)) == pytest.approx(-np.mean(g), rel=1e-5)
    assert float(losses.f_generator(v, name, saturating=True)) == pytest.approx(-composed, rel=1e-4)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_best_output_is_the_derivative_at_the_ratio(name):
    """At a point of densities p and q the bound is p g - q f*(g), largest where g = f'(p / q)."""
    p, q = 0.6, 0.25

    def minus_bound(v):
        v = np.full(1, v, "float32")
        g = float(losses.f_activation(v, name)[0])
        return q * float(losses.f_conjugate(g, name)) - p * g

    best = minimize_scalar(minus_bound, bounds=(-4, 9), method="bounded", options={"xatol": 1e-4})
    h = 1e-5
    slope = (GENERATORS[name](p / q + h) - GENERATORS[name](p / q - h)) / (2 * h)
    assert float(losses.f_activation(best.x, name)) == pytest.approx(slope, rel=5e-3, abs=2e-3)


SHIFT = 0.7  # N(0, 1) against N(0.7, 1)
GRID = np.linspace(-12, 13, 5001)
P, Q = norm.pdf(GRID), norm.pdf(GRID - SHIFT)
WIDTH = GRID[1] - GRID[0]


def _twice_jensen_shannon():
    mean = (P + Q) / 2
    return np.sum(P * np.log(P / mean) + Q * np.log(Q / mean)) * WIDTH


CLOSED_FORM = {
    "kl": SHIFT**2 / 2,
    "reverse_kl": SHIFT**2 / 2,
    "pearson": np.exp(SHIFT**2) - 1,
    "neyman": np.exp(SHIFT**2) - 1,
    "squared_hellinger": 2 - 2 * np.exp(-(SHIFT**2) / 8),
    "jensen_shannon": _twice_jensen_shannon(),
    "gan": _twice_jensen_shannon() - np.log(4),
}
# g_f and f* of it in float64.
FORMS = {
    "kl": lambda v: (v, np.exp(v - 1)),
    "reverse_kl": lambda v: (-np.exp(-v), v - 1),
    "pearson": lambda v: (v, v**2 / 4 + v),
    "neyman": lambda v: (1 - np.exp(-v), 2 - 2 * np.sqrt(np.exp(-v))),
    "squared_hellinger": lambda v: (1 - np.exp(-v), (1 - np.exp(-v)) / np.exp(-v)),
    "jensen_shannon": lambda v: (np.log(2) - np.log1p(np.exp(-v)), np.log1p(np.exp(v)) - np.log(2)),
    "gan": lambda v: (-np.log1p(np.exp(-v)), np.log1p(np.exp(v))),
}


@pytest.fixture(scope="module")
def bounds():
    """All bounds, before and during the training of one network with an output for each.

    The network learns on quantiles of both distributions; the bounds are by quadrature in float64.
    """
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(32, "tanh"), keras.layers.Dense(32, "tanh")]
    )
    network.add(keras.layers.Dense(len(FORMS), kernel_initializer="zeros"))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 400))
    optimizer.build(network.trainable_variables)
    real = norm.ppf((np.arange(4000) + 0.5) / 4000).astype("float32")[:, None]

    @tf.function(jit_compile=True)
    def step():
        with tf.GradientTape() as tape:
            of_real, of_fake = network(real), network(real + SHIFT)
            loss = sum(
                losses.f_discriminator(of_real[:, i], of_fake[:, i], name)
                for i, name in enumerate(FORMS)
            )
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)

    def measure():
        outputs = network(GRID[:, None].astype("float32")).numpy().astype("float64")
        pairs = [form(v) for form, v in zip(FORMS.values(), outputs.T, strict=True)]
        return [np.sum(P * activation - Q * conjugate) * WIDTH for activation, conjugate in pairs]

    measured = [measure()]
    for steps in (20, 80, 300):
        for _ in range(steps):
            step()
        measured.append(measure())
    return dict(zip(FORMS, zip(*measured, strict=True), strict=True))


@pytest.mark.parametrize("name", GENERATORS)
def test_the_trained_bound_rises_to_the_closed_form_and_never_above(bounds, name):
    exact = CLOSED_FORM[name]
    floor = GENERATORS[name](1.0)  # what a discriminator that sees no difference attains
    assert max(bounds[name]) <= exact + 1e-6
    assert bounds[name][0] < bounds[name][1] < bounds[name][-1]
    assert bounds[name][-1] - floor == pytest.approx(exact - floor, rel=0.05)


def test_an_unknown_divergence_is_refused_with_the_names():
    with pytest.raises(ValueError, match=r"one of kl, reverse_kl, .*, got 'jeffrey'"):
        losses.f_conjugate(0.0, "jeffrey")
    with pytest.raises(ValueError, match="got 'jeffrey'"):
        losses.FDivergence("jeffrey")
