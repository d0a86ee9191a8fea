import numpy as np
import pytest

import kgen
from kgen.errors import MetricError
from kgen.metrics import evaluate
from kgen.metrics.code_information import code_information
from kgen.models import TensorSpec
from kgen.models.signature import Signature


def test_values_by_hand():
    even = np.full((10, 10), 0.1)
    assert code_information(even, np.arange(10)) == pytest.approx(0.0, abs=1e-12)
    assert code_information(np.eye(10), np.arange(10)) == pytest.approx(np.log(10))
    assert code_information([[0.25, 0.75]], [0]) == pytest.approx(np.log(0.5))
    assert np.isfinite(code_information([[0.0, 1.0]], [0]))  # and far below 0


@pytest.mark.parametrize("codes", [[0], [0, 2], [-1, 0]])
def test_codes_that_do_not_fit_are_refused(codes):
    with pytest.raises(MetricError, match="codes"):
        code_information(np.full((2, 2), 0.5), codes)


class Telling:
    """Two codes, of two and of four classes: the images tell the first and half of the second."""

    capabilities = {
        "sample": ("n", "categories", "continuous", "seed"),
        "classify": ("images", "code"),
    }

    def signatures(self):
        inputs = {
            "latents": TensorSpec((None, 3), role="latent"),
            "category_0": TensorSpec((None,), dtype="int32", role="label", classes=2),
            "category_1": TensorSpec((None,), dtype="int32", role="label", classes=4),
        }
        return {"sample": Signature(dict, inputs, {"images": "image"})}

    def sample(self, n, categories=None, continuous=None, seed=None):
        assert categories.shape == (n, 2)
        images = np.zeros((n, 8, 8, 1), "float32")
        images[:, 0, 0, 0], images[:, 0, 1, 0] = categories[:, 0], categories[:, 1] // 2
        return images

    def classify(self, images, code=0):
        told = images[:, 0, code, 0].astype(int)
        return np.eye(2)[told] if code == 0 else np.repeat(np.eye(2)[told], 2, axis=1) / 2


def test_of_a_model_with_codes():
    images = np.zeros((40, 8, 8, 1), np.uint8)
    data = kgen.datasets.from_arrays(images, batch_size=4, test=0.5)
    (score,) = evaluate(Telling(), data, "mutual_information", n=700)
    assert score.value == pytest.approx(2 * np.log(2))  # ln 2, and ln 4 - ln 2
    assert score.details["entropy"] == pytest.approx(np.log(8))
    assert (score.better, score.n_fake) == ("higher", 700)


def test_a_model_without_codes_has_none():
    class Plain(Telling):
        capabilities = {"sample": ("n", "seed"), "classify": ("images",)}

    images = np.zeros((40, 8, 8, 1), np.uint8)
    data = kgen.datasets.from_arrays(images, batch_size=4, test=0.5)
    with pytest.raises(MetricError, match="Plain draws no codes, so it has no mutual_information"):
        evaluate(Plain(), data, "mutual_information", n=9)
