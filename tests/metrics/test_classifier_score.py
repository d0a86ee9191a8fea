import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.classifier_score import classifier_score
from tests.metrics.goldens.inputs import LOGITS, SHUFFLES, logits, softmax
from tests.metrics.goldens.references import REFERENCES


def test_by_hand():
    # mean (1/2, 1/2); KL of each row 0.9 ln 1.8 + 0.1 ln 0.2
    value, deviation = classifier_score([[0.9, 0.1], [0.1, 0.9]], splits=1)
    assert value == pytest.approx(1.8**0.9 * 0.2**0.1, rel=1e-14)
    assert deviation == 0


def test_mean_and_deviation_over_splits():
    sure, unsure = np.eye(2), np.full((2, 2), 0.5)  # scores of 2 and of 1
    mean, deviation = classifier_score(np.concatenate([sure, unsure]), splits=2)
    assert (mean, deviation) == pytest.approx((1.5, 0.5), rel=1e-14)


@pytest.mark.parametrize("case", LOGITS)
@pytest.mark.parametrize("seed", SHUFFLES)
def test_agrees_with_torch_fidelity(case, seed):
    expected = REFERENCES["torch_fidelity_isc"][f"{case} {seed}"]
    probabilities = softmax(logits(case))  # 203 samples: splits of unequal sizes
    assert classifier_score(probabilities, seed=seed) == pytest.approx(expected, rel=1e-9)
    assert classifier_score(probabilities, seed=5)[0] != pytest.approx(expected[0], rel=1e-4)
    in_float32 = classifier_score(probabilities.astype("float32"), seed=seed)
    assert in_float32 == pytest.approx(expected, rel=1e-5)


def test_lies_between_1_and_the_number_of_classes():
    for case in LOGITS:
        assert 1 < classifier_score(softmax(logits(case)))[0] < 7


def test_falls_when_classes_are_dropped():
    """Of sure samples it counts the classes, each as often as another."""
    classes = np.arange(400) % 10
    values = [
        classifier_score(np.eye(10)[classes[classes < kept]], splits=2)[0] for kept in (10, 5, 2, 1)
    ]
    assert values == pytest.approx([10, 5, 2, 1], rel=1e-12)


def test_falls_when_the_classifier_is_less_sure():
    values = [classifier_score(softmax(scale * logits("sure")))[0] for scale in (1, 0.2, 0.05, 0)]
    assert np.all(np.diff(values) < -0.05) and values[-1] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "splits", "message"),
    [
        (np.full((9, 2), 0.5), 10, "probabilities: 9 rows are too few; give at least 10"),
        (np.full((9, 2), 0.5), 0, "at least 1 split"),
        ([[3.0, -2.0]], 1, "are these logits"),
        ([[0.5, 0.6]], 1, "rows that sum to 1"),
        ([[np.nan, 1.0]], 1, "1 of 1 rows hold NaN"),
        ([0.5, 0.5], 1, "shape"),
    ],
)
def test_what_are_no_probabilities_is_refused(probabilities, splits, message):
    with pytest.raises(MetricError, match=message):
        classifier_score(probabilities, splits=splits)
