"""`ring` and `grid`: points in the plane whose distribution is known.

Mixtures as in the papers on mode collapse (Metz et al. 2017, Gulrajani et al. 2017). Their points
are no images and are not scaled to [-1, 1].
"""

import numpy as np

from kgen.datasets.assembly import Options, assemble, chosen_layout
from kgen.datasets.mixture import MIXTURES
from kgen.datasets.splits import Splits
from kgen.datasets.strands import Memory
from kgen.errors import DataError

_SIZES = {"train": 100_000, "validation": 10_000, "test": 10_000}


def load(name: str, layout: str | None, limit: int | None, options: Options, **no_images) -> Splits:
    """The splits of a mixture: drawn once from a fixed seed for each split.

    Args:
        name: A key of `MIXTURES`.
        layout: `"points"` or `None`.
        limit: At most so many points in each split.
        options: How the training pipeline runs.
        **no_images: Arguments of `kgen.datasets.load` that only images have: all must be `None`.

    Raises:
        DataError: If one of them was given, or another layout.
    """
    chosen_layout(layout, "points", name)
    given = {"flip": options.flip, "jitter": options.jitter, "pairs": options.pairs}
    for argument, value in {**no_images, **{k: v or None for k, v in given.items()}}.items():
        if value is not None:
            raise DataError(f"{name} is points in the plane: leave {argument}={value!r} out.")
    mixture = MIXTURES[name]

    def strands(split: str) -> list[Memory]:
        generator = np.random.default_rng(list(_SIZES).index(split))
        points = mixture.draw(_SIZES[split], generator)
        return [Memory([points[:limit]])]

    return assemble(name, "points", strands, (2,), None, options)
