"""The user's own arrays: what is taken, and the one line that refuses the rest."""

import numpy as np
import pytest

from kgen.datasets import from_arrays
from kgen.datasets.splits import assign, split_of
from kgen.errors import DataError

FLOATS = np.linspace(-1, 1, 10 * 8 * 8, dtype=np.float32).reshape(10, 8, 8, 1)


def test_uint8_and_float_images():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    (batch,) = from_arrays(np.repeat(grey, 2, 0), batch_size=2).train.as_numpy_iterator()
    np.testing.assert_allclose(batch[0].ravel(), np.arange(256) / 127.5 - 1, atol=1e-6)
    assert batch.min() == -1
    assert batch.max() == 1
    data = from_arrays(FLOATS.astype(np.float64), batch_size=10, validation=0.0)
    (batch,) = data.train.as_numpy_iterator()
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(np.sort(batch[:, 0, 0, 0]), FLOATS[:, 0, 0, 0])


def test_held_out_shares():
    data = from_arrays(np.zeros((400, 8, 8, 3), np.uint8), validation=0.2, test=0.1, name="mine")
    assert sum(data.sizes.values()) == 400
    assert 50 < data.sizes["validation"] < 110
    assert 20 < data.sizes["test"] < 60
    assert data.name == "mine"
    assert from_arrays(np.zeros((64, 8, 8, 3), np.uint8)).test is None


def test_split_of_is_stable_and_shares_are_independent():
    # The place of "a" is 0xca97... / 2**64 = 0.791, by SHA-256.
    assert split_of("a", validation=0.2, test=0.7) == "train"
    assert split_of("a", validation=0.21, test=0.7) == "validation"
    assert split_of("a", validation=0.1, test=0.8) == "test"
    keys = [f"image {i}" for i in range(2000)]
    small, large = assign(keys, 0.1, 0.1), assign(keys, 0.3, 0.1)
    assert small["test"] == large["test"]
    assert set(small["validation"]) < set(large["validation"])
    assert len(small["test"]) == pytest.approx(200, abs=50)


def test_labels_and_two_sides():
    data = from_arrays(FLOATS, np.arange(10)[:, None] % 3, batch_size=5, class_names="abc")
    assert data.layout == "labelled"
    assert data.class_names == ("a", "b", "c")
    assert from_arrays(FLOATS, np.arange(10), batch_size=5).num_classes == 10
    pair = from_arrays((FLOATS, -FLOATS), batch_size=5)
    assert pair.layout == "paired"
    for a, b in pair.train.as_numpy_iterator():
        np.testing.assert_array_equal(a, -b)
    assert from_arrays((FLOATS, FLOATS[:6]), batch_size=5).layout == "unpaired"


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (FLOATS * 2, None, r"from -2 to 2, .* pass a rescaled array"),
        ((FLOATS + 1) * 127, None, r"from 0 to 254, .* pass images / 127.5 - 1"),
        (FLOATS[..., 0], None, r"images of shape \(10, 8, 8\).* such as images\[..., None\]"),
        (FLOATS.repeat(4, -1), None, "1 or 3 channels"),
        (FLOATS[:, :4], None, "image_size"),
        (FLOATS[:0], None, "empty"),
        (FLOATS * np.nan, None, "NaN"),
        ((FLOATS * 100).astype(int), None, "int64: pass uint8"),
        (FLOATS, np.arange(9), r"pass 10 whole numbers"),
        (FLOATS, np.arange(10) - 1, r"from 0 on"),
        (FLOATS, np.arange(10) / 2, r"float64"),
        ((FLOATS, FLOATS.repeat(2, 1)), None, "make their sizes equal"),
        ((FLOATS, FLOATS, FLOATS), None, "3 arrays"),
    ],
)
def test_what_is_refused(images, labels, message):
    with pytest.raises(DataError, match=message) as caught:
        from_arrays(images, labels, batch_size=5)
    assert "\n" not in str(caught.value)


def test_a_range_of_0_to_1_is_suspicious():
    with pytest.warns(UserWarning, match=r"pass images \* 2 - 1"):
        from_arrays((FLOATS + 1) / 2, batch_size=5)


def test_class_names_must_reach():
    with pytest.raises(DataError, match="label 9, but only 2"):
        from_arrays(FLOATS, np.arange(10), batch_size=5, class_names="ab")
    with pytest.raises(DataError, match="cannot be loaded as 'labelled'"):
        from_arrays(FLOATS, batch_size=5, layout="labelled")
