import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from kgen.layers import MixtureOfGaussians
from kgen.models import GaussianMixture
from tests.contract import ModelContract


class TestGaussianMixture(ModelContract):
    @staticmethod
    def build():
        return GaussianMixture.build_default((4, 4, 1), components=2, covariance="diagonal")

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 4, 4, 1)).astype("float32")


def blobs(n=600, seed=0):
    """Points around (2, 0) and (-2, 1), the first kind twice as often and along a diagonal."""
    rng = np.random.default_rng(seed)
    slant = rng.normal(size=(2 * n // 3, 2)) @ np.array([[0.5, 0.4], [0.0, 0.2]]) + [2, 0]
    return np.concatenate([slant, 0.3 * rng.normal(size=(n // 3, 2)) + [-2, 1]]).astype("float32")


def mixture_of(covariance):
    """Known weights in two dimensions, with their covariances."""
    mixture = MixtureOfGaussians(2, 2, covariance)
    weights, means = np.array([0.3, 0.7]), np.array([[1.0, 0.0], [-1.0, 2.0]])
    if covariance == "full":
        factors = np.array([[[0.5, 0.0], [0.4, 0.3]], [[1.0, 0.0], [-0.5, 0.6]]])
        covariances = factors @ np.swapaxes(factors, 1, 2)
    else:
        factors = np.array([[0.5, 0.3], [1.0, 0.6]])
        covariances = np.stack([np.diag(row**2) for row in factors])
    mixture.log_weights.assign(np.log(weights))
    mixture.means.assign(means)
    mixture.factors.assign(factors)
    return mixture, weights, means, covariances


# ---- the density ---------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_the_density_is_that_of_its_components(covariance):
    mixture, weights, means, covariances = mixture_of(covariance)
    x = np.random.default_rng(0).normal(size=(50, 2))
    each = [multivariate_normal(m, c).logpdf(x) for m, c in zip(means, covariances, strict=True)]
    expected = logsumexp(np.log(weights) + np.stack(each, axis=1), axis=1)
    np.testing.assert_allclose(mixture(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_draws_have_the_moments_of_the_mixture(covariance):
    mixture, weights, means, covariances = mixture_of(covariance)
    rng = np.random.default_rng(1)
    n = 100_000
    drawn = np.asarray(
        mixture.draw(rng.random(n).astype("float32"), rng.normal(size=(n, 2)).astype("float32"))
    )
    mean = weights @ means
    second = np.einsum("k,kij->ij", weights, covariances + means[:, :, None] * means[:, None])
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), second - np.outer(mean, mean), atol=0.04)


def test_the_density_of_points_integrates_to_one():
    model = GaussianMixture.build_default((2,), components=2)
    model.compile()
    model.fit(blobs(), verbose=0)
    axis = np.arange(-6, 6, 0.05)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")
    assert np.exp(model.log_prob(grid)).sum() * 0.05**2 == pytest.approx(1, abs=0.01)


def test_the_density_of_images_is_in_nats_of_grey_levels():
    """One Gaussian on one pixel, N(m, s^2) in [-1, 1): a level is 1/128 wide."""
    model = GaussianMixture.build_default((1, 1, 1), components=1)
    model.mixture.means.assign([[0.1]])
    model.mixture.factors.assign([[[0.2]]])
    level = 150
    log_p = model.serve(
        "log_prob",
        images=np.full((1, 1, 1, 1), level / 127.5 - 1),
        uniforms=np.full((1, 1, 1, 1), 0.25),
    )
    x = (level + 0.25) / 128 - 1
    expected = -0.5 * np.log(2 * np.pi) - np.log(0.2) - 0.5 * ((x - 0.1) / 0.2) ** 2 - np.log(128)
    assert float(log_p[0]) == pytest.approx(expected, rel=1e-4)


# ---- expectation-maximisation --------------------------------------------------------------------


def test_fit_is_scikit_learns_em_on_all_the_data():
    """One epoch with enough steps is scikit-learn's fit, and its density this one."""
    from sklearn.mixture import GaussianMixture as Reference

    x = blobs()
    model = GaussianMixture.build_default((2,), components=2, iterations=300)
    model.compile()
    history = model.fit(x, batch_size=100, verbose=0).history
    reference = Reference(2, tol=1e-6, max_iter=300, random_state=0).fit(x.astype("float64"))
    np.testing.assert_allclose(model.log_prob(x), reference.score_samples(x), atol=1e-3)
    assert history["loss"][0] == pytest.approx(-reference.score(x), abs=1e-3)
    found = np.sort(np.exp(np.asarray(model.mixture.log_weights)))
    np.testing.assert_allclose(found, [1 / 3, 2 / 3], atol=0.01)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_no_epoch_makes_the_likelihood_worse(covariance):
    model = GaussianMixture.build_default((2,), components=5, covariance=covariance, iterations=1)
    model.compile()
    losses = model.fit(blobs(), batch_size=300, epochs=8, verbose=0).history["loss"]
    assert (np.diff(losses) < 1e-4).all()
    assert losses[-1] < losses[0] - 1e-3


def test_full_covariances_are_never_worse_for_one_component():
    losses = {}
    for covariance in ("full", "diagonal"):
        model = GaussianMixture.build_default((2,), components=1, covariance=covariance)
        model.compile()
        model.fit(tf.data.Dataset.from_tensor_slices(blobs()).batch(100), verbose=0)
        losses[covariance] = model.evaluate(blobs(), verbose=0, return_dict=True)["loss"]
    x = blobs().astype("float64")
    expected = 1 + np.log(2 * np.pi) + 0.5 * np.linalg.slogdet(np.cov(x.T, bias=True))[1]
    assert losses["full"] == pytest.approx(expected, abs=1e-3)
    assert losses["diagonal"] > losses["full"] + 0.01


def test_points_are_drawn_where_the_data_are():
    model = GaussianMixture.build_default((2,), components=2, seed=0)
    model.compile()
    model.fit(blobs(), verbose=0)
    drawn = model.sample(4000, seed=0)
    right = drawn[:, 0] > 0
    assert right.mean() == pytest.approx(2 / 3, abs=0.03)
    np.testing.assert_allclose(drawn[~right].mean(axis=0), [-2, 1], atol=0.06)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"covariance": "tied"}, "covariance must be one of"),
        ({"components": 0}, "components must be at least 1"),
        ({"iterations": 0}, "iterations must be at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture.build_default((2,), **arguments)


def test_data_that_do_not_fit_are_refused():
    model = GaussianMixture.build_default((2,), components=4)
    model.compile()
    with pytest.raises(ValueError, match="3 points are too few for 4 components"):
        model.fit(blobs()[:3], verbose=0)
    with pytest.raises(ValueError, match=r"pass an array or a tf\.data\.Dataset"):
        model.fit((blobs() for _ in range(1)), shuffle=False, verbose=0)
    with pytest.raises(ValueError, match=r"points must be \(n, 2\)"):
        model.mixture.fit(np.zeros((5, 3)))


def test_a_loaded_mixture_goes_on_from_where_it_was(tmp_path):
    model = GaussianMixture.build_default((2,), components=3, iterations=2, seed=1)
    model.compile()
    model.fit(blobs(), verbose=0)
    model.save(tmp_path / "mixture.keras")
    loaded = keras.models.load_model(tmp_path / "mixture.keras")
    losses = [m.fit(blobs(), verbose=0).history["loss"] for m in (model, loaded)]
    assert losses[0] == losses[1]
    assert isinstance(loaded.image_shape, tuple)
