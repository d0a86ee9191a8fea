"""Scores that carry their protocol.

    data = kgen.datasets.load("mnist", batch_size=100)
    for score in kgen.metrics.evaluate(model, data, "fd,kd,pr,nearest_train"):
        print(score)

`METRICS` names all metrics; `Evaluator` measures several models against the same data. The
mathematics is in pure functions on arrays, one topic a module: `frechet`, `kernel`, `manifold`,
`similarity`, `modes`, ...
"""

import importlib

_HOMES = {
    "METRICS": "registry",
    "Evaluator": "evaluation",
    "Mixture": "modes",
    "Score": "score",
    "evaluate": "evaluation",
    "parse_metrics": "registry",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"kgen.metrics.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
