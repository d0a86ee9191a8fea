"""Features of the networks that come with Keras, of any Keras model, and of any function."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import checksums, identity, pixels
from kgen.metrics.features.network import FeatureNetwork


@contextlib.contextmanager
def float32() -> Iterator[None]:
    """Layers built inside compute in float32, whatever the user trains in.

    Example:

        >>> with float32():
        ...     keras.layers.Dense(1).compute_dtype
        'float32'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class KerasModel(FeatureNetwork):
    """Any Keras model from images to vectors, or to maps, which are averaged over their pixels.

    The model gets the images as they are, in [-1, 1] and in their size; grey ones three times where
    it wants three channels. Its calls are inference. Its checksum is of its layers and weights.

    Args:
        model: A model with one input of images and one output `(n, dim)` or
            `(n, height, width, dim)`.
        image_shape: `(height, width, channels)` of the images.

    Raises:
        MetricError: The model does not take such images, or its output is of another shape.

    Example:

        >>> model = keras.Sequential([keras.layers.Conv2D(5, 3)])
        >>> KerasModel(model, (8, 8, 1))(np.zeros((2, 8, 8, 1))).shape
        (2, 5)
    """

    def __init__(self, model: keras.Model, image_shape: tuple[int, int, int]):
        self._model = model
        name = identity.model_name(model)
        wanted = _input_shape(model)
        self._repeat = image_shape[2] == 1 and wanted is not None and wanted[-1] == 3
        _check_input(name, wanted, (*image_shape[:2], 3) if self._repeat else image_shape)
        super().__init__(image_shape, name=name, checksum="", resize="not resized")
        blank = np.zeros((self.batch_size, *image_shape), np.float32)
        try:
            self.dim = int(self._batch(blank, rounded=False).shape[1])
        except MetricError:
            raise
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise MetricError(
                f"the model {name} takes no images of shape {image_shape}: {reason}"
            ) from error
        self.checksum = identity.of_model(model)  # here, because a call may have built it

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        if images.dtype == np.uint8:
            images = pixels.to_unit(images)
        outputs = self._model.predict_on_batch(pixels.coloured(images) if self._repeat else images)
        return _vectors(outputs, f"the model {self.name}")


class Application(FeatureNetwork):
    """A network of `keras.applications` without its classifier, its last map averaged.

    Images are quantised to 8 bits, resized to a square by an antialiased bicubic filter, and
    normalised as that network wants it.

    Args:
        name: Its name there, such as `"MobileNetV2"`.
        image_shape: `(height, width, channels)` of the images.
        weights: `"imagenet"`, which Keras downloads once, a file of weights, or `None` for random
            ones (for tests: scores say so).
        image_size: Side of the square; 224 is what most of them were trained at.

    Raises:
        MetricError: There is no such network, or its weights cannot be had.
    """

    def __init__(
        self,
        name: str,
        image_shape: tuple[int, int, int],
        weights: str | None = "imagenet",
        image_size: int = 224,
    ):
        build, self._normalise = _application(name)
        self._size = (image_size, image_size)
        try:
            with float32():
                self._model = build(
                    include_top=False, weights=weights, pooling="avg", input_shape=(*self._size, 3)
                )
        except Exception as error:  # of many kinds: no network, no file, too small a size
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise MetricError(f"keras:{name} with weights={weights!r} fails: {reason}") from error
        super().__init__(
            image_shape,
            name=f"keras:{name}" if weights else f"keras:{name} (random weights)",
            checksum=checksums.of_arrays(self._model.get_weights()),
            resize=f"bicubic to {image_size}x{image_size}",
            input_size=self._size,
        )
        self.dim = int(self._model.output_shape[-1])

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        levels = pixels.resize_clean(pixels.to_levels(images, rounded), self._size)
        # A copy: Keras's normalisation works in place on some networks' arrays.
        return self._model.predict_on_batch(self._normalise(pixels.coloured(levels).copy()))


class Function(FeatureNetwork):
    """Any function from images in [-1, 1] to vectors `(n, dim)`, or maps, which are averaged.

    Its name in scores is its own, and its checksum that of its code and of what it refers to
    (`kgen.metrics.features.identity`), so that two functions never share a column.

    Args:
        function: Takes a float32 array `(n, height, width, channels)` of a fixed `n`.
        image_shape: `(height, width, channels)` of the images.

    Raises:
        MetricError: What it returns has another shape, or it holds what has no checksum.

    Example:

        >>> def means(images):
        ...     return images.mean(axis=(1, 2))
        >>> Function(means, (4, 4, 3))(np.ones((2, 4, 4, 3))).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    of_weights = False

    def __init__(self, function: Callable[[np.ndarray], Any], image_shape: tuple[int, int, int]):
        self._function = function
        checksum = identity.of_function(function)
        name = identity.name_of(function)
        super().__init__(image_shape, name=name, checksum=checksum, resize="not resized")
        blank = np.zeros((self.batch_size, *image_shape), np.float32)
        self.dim = int(self._batch(blank, rounded=False).shape[1])

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        if images.dtype == np.uint8:
            images = pixels.to_unit(images)
        return _vectors(self._function(images), f"the function {self.name}", len(images))


def _vectors(outputs: Any, what: str, n: int | None = None) -> np.ndarray:
    """One vector an image, from vectors or maps."""
    shape = getattr(outputs, "shape", None)
    if shape is None or len(shape) not in (2, 4) or (n is not None and shape[0] != n):
        raise MetricError(
            f"{what} returns {type(outputs).__name__ if shape is None else tuple(shape)}: features "
            "are one array (n, dim) or (n, height, width, dim), a row for each image."
        )
    outputs = keras.ops.convert_to_numpy(outputs).astype(np.float32)
    return outputs.mean(axis=(1, 2)) if outputs.ndim == 4 else outputs


def _input_shape(model: keras.Model) -> tuple[int | None, ...] | None:
    """What one input is to be, without the batch; `None` where the model does not say."""
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):  # a subclassed model that has not been called
        return None
    return shape[1:] if isinstance(shape, tuple) else None


def _check_input(
    name: str, wanted: tuple[int | None, ...] | None, image_shape: tuple[int, int, int]
) -> None:
    """Keras itself lets a convolution have images of any size."""
    if wanted is None:
        return
    sides = zip(wanted, image_shape, strict=False)
    if len(wanted) != 3 or any(side not in (None, given) for side, given in sides):
        raise MetricError(
            f"the model {name} takes inputs of shape {wanted}, and takes no images of shape "
            f"{image_shape}: begin it with keras.Input({image_shape}) and a Resizing layer."
        )


def _application(name: str) -> tuple[Callable, Callable]:
    """A network's function, and the normalisation of the module that has both."""
    for module in vars(keras.applications).values():
        if hasattr(module, "preprocess_input") and callable(getattr(module, name, None)):
            return getattr(module, name), module.preprocess_input
    known = [n for n in dir(keras.applications) if n[0].isupper()]
    raise MetricError(f"no keras:{name}: choose from {', '.join(known)}.")
