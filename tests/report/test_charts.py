import json

import pytest

from kgen.report.charts import Line, chart, evenly, ticks
from tests.report.test_html import parse


def drawn(*lines, **more):
    """A chart's title, SVG attributes, and the places of its points by line."""
    parsed = parse(chart("loss", lines, **more))
    (svg,) = [a for n, a in parsed.seen if n == "svg" and a.get("class") == "chart"]
    return parsed, svg, json.loads(svg["data-lines"])


def test_points_lie_where_the_axes_say():
    _, _, (line,) = drawn(Line("training", [(1, 0.0), (2, 5.0), (5, 10.0)]))
    assert line["label"] == "training"
    (x1, y1, *_), (x2, y2, *_), (x5, y5, *_) = line["points"]
    assert (x1, x5) == (54, 406)  # the margins of a drawing 420 wide
    assert x2 == pytest.approx(54 + 352 / 4, abs=0.06)
    # 0 is the axis itself, at 236 - 34; above 10 there is a margin of 5 %.
    assert y1 == 202 and y2 == pytest.approx(202 - 192 * 5 / 10.5, abs=0.06)
    assert y5 == pytest.approx(202 - 192 * 10 / 10.5, abs=0.06)
    assert [point[2:] for point in line["points"]] == [[1, "0"], [2, "5"], [5, "10"]]


def test_it_is_said_in_words_as_well():
    parsed, svg, _ = drawn(Line("training", [(1, 4.0), (2, 1.0), (3, 2.0)]))
    assert svg["role"] == "img" and svg["tabindex"] == "0"
    assert svg["aria-label"] == (
        "loss by epoch. training: 4 at epoch 1, 2 at epoch 3, between 1 and 4."
    )
    assert "epoch 3: 2" in parsed.text


def test_a_wide_range_is_logarithmic():
    parsed, _, (line,) = drawn(Line("fd", [(0, 1.0), (1, 10.0), (2, 100.0)]))
    assert "logarithmic scale" in parsed.text
    heights = [point[1] for point in line["points"]]
    assert heights == [202, 106, 10]  # a factor of ten is the same height twice
    assert "logarithmic" not in drawn(Line("fd", [(0, 0.0), (1, 100.0)]))[0].text
    assert "logarithmic" not in drawn(Line("fd", [(0, 3.0), (1, 100.0)]))[0].text


def test_what_is_not_finite_is_left_out():
    nan, infinite = float("nan"), float("inf")
    _, _, lines = drawn(
        Line("a", [(1, nan), (2, 1.0), (3, infinite)]), Line("b", [(1, nan)]), Line("c", [(1, 2.0)])
    )
    assert [(line["label"], len(line["points"])) for line in lines] == [("a", 1), ("c", 1)]
    assert chart("loss", [Line("a", [(1, nan)]), Line("b", [])]) is None


def test_a_single_point_and_a_constant():
    _, _, (line,) = drawn(Line("a", [(7, 3.0)]))
    assert line["points"] == [[230, 106, 7, "3"]]  # the middle
    _, _, (line,) = drawn(Line("a", [(1, 0.0), (2, 0.0)]))
    assert [point[1] for point in line["points"]] == [202, 202]


def test_lines_differ_by_more_than_their_colour():
    lines = [Line(str(i), [(1, i), (2, i)], i) for i in range(10)]
    parsed, *_ = drawn(*lines, Line("val", [(1, 1), (2, 1)], 0, dashed=True))
    classes = [a["class"] for n, a in parsed.seen if n == "path"]
    assert len(set(classes)) == 11


def test_long_lines_are_thinned_out():
    _, _, (line,) = drawn(Line("a", [(i, i) for i in range(5000)]))
    assert len(line["points"]) == 400
    assert line["points"][0][2] == 0 and line["points"][-1][2] == 4999


def test_evenly():
    assert evenly([1, 2, 3], 5) == [1, 2, 3]
    assert evenly(range(100), 2) == [0, 99]
    assert evenly(range(101), 5) == [0, 25, 50, 75, 100]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0.11, 0.39, [0.15, 0.2, 0.25, 0.3, 0.35]),
        (-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
        (5, 5, [5]),
        (1e6, 5e6, [1e6, 2e6, 3e6, 4e6, 5e6]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)
