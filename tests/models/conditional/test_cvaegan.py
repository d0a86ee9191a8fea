import keras
import numpy as np
import pytest
from keras import ops

from kgen.errors import DataError
from kgen.models import CVAEGAN
from tests.contract import ModelContract

WEIGHTS = ("kl_weight", "pair_weight", "discriminator_weight", "classifier_weight")


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


def labels(n=20):
    return np.arange(n, dtype="int32") % 3


def tiny(**kwargs):
    return CVAEGAN.build_default((8, 8, 1), 3, 4, 4, **{"seed": 1, **kwargs})


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


class TestCVAEGAN(ModelContract):
    @staticmethod
    def build():
        return tiny(ema_momentum=0.9)

    @staticmethod
    def data():
        return images(), labels()


# ---- who learns from what ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return tiny()


REACHED = {
    "kl_weight": {"encoder"},
    "pair_weight": {"encoder", "decoder"},
    "discriminator_weight": {"decoder"},
    "classifier_weight": {"decoder"},
}


@pytest.mark.core
@pytest.mark.parametrize("term", WEIGHTS)
def test_each_term_reaches_exactly_the_players_it_should(model, term):
    """Alone, with weight 1: which networks one step of gradient descent moves."""
    sgd = {f"{player}_optimizer": keras.optimizers.SGD(1e-2) for player in model.players}
    model.compile(run_eagerly=True, **sgd)
    weights = model.loss_weights
    start = model.get_weights()
    model.loss_weights = {name: float(name == term) for name in WEIGHTS}
    draws = model.draw((images(), labels()), model.noise)
    moved = {}
    names = ("encoder", "decoder", "discriminator", "classifier")
    before = {n: [numbers(v) for v in getattr(model, n).trainable_variables] for n in names}
    model.minimize(lambda: model.autoencoder_loss(draws), "autoencoder")
    for name in names:
        now = getattr(model, name).trainable_variables
        moved[name] = [(numbers(v) != old).any() for v, old in zip(now, before[name], strict=True)]
    model.loss_weights = weights
    model.set_weights(start)
    for name, changes in moved.items():
        assert any(changes) == (name in REACHED[term]), name


def test_the_judges_losses_do_not_reach_the_images(model):
    """Gradient with respect to encoder and generator of L_C and L_D: exactly 0."""
    draws = model.draw((images(), labels()), model.noise)
    start = model.get_weights()
    sgd = {f"{player}_optimizer": keras.optimizers.SGD(1.0) for player in model.players}
    model.compile(run_eagerly=True, **sgd)
    before = [numbers(v) for v in model.player_variables("autoencoder")]
    for loss in (
        lambda: model.classifier_loss(*draws[:2])[0],
        lambda: model.discriminator_loss(draws),
    ):
        model.minimize(loss, "autoencoder")
    for variable, old in zip(model.player_variables("autoencoder"), before, strict=True):
        np.testing.assert_array_equal(numbers(variable), old)
    model.set_weights(start)


# ---- the losses ----------------------------------------------------------------------------------


@pytest.mark.core
def test_terms_by_hand():
    """Each against NumPy, from the networks' outputs in inference mode and fresh centres."""
    model = tiny()
    x, y = images(6), labels(6)
    rng = np.random.default_rng(2)
    normals, prior = rng.normal(size=(2, 6, 4)).astype("float32")
    classes = np.array([0, 0, 1, 0, 1, 0], "int32")
    draws = [ops.convert_to_tensor(each) for each in (x, y, normals, prior, classes)]
    (mean, log_variance), *made = model.make(*draws, training=False)
    mean, log_variance, rebuilt, sampled = map(numbers, (mean, log_variance, *made))
    loss, terms = model.autoencoder_loss(draws, training=False)

    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean()
    f = {}
    for name, look in (("D", model._judge), ("C", model._classify)):
        f[name] = [numbers(look(image, training=False)[0]) for image in (x, rebuilt, sampled)]
    pairs = 0.5 * ((x - rebuilt) ** 2).sum() / 6
    pairs += sum(0.5 * ((f[name][0] - f[name][1]) ** 2).sum() / 6 for name in "DC")
    whole = 0.5 * ((f["D"][0].mean(axis=0) - f["D"][2].mean(axis=0)) ** 2).sum()
    each = sum(
        0.5 * ((f["C"][0][y == c].mean(axis=0) - f["C"][2][classes == c].mean(axis=0)) ** 2).sum()
        for c in (0, 1)  # no sample is of class 2
    )
    expected = (kl, pairs, whole, each)
    np.testing.assert_allclose([float(t) for t in terms], expected, rtol=1e-4)
    assert float(loss) == pytest.approx(3 * kl + pairs + 1e-3 * (whole + each), rel=1e-4)

    judged = [model._judge(i, training=False)[1] for i in (x, rebuilt, sampled)]
    real, of_rebuilt, of_sampled = map(numbers, judged)
    softplus = lambda v: np.log1p(np.exp(v))  # noqa: E731
    expected = softplus(-real).mean() + softplus(of_rebuilt).mean() + softplus(of_sampled).mean()
    assert float(model.discriminator_loss(draws, training=False)) == pytest.approx(
        expected, rel=1e-4
    )


def test_what_judges_generated_images_keeps_the_statistics_of_real_ones():
    """C's are of real images alone, and D's do not move in the generator's step."""
    model = CVAEGAN.build_default((16, 16, 1), 3, 4, 4, seed=1)  # large enough for normalisation
    shown = np.random.default_rng(0).uniform(-1, 1, (6, 16, 16, 1)).astype("float32")
    judges = (model.classifier, model.discriminator)
    before = [judge.get_weights() for judge in judges]
    model.autoencoder_loss(model.draw((shown, labels(6)), model.noise))
    for judge, weights in zip(judges, before, strict=True):
        assert judge.non_trainable_variables
        for now, then in zip(judge.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(now, then)
    model.classifier_loss(shown, labels(6))
    pairs = zip(model.classifier.get_weights(), before[0], strict=True)
    assert any((now != then).any() for now, then in pairs)


def test_classes_are_random_and_even():
    model = tiny()
    *_, classes = model.draw((images(3000), np.zeros(3000)), model.noise)
    np.testing.assert_allclose(np.bincount(numbers(classes)), [1000] * 3, atol=120)


def test_names_of_classes_mean_nothing():
    """Labels permuted, and with them all weights that belong to a class: every output the same."""
    keras.utils.set_random_seed(3)
    model, other = tiny(), tiny()
    other.set_weights(model.get_weights())
    order = np.array([2, 0, 1])  # the new name of each class
    back = np.argsort(order)

    def rows(kernel, axis):
        """The last three entries of an axis, one for each class."""
        kernel = np.moveaxis(kernel, axis, 0).copy()
        kernel[-3:] = kernel[-3:][back]
        return np.moveaxis(kernel, 0, axis)

    for network in (other.encoder, other.decoder):
        for layer in network.layers:
            told = layer.weights and isinstance(
                layer, (keras.layers.Dense, keras.layers.Conv2DTranspose)
            )
            if told and layer.name not in ("mean", "log_variance"):
                axis = 0 if isinstance(layer, keras.layers.Dense) else -1
                layer.kernel.assign(rows(numbers(layer.kernel), axis))
    last = other.classifier.layers[-1]
    last.kernel.assign(numbers(last.kernel)[:, back])
    last.bias.assign(numbers(last.bias)[back])
    y = labels(6)
    given = model.sample(6, labels=y, seed=1)
    np.testing.assert_allclose(other.sample(6, labels=order[y], seed=1), given, atol=1e-5)
    assert np.abs(other.sample(6, labels=y, seed=1) - given).max() > 1e-3
    np.testing.assert_allclose(
        other.reconstruct(images(6), order[y]), model.reconstruct(images(6), y), atol=1e-5
    )
    np.testing.assert_allclose(
        other.classify(given)[:, order], model.classify(given), rtol=1e-4, atol=1e-6
    )
    draws = [*model.draw((images(6), y), model.noise)]
    renamed = list(draws)
    for place in (1, 4):  # the labels, and the drawn classes
        renamed[place] = ops.convert_to_tensor(order[numbers(draws[place])].astype("int32"))
    losses = [
        [float(t) for t in m.autoencoder_loss(d, training=False)[1]]
        for m, d in ((model, draws), (other, renamed))
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_the_centres_are_saved_with_the_model(tmp_path):
    model = tiny()
    model.autoencoder_loss(model.draw((images(), labels()), model.noise), training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    sums = numbers(loaded.classifier_sampled.sums)
    assert sums.shape[0] == 3 and sums.any()
    np.testing.assert_array_equal(sums, numbers(model.classifier_sampled.sums))


# ---- what does not fit ---------------------------------------------------------------------------


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(DataError, match="3 whole numbers from 0 to 2"):
        model.sample(3, labels=[0, 1, 3])
    with pytest.raises(DataError, match="learns from"):
        model.fit(images(), verbose=0)
    with pytest.raises(ValueError, match="weights must be at least 0"):
        tiny(kl_weight=-1.0)
    large = CVAEGAN.build_default((16, 16, 1), 3, 4, 4)
    with pytest.raises(ValueError, match="make and see images"):
        CVAEGAN(model.encoder, model.decoder, large.discriminator, model.classifier)
    with pytest.raises(ValueError, match="one the labels; these have 2 and 1"):
        decoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64)])
        CVAEGAN(model.encoder, decoder, model.discriminator, model.classifier)
