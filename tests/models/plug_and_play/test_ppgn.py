import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.errors import DataError
from kgen.models import AE, CVAE, DCGAN, PPGN, VAE, DenoisingAE
from tests.contract import ModelContract

SIZE, SHAPE = 2, (4, 4, 1)
RNG = np.random.default_rng(0)
MAP = RNG.uniform(-0.2, 0.2, (SIZE, 16)).astype("float32")  # codes to pixels
READ = RNG.normal(size=(16, 3)).astype("float32")  # pixels to logits
MEAN, SPREAD, SIGMA = np.array([0.6, -0.3]), 0.8, 0.5


def images(n=20, side=8):
    return np.random.default_rng(0).uniform(-1, 1, (n, side, side, 1)).astype("float32")


# ---- a world in which everything is known: linear generator, classifier and denoiser -------------


def linear(shape, weights, name):
    inputs = keras.Input(shape)
    outputs = layers.Dense(weights.shape[1], use_bias=False)(layers.Flatten()(inputs))
    outputs = layers.Reshape(SHAPE)(outputs) if weights.shape[1] == 16 else outputs
    network = keras.Model(inputs, outputs, name=name)
    network.set_weights([weights])
    return network


def best_denoiser():
    """Of codes N(MEAN, SPREAD^2) under noise of deviation SIGMA: a weighted mean of both."""
    prior = DenoisingAE.build_default(
        (SIZE,), SIZE, "linear", tied=False, corruption="gaussian", level=SIGMA, distance="squared"
    )
    share = SPREAD**2 / (SPREAD**2 + SIGMA**2)
    prior.encoder.set_weights([share * np.eye(SIZE), np.zeros(SIZE)])
    prior.decoder.set_weights([np.eye(SIZE), (1 - share) * MEAN])
    return prior


def world(prior=None, encoder=None, **settings):
    return PPGN(
        linear((SIZE,), MAP, "generator"),
        prior or best_denoiser(),
        linear(SHAPE, READ, "classifier"),
        encoder,
        **settings,
    )


PULL = SIGMA**2 / (SPREAD**2 + SIGMA**2)


class TestPPGN(ModelContract):
    @staticmethod
    def build():
        return world(encoder=linear(SHAPE, MAP.T, "encoder"), distribution=None, iterations=2)

    @staticmethod
    def data():
        return images(side=4)


def walked(model, start, label=0):
    """The codes of chains from these starts, all of one class, in one batch."""
    n = len(start)
    noise = np.random.default_rng(9).normal(size=(n, model.iterations, SIZE))
    labels = np.full(n, label)
    return model.serve("chain", n, latents=start, noise=noise, labels=labels)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_a_chain_without_condition_is_autoregressive():
    """With a = e1 sigma^2 / (s^2 + sigma^2) its mean is m, its variance e3^2 / (1 - (1 - a)^2)."""
    model = world(iterations=60, epsilon1=0.7, epsilon2=0.0, epsilon3=0.4)
    a = 0.7 * PULL
    codes = walked(model, np.random.default_rng(1).normal(size=(3000, SIZE)))
    variance = 0.4**2 / (1 - (1 - a) ** 2)
    end, before = codes[:, -1], codes[:, -2]
    np.testing.assert_allclose(end.mean(axis=0), MEAN, atol=4 * np.sqrt(variance / 3000))
    np.testing.assert_allclose(end.var(axis=0), variance, rtol=0.12)
    np.testing.assert_allclose(end.var(), variance + MEAN.var(), rtol=0.08)
    correlation = [np.corrcoef(end[:, i], before[:, i])[0, 1] for i in range(SIZE)]
    np.testing.assert_allclose(correlation, 1 - a, atol=0.03)
    # Coordinates are steered by themselves, chains by themselves.
    assert abs(np.corrcoef(end.T)[0, 1]) < 0.08


def test_without_a_condition_it_samples_the_prior():
    """With noise that makes the stationary variance s^2, wherever the chains start."""
    from scipy.stats import kstest

    a = 0.7 * PULL
    noise = SPREAD * np.sqrt(1 - (1 - a) ** 2)
    model = world(iterations=60, epsilon1=0.7, epsilon2=0.0, epsilon3=noise)
    start = np.full((2000, SIZE), 3.0)
    chains = [walked(model, start, label) for label in (0, 2)]
    assert np.array_equal(*chains)  # the class has no weight
    end = (chains[0][:, -1] - MEAN) / SPREAD
    for coordinate in end.T:
        assert kstest(coordinate, "norm").pvalue > 1e-3
        assert kstest(1.2 * coordinate, "norm").pvalue < 1e-3


def by_hand(model, start, noise, label, epsilons, target_only=False):
    """The chain in NumPy, of one start."""
    e1, e2, e3, _ = epsilons
    h, path = np.float64(start), []
    for normal in noise:
        path.append(h)
        p = softmax(h @ MAP @ READ)
        onto = np.eye(3)[label]
        weights = (1 - p[label]) * onto if target_only else onto - p
        h = h - e1 * PULL * (h - MEAN) + e2 * (MAP @ READ @ weights) + e3 * normal
    return np.array([*path, h])


@pytest.mark.core
@pytest.mark.parametrize("gradient", ["log_probability", "target_logit"])
def test_the_signature_is_the_loop_written_out(gradient):
    epsilons = (0.3, 0.8, 0.1, 0.0)
    named = {f"epsilon{i}": value for i, value in enumerate(epsilons, 1)}
    model = world(iterations=12, gradient=gradient, **named)
    rng = np.random.default_rng(3)
    start, noise = rng.normal(size=(2, SIZE)), rng.normal(size=(2, 12, SIZE))
    labels = np.array([2, 0])
    codes = model.serve("chain", latents=start, noise=noise, labels=labels)
    shown = model.serve("sample", latents=start, noise=noise, labels=labels)
    for row in range(2):
        expected = by_hand(
            model, start[row], noise[row], labels[row], epsilons, gradient == "target_logit"
        )
        np.testing.assert_allclose(codes[row], expected, rtol=1e-4, atol=1e-5)
        image = np.clip(expected[-1] @ MAP, -1, 1).reshape(SHAPE)
        np.testing.assert_allclose(shown[row], image, rtol=1e-4, atol=1e-5)


def test_the_class_term_raises_the_probability_of_the_class():
    """Chains of equal starts and equal noise."""
    settings = {"iterations": 40, "epsilon1": 0.3, "epsilon3": 0.2}
    start, label, shares = np.random.default_rng(5).normal(size=(300, SIZE)), 1, []
    for weight in (0.0, 0.1, 1.0):
        ends = walked(world(epsilon2=weight, **settings), start, label)[:, -1]
        shares.append(softmax(ends @ MAP @ READ)[:, label].mean())
    assert shares[1] > shares[0] + 0.02
    assert shares[2] > shares[1] + 0.1


def test_completion_finds_the_codes_of_the_known_pixels():
    """Without noise, the chain ends where both terms balance: a linear equation.

    (e1 c I + e4 G M G^T) (h - m) = e4 G M (x - m G),    c = sigma^2 / (s^2 + sigma^2)
    """
    model = world(iterations=400, epsilon1=0.2, epsilon3=0.0, epsilon4=0.5)
    x = np.random.default_rng(2).uniform(-0.5, 0.5, (3, 16))
    mask = np.zeros(16)
    mask[:6] = 1
    seen = MAP * mask
    system = 0.2 * PULL * np.eye(SIZE) + 0.5 * seen @ MAP.T
    code = MEAN + np.linalg.solve(system, 0.5 * seen @ (x - MEAN @ MAP).T).T
    given = x.reshape(-1, *SHAPE)
    made = model.complete(given, mask.reshape(4, 4), seed=1).reshape(3, 16)
    np.testing.assert_allclose(made[:, :6], x[:, :6], atol=1e-6)
    np.testing.assert_allclose(made[:, 6:], (code @ MAP)[:, 6:], atol=1e-3)
    assert np.abs(made[:, 6:] - (MEAN @ MAP)[6:]).max() > 0.02  # not the prior's mean
    # A class steers beside the pixels.
    by_class = model.complete(given, mask.reshape(4, 4), labels=[1, 1, 1], seed=1).reshape(3, 16)
    assert np.abs(by_class - made).max() > 1e-3
    rises = model.classify(by_class.reshape(-1, *SHAPE)) - model.classify(made.reshape(-1, *SHAPE))
    assert (rises[:, 1] > 0).all()


def test_normalised_steps_have_one_size_and_codes_stay_within():
    model = world(iterations=6, normalize=0.25, epsilon2=1.0)
    codes = model.chain(5, seed=1, every=1).codes
    np.testing.assert_allclose(np.abs(np.diff(codes, axis=1)).mean(axis=2), 0.25, rtol=1e-3)
    model = world(iterations=6, normalize=5.0, clip=(0.0, 1.5))
    codes = model.chain(5, seed=1, every=1).codes[:, 1:]
    assert codes.min() == 0.0 and codes.max() == 1.5


def test_the_best_of_a_chain_is_kept():
    model = world(iterations=9, epsilon2=0.0, epsilon3=0.3, keep="best")
    labels = np.arange(8) % 3
    chain = model.chain(8, labels, seed=4, every=1)
    of_class = chain.probabilities[np.arange(8), :, labels]
    assert set(of_class.argmax(axis=1)) != {9}
    best = chain.images[np.arange(8), of_class.argmax(axis=1)]
    np.testing.assert_allclose(model.sample(8, labels, seed=4), best, atol=1e-6)
    assert chain.steps == tuple(range(10))
    ends = world(iterations=9, epsilon2=0.0, epsilon3=0.3).sample(8, labels, seed=4)
    np.testing.assert_allclose(ends, chain.images[:, -1], atol=1e-6)


# ---- learning the prior --------------------------------------------------------------------------


def test_fit_teaches_the_denoiser_of_the_latents():
    """A linear denoiser of N(0, 1) under noise sigma learns the factor 1 / (1 + sigma^2)."""
    prior = DenoisingAE.build_default(
        (SIZE,), SIZE, "linear", tied=False, corruption="gaussian", level=1.0, distance="squared"
    )
    model = world(prior, iterations=1)
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    before = model.generator.get_weights() + model.classifier.get_weights()
    history = model.fit(np.zeros((512, *SHAPE)), batch_size=64, epochs=40, verbose=0).history
    given = ops.convert_to_numpy(model.reconstruct_codes(ops.eye(SIZE)))
    given = given - ops.convert_to_numpy(model.reconstruct_codes(ops.zeros((1, SIZE))))
    np.testing.assert_allclose(given, np.eye(SIZE) / 2, atol=0.08)
    assert 0.4 < history["loss"][-1] < 0.6  # the least is sigma^2 / (1 + sigma^2)
    for left, right in zip(
        before, model.generator.get_weights() + model.classifier.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(left, right)


def joint(levels=(0.0, 0.0)):
    inverse = np.linalg.pinv(MAP).astype("float32")
    return PPGN(
        linear((SIZE,), MAP, "generator"),
        linear(SHAPE, 0.5 * inverse, "prior"),
        levels=levels,
        iterations=5,
        epsilon1=0.4,
        epsilon3=0.0,
    )


def test_the_joint_form_reconstructs_through_the_image():
    model = joint()
    assert "labels" not in model.capabilities["sample"] and "classify" not in model.capabilities
    codes = np.array([[1.0, -2.0]], "float32")
    halved = ops.convert_to_numpy(model.reconstruct_codes(codes))
    np.testing.assert_allclose(halved, codes / 2, atol=1e-5)
    loss = model.denoising_loss(ops.convert_to_tensor(codes), model.noise, False)
    assert float(loss) == pytest.approx((0.25 + 1.0) / 2, rel=1e-4)  # noiseless: |h / 2|^2
    end = model.chain(1, seed=1, start=codes).codes[:, -1]
    np.testing.assert_allclose(end, codes * 0.8**5, rtol=1e-4)
    # Noise on codes, halved like these; on images, through half of the inverse.
    noisy = joint((0.5, 0.2))
    zeros = ops.zeros((20000, SIZE))
    expected = 0.5**2 / 4 + 0.2**2 / 4 * np.square(np.linalg.pinv(MAP)).sum() / SIZE
    loss = noisy.denoising_loss(zeros, noisy.noise, False)
    assert float(loss) == pytest.approx(expected, rel=0.05)


# ---- plugging models together --------------------------------------------------------------------


def test_models_are_plugged_in_as_they_sample_and_classify():
    vae = VAE.build_default((8, 8, 1), latent_dim=3, architecture="conv")
    probabilities = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, "softmax")]
    )
    model = PPGN.from_models(vae, probabilities, iterations=2, hidden=(4,))
    x, z = images(4), np.random.default_rng(1).normal(size=(4, 3))
    np.testing.assert_allclose(model.serve("generate", codes=z), vae.decode(z), atol=1e-6)
    np.testing.assert_allclose(model.encode(x), vae.encode(x), atol=1e-6)
    np.testing.assert_allclose(model.classify(x), probabilities.predict(x, verbose=0), atol=1e-6)
    assert vae.decoder.trainable and probabilities.trainable
    by_image = model.sample(4, [0, 1, 2, 0], seed=1, start=x)
    np.testing.assert_allclose(model.sample(4, [0, 1, 2, 0], 1, vae.encode(x)), by_image, atol=1e-6)
    # Trained on, the model does not change what was plugged in.
    kept = model.serve("generate", codes=z)
    vae.decoder.set_weights([w + 1 for w in vae.decoder.get_weights()])
    np.testing.assert_array_equal(model.serve("generate", codes=z), kept)

    joint = PPGN.from_models(vae, joint=True, iterations=2)
    assert joint.joint and joint.prior.trainable_variables and not joint.encoder.trainable_variables

    gan = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4, ema_momentum=0.9)
    gan.ema_generator.set_weights([w + 0.1 for w in gan.ema_generator.get_weights()])
    model = PPGN.from_models(gan, iterations=2, hidden=(4,))
    z = np.random.default_rng(1).uniform(-1, 1, (2, 4))
    np.testing.assert_allclose(
        model.serve("generate", codes=z), gan.serve("sample", latents=z), atol=1e-6
    )
    assert model.distribution == "U(-1, 1)" and "encode" not in model.capabilities
    drawn = ops.convert_to_numpy(model.latents(2000, model.noise))
    assert -1 <= drawn.min() < -0.95 and 0.95 < drawn.max() <= 1


def test_without_a_known_distribution_chains_start_like_the_codes_that_were_seen():
    ae = AE.build_default((8, 8, 1), latent_dim=3)
    model = PPGN.from_models(ae, iterations=2, hidden=(4,))
    assert model.distribution is None
    model.compile()
    x = images(60)
    model.fit(x, batch_size=16, epochs=2, verbose=0)
    codes = ae.encode(x)
    model = model.with_settings(epsilon1=0.1)
    assert model.epsilons[0] == 0.1 and model.iterations == 2
    start = ops.convert_to_numpy(model.latents(4000, model.noise))
    spread = codes.std(axis=0)
    np.testing.assert_allclose(start.mean(axis=0), codes.mean(axis=0), atol=0.08 * spread.max())
    np.testing.assert_allclose(start.std(axis=0), spread, rtol=0.08)


def test_bad_input_is_refused_in_a_line():
    vae = VAE.build_default((8, 8, 1), latent_dim=3)
    with pytest.raises(DataError, match="no images of latents alone"):
        PPGN.from_models(CVAE.build_default((8, 8, 1), latent_dim=3, classes=3))
    with pytest.raises(DataError, match="VAE cannot classify"):
        PPGN.from_models(vae, vae)
    with pytest.raises(DataError, match="no encoder for the joint form"):
        PPGN.from_models(DCGAN.build_default((8, 8, 1), 4, 4), joint=True)
    with pytest.raises(DataError, match="learn from images"):
        PPGN.from_models(AE.build_default((8, 8, 1), 3), learn_from="draws")
    with pytest.raises(ValueError, match="learn_from"):
        PPGN.from_models(vae, learn_from="noise")
    for settings, said in [
        ({"iterations": 0}, "iterations"),
        ({"epsilon3": -1.0}, "epsilons"),
        ({"normalize": 0.0}, "normalize"),
        ({"clip": (1.0, 0.0)}, "clip"),
        ({"gradient": "logits"}, "gradient"),
        ({"keep": "first"}, "keep"),
        ({"distribution": "N(0, 2)"}, "distribution"),
        ({"distribution": None}, "encoder"),
    ]:
        with pytest.raises(ValueError, match=said):
            world(**settings)
    with pytest.raises(ValueError, match="distance='squared'"):
        world(DenoisingAE.build_default((SIZE,), SIZE, "linear", tied=False))
    with pytest.raises(ValueError, match="the prior must take"):
        world(linear((SIZE,), np.eye(SIZE), "prior"))
    model = world(iterations=2)
    for given, said in [
        ({"labels": [0, 3]}, "labels must be 2 whole numbers"),
        ({"start": np.zeros((2, 5))}, "chains start from codes"),
        ({"start": np.zeros((2, *SHAPE))}, "no encoder"),
    ]:
        with pytest.raises(DataError, match=said):
            model.sample(2, **given)
    with pytest.raises(DataError, match="mask must have shape"):
        model.complete(np.zeros((2, *SHAPE)), np.ones((3, 3)))
