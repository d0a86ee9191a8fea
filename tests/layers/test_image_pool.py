import keras
import numpy as np
import pytest

from kgen.layers import ImagePool
from kgen.training import Noise, RecordedNoise


def _batch(*values):
    return np.array(values, "float32").reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 1), "float32")


def _values(images):
    return [float(v) for v in keras.ops.convert_to_numpy(images)[:, 0, 0, 0]]


def _noise(order, exchange):
    """Random numbers that visit the places in `order` and exchange where `exchange`."""
    places = np.argsort(np.array(order)).astype("float32") / 10
    return RecordedNoise([places, np.where(exchange, 0.1, 0.9).astype("float32")])


def test_fills_first_and_returns_what_came():
    pool = ImagePool(3)
    assert _values(pool(_batch(1, 2), noise=_noise([2, 1, 0], [True, True]))) == [1, 2]
    assert int(pool.count) == 2
    assert _values(pool.images)[:2] == [1, 2]


def test_exchanges_where_the_coin_says_so():
    pool = ImagePool(3)
    pool(_batch(1, 2, 3), noise=_noise([0, 1, 2], [True] * 3))
    out = pool(_batch(7, 8), noise=_noise([2, 0, 1], [True, False]))
    assert _values(out) == [3, 8]
    assert _values(pool.images) == [1, 2, 7]


def test_a_batch_that_overfills_keeps_the_newest():
    pool = ImagePool(3)
    pool(_batch(1, 2), noise=_noise([0, 1, 2], [True] * 2))
    assert _values(pool(_batch(3, 4), noise=_noise([0, 1, 2], [True] * 2))) == [3, 4]
    assert _values(pool.images) == [4, 2, 3]
    assert int(pool.count) == 3


def test_a_full_pool_exchanges_half():
    pool = ImagePool(50)
    noise = Noise(keras.random.SeedGenerator(0))
    pool(_batch(*range(50)), noise=noise)
    returned_old = 0
    for start in range(100, 900, 10):
        new = list(range(start, start + 10))
        out = _values(pool(_batch(*new), noise=noise))
        returned_old += sum(o not in new for o in out)
        # Nothing is lost or made up: what came out and what is kept is what was there and came.
        assert len(set(_values(pool.images))) == 50
    assert returned_old / 800 == pytest.approx(0.5, abs=0.06)


def test_size_zero_is_off():
    assert _values(ImagePool(0)(_batch(5), noise=None)) == [5]


def test_a_batch_larger_than_the_pool_is_refused():
    with pytest.raises(ValueError, match="does not fit an image pool of 2"):
        ImagePool(2)(_batch(1, 2, 3), noise=_noise([0, 1], [True] * 3))


@pytest.mark.usefixtures("mixed_bfloat16")
def test_keeps_float32_under_mixed_precision():
    pool = ImagePool(3)
    out = pool(_batch(1 / 3), noise=_noise([0, 1, 2], [True]))
    assert _values(out) == [np.float32(1 / 3)]
    assert _values(pool.images)[0] == np.float32(1 / 3)
