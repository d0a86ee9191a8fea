"""What is done to images must show in the scores: more damage, a worse score.

On letters, against the very images that are damaged, so that without damage the distance is 0.
"""

import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import kgen
from kgen.metrics import Evaluator
from tests.metrics.toys import FixedFeatures

N = 310


@pytest.fixture(scope="module")
def data():
    return kgen.datasets.load("glyphs/letters", image_size=16, batch_size=100, limit=N)


@pytest.fixture(scope="module")
def letters(data):
    """The test split's images and labels."""
    images, labels = zip(*data.test.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.fixture(scope="module")
def measure(data, tmp_path_factory):
    """Scores by name, of one evaluator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        evaluator = Evaluator(data, "fd,kd,pr,dc,sliced_wasserstein", n=N, features=FixedFeatures())

    def measure(images):
        return {score.metric: score.value for score in evaluator(images)}

    return measure


def blurred(images, sigma):
    return gaussian_filter(images, (0, sigma, sigma, 0)) if sigma else images


def noisy(images, sigma):
    noise = np.random.default_rng(0).normal(size=images.shape)
    return np.clip(images + sigma * noise, -1, 1).astype("float32")


def of_classes(images, labels, number):
    """As many images as before, but of some classes only, small among large letters."""
    kept = np.random.default_rng(2).permutation(62)[:number]
    rows = np.flatnonzero(np.isin(labels, kept))
    return images[np.resize(rows, len(images))]


def rises(values, factor=1.2):
    return all(0 <= a * factor < b for a, b in itertools.pairwise(values))


def falls(values, step=0.02):
    return all(b < a - step for a, b in itertools.pairwise(values))


def test_a_set_is_no_distance_from_itself(letters, measure):
    scores = measure(letters[0])
    assert scores["fd"] == pytest.approx(0, abs=1e-6)
    assert (scores["precision"], scores["recall"]) == (1.0, 1.0)
    assert scores["coverage"] == 1.0
    # So does the same set in another order.
    shuffled = np.random.default_rng(1).permutation(letters[0])
    assert measure(shuffled)["fd"] == pytest.approx(0, abs=1e-6)


def test_distances_rise_with_blur(letters, measure):
    scores = [measure(blurred(letters[0], sigma)) for sigma in (0, 0.5, 1.0, 2.0)]
    assert rises([score["fd"] + 1e-9 for score in scores])
    assert rises([score["kd"] for score in scores[1:]])


def test_distances_rise_with_noise_and_precision_falls(letters, measure):
    scores = [measure(noisy(letters[0], sigma)) for sigma in (0, 0.2, 0.4, 0.8)]
    assert rises([score["fd"] + 1e-9 for score in scores])
    assert rises([score["kd"] for score in scores[1:]])
    assert falls([score["precision"] for score in scores])
    assert falls([score["density"] for score in scores])


@pytest.mark.parametrize("damaged", [blurred, noisy])
def test_sliced_wasserstein_rises(damaged):
    data = kgen.datasets.load("glyphs/letters", image_size=16, batch_size=100, limit=100)
    ((images, _),) = data.test.as_numpy_iterator()
    evaluator = Evaluator(data, "sliced_wasserstein", n=100)
    assert rises([evaluator(damaged(images, sigma))[0].value for sigma in (0, 0.5, 1.0)])


def test_distances_rise_with_dropped_classes_and_recall_falls(letters, measure):
    images, labels = letters
    scores = [measure(of_classes(images, labels, number)) for number in (62, 30, 10, 2)]
    assert rises([score["fd"] + 1e-9 for score in scores])
    assert rises([score["kd"] for score in scores[1:]])
    assert falls([score["recall"] for score in scores])
    assert falls([score["coverage"] for score in scores])
    # What is left is real: only what is missing is punished.
    assert min(score["precision"] for score in scores) > 0.98
