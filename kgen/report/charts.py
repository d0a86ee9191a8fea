"""Line charts against the epoch, drawn as SVG."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TypeVar

from kgen.report.html import Html, tag

WIDTH, HEIGHT = 420, 236
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 10, 34
COLOURS = 8  # that page.css defines; lines beyond these are dotted
MOST_POINTS = 400  # of a line: more than the chart has pixels
LOGARITHMIC = 50  # a larger ratio of the ends is drawn on a logarithmic scale

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        label: Its name in the legend.
        points: Pairs of an epoch and a value; what is not finite is left out.
        colour: Which colour, from 0 on; lines of one colour should differ in their dashes.
        dashed: Whether it is dashed.
    """

    label: str
    points: Sequence[tuple[float, float]]
    colour: int = 0
    dashed: bool = False


def evenly(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spaced, the first and the last among them.

    Example:

        >>> evenly(range(10), 4), evenly("ab", 4)
        ([0, 3, 6, 9], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def shown(value: float) -> str:
    """A number as the pages show it, with four digits.

    Example:

        >>> shown(12.34567), shown(123456.7), shown(0.00001234)
        ('12.35', '123,457', '1.234e-05')
    """
    if 1000 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between two values, in steps of 1, 2 or 5 times a power of ten.

    Example:

        >>> ticks(0.0, 1.0), ticks(13, 87)
        ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [20.0, 40.0, 60.0, 80.0])
    """
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    # The nearest of the round steps, on a logarithmic scale.
    nearest = ((50**0.5, 10), (10**0.5, 5), (2**0.5, 2), (0, 1))
    step = power * next(factor for least, factor in nearest if raw / power >= least)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return [round(i * step, digits) for i in range(first, last + 1)]


def chart(title: str, lines: Sequence[Line], note: str = "") -> Html | None:
    """A chart with its legend and a line that reads out the values at an epoch.

    It is drawn without any script; the script of the page only moves the read-out, by pointer or by
    the arrow keys.

    Args:
        title: What is drawn.
        lines: The lines; those without a finite point are left out.
        note: A word beside the title.

    Returns:
        A figure, or `None` when there is nothing to draw.
    """
    finite = [
        (line, evenly([p for p in line.points if math.isfinite(p[1])], MOST_POINTS))
        for line in lines
    ]
    finite = [(line, points) for line, points in finite if points]
    if not finite:
        return None
    epochs = [epoch for _, points in finite for epoch, _ in points]
    values = [value for _, points in finite for _, value in points]
    axes = _Axes(min(epochs), max(epochs), min(values), max(values))
    data = [
        {
            "label": line.label,
            "points": [[*axes.place(x, y), x, shown(y)] for x, y in points],
        }
        for line, points in finite
    ]
    drawing = tag(
        "svg",
        *axes.drawn(),
        tag("line", class_="cursor", y1=TOP, y2=HEIGHT - BOTTOM, x1=-9, x2=-9),
        *(_path(axes, line, points) for line, points in finite),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{title} by epoch. {_in_words(finite)}",
        tabindex=0,
        class_="chart",
        data_lines=json.dumps(data, separators=(",", ":")),
    )
    notes = ", ".join(filter(None, [note, "logarithmic scale" if axes.logarithmic else ""]))
    return tag(
        "figure",
        tag("figcaption", tag("b", title), tag("small", f" {notes}") if notes else None),
        drawing,
        tag("div", *(_legend(line) for line, _ in finite), class_="legend")
        if len(finite) > 1
        else None,
        tag("output", _last(finite), class_="readout", aria_live="polite"),
        class_="card",
    )


class _Axes:
    """Where a point lies, and the axes that say so."""

    def __init__(self, first: float, last: float, low: float, high: float):
        self.first, self.last = first, last if last > first else first + 1
        self.single = last == first
        self.logarithmic = low > 0 and high / low >= LOGARITHMIC
        if self.logarithmic:
            self.low, self.high = math.log10(low), math.log10(high)
        else:
            margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
            self.low, self.high = low - margin, high + margin
            if low >= 0 > self.low:
                self.low = 0.0

    def place(self, epoch: float, value: float) -> tuple[float, float]:
        value = math.log10(value) if self.logarithmic else value
        across = 0.5 if self.single else (epoch - self.first) / (self.last - self.first)
        up = (value - self.low) / (self.high - self.low)
        return (
            round(LEFT + across * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1),
        )

    def drawn(self) -> list[Html]:
        bottom = HEIGHT - BOTTOM
        parts = []
        for value in self._values():
            y = self.place(self.first, value)[1]
            parts.append(tag("line", class_="rule", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
            label = shown(value) if value else "0"
            parts.append(tag("text", label, x=LEFT - 6, y=y + 4, text_anchor="end"))
        for epoch in self._epochs():
            x = self.place(epoch, 10**self.low if self.logarithmic else self.low)[0]
            parts.append(tag("text", f"{epoch:g}", x=x, y=bottom + 15, text_anchor="middle"))
        parts.append(
            tag("text", "epoch", x=WIDTH - RIGHT, y=HEIGHT - 4, text_anchor="end", class_="axis")
        )
        return parts

    def _epochs(self) -> list[float]:
        if self.single:
            return [self.first]
        whole = [tick for tick in ticks(self.first, self.last) if tick == int(tick)]
        return whole or [self.first, self.last]

    def _values(self) -> list[float]:
        if not self.logarithmic:
            return ticks(self.low, self.high)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        factors = (1,) if len(powers) > 4 else (1, 3)
        candidates = [factor * 10.0**power for power in powers for factor in factors]
        return [v for v in candidates if self.low - 1e-9 <= math.log10(v) <= self.high + 1e-9]


def _path(axes: _Axes, line: Line, points: list[tuple[float, float]]) -> Html:
    places = [axes.place(*point) for point in points]
    colour = f"colour{line.colour % COLOURS}"
    drawn = [
        tag(
            "path",
            d="M" + "L".join(f"{x} {y}" for x, y in places),
            class_=f"line {colour}{_dashes(line)}",
        )
    ]
    if len(places) <= 30:  # few enough to be seen one by one; a line of one point is nothing else
        drawn += [tag("circle", cx=x, cy=y, r=2.2, class_=f"dot {colour}") for x, y in places]
    return tag("g", *drawn)


def _dashes(line: Line) -> str:
    again = " dotted" if line.colour >= COLOURS else ""
    return f"{' dashed' if line.dashed else ''}{again}"


def _legend(line: Line) -> Html:
    swatch = tag(
        "svg",
        tag("path", d="M0 5L22 5", class_=f"line colour{line.colour % COLOURS}{_dashes(line)}"),
        viewBox="0 0 22 10",
        width=22,
        height=10,
        aria_hidden="true",
    )
    return tag("span", swatch, line.label)


def _last(finite: list[tuple[Line, list[tuple[float, float]]]]) -> str:
    """What the read-out says at first: the values at the last epoch."""
    last = max(points[-1][0] for _, points in finite)
    ended = [(line.label, points[-1][1]) for line, points in finite if points[-1][0] == last]
    named = [f"{label} {shown(y)}" if len(finite) > 1 else shown(y) for label, y in ended]
    return f"epoch {last:g}: {', '.join(named)}"


def _in_words(finite: list[tuple[Line, list[tuple[float, float]]]]) -> str:
    sentences = []
    for line, points in finite:
        (first, start), (last, end) = points[0], points[-1]
        values = [value for _, value in points]
        sentences.append(
            f"{line.label}: {shown(start)} at epoch {first:g}, {shown(end)} at epoch {last:g}, "
            f"between {shown(min(values))} and {shown(max(values))}."
        )
    return " ".join(sentences)
