"""Drawing one of many classes by one uniform number."""

import numpy as np
import pytest
from keras import ops

from kgen.losses import categorical_log_prob, draw_category

BELOW_ONE = np.float32(1 - 2**-24)


def drawn(logits, uniforms):
    logits, uniforms = (ops.convert_to_tensor(np.asarray(x, "float32")) for x in (logits, uniforms))
    return ops.convert_to_numpy(draw_category(logits, uniforms))


@pytest.mark.core
@pytest.mark.parametrize("classes", [1, 2, 3, 4, 5, 10, 1000])
def test_two_stages_draw_what_one_sum_would(classes):
    rng = np.random.default_rng(classes)
    logits = rng.normal(scale=3, size=classes)
    p = np.exp(logits) / np.exp(logits).sum()
    uniforms = np.sort(rng.random(2000))
    found = drawn(np.tile(logits, (2000, 1)), uniforms)
    ends = p.cumsum()
    expected = np.searchsorted(ends, uniforms, side="right")
    distance = np.abs(uniforms[:, None] - ends).min(axis=1)
    clear = distance > 1e-5  # nearer than that rounding decides
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found[clear], expected[clear])


@pytest.mark.core
def test_the_ends_of_the_scale():
    """Classes without probability, in front, behind and in between, are never drawn."""
    logits = np.full((1, 11), -np.inf)
    logits[0, [2, 3, 7]] = [0.0, 1.0, 0.5]
    uniforms = np.concatenate([[0.0, BELOW_ONE], np.linspace(0, 0.999, 500)])
    found = drawn(np.tile(logits, (502, 1)), uniforms)
    assert found[:2].tolist() == [2, 7]
    assert set(found.tolist()) == {2, 3, 7}


def test_frequencies():
    logits, n = np.array([0.3, -1.0, 2.0, 0.0, -3.0, 1.0, 0.5]), 20_000
    p = np.exp(ops.convert_to_numpy(categorical_log_prob(np.arange(7), np.tile(logits, (7, 1)))))
    found = drawn(np.tile(logits, (n, 1)), np.random.default_rng(0).random(n))
    counts = np.bincount(found, minlength=7)
    assert ((counts - n * p) ** 2 / (n * p)).sum() < 22.5  # chi-square, 6 degrees, 0.999
