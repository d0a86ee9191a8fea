"""GumbelSoftmaxGAN: the contract, and how soft and hard tokens belong together."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen import losses
from kgen.errors import DataError
from kgen.models import GumbelSoftmaxGAN
from kgen.models.sequence.gumbelsoftmaxgan import annealed
from kgen.networks import token_cnn, token_lstm
from tests.contract import ModelContract

WORDS = ("<end>", "<unknown>", "a", "b", "c")
FILTERS = ((2, 4), (4, 4))


def build(**options):
    return GumbelSoftmaxGAN.build_default(5, 4, 4, 8, FILTERS, **options)


def data(n=20):
    return np.random.default_rng(0).integers(5, size=(n, 4), dtype=np.int32)


class TestGumbelSoftmaxGAN(ModelContract):
    """With what is its own, and of the game what reads rows; `test_backends.py` has it plain."""

    @staticmethod
    def build():
        return build(
            temperature=annealed(2.0, 0.5, 4, "exponential"),
            straight_through=True,
            words=WORDS,
            objective=losses.NonSaturating(label_smoothing=0.1),
            regularizers=["r1"],
            instance_noise=keras.optimizers.schedules.PolynomialDecay(0.2, 6, 0.0),
            ema_momentum=0.9,
        )

    data = staticmethod(data)


def uniforms(n=50):
    return np.random.default_rng(1).random((n, 4, 5), dtype="float32")


def loud(model, scale=4.0):
    """The model with larger weights, so that a token depends on those before it."""
    model.generator.set_weights([scale * w for w in model.generator.get_weights()])
    return model


@pytest.mark.parametrize("training", [True, False])
def test_hard_rows_are_what_the_generator_draws_after_them(training):
    """With h of the tokens before, each is argmax(h + g); and h is the whole network's."""
    model = loud(build(straight_through=True))
    noise = uniforms()
    rows = ops.convert_to_numpy(model.generated(noise, training))
    tokens = rows.argmax(axis=-1).astype("int32")
    np.testing.assert_array_equal(rows, np.eye(5)[tokens])
    logits = ops.convert_to_numpy(model.generator(tokens))
    np.testing.assert_array_equal((logits - np.log(-np.log(noise))).argmax(axis=-1), tokens)
    shifted = ops.convert_to_numpy(model.generator(np.roll(tokens, 1, axis=0)))
    assert ((shifted - np.log(-np.log(noise))).argmax(axis=-1) != tokens).any()  # it would show


def test_soft_rows_are_fed_back_as_they_are():
    model = loud(build(temperature=0.8))
    noise = uniforms()
    rows = ops.convert_to_numpy(model.generated(noise, True))
    logits = ops.convert_to_numpy(model.generator.layers[-1](ops.convert_to_tensor(rows)))
    scores = np.exp((logits - np.log(-np.log(noise))) / 0.8)
    np.testing.assert_allclose(rows, scores / scores.sum(axis=-1, keepdims=True), rtol=2e-4)
    assert 0.05 < rows.max(axis=-1).min() < rows.max(axis=-1).max() < 1.0001


def test_the_temperature_follows_the_saved_step(tmp_path):
    """Halfway from 5 to 1 it is 3; the rows are those of a model that is always at 3."""
    model = build(temperature=annealed(5.0, 1.0, 100))
    model.step.assign(50)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    always = GumbelSoftmaxGAN(loaded.generator, loaded.discriminator, temperature=3.0)
    rows = [ops.convert_to_numpy(m.generated(uniforms(), True)) for m in (loaded, always, model)]
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-5)
    np.testing.assert_array_equal(rows[0], rows[2])
    loaded.step.assign(0)
    assert np.abs(ops.convert_to_numpy(loaded.generated(uniforms(), True)) - rows[1]).max() > 0.01


def test_samples_have_the_likelihood_that_log_prob_says():
    """The entropy of 4,000 samples under a table of all 25 sequences of two tokens."""
    model = GumbelSoftmaxGAN(
        token_lstm(5, 2, 4, 8, stddev=1.0), token_cnn(5, 2, 4, ((2, 3),), soft=True)
    )
    every = np.indices((5, 5)).reshape(2, -1).T.astype("int32")
    p = np.exp(model.log_prob(every).astype("float64"))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    tokens = model.sample(4000, seed=1)
    shares = np.bincount(tokens @ [5, 1], minlength=25) / 4000
    assert np.abs(shares - p).max() < 4 * np.sqrt(p * (1 - p) / 4000).max()
    hard = GumbelSoftmaxGAN(model.generator, model.discriminator, straight_through=True)
    rows = ops.convert_to_numpy(
        hard.generated(np.random.default_rng(3).random((4000, 2, 5), dtype="float32"), True)
    )
    shares = np.bincount(rows.argmax(axis=-1) @ [5, 1], minlength=25) / 4000
    assert np.abs(shares - p).max() < 4 * np.sqrt(p * (1 - p) / 4000).max()


def test_the_discriminator_reads_tokens_as_one_hot_rows():
    model = build(words=WORDS)
    tokens = data()
    judged = ops.convert_to_numpy(model.discriminator(np.eye(5, dtype="float32")[tokens]))
    np.testing.assert_allclose(model.discriminate(tokens), judged, rtol=1e-5, atol=1e-6)
    assert model.texts([[2, 3, 0, 4]]) == ["a b"]


def test_refusals():
    with pytest.raises(ValueError, match="temperature must be above 0"):
        build(temperature=0.0)
    with pytest.raises(ValueError, match=r"the generator makes \(4, 5\), the discriminator"):
        GumbelSoftmaxGAN(token_lstm(5, 4, 4, 8), token_cnn(5, 4, 4, FILTERS))
    with pytest.raises(ValueError, match="5 tokens, and there are 2 words"):
        build(words=("a", "b"))
    for wrong in (("cosine", 5.0, 1.0), ("linear", 1.0, 5.0), ("linear", 1.0, 0.0)):
        with pytest.raises(ValueError, match="annealing must be one of linear, exponential"):
            annealed(*wrong[1:], 10, wrong[0])
    model = build()
    model.compile()
    with pytest.raises(DataError, match="tokens must be whole numbers"):
        model.fit(np.zeros((8, 4), "float32"), verbose=0)
    with pytest.raises(DataError, match="tokens must be from 0 to 4"):
        model.fit(np.full((8, 4), 9), verbose=0)
