"""Random inputs that a signature accepts: for warm-up requests, and to compare two readers."""

import numpy as np

from kgen.export.endpoints import Endpoint, Input

FREE_IMAGE_SIZE = 32
"""Height and width, in pixels, that stand in where a model takes images of any size."""


def example_inputs(endpoint: Endpoint, batch_size: int, seed: int) -> dict[str, np.ndarray]:
    """Draws valid inputs for one endpoint; the same seed draws the same inputs.

    Images are uniform over their range, labels over their classes, uniform noise over
    [0, 1), temperatures are 1, and everything else is standard normal.

    Args:
        endpoint: What the inputs are for.
        batch_size: Stands in for every free size, but for the free height and width of an image,
            which become `FREE_IMAGE_SIZE` pixels.
        seed: Seed of the draw.

    Returns:
        One array an input, by name, of the input's dtype.
    """
    random = np.random.default_rng(seed)
    return {
        name: _draw(random, spec, batch_size).astype(spec.dtype)
        for name, spec in endpoint.inputs.items()
    }


def _draw(random: np.random.Generator, spec: Input, batch_size: int) -> np.ndarray:
    def free(axis: int) -> int:
        return FREE_IMAGE_SIZE if spec.role == "image" and axis > 0 else batch_size

    shape = [free(axis) if size is None else size for axis, size in enumerate(spec.shape)]
    if spec.dtype == "uint8":
        return random.integers(0, 256, shape)
    if spec.dtype.startswith(("int", "uint")):
        return random.integers(0, spec.classes or 1, shape)  # class 0 exists in every model
    if spec.role in ("image", "wave") or spec.distribution == "U(-1, 1)":
        return random.uniform(-1.0, 1.0, shape)
    if spec.role == "uniform":
        return random.random(shape)
    if spec.role == "temperature":
        return np.ones(shape)
    return random.standard_normal(shape)
