import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.layers import MixtureOfGaussians
from kgen.models import AE
from kgen.networks import dense_decoder, shallow_decoder, shallow_encoder
from tests.contract import ModelContract


def images(n=20, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 8, channels)).astype("float32")


class TestAE(ModelContract):
    @staticmethod
    def build():
        return AE.build_default((8, 8, 1), 3, hidden=(16,))

    @staticmethod
    def data():
        return images()


class TestConvAEWithPrior(ModelContract):
    """Which samples, because it has a prior from the start."""

    @staticmethod
    def build():
        return AE.build_default(
            (8, 8, 3),
            3,
            architecture="conv",
            width=4,
            distance="cross_entropy",
            prior={"components": 2, "covariance": "diagonal"},
        )

    @staticmethod
    def data():
        return images(channels=3)


class TestTiedAE(ModelContract):
    """The averages of tied networks are tied as well."""

    @staticmethod
    def build():
        return AE.build_default((8, 8, 1), 3, architecture="linear", tied=True, ema_momentum=0.5)

    @staticmethod
    def data():
        return images()


# ---- the linear autoencoder and principal components -------------------------------------------


def components(seed=0):
    """200 images of 16 pixels with a decaying spectrum, and what PCA with 3 components leaves."""
    rng = np.random.default_rng(seed)
    scales = 0.3 * 0.75 ** np.arange(16)
    basis, _ = np.linalg.qr(rng.normal(size=(16, 16)))
    x = (rng.normal(size=(200, 16)) * scales) @ basis.T + 0.1
    centred = x - x.mean(axis=0)
    _, s, vectors = np.linalg.svd(centred, full_matrices=False)
    return x.reshape(200, 4, 4, 1).astype("float32"), np.sum(s[3:] ** 2) / x.size, vectors[:3]


def often(x, times):
    """An epoch of so many steps on all of `x`."""
    return tf.data.Dataset.from_tensors(x).repeat(times)


@pytest.mark.parametrize("tied", [False, True])
def test_a_linear_autoencoder_reaches_principal_components_and_never_beats_them(tied):
    x, best, principal = components()
    model = AE.build_default((4, 4, 1), 3, architecture="linear", tied=tied)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-2, 800))
    )
    left = []
    for _ in range(8):
        model.fit(often(x, 100), verbose=0)
        left.append(np.mean((np.asarray(model.through(x, False)) - x) ** 2))
    assert min(left) >= best * (1 - 1e-5)
    assert left[-1] == pytest.approx(best, rel=0.01)
    assert left[0] > left[-1]
    # The angles between the two subspaces.
    tied_to = np.asarray(model.encoder.get_layer("latents").kernel).T
    decoded = tied_to if tied else np.asarray(model.decoder.get_layer("to_parameters").kernel)
    ours, _ = np.linalg.qr(decoded.T)
    cosines = np.linalg.svd(principal @ ours, compute_uv=False)
    assert cosines.min() > 0.99


def test_one_code_less_leaves_the_error_of_one_component_less():
    """So that the law above is of the number of codes."""
    x, best, _ = components()
    model = AE.build_default((4, 4, 1), 2, architecture="linear")
    model.compile(optimizer=keras.optimizers.Adam(2e-2))
    model.fit(often(x, 300), verbose=0)
    assert np.mean((np.asarray(model.through(x, False)) - x) ** 2) > 1.2 * best


# ---- losses and layers ---------------------------------------------------------------------------


def test_distances_have_their_values_of_two_pixels():
    model = AE.build_default((8, 8, 1), 2)
    x, y = np.array([[0.5, -1.0]], "float32"), np.array([[0.0, 1.0]], "float32")
    np.testing.assert_allclose(model.errors(x, y), [[0.25, 4.0]], rtol=1e-6)
    model = AE.build_default((8, 8, 1), 2, distance="cross_entropy")
    p = 1 / (1 + np.exp(-y))
    expected = -(0.75 * np.log(p[0, 0]) + 0.25 * np.log(1 - p[0, 0])), -np.log(1 - p[0, 1])
    np.testing.assert_allclose(model.errors(x, y)[0], expected, rtol=1e-5)


def test_a_tied_decoder_has_the_encoders_kernel_before_and_after_a_file(tmp_path):
    model = AE.build_default((8, 8, 1), 3, architecture="linear", tied=True)
    sizes = 64 * 3 + 3 + 64
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == sizes
    model.compile()
    model.fit(images(), batch_size=10, verbose=0)
    model.save(tmp_path / "tied.keras")
    for each in (model, keras.models.load_model(tmp_path / "tied.keras")):
        kernel, bias = each.encoder.get_layer("latents").get_weights()
        (offset,) = each.decoder.get_layer("to_parameters").get_weights()
        code = images().reshape(20, 64) @ kernel + bias
        expected = (code @ kernel.T + offset).clip(-1, 1)
        np.testing.assert_allclose(each.reconstruct(images()).reshape(20, 64), expected, atol=1e-5)


def test_networks_have_the_hand_derived_counts():
    model = AE.build_default((28, 28, 1), 32)
    one_side = 500 + 250 + (784 * 500 + 500 * 250 + 250 * 32)
    assert model.encoder.count_params() == one_side + 32
    assert model.decoder.count_params() == one_side + 784
    assert shallow_encoder((28, 28, 1), 1000, "sigmoid").count_params() == 784 * 1000 + 1000


# ---- the prior -----------------------------------------------------------------------------------


def clusters():
    """Codes at (3, 3) and (-3, -3): an identity autoencoder of two pixels."""
    encoder, decoder = shallow_encoder((1, 2, 1), 2), shallow_decoder((1, 2, 1), 2)
    for network in (encoder, decoder):
        layer = network.layers[1 if network is decoder else 2]
        layer.set_weights([np.eye(2), np.zeros(2)])
    rng = np.random.default_rng(0)
    centre = np.repeat([[0.6, 0.6], [-0.6, -0.6]], [300, 100], axis=0)
    x = (centre + 0.05 * rng.normal(size=(400, 2))).clip(-1, 1)
    return AE(encoder, decoder), x.reshape(400, 1, 2, 1).astype("float32")


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_a_prior_makes_an_autoencoder_sample_what_it_was_fitted_to(covariance, tmp_path):
    model, x = clusters()
    assert "sample" not in model.capabilities
    with pytest.raises(ValueError, match=r"no prior to sample from: call fit_prior"):
        model.sample(3)
    model.fit_prior(x, components=2, covariance=covariance)
    assert model.capabilities["sample"] == ("n", "seed")
    drawn = model.sample(2000, seed=0).reshape(-1, 2)
    upper = drawn[:, 0] > 0
    assert upper.mean() == pytest.approx(0.75, abs=0.04)
    np.testing.assert_allclose(drawn[upper].mean(axis=0), [0.6, 0.6], atol=0.02)
    np.testing.assert_allclose(drawn[upper].std(axis=0), [0.05, 0.05], atol=0.01)
    model.compile()
    model.save(tmp_path / "ae.keras")
    loaded = keras.models.load_model(tmp_path / "ae.keras")
    np.testing.assert_array_equal(loaded.sample(5, seed=1), model.sample(5, seed=1))
    assert next(iter(loaded.signatures())) == "sample"


def test_fit_fits_the_prior_to_the_codes_of_each_epochs_networks():
    model = AE.build_default((8, 8, 1), 2, hidden=(8,), prior={"components": 2})
    model.compile()
    first = model.sample(4, seed=0)
    data = tf.data.Dataset.from_tensor_slices(images()).batch(10)
    model.fit(data, epochs=2, verbose=0)
    expected = MixtureOfGaussians(2, 2)
    expected.fit(model.encode(images()))
    for name in ("log_weights", "means", "factors"):
        np.testing.assert_allclose(getattr(model.prior, name), getattr(expected, name), atol=1e-5)
    assert not np.array_equal(model.sample(4, seed=0), first)
    model.fit_prior(images(), components=3, covariance="diagonal")
    assert model.get_config()["prior"] == {"components": 3, "covariance": "diagonal"}


def test_data_that_may_not_be_read_twice_are_refused():
    model = AE.build_default((8, 8, 1), 2, hidden=(8,), prior={"components": 2})
    model.compile()
    with pytest.raises(ValueError, match=r"pass an array or a tf\.data\.Dataset"):
        model.fit((images(4) for _ in range(2)), shuffle=False, verbose=0)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "unet"}, "must be 'dense', 'conv', 'linear' or 'sigmoid'"),
        ({"tied": True}, "tied layers are for"),
        ({"distance": "cosine"}, "distance must be one of"),
        ({"prior": {"covariance": "round"}}, "covariance must be one of"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        AE.build_default((8, 8, 1), 2, **arguments)


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="the 3 numbers that the decoder takes"):
        AE(shallow_encoder((8, 8, 1), 2), shallow_decoder((8, 8, 1), 3))
    with pytest.raises(ValueError, match=r"must give images \(8, 8, 1\)"):
        AE(shallow_encoder((8, 8, 1), 2), dense_decoder((8, 8, 1), 2, parameters=2))


@pytest.mark.usefixtures("mixed_bfloat16")
def test_trains_in_mixed_bfloat16():
    model = AE.build_default((8, 8, 1), 2, architecture="conv", width=4, prior={"components": 2})
    model.compile(run_eagerly=True)
    history = model.fit(images(), batch_size=10, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.sample(2, seed=0).dtype == np.float32
    assert ops.is_tensor(model.through(images(2), False))
