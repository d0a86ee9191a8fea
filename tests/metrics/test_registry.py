"""The names of the metrics, and how they are asked for."""

from pathlib import Path

import pytest

from kgen.errors import MetricError
from kgen.metrics import METRICS, parse_metrics
from kgen.metrics.registry import NEEDS, SHORT, listing, markdown


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
        "self_bleu_2",
        "self_bleu_3",
        "self_bleu_4",
    ]


def test_the_page_of_the_metrics_is_of_today():
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == markdown(), (
        "stale: kgen metrics --markdown > docs/metrics.md"
    )


def test_every_metric_is_listed_with_all_that_is_known_of_it():
    lines = listing().splitlines()
    assert len(lines) == 2 * len(METRICS) + len(SHORT)
    assert lines[:2] == [
        "fid  Fréchet distance in Inception features (Heusel et al. 2017)",
        "    lower is better; needs samples, or a model that draws or translates them; "
        "the Inception network of 2015-12-05",
    ]
    assert (
        "    to read, not to rank by; needs samples, or a model that draws or translates them"
        in lines
    )
    assert "dc  stands for density, coverage" in lines
    for name, metric in METRICS.items():
        (row,) = [line for line in markdown().splitlines() if line.startswith(f"| `{name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:3] == [metric.summary, metric.better or ""] and cells[4] == metric.source
        assert cells[3].split("; ") == [NEEDS[need] for need in metric.needs]
