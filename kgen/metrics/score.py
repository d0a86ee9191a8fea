"""`Score`: a number that carries its protocol."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """One measured value and all that one must know to compare it with another.

    `str(score)` is one line, `score.to_json()` one JSON object.

    Attributes:
        metric: The metric's name, such as `"fid"`.
        value: The value.
        better: Which way is better; `None` where neither is.
        deviation: The standard deviation of the value, where the metric estimates one.
        features: The feature network, or `None` for metrics of pixels or of the model itself.
        checksum: SHA-256 of the network's weights, the first 12 digits.
        resize: The images' size, and how they were brought to the network's.
        reference: The data set compared with.
        split: Its split.
        n_real: How many real images.
        n_fake: How many generated images.
        method: How the value was taken, of a metric with several ways: what a likelihood is of, or
            how near a centre counts. Part of the protocol, unlike `notes`.
        seed: The seed the samples were drawn with.
        notes: Remarks for the reader, such as `"legacy"`; scores with other notes still compare.
        details: Further numbers that belong to the value.
    """

    metric: str
    value: float
    better: Literal["lower", "higher"] | None = None
    deviation: float | None = None
    features: str | None = None
    checksum: str | None = None
    resize: str | None = None
    reference: str | None = None
    split: str | None = None
    n_real: int | None = None
    n_fake: int | None = None
    method: str | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()
    details: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        value = f"{self.value:.5g}"
        if self.deviation is not None:
            value += f" ± {self.deviation:.2g}"
        return " | ".join([f"{self.metric} {value}", *self._protocol(), *self.notes])

    def _protocol(self) -> list[str]:
        parts = []
        weights = f" [{self.checksum}]" if self.checksum else ""
        seen_by = [f"{self.features}{weights}" if self.features else None, self.resize]
        if any(seen_by):
            parts.append(", ".join(filter(None, seen_by)))
        against = [str(part) for part in (self.reference, self.split) if part]
        if against:
            parts.append(" ".join(against))
        counts = {"real": self.n_real, "fake": self.n_fake}
        counted = [f"{n:,} {kind}" for kind, n in counts.items() if n is not None]
        if counted:
            parts.append(", ".join(counted))
        if self.method:
            parts.append(self.method)
        if self.seed is not None:
            parts.append(f"seed {self.seed}")
        return parts

    def to_json(self) -> dict[str, Any]:
        """A mapping that `json.dumps` takes; what is `None` or empty is left out."""
        record = dataclasses.asdict(self)
        return {name: value for name, value in record.items() if value not in (None, (), {})}

    @classmethod
    def from_json(cls, record: Mapping[str, Any] | str) -> Score:
        """The score that `to_json` described; names it does not know are ignored.

        Example:

            >>> score = Score(metric="fid", value=12.5, n_real=1000, n_fake=1000)
            >>> Score.from_json(json.dumps(score.to_json())) == score
            True
        """
        record = dict(json.loads(record) if isinstance(record, str) else record)
        known = {field.name for field in dataclasses.fields(cls)}
        record["notes"] = tuple(record.get("notes", ()))
        return cls(**{name: value for name, value in record.items() if name in known})
