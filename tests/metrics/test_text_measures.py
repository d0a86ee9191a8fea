"""Metrics of tokens through the Evaluator, and what it refuses of them."""

import math

import numpy as np
import pytest

from kgen.datasets import load
from kgen.datasets.tokens import grammar
from kgen.errors import MetricError
from kgen.metrics import Evaluator, parse_metrics
from kgen.metrics.bleu import bleu, self_bleu
from kgen.metrics.text_measures import sentences


@pytest.fixture(scope="module")
def data():
    return load("grammar", batch_size=50, limit=200)


def wrong(n):
    """Sentences every other of which has an operator for its first symbol."""
    tokens = grammar.draw(n, np.random.default_rng(9))
    tokens[::2, 0] = 2
    return tokens


class Uniform:
    """Gives every sequence of six symbols the same probability; log 6 nats a token."""

    capabilities = {"log_prob": ("tokens",), "sample": ("n", "seed")}
    log_prob_of = "tokens"

    def log_prob(self, tokens):
        return np.full(len(tokens), -tokens.shape[1] * math.log(6), "float32")

    def sample(self, n, seed=None):
        return np.random.default_rng(seed).integers(6, size=(n, 12), dtype=np.int32)


def test_all_of_them_on_an_array(data):
    names = parse_metrics("bleu,self_bleu,validity")
    assert len(names) == 7
    samples = wrong(100)
    scores = {s.metric: s for s in Evaluator(data, names, n=100)(samples)}
    assert list(scores) == list(names)
    real = sentences(np.concatenate(list(data.test.as_numpy_iterator())), ended=True)
    assert scores["validity"].value == 0.5
    assert scores["validity"].deviation == pytest.approx(math.sqrt(0.25 / 100))
    distinct = len({tuple(row) for row in samples[1::2]})
    assert scores["validity"].details == {"distinct": distinct}
    ours = sentences(samples, ended=True)
    held = Evaluator(data, ["bleu_2"], n=200)(samples)[0]
    assert held.value == pytest.approx(bleu(ours, real, [2]).mean())
    assert held.method == "sentence BLEU, floor 0.1, vocabulary 6"
    assert (held.n_real, held.n_fake, held.resize) == (200, 100, "12 tokens")
    alone = scores["self_bleu_4"]
    assert alone.value == pytest.approx(self_bleu(ours, [4]).mean())
    assert 0 < alone.details["real"] < 1
    assert scores["bleu_2"].value > scores["bleu_3"].value > scores["bleu_4"].value


def test_of_a_model(data):
    """Its nll by hand; a uniform draw is valid with a probability far below one in a thousand."""
    nll, valid = Evaluator(data, ["nll", "validity"], n=100)(Uniform())
    assert nll.value == pytest.approx(12 * math.log(6), rel=1e-6)
    assert nll.details["nats_per_token"] == pytest.approx(math.log(6), rel=1e-6)
    assert nll.method == "of tokens" and "bits_per_dim" not in nll.details
    held_out = np.concatenate(list(data.test.as_numpy_iterator()))
    words = ((held_out != 0).sum(axis=1) + 1).mean()  # 11 symbols at most, so each has its end
    score = Evaluator(data, ["nll"], n=200)(Uniform())[0]
    assert score.details["perplexity"] == pytest.approx(6 ** (12 / words), rel=1e-6)
    assert valid.value < 0.05 and valid.n_fake == 100


@pytest.mark.parametrize("name", ["fd", "sliced_wasserstein", "nearest_train", "modes", "l1"])
def test_metrics_of_images_are_refused_for_tokens(data, name):
    with pytest.raises(MetricError, match=f"{name} is of images, and grammar holds tokens"):
        Evaluator(data, [name])


def test_a_missing_package_is_named_before_anything_is_drawn(data, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MetricError, match=r"bleu_2 needs sacrebleu: .*kgen-keras\[text\]"):
        Evaluator(data, "bleu")


def test_metrics_of_tokens_are_refused_for_all_else(tmp_path):
    images = load("glyphs/letters", image_size=8, limit=16, batch_size=8, layout="images")
    with pytest.raises(MetricError, match="bleu_2 is of tokens, and glyphs/letters holds images"):
        Evaluator(images, "bleu")
    with pytest.raises(MetricError, match="self_bleu_3 is of tokens, and ring holds points"):
        Evaluator(load("ring", limit=50, batch_size=8), ["self_bleu_3"])
    (tmp_path / "a.txt").write_text("\n".join(f"a {i}" for i in range(50)))
    with pytest.raises(MetricError, match="validity is of the built-in grammar alone"):
        Evaluator(load(tmp_path / "a.txt", batch_size=1), ["validity"])


def test_sources_that_are_no_such_tokens(data):
    evaluator = Evaluator(data, ["validity"], n=50)
    with pytest.raises(MetricError, match=r"or tokens \(n, 12\), int"):
        evaluator(np.zeros((50, 12)))
    with pytest.raises(MetricError, match=r"or tokens \(n, 12\), int"):
        evaluator(np.zeros((50, 11), np.int32))

    class Longer(Uniform):
        def sample(self, n, seed=None):
            return np.zeros((n, 20), np.int32)

    with pytest.raises(MetricError, match="draws sequences of 20, and the data have 12"):
        evaluator(Longer())


def test_the_likelihood_under_an_oracle(data):
    """Of chance far above the data's own; by hand the mean over all tokens of `-log p`."""
    known = load("oracle", batch_size=50, limit=200)
    tokens = np.random.default_rng(0).integers(50, size=(100, 8), dtype=np.int32)
    (score,) = Evaluator(known, ["oracle_nll"], n=100)(tokens)
    assert score.value == pytest.approx(-known.oracle.log_prob(tokens).mean(), rel=1e-6)
    assert (score.better, score.n_fake, score.method) == ("lower", 100, "8 tokens by oracle")
    held_out = np.concatenate(list(known.test.as_numpy_iterator()))[:100]
    assert 2 < score.details["real"] < 2.4 and score.value > 5.5
    (own,) = Evaluator(known, ["oracle_nll"], n=100)(held_out)
    assert own.value == pytest.approx(known.oracle.nll(held_out), rel=1e-6)
    with pytest.raises(MetricError, match="oracle_nll needs data whose oracle is known"):
        Evaluator(data, ["oracle_nll"])
