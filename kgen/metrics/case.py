"""What a metric is given, and what it gives back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kgen.metrics.real import RealData
from kgen.metrics.sides import Side

if TYPE_CHECKING:
    from kgen.datasets.mixture import Mixture


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """A value before it knows its protocol; `n_real` and `n_fake` where they are not the sides'."""

    value: float
    deviation: float | None = None
    details: Mapping[str, float] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    method: str | None = None
    n_real: int | None = None
    n_fake: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """What a metric may use of one evaluation.

    Attributes:
        real: The real side, or `None` where there are no data.
        fake: The generated side.
        model: The model, or `None` for an array.
        network: The `Features`, or `None`.
        n: How many samples were asked for.
        seed: The evaluation's seed.
        mixture: Of `modes` and `quality`, or `None`.
        log_prob_samples: Importance samples, or `None` for as many as the model takes itself.
        shared: What several metrics of this evaluation share.
    """

    real: RealData | None
    fake: Side
    model: Any
    network: Any
    n: int
    seed: int
    mixture: Mixture | None
    log_prob_samples: int | None
    shared: dict[str, Any] = dataclasses.field(default_factory=dict)

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """What `compute` gives, computed once for the metrics that share it."""
        if name not in self.shared:
            self.shared[name] = compute()
        return self.shared[name]


@dataclasses.dataclass(frozen=True)
class Measure:
    """One way to measure.

    Attributes:
        compute: From a case to the value.
        real: What it wants of the real side, attributes of `Side`; empty for no real side.
        fake: What it wants of the generated side; empty for no samples.
        network: Whether the value depends on the feature network.
    """

    compute: Callable[[Case], Measured]
    real: tuple[str, ...] = ()
    fake: tuple[str, ...] = ()
    network: bool = True
