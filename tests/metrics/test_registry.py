"""The names of the metrics, and how they are asked for."""

import pytest

from kgen.errors import MetricError
from kgen.metrics import METRICS, parse_metrics
from kgen.metrics.registry import NEEDS, SHORT


def test_text_and_sequences():
    assert parse_metrics("fid,kid") == ("fid", "kid")
    assert parse_metrics(" fid , kid ,") == ("fid", "kid")
    assert parse_metrics(("fid", "kid")) == ("fid", "kid")
    assert parse_metrics("pr,dc") == ("precision", "recall", "density", "coverage")


def test_each_once_in_the_order_of_asking():
    assert parse_metrics("recall,pr,fd,fd") == ("recall", "precision", "fd")


@pytest.mark.parametrize(
    ("name", "near"),
    [("fidd", "fid"), ("KID", "kid"), ("ms-ssim", "ms_ssim"), ("presicion", "precision")],
)
def test_a_misspelt_name_is_corrected(name, near):
    with pytest.raises(MetricError, match=f"did you mean '{near}'") as caught:
        parse_metrics(["fd", name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metrics", ["", " , ", []])
def test_nothing_asked_for(metrics):
    with pytest.raises(MetricError, match="no metric was asked for"):
        parse_metrics(metrics)


def test_a_name_like_no_other_lists_all():
    with pytest.raises(MetricError, match="choose from fid, fd"):
        parse_metrics("zzzz")


def test_every_entry_is_complete():
    for name, metric in METRICS.items():
        assert metric.summary and len(metric.summary) < 130, name
        assert metric.better in ("lower", "higher", None), name
        assert metric.needs and set(metric.needs) <= NEEDS.keys(), name
    for names in SHORT.values():
        assert set(names) <= METRICS.keys()
    # Neither is a matter of more or less, so that no best model is chosen by them unawares.
    assert [name for name, metric in METRICS.items() if metric.better is None] == [
        "ms_ssim",
        "nearest_train",
    ]
