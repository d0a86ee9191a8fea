"""Images that several tests measure; a cache that is the test session's, not the user's."""

import numpy as np
import pytest

import kgen
from tests.metrics.toys import brightness_images


@pytest.fixture(scope="session")
def _cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cached_here(_cache, monkeypatch):
    monkeypatch.setenv("KGEN_CACHE", str(_cache))


@pytest.fixture(scope="session")
def data():
    """Labelled images of three classes with unequal frequencies, 200 of them for testing."""
    labels = np.random.default_rng(0).choice(3, size=1000, p=[0.6, 0.3, 0.1])
    return kgen.datasets.from_arrays(
        brightness_images(labels), labels, batch_size=50, validation=0.2, test=0.2, name="grey"
    )


@pytest.fixture(scope="session")
def real(data):
    """The test split's images and labels."""
    images, labels = zip(*data.test.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.fixture(scope="session")
def bank():
    return brightness_images(np.random.default_rng(5).choice(3, size=300), seed=9)
