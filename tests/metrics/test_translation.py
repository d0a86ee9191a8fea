"""Metrics of models that translate: on pairs, there and back, and between sets."""

import numpy as np
import pytest

import kgen
from kgen.errors import MetricError
from kgen.metrics import Evaluator, evaluate
from kgen.metrics.streams import other_labels
from tests.metrics.toys import Brightness, FixedFeatures, Sampler, brightness_images


class Shift:
    """Adds `to_b` on the way to B and `to_a` on the way to A."""

    capabilities = {"translate": ("images", "domain")}

    def __init__(self, to_b=0.1, to_a=-0.05):
        self.by = {"b": to_b, "a": to_a}

    def signatures(self):
        return {"translate_ab": None, "translate_ba": None}

    def translate(self, images, domain="b"):
        return images + np.float32(self.by[domain])


class OneWay(Shift):
    capabilities = {"translate": ("images", "domain", "seed")}

    def signatures(self):
        return {"translate_ab": None}

    def translate(self, images, domain="b", seed=None):
        assert seed is not None
        return super().translate(images, domain)


class Painter:
    """Paints the brightness of the class asked for, but in a share of cases does nothing."""

    capabilities = {"translate": ("images", "labels")}

    def __init__(self, idle=0.0):
        self.idle, self.asked = idle, []

    def signatures(self):
        return {"translate": None}

    def translate(self, images, labels):
        self.asked.append(np.asarray(labels))
        painted = brightness_images(labels, seed=len(images))
        rows = np.arange(len(images)) < round(self.idle * len(images))
        return np.where(rows[:, None, None, None], images, painted)


def _constant(value, n=40):
    return np.full((n, 8, 8, 1), value, "float32")


@pytest.fixture(scope="module")
def pairs():
    """A pair is -0.4 and -0.2 everywhere."""
    sides = [_constant(-0.4), _constant(-0.2)]
    return kgen.datasets.from_arrays(sides, batch_size=4, test=0.5, layout="paired", name="two")


def test_pairs_by_hand(pairs):
    """-0.4 + 0.1 against -0.2: an error of 0.1 of a range of 2."""
    l1, psnr, ssim = evaluate(Shift(), pairs, "l1,psnr,ssim")
    assert l1.value == pytest.approx(0.1, rel=1e-5)
    assert psnr.value == pytest.approx(20 * np.log10(2 / 0.1), rel=1e-5)
    # Of two constants only the luminance differs; levels are 0.35 and 0.4 of the range.
    levels, small = (0.35, 0.4), 0.01**2
    by_hand = (2 * levels[0] * levels[1] + small) / (levels[0] ** 2 + levels[1] ** 2 + small)
    assert ssim.value == pytest.approx(by_hand, rel=1e-4)
    assert {s.method for s in (l1, psnr, ssim)} == {"translations into b"}
    (l1,) = evaluate(Shift(), pairs, "l1", domain="a")  # -0.2 - 0.05 against -0.4
    assert l1.value == pytest.approx(0.15, rel=1e-5) and l1.method == "translations into a"
    assert l1.n_real == pairs.sizes["test"] > 0


def test_there_and_back_by_hand(pairs):
    """+0.1 - 0.05 either way."""
    (score,) = evaluate(Shift(), pairs, "cycle_error")
    assert score.value == pytest.approx(0.05, rel=1e-4)
    assert score.details == pytest.approx({"a": 0.05, "b": 0.05}, rel=1e-4)
    (inverse,) = evaluate(Shift(0.1, -0.1), pairs, "cycle_error")
    assert inverse.value == pytest.approx(0.0, abs=1e-6)


def test_a_set_of_translations_is_compared_with_the_other_side():
    """A translator whose translations are B's images has no distance, and copying has one."""
    a = brightness_images(np.zeros(80, int))
    data = kgen.datasets.from_arrays(
        [a, a + 0.5], batch_size=16, test=0.5, layout="unpaired", name="shifted"
    )
    options = {"features": FixedFeatures(), "n": 60}
    (right,) = evaluate(Shift(0.5), data, "fd", **options)
    (copied,) = evaluate(Shift(0.0), data, "fd", **options)
    (back,) = evaluate(Shift(0.0, -0.5), data, "fd", domain="a", **options)
    assert right.value == pytest.approx(0.0, abs=1e-4) and back.value == pytest.approx(0, abs=1e-4)
    assert copied.value > 100 * max(right.value, 1e-4)
    assert (right.method, back.method) == ("translations into b", "translations into a")
    assert right.n_fake == right.n_real == data.sizes["test"]
    (given,) = evaluate(a + 0.5, data, "fd", **options)  # translations made elsewhere
    assert given.method is None and given.value < copied.value


def test_domain_accuracy_is_of_other_domains_than_the_images_own(data, real):
    """An idle translator is never right, one idle in a quarter of cases is so in the others."""
    painter = Painter()
    options = {"features": Brightness(), "n": 1000}
    (right,) = evaluate(painter, data, "label_accuracy", **options)
    (idle,) = evaluate(Painter(idle=1.0), data, "label_accuracy", **options)
    (quarter,) = evaluate(Painter(idle=0.25), data, "label_accuracy", **options)
    assert (right.value, idle.value) == (1.0, 0.0)
    assert quarter.value == pytest.approx(0.75, abs=0.01)
    assert right.method == "translations into other domains"
    asked = np.concatenate(painter.asked)
    assert not (asked == real[1]).any() and set(asked) == {0, 1, 2}
    assert (np.bincount(asked[real[1] == 0]) > 20).sum() == 2
    (one,) = Evaluator(data, "label_accuracy", **options)(painter, labels=[2])
    assert one.value == 1.0 and set(painter.asked[-1]) == {2}


def test_by_another_domain_and_home_again(data):
    """Each image comes back as another of its class, whose numbers lie within 0.25 of its level."""
    (score,) = evaluate(Painter(), data, "cycle_error", n=1000)
    (idle,) = evaluate(Painter(idle=1.0), data, "cycle_error", n=1000)
    assert 0 < score.value < 0.3 and idle.value == 0.0
    assert score.n_real == data.sizes["test"]


def test_attributes_are_asked_for_in_another_order():
    vectors = np.arange(12).reshape(6, 2)
    asked = other_labels(vectors, 2, np.random.default_rng(0))
    assert not np.array_equal(asked, vectors)
    assert sorted(map(tuple, asked)) == sorted(map(tuple, vectors))


@pytest.mark.parametrize(
    ("model", "metrics", "says"),
    [
        (OneWay(), "cycle_error", "there and back"),
        (Painter(), "fd", "cannot sample"),
        (Sampler(_constant(0)), "l1", "cannot reconstruct"),
    ],
)
def test_what_a_translator_cannot_give_is_refused(pairs, model, metrics, says):
    with pytest.raises(MetricError, match=says):
        evaluate(model, pairs, metrics, features=FixedFeatures(), n=6)


def test_pairs_are_needed_and_dropout_follows_the_seed(pairs):
    (score,) = evaluate(OneWay(), pairs, "l1")
    assert score.value == pytest.approx(0.1, rel=1e-5)
    sides = [_constant(-0.4), _constant(-0.2)]
    unpaired = kgen.datasets.from_arrays(sides, batch_size=4, test=0.5, layout="unpaired")
    with pytest.raises(MetricError, match="cannot reconstruct"):
        evaluate(Shift(), unpaired, "l1")
    with pytest.raises(MetricError, match="domain must be"):
        Evaluator(pairs, "l1", domain="c")
