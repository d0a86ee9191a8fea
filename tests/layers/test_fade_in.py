import numpy as np
import pytest
from keras import ops

from kgen.layers import FadeIn


@pytest.mark.parametrize(
    ("growth", "share"), [(0.0, 0.0), (1.0, 0.0), (1.25, 0.25), (2.0, 1.0), (7.0, 1.0)]
)
def test_the_new_replaces_the_old_between_two_levels(growth, share):
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=(2, 3, 4, 4, 2)).astype("float32")
    y = ops.convert_to_numpy(FadeIn(2)([old, new, np.full((3, 1), growth, "float32")]))
    if share in (0.0, 1.0):
        np.testing.assert_array_equal(y, new if share else old)
    np.testing.assert_allclose(y, (1 - share) * old + share * new, rtol=1e-5, atol=1e-6)


def test_in_half_precision_growth_keeps_its_digits():
    """8 + 1/64 is no bfloat16 number."""
    layer = FadeIn(9, dtype="mixed_bfloat16")
    zeros, ones = (ops.full((1, 1), x, dtype="bfloat16") for x in (0.0, 1.0))
    y = layer([zeros, ones, ops.full((1, 1), 8 + 1 / 64, dtype="float32")])
    assert float(ops.convert_to_numpy(ops.cast(y, "float32"))[0, 0]) == 1 / 64
    assert layer.get_config()["level"] == 9
