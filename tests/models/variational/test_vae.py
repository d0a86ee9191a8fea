import keras
import numpy as np
import pytest
from keras import ops

from kgen.losses import standard_normal_kl
from kgen.models import VAE
from kgen.models.variational.observation import Bernoulli, Gaussian
from kgen.training import Noise
from tests.contract import ModelContract


def _images(channels=1):
    return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, channels)).astype("float32")


class TestBernoulliVAE(ModelContract):
    @staticmethod
    def build():
        return VAE.build_default((8, 8, 1), latent_dim=3)

    @staticmethod
    def data():
        return _images()


class TestGaussianConvVAE(ModelContract):
    @staticmethod
    def build():
        return VAE.build_default((8, 8, 3), 3, architecture="conv", likelihood="gaussian")

    @staticmethod
    def data():
        return _images(3)


# ---- the exact model: probabilistic PCA --------------------------------------------------


class _LinearGaussian:
    """`z ~ N(0, I)`, `x = W z + noise` on 8 grey pixels: everything known in closed form.

    The observation model works on the scale of one grey level = 1/128, and adds log 128 a pixel.
    """

    def __init__(self, scale=1.0):
        random = np.random.default_rng(3)
        self.d, self.k, self.variance = 8, 2, 0.04
        self.w = random.normal(size=(self.d, self.k)) * 0.2
        inverse = np.linalg.inv(self.w.T @ self.w + self.variance * np.eye(self.k))
        # The exact posterior: mean = M x, diagonal because the columns are made orthogonal.
        u, s, _ = np.linalg.svd(self.w, full_matrices=False)
        self.w = u * s
        inverse = np.diag(1 / (s**2 + self.variance))
        self.to_mean = (inverse @ self.w.T) * scale
        self.posterior_variance = self.variance * np.diag(inverse)
        self.model = VAE(self._encoder(), self._decoder(), likelihood="gaussian")

    def _encoder(self):
        images = keras.Input((2, 4, 1))
        flat = keras.layers.Flatten()(images)
        mean = keras.layers.Dense(self.k, use_bias=False, name="mean")(flat)
        log_variance = keras.layers.Dense(self.k, kernel_initializer="zeros", name="lv")(flat)
        network = keras.Model(images, [mean, log_variance])
        network.get_layer("mean").set_weights([self.to_mean.T])
        kernel, _ = network.get_layer("lv").get_weights()
        network.get_layer("lv").set_weights([kernel, np.log(self.posterior_variance)])
        return network

    def _decoder(self):
        latents = keras.Input((self.k,))
        mean = keras.layers.Dense(self.d, use_bias=False, name="mean")(latents)
        lv = keras.layers.Dense(self.d, kernel_initializer="zeros", name="lv")(latents)
        mean, lv = (keras.layers.Reshape((2, 4, 1))(t) for t in (mean, lv))
        network = keras.Model(latents, keras.layers.Concatenate()([mean, lv]))
        network.get_layer("mean").set_weights([self.w.T])
        network.get_layer("lv").set_weights(
            [np.zeros((self.k, self.d)), np.full(self.d, np.log(self.variance))]
        )
        return network

    def exact_log_prob(self, x):
        covariance = self.w @ self.w.T + self.variance * np.eye(self.d)
        _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
        scaled = np.einsum("ni,ij,nj->n", x, np.linalg.inv(covariance), x)
        return -0.5 * (log_det + scaled) - self.d * np.log(128)


def _levels(n):
    """Images on exact grey levels, and the dequantised pixels for uniforms of one half."""
    levels = np.random.default_rng(5).integers(60, 200, (n, 2, 4, 1))
    images = (levels / 127.5 - 1).astype("float32")
    return images, ((levels + 0.5) / 128 - 1).reshape(n, 8)


def _bound(model, images, k, seed=0):
    noise = np.random.default_rng(seed).normal(size=(len(images), k, 2)).astype("float32")
    uniforms = np.full(images.shape, 0.5, "float32")
    return model.serve("log_prob", images=images, noise=noise, uniforms=uniforms)


def test_importance_bound_is_exact_at_the_exact_posterior():
    """Every importance weight is p(x) itself, so one sample is enough."""
    exact = _LinearGaussian()
    images, x = _levels(6)
    for k in (1, 7):
        np.testing.assert_allclose(
            _bound(exact.model, images, k), exact.exact_log_prob(x), rtol=1e-4
        )


def test_elbo_equals_log_prob_at_the_exact_posterior_and_lies_below_elsewhere():
    images, x = _levels(4)
    uniforms = np.full(images.shape, 0.5, "float32")
    gaps = []
    for scale in (1.0, 0.5):
        exact = _LinearGaussian(scale)
        model, elbos = exact.model, []
        for seed in range(400):
            noise = np.random.default_rng(seed).normal(size=(4, 2)).astype("float32")
            likelihood, kl = model.bound(
                images, noise, uniforms, model.encoder, model.decoder, training=False
            )
            elbos.append(ops.convert_to_numpy(likelihood - kl))
        gaps.append(np.mean(exact.exact_log_prob(x) - np.mean(elbos, axis=0)))
    assert gaps[0] == pytest.approx(0, abs=0.15)
    assert gaps[1] > 0.3


def test_importance_bound_does_not_fall_with_more_samples():
    wrong = _LinearGaussian(0.5)
    images, x = _levels(200)
    bounds = [_bound(wrong.model, images, k).mean() for k in (1, 10, 100)]
    assert bounds[0] < bounds[1] < bounds[2] < wrong.exact_log_prob(x).mean() + 0.05


def test_log_prob_averages_weights_over_its_chunks():
    """250 samples go through in three parts; the parts' weights are added, not their logs."""
    wrong = _LinearGaussian(0.5)
    images, _ = _levels(3)
    noise = Noise(keras.random.SeedGenerator(0))
    uniforms = ops.convert_to_numpy(noise.uniform(images.shape))
    draws = [ops.convert_to_numpy(noise.normal((3, k, 2))) for k in (100, 100, 50)]
    at_once = wrong.model.serve(
        "log_prob", images=images, noise=np.concatenate(draws, axis=1), uniforms=uniforms
    )
    in_parts = wrong.model.log_prob(images, samples=250, seed=0)
    np.testing.assert_allclose(in_parts, at_once, rtol=1e-5)
    mean_of_logs = np.mean(
        [
            wrong.model.serve("log_prob", images=images, noise=part, uniforms=uniforms)
            for part in draws
        ],
        axis=0,
    )
    assert np.abs(mean_of_logs - at_once).max() > 1e-3  # what a wrong average would give


# ---- pieces ------------------------------------------------------------------------------


def test_kl_agrees_with_monte_carlo():
    mean, log_variance = np.array([0.7, -1.2]), np.array([0.3, -0.9])
    z = mean + np.exp(log_variance / 2) * np.random.default_rng(0).normal(size=(400_000, 2))
    log_q = -0.5 * (log_variance + (z - mean) ** 2 / np.exp(log_variance))
    estimate = np.mean(np.sum(log_q + 0.5 * z**2, axis=1))
    assert float(standard_normal_kl(mean, log_variance)) == pytest.approx(estimate, abs=0.01)


def test_reparameterised_gradient_is_the_finite_difference():
    model = VAE.build_default((8, 8, 1), latent_dim=2, likelihood="gaussian")
    images = _images()[:4]
    noise = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
    uniforms = np.random.default_rng(2).random((4, 8, 8, 1)).astype("float32")
    bias = model.encoder.get_layer("mean").bias

    def loss(value):
        bias.assign(value)
        likelihood, kl = model.bound(
            images, noise, uniforms, model.encoder, model.decoder, training=True
        )
        return ops.mean(kl - likelihood)

    start = np.array([0.1, -0.2], "float32")
    step = np.array([0.05, 0.0], "float32")
    numeric = float(loss(start + step) - loss(start - step)) / 0.1
    bias.assign(start)
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.minimize(
        lambda: ops.mean(
            _negative_elbo(model, images, noise, uniforms),
        )
    )
    assert float(start[0] - bias.numpy()[0]) == pytest.approx(numeric, rel=0.05)


def _negative_elbo(model, images, noise, uniforms):
    likelihood, kl = model.bound(
        images, noise, uniforms, model.encoder, model.decoder, training=True
    )
    return kl - likelihood


def test_bernoulli_probabilities_of_all_images_sum_to_one():
    """Over the 2^4 binary images of four pixels."""
    parameters = np.random.default_rng(0).normal(size=(1, 2, 2, 1)).astype("float32")
    everything = ((np.arange(16)[:, None] >> np.arange(4)) & 1).reshape(16, 2, 2, 1)
    log_p = Bernoulli().log_prob(everything.astype("float32"), parameters)
    assert float(ops.sum(ops.exp(log_p))) == pytest.approx(1.0, abs=1e-5)


def test_gaussian_density_is_in_nats_of_grey_levels():
    """Against the formula, and by integrating over the levels."""
    mean, log_variance = 0.25, -1.0
    parameters = np.array([mean, log_variance], "float32").reshape(1, 1, 1, 2)
    observed = np.full((1, 1, 1, 1), 0.75, "float32")
    expected = -0.5 * (np.log(2 * np.pi) + log_variance + 0.25 / np.exp(log_variance)) - np.log(128)
    assert float(Gaussian().log_prob(observed, parameters)[0]) == pytest.approx(expected, rel=1e-5)
    # The density integrates to one over levels (1/128 apart on the scale of the images).
    grid = np.arange(-8, 8, 1 / 128).reshape(-1, 1, 1, 1).astype("float32")
    total = float(ops.sum(ops.exp(Gaussian().log_prob(grid, parameters))))
    assert total == pytest.approx(1.0, abs=1e-3)


def test_dequantised_levels_are_one_level_wide_and_inside():
    levels = np.arange(256).reshape(256, 1, 1, 1)
    images = (levels / 127.5 - 1).astype("float32")
    low = ops.convert_to_numpy(Gaussian().observe(images, np.zeros_like(images)))
    high = ops.convert_to_numpy(Gaussian().observe(images, np.full_like(images, 0.999)))
    np.testing.assert_allclose((low.ravel() + 1) * 128, np.arange(256), atol=1e-4)
    assert low.min() == -1 and high.max() < 1


def test_dynamic_binarization_has_the_grey_level_as_its_mean():
    images = np.full((1, 100, 100, 1), 0.4, "float32")  # grey 0.7
    uniforms = np.random.default_rng(0).random(images.shape).astype("float32")
    binary = ops.convert_to_numpy(Bernoulli("dynamic").observe(images, uniforms))
    assert set(np.unique(binary)) == {0.0, 1.0}
    assert binary.mean() == pytest.approx(0.7, abs=0.015)
    assert ops.convert_to_numpy(Bernoulli("threshold").observe(images, uniforms)).min() == 1


def test_default_dense_network_has_the_papers_parameter_count():
    """784-200-200-(50, 50) and 50-200-200-784 (Burda et al. 2016, one stochastic layer)."""
    model = VAE.build_default((28, 28, 1), latent_dim=50)
    encoder = 784 * 200 + 200 + 200 * 200 + 200 + 2 * (200 * 50 + 50)
    decoder = 50 * 200 + 200 + 200 * 200 + 200 + 200 * 784 + 784
    assert model.encoder.count_params() == encoder
    assert model.decoder.count_params() == decoder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"likelihood": "poisson"}, "likelihood must be 'bernoulli' or 'gaussian'"),
        ({"binarization": "stochastic"}, "binarization must be one of"),
        ({"architecture": "unet"}, "architecture must be one of"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        VAE.build_default((8, 8, 1), 2, **arguments)


def test_a_decoder_of_the_wrong_likelihood_is_refused():
    model = VAE.build_default((8, 8, 1), 2)
    with pytest.raises(ValueError, match="gaussian decoder of images"):
        VAE(model.encoder, model.decoder, likelihood="gaussian")


def test_a_mean_image_is_where_the_untrained_decoder_starts():
    """Its negative log-likelihood is then that of independent pixels, not 64 ln 2."""
    mean = np.random.default_rng(0).uniform(-0.99, 0.99, (8, 8, 1)).astype("float32")
    dense = VAE.build_default((8, 8, 1), 2, mean_image=mean)
    np.testing.assert_allclose(dense.decode(np.zeros((1, 2)))[0], mean, atol=1e-5)
    for likelihood in ("bernoulli", "gaussian"):
        conv = VAE.build_default(
            (8, 8, 1), 2, architecture="conv", likelihood=likelihood, mean_image=mean
        )
        assert conv.decode(np.zeros((1, 2))).mean() == pytest.approx(mean.mean(), abs=1e-5)


@pytest.mark.usefixtures("mixed_bfloat16")
def test_trains_in_mixed_bfloat16():
    model = VAE.build_default((8, 8, 1), 2, architecture="conv", likelihood="gaussian")
    model.compile(run_eagerly=True)
    history = model.fit(_images(), batch_size=10, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert model.sample(2, seed=0).dtype == np.float32


def test_codes_that_do_not_fit_are_refused():
    one, other = VAE.build_default((8, 8, 1), 2), VAE.build_default((8, 8, 1), 3)
    with pytest.raises(ValueError, match="a mean and a log-variance of 3 numbers"):
        VAE(one.encoder, other.decoder)


def test_a_density_is_no_narrower_than_the_noise_of_a_level():
    parameters = np.array([0.0, -500.0], "float32").reshape(1, 1, 1, 2)
    log_p = Gaussian().log_prob(np.full((1, 1, 1, 1), 1.0, "float32"), parameters)
    assert np.isfinite(float(log_p[0]))
