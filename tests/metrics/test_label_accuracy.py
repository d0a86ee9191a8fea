"""Accuracy of a classifier on what conditional samples were asked to show."""

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.label_accuracy import label_accuracy


def test_the_share_of_hits():
    probabilities = np.eye(3)[[0, 1, 2, 0]] * 0.8 + 0.05
    assert label_accuracy(probabilities, [0, 1, 2, 1]) == 0.75
    assert label_accuracy(probabilities, [0, 1, 2, 0]) == 1.0


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        (np.ones((2, 3)), [0]),
        (np.ones((2, 3)), [0, 3]),
        (np.ones((2, 3)), [0, -1]),
        (np.ones(2), [0, 0]),
        (np.ones((0, 3)), []),
    ],
)
def test_bad_input_is_refused(probabilities, labels):
    with pytest.raises(MetricError):
        label_accuracy(probabilities, np.array(labels, int))
