"""Scores that carry their protocol.

    data = kgen.datasets.load("mnist", batch_size=100)
    for score in kgen.metrics.evaluate(model, data, "fd,kd,pr,nearest_train"):
        print(score)

`METRICS` names all metrics; `Evaluator` measures several models against the same data.

Where things are:

- The mathematics is in pure functions on arrays, one topic a module: `moments`, `frechet`,
  `kernel`, `classifier_score`, `manifold` (on `pairwise`), `nearest`, `label_accuracy`, `modes`,
  `sliced_wasserstein`, `similarity`, `parzen`, `path_length`, `likelihood`, `probing`, `bleu`.
- Names: `registry` says what each metric is; `measures` says how it is taken, by functions of a
  `case` in `feature_measures`, `image_measures`, `model_measures` and `text_measures`; `score` is
  what comes out.
- One evaluation: `evaluation` refuses what cannot be (`demands`), reads images in chunks
  (`streams`), keeps what is wanted of each (`sides`), and the real side for longer (`real`, and on
  disk `reference`).
- Feature networks are in `features`.
"""

import importlib

_HOMES = {
    "METRICS": "registry",
    "Evaluator": "evaluation",
    "Mixture": "modes",
    "Score": "score",
    "evaluate": "evaluation",
    "linear_probe": "probing",
    "parse_metrics": "registry",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"kgen.metrics.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
