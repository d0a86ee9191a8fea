"""SeqGAN: its phases, its rewards, and the gradient of a policy against enumeration."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.datasets.tokens.oracle import random_oracle
from kgen.errors import DataError
from kgen.models import SeqGAN
from kgen.models.sequence.rollouts import completions
from kgen.models.sequence.tokens import draw_tokens, stepped
from kgen.networks import token_cnn, token_lstm
from tests.contract import ModelContract

SIZES = dict(embedding_width=3, width=4, discriminator_embedding_width=3, filters=((1, 3), (2, 3)))
# Four steps: likelihood, discriminator, policy, discriminator.
PHASES = dict(generator_steps=1, discriminator_steps=1, round_discriminator_steps=1, rollouts=2)


class TestSeqGAN(ModelContract):
    # Compiling three kinds of steps takes longer than all checks; elsewhere it is compiled.
    compile_arguments = {"run_eagerly": True}

    @staticmethod
    def build():
        return SeqGAN.build_default(5, 3, **SIZES, **PHASES, baseline="position", seed=1)

    @staticmethod
    def data():
        return np.random.default_rng(0).integers(5, size=(32, 3), dtype=np.int32)


def tiny(vocabulary=3, length=3, stddev=0.8, **arguments):
    """A generator and a discriminator that are far from uniform."""
    keras.utils.set_random_seed(3)
    generator = token_lstm(vocabulary, length, 3, 4, stddev=stddev)
    discriminator = token_cnn(vocabulary, length, 4, ((1, 4), (2, 4), (3, 4)))
    for weight in discriminator.trainable_variables:
        weight.assign(keras.random.normal(weight.shape, seed=5))
    return SeqGAN(generator, discriminator, **{**PHASES, **arguments})


def everything(vocabulary=3, length=3):
    """All sequences, in lexical order."""
    return np.array(list(itertools.product(range(vocabulary), repeat=length)), "int32")


def exact_values(model, tokens):
    """`Q_t` of each token by enumeration of all that may follow, and the deviation of one draw."""
    every = everything(model.vocabulary, model.length)
    p = np.exp(model.log_prob(every).astype("float64"))
    reward = 1 / (1 + np.exp(-model.discriminate(every).astype("float64")))
    values, deviations = np.zeros(tokens.shape), np.zeros(tokens.shape)
    for i, t in np.ndindex(*tokens.shape):
        same = (every[:, : t + 1] == tokens[i, : t + 1]).all(axis=1)
        weights = p[same] / p[same].sum()
        values[i, t] = weights @ reward[same]
        deviations[i, t] = np.sqrt(weights @ (reward[same] - values[i, t]) ** 2)
    return values, deviations


def estimated(model, tokens, repeats=1, shift=0):
    """`Q_t` as training estimates it, the mean of so many estimates of each sequence."""
    tokens = ops.convert_to_tensor(np.tile(tokens, (repeats, 1)))
    n, length = tokens.shape
    layer, states = stepped(model.generator), []
    state, before = layer.begin(n), tokens[:, 0] * 0
    for t in range(length):
        _, state = layer.step(before, state)
        states.append(state)
        before = tokens[:, t]
    states = tuple(ops.roll(ops.stack(part), shift, axis=0) for part in zip(*states, strict=True))
    uniforms = keras.random.uniform((model.rollouts, length - 1, (length - 1) * n), seed=11)
    values = ops.convert_to_numpy(model.values(tokens, states, uniforms))
    return values.reshape(repeats, -1, length).mean(axis=0)


def too_far(model, tokens, shift=0):
    """The largest distance of 2,000 rollouts from the exact values, in standard errors."""
    exact, deviations = exact_values(model, tokens)
    found = estimated(model, tokens, 2000 // model.rollouts, shift)
    return (np.abs(found - exact)[:, :-1] / deviations[:, :-1]).max() * np.sqrt(2000)


def gradient(model, tokens, values):
    """Of the policy's loss, as one vector."""
    values = ops.convert_to_tensor(values.astype("float32"))
    with tf.GradientTape() as tape:
        loss = model.policy_loss(model.generator, ops.convert_to_tensor(tokens), values, True)
    found = tape.gradient(loss, [v.value for v in model.generator.trainable_variables])
    return np.concatenate([np.ravel(g) for g in found])


def test_the_value_of_the_last_token_is_the_discriminators_word():
    model = tiny()
    tokens = everything()
    expected = 1 / (1 + np.exp(-model.discriminate(tokens)))
    assert expected.std() > 0.1
    np.testing.assert_allclose(estimated(model, tokens)[:, -1], expected, rtol=1e-6)


def test_rollouts_estimate_the_exact_values():
    assert too_far(tiny(), everything()) < 4.5  # 54 numbers


def test_the_law_fails_with_the_state_of_another_token():
    """Broken on purpose: completions go on from the state one token too early."""
    assert too_far(tiny(stddev=2.0), everything(), shift=1) > 10


def test_completions_keep_what_was_there():
    model = tiny(vocabulary=7, length=5)
    uniforms = keras.random.uniform((6, 5), seed=1)
    layer = stepped(model.generator)
    drawn, states = draw_tokens(layer, uniforms)
    tokens = ops.convert_to_numpy(drawn)
    # With the numbers that the sequences were drawn with, their completions are these sequences.
    same = ops.stack([ops.tile(uniforms[:, t], (4,)) for t in range(1, 5)])
    again = ops.convert_to_numpy(completions(layer, drawn, states, same))
    np.testing.assert_array_equal(again, np.tile(tokens, (4, 1)))
    other = keras.random.uniform((4, 24), seed=2)
    made = ops.convert_to_numpy(completions(layer, drawn, states, other)).reshape(4, 6, 5)
    for prefix in range(1, 5):
        np.testing.assert_array_equal(made[prefix - 1, :, :prefix], tokens[:, :prefix])
        assert (made[prefix - 1, :, prefix] != tokens[:, prefix]).any()


def test_the_policys_gradient_is_that_of_the_expected_reward():
    """All 27 sequences: `grad sum_y p(y) D(y)`, and `sum_y p(y)` of the estimator's terms."""
    model, every = tiny(), everything()
    reward = 1 / (1 + np.exp(-model.discriminate(every)))
    with tf.GradientTape() as tape:
        log_p = model.token_log_prob(model.generator, ops.convert_to_tensor(every), True)
        expected = ops.sum(ops.exp(ops.sum(log_p, axis=1)) * reward)
    variables = [v.value for v in model.generator.trainable_variables]
    exact = np.concatenate([np.ravel(g) for g in tape.gradient(expected, variables)])
    assert np.abs(exact).max() > 0.01
    p = np.exp(model.log_prob(every))[:, None]
    values, _ = exact_values(model, every)
    np.testing.assert_allclose(gradient(model, every, p * values), -exact, atol=1e-6)
    # The reward of the whole sequence for every token has the same mean, without rollouts.
    whole = np.repeat(reward[:, None], 3, axis=1)
    np.testing.assert_allclose(gradient(model, every, p * whole), -exact, atol=1e-6)
    # A broken one: the value of the tokens before, which the token has no part in.
    assert np.abs(gradient(model, every, p * np.roll(values, 1, axis=1)) + exact).max() > 1e-3


def test_a_baseline_does_not_change_the_mean_gradient():
    """With equal probabilities the mean over all sequences is the expectation."""
    gradients = []
    for baseline in (None, "position"):
        model = tiny(reduction="mean", baseline=baseline)
        layer = stepped(model.generator)
        layer.output_kernel.assign(layer.output_kernel * 0)
        layer.output_bias.assign(layer.output_bias * 0)
        model.value_sum.assign([0.1, 0.2, 0.3])
        model.value_weight.assign(0.5)
        values, _ = exact_values(model, everything())
        gradients.append(gradient(model, everything(), values))
    assert np.abs(gradients[0]).max() > 0.005
    np.testing.assert_allclose(*gradients, atol=1e-6)


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [(None, [0, 0, 0]), ("mean", [0.4 * 0.9 / 1.9 + 0.8 / 1.9] * 3),
     ("position", [(0.9 * 0.2 + 0.4) / 1.9, (0.9 * 0.4 + 0.8) / 1.9, (0.9 * 0.6 + 1.2) / 1.9])],
)  # fmt: skip
def test_a_baseline_remembers_the_steps_before(baseline, expected):
    """Two steps of values, the second twice the first: weights 0.9 and 1 of 1.9."""
    model = tiny(baseline=baseline)
    assert ops.convert_to_numpy(model.expected_values()).tolist() == [0, 0, 0]
    for scale in (1, 2):
        values = scale * np.array([[0.1, 0.4, 0.5], [0.3, 0.4, 0.7]], "float32")
        model._remember(ops.convert_to_tensor(values))
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.expected_values()), expected, rtol=1e-5, atol=1e-7
    )


def test_losses_by_hand():
    """A uniform generator, a discriminator without an opinion."""
    model = tiny(l2=0.2)
    layer, last = stepped(model.generator), model.discriminator.layers[-1]
    layer.output_kernel.assign(layer.output_kernel * 0)
    layer.output_bias.assign(layer.output_bias * 0)
    last.kernel.assign(last.kernel * 0)
    last.bias.assign([0.0])
    every = ops.convert_to_tensor(everything())
    np.testing.assert_allclose(model.log_prob(everything()), -3 * np.log(3), rtol=1e-5)
    loss, report = model.judge(every, every, training=False)
    assert float(loss) == pytest.approx(np.log(2), abs=1e-6)
    assert {name: float(value) for name, value in report.items()} == {
        "real_probability": 0.5,
        "reward": 0.5,
    }
    last.bias.assign([2.0])  # -> softplus(-2), softplus(2), and 0.2 / 2 * 4
    loss, _ = model.judge(every, every, training=False)
    expected = (np.log1p(np.exp(-2)) + np.log1p(np.exp(2))) / 2 + 0.4
    assert float(loss) == pytest.approx(expected, abs=1e-6)
    values = ops.convert_to_tensor(np.tile([[0.1, 0.2, 0.3]], (27, 1)).astype("float32"))
    for reduction, n in (("sum", 27), ("mean", 1)):
        model.reduction = reduction
        loss = float(model.policy_loss(model.generator, every, values, True))
        assert loss == pytest.approx(n * 0.6 * np.log(3), rel=1e-5)


def test_all_sequences_together_have_probability_one():
    p = np.exp(tiny(4, 4, stddev=1.5).log_prob(everything(4, 4)).astype("float64"))
    assert p.sum() == pytest.approx(1, abs=1e-5) and p.max() > 2 / 256


def test_frequencies_of_samples_are_their_probabilities():
    model, n = tiny(), 20_000
    for temperature in (1.0, 0.5):
        drawn = model.sample(n, temperature=temperature, seed=0)
        shares = np.bincount(drawn @ [9, 3, 1], minlength=27) / n
        if temperature == 1:
            p = np.exp(model.log_prob(everything()))
            statistic = n * ((shares - p) ** 2 / p).sum()
            assert statistic < 54  # chi-square with 26 degrees of freedom, 0.999
        else:
            first = np.bincount(drawn[:, 0], minlength=3) / n
            likely = np.bincount(everything()[:, 0], weights=p) ** 2
            np.testing.assert_allclose(first, likely / likely.sum(), atol=0.02)


def test_phases_follow_the_step():
    model = tiny(
        generator_steps=2,
        discriminator_steps=1,
        round_generator_steps=2,
        round_discriminator_steps=3,
    )
    turns = [int(model.turn(ops.convert_to_tensor(step))) for step in range(13)]
    assert turns == [0, 0, 1, 2, 2, 1, 1, 1, 2, 2, 1, 1, 1]
    for step, phase in ((1, "generator"), (2, "discriminator"), (3, "rounds"), (9, "rounds")):
        model.step.assign(step)
        assert model.phase == phase


def test_it_resumes_in_each_phase(tmp_path):
    """A step an epoch: a file in the middle of each phase, and what comes after it."""
    model = tiny(vocabulary=5, length=3, generator_steps=2, discriminator_steps=2, seed=4)
    model.compile(run_eagerly=True)
    x = np.random.default_rng(0).integers(5, size=(4, 3), dtype=np.int32)
    train = {"batch_size": 4, "shuffle": False, "verbose": 0}
    phases = []
    for step in range(6):
        if step % 2:
            model.save(tmp_path / f"{step}.keras")
            phases.append(model.phase)
        model.fit(x, **train)
        if step % 2:
            again = keras.models.load_model(tmp_path / f"{step}.keras")
            again.fit(x, **train)
            for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)
    assert phases == ["generator", "discriminator", "rounds"]


def test_texts():
    model = tiny(words=("end", "one", "two"))
    assert model.texts([[1, 2, 0], [2, 2, 1], [0, 0, 0]]) == ["one two", "two two one", ""]
    assert tiny().texts([[1, 2, 0]]) == ["1 2 0"]
    assert SeqGAN.from_config(model.get_config()).words == ("end", "one", "two")
    with pytest.raises(DataError, match="tokens must be from 0 to 2, found 0 to 3: build the mod"):
        model.texts([[0, 1, 3]])


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"makes 3 tokens, the discriminator judges inputs of \(4,\)"
    ):
        SeqGAN(token_lstm(3, 3, 2, 2), token_cnn(3, 4, 2, ((1, 2),)))
    with pytest.raises(ValueError, match=r"one layer with `begin` and `step`.* has Embedding"):
        tokens = keras.Input((3,), dtype="int32")
        logits = keras.layers.Embedding(3, 3)(tokens)
        SeqGAN(keras.Model(tokens, logits), token_cnn(3, 3, 2, ((1, 2),)))
    for arguments, said in (
        ({"baseline": "moving"}, "baseline must be one of"),
        ({"reduction": "none"}, "reduction one of"),
        ({"rollouts": 0}, "rollouts must be at least 1, got 0"),
        ({"words": ("a",)}, "knows 3 tokens, and there are 1 words"),
    ):
        with pytest.raises(ValueError, match=said):
            tiny(**arguments)
    model = tiny()
    with pytest.raises(DataError, match="temperature must be above 0, got 0"):
        model.sample(2, temperature=0)
    model.compile(run_eagerly=True)
    for tokens, said in (
        (np.full((4, 3), 3, "int32"), "tokens must be from 0 to 2, found 3 to 3"),
        (np.zeros((4, 3), "float32"), "tokens must be whole numbers, got float32"),
        (np.zeros((4, 2), "int32"), r"tokens have shape \(2,\), the model was built for \(3,\)"),
    ):
        with pytest.raises(DataError, match=said):
            model.fit(tokens, verbose=0)


def test_maximum_likelihood_finds_a_small_oracle():
    """Between the oracle's own value, which no other distribution falls below, and chance."""
    keras.utils.set_random_seed(0)
    oracle = random_oracle(vocabulary=6, width=4, seed=2)
    x, held_out = (oracle.draw(512, 3, np.random.default_rng(seed)) for seed in (0, 1))
    model = SeqGAN.build_default(6, 3, 8, 16, 3, ((1, 3),), generator_steps=200, rollouts=1)
    model.compile()
    before = oracle.nll(model.sample(2000, seed=1))
    model.fit(x, batch_size=64, epochs=25, verbose=0)
    entropy = oracle.nll(held_out)
    after = oracle.nll(model.sample(2000, seed=1))
    assert entropy - 0.05 < after < before - 0.3
    assert entropy - 0.05 < -model.log_prob(held_out).mean() / 3 < np.log(6) - 0.2


def test_parameters_of_the_paper_counted_by_hand():
    """Vocabulary 5,000; LSTM 32; filters 1,720 in all over vectors of 64, a highway, one logit."""
    generator = 5000 * 32 + 4 * (2 * 32 * 32 + 32) + 33 * 5000
    assert token_lstm(5000, 20).count_params() == generator == 333_320
    filters = {1: 100, **dict.fromkeys((2, 3, 4, 5), 200), **dict.fromkeys((6, 7, 8, 9, 10), 100)}
    filters |= {15: 160, 20: 160}
    assert sum(filters.values()) == 1720
    convolutions = sum(width * 64 * count + count for width, count in filters.items())
    expected = 5000 * 64 + convolutions + 2 * (1720 * 1720 + 1720) + 1721
    assert token_cnn(5000, 20).count_params() == expected
