"""kgen: every generative model a `keras.Model`, trained by one `fit`, measured and served alike.

    import kgen

    model = kgen.models.DCGAN.build_default(image_shape=(32, 32, 1), latent_dim=100)
    model.compile()
    model.fit(kgen.datasets.load("glyphs", image_size=32, batch_size=64).train, epochs=20)
    images = model.sample(64, seed=1)

Subpackages load when they are first used.
"""

import importlib
import sys
from pathlib import Path

from kgen.version import __version__

_LAZY = (
    "callbacks",
    "collect",
    "datasets",
    "errors",
    "export",
    "latent",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "plotting",
    "recipe",
    "report",
    "run",
    "run_evaluation",
    "training",
    "translating",
)

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str):
    if name in _LAZY:
        return importlib.import_module(f"kgen.{name}")
    raise AttributeError(f"module 'kgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


# A `.keras` file names the classes in it, and Keras finds ours only once they are imported: after
# `import kgen`, `keras.models.load_model` must work. Only the command, which says `kgen list` and
# `kgen --help` without Keras, imports them when it needs them.
if Path(sys.argv[0]).name != "kgen":
    importlib.import_module("kgen.models")
