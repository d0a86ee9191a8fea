"""A small classifier that kgen trains itself: features for small grey images, without a download.

ImageNet's networks see 28-pixel digits as blurs. A network trained to tell characters apart knows
their strokes. By default it is trained once on the built-in `glyphs/letters` (62 classes) at the
size of the images in question; or on any labelled data the user names. The trained network is kept
in the cache, its accuracy on held-out data beside it.

Training is a pure function of its settings on one machine; another machine may round otherwise, and
the checksum in each score then says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import layers

from kgen.datasets import load
from kgen.errors import MetricError
from kgen.metrics.features import cache, checksums, pixels
from kgen.metrics.features.keras_models import float32
from kgen.metrics.features.network import ClassifierNetwork, once
from kgen.metrics.streams import split_chunks
from kgen.training import clock

if TYPE_CHECKING:
    from kgen.datasets import Splits

GLYPHS = "glyphs/letters"
#: Raised when the network or its training changes, so that no older one is taken for it.
VERSION = 1
SMALLEST, LARGEST = 8, 64
EPOCHS = 5
_SEED = 0
_BATCH = 128
#: A training pipeline drops what does not fill a batch: loaded in small ones, little is lost.
_LOADED = 16
_WIDTH = 24
_FEATURES = 128


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a trained classifier depends on, and its name and place in the cache.

    Attributes:
        data: The data set's name, as `kgen.datasets.load` takes it.
        shape: `(height, width, channels)` that the network sees.
        epochs: Passes over the data.
        limit: At most so many examples in each split.
        contents: SHA-256 of the data, see `_contents`; empty for glyphs, which never change.
    """

    data: str
    shape: tuple[int, int, int]
    epochs: int = EPOCHS
    limit: int | None = None
    contents: str = ""

    @property
    def name(self) -> str:
        """What scores say.

        Example:

            >>> Settings("glyphs/letters", (32, 32, 1)).name
            'classifier(glyphs/letters, 32x32x1)'
            >>> Settings("mnist", (28, 28, 1), epochs=1, limit=100).name
            'classifier(mnist, 28x28x1, 1 epochs, 100 images)'
        """
        parts = [self.data, "x".join(map(str, self.shape))]
        if self.epochs != EPOCHS:
            parts.append(f"{self.epochs} epochs")
        if self.limit is not None:
            parts.append(f"{self.limit} images")
        return f"classifier({', '.join(parts)})"

    @property
    def path(self) -> Path:
        """The description in the cache, as JSON; it names the file of weights beside it."""
        text = json.dumps([VERSION, _SEED, dataclasses.astuple(self)])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return cache.folder() / "classifiers" / f"{digest[:16]}.json"


class TrainedClassifier(ClassifierNetwork):
    """Features (128, after the last hidden layer) and probabilities of a classifier of kgen's own.

    Images larger than 64 pixels are shrunk to 64 and those below 8 enlarged, by an antialiased
    bicubic filter; on glyphs, which are square, oblong images become square.

    Args:
        image_shape: `(height, width, channels)` of the images, 1 or 3 channels.
        data: Labelled data, as `kgen.datasets.load` takes them.
        data_dir: Where `load` finds them, if need be.
        epochs: Passes over the data.
        limit: At most so many examples in each split.

    Attributes:
        accuracy: Share of the held-out test examples it classifies rightly.
        class_names: The classes, in the order of `probabilities`.

    Raises:
        MetricError: The data have no labels or no test split.
        DataError: There are no such data.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        data: str = GLYPHS,
        data_dir: str | os.PathLike | None = None,
        epochs: int = EPOCHS,
        limit: int | None = None,
    ):
        shape = network_shape(image_shape, square=data.split("/")[0] == "glyphs")
        splits = None
        contents = ""
        if data != GLYPHS:  # whose contents are fixed; others are looked at each time
            splits = _loaded(data, shape, limit, data_dir)
            contents = _contents(splits)
        settings = Settings(data, shape, epochs, limit, contents)
        kept = _read(settings.path)
        if kept is None:
            splits = splits or _loaded(data, shape, limit, data_dir)
            print(
                f"training {settings.name} to compare images in: about a minute, once; "
                f"kept in {settings.path.parent}",
                file=sys.stderr,
            )
            _write(settings, *train(splits, epochs), splits)
            kept = _read(settings.path)
            if kept is None:
                raise MetricError(f"the classifier in {settings.path} cannot be read back.")
        model, described = kept
        kernel, bias = model.layers[-1].get_weights()
        self._size = shape[:2]
        resized = self._size != tuple(image_shape[:2])
        super().__init__(
            image_shape,
            kernel=kernel,
            bias=bias,
            name=settings.name,
            checksum=described["sha256"],
            resize=f"bicubic to {shape[0]}x{shape[1]}" if resized else "not resized",
            input_size=self._size,
        )
        self.accuracy: float = described["accuracy"]
        self.class_names: tuple[str, ...] = tuple(described["class_names"])
        self._model = once(
            ("classifier", shape, described["sha256"]),
            lambda: keras.Model(model.input, model.layers[-2].output),
        )

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        levels = pixels.resize_clean(pixels.to_levels(images, rounded), self._size)
        return self._model.predict_on_batch(pixels.to_unit(levels))


def network_shape(image_shape: tuple[int, int, int], square: bool) -> tuple[int, int, int]:
    """The shape at which a classifier for such images sees them.

    Example:

        >>> network_shape((28, 28, 1), square=True), network_shape((128, 96, 3), square=False)
        ((28, 28, 1), (64, 48, 3))
        >>> network_shape((128, 96, 3), square=True)
        (64, 64, 3)
    """
    height, width, channels = image_shape
    scale = min(1.0, LARGEST / max(height, width))
    sides = [max(SMALLEST, round(side * scale)) for side in (height, width)]
    if square:
        sides = [max(sides)] * 2
    return sides[0], sides[1], channels


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """A convolutional network whose cost hardly depends on the size of the images.

    Blocks of 3x3 convolution, batch normalisation, ReLU and pooling down to maps of 4 to 7 pixels,
    then a hidden layer and the logits. Its weights depend on nothing but the arguments.

    Example:

        >>> model = build((28, 28, 1), 10)
        >>> model.output_shape, model.layers[-2].output.shape
        ((None, 10), (None, 128))
    """
    seeds = iter(range(1000 * _SEED, 1000 * (_SEED + 1)))

    def he() -> keras.Initializer:
        return keras.initializers.HeNormal(next(seeds))

    with float32():
        inputs = keras.Input(input_shape)
        x, filters = inputs, _WIDTH
        # Above 32 pixels strokes are thick enough to be seen at every second pixel.
        stride = 2 if min(input_shape[:2]) > 32 else 1
        while True:
            x = layers.Conv2D(filters, 3, stride, "same", use_bias=False, kernel_initializer=he())(
                x
            )
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
            if min(x.shape[1:3]) < 8:
                break
            x = layers.MaxPooling2D()(x)
            filters, stride = min(2 * filters, 4 * _WIDTH), 1
        x = layers.Dropout(0.3, seed=_SEED)(layers.Flatten()(x))
        x = layers.Dense(_FEATURES, "relu", kernel_initializer=he())(x)
        logits = layers.Dense(
            classes, kernel_initializer=keras.initializers.GlorotUniform(next(seeds))
        )(x)
        return keras.Model(inputs, logits)


def train(data: Splits, epochs: int = EPOCHS) -> tuple[keras.Model, float]:
    """Trains a classifier, and measures it on the test split.

    Args:
        data: Labelled data with a test split.
        epochs: Passes over the training split.

    Returns:
        The model, and the share of test examples it classifies rightly.
    """
    import tensorflow as tf

    images = data.train.element_spec[0].shape[0] * int(data.train.cardinality())
    batch = min(_BATCH, images)
    known = tf.data.experimental.assert_cardinality(images // batch)
    batches = data.train.rebatch(batch, drop_remainder=True).apply(known)
    steps = epochs * (images // batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - steps // 10), warmup_target=3e-3, warmup_steps=steps // 10
    )
    model = build(data.image_shape, data.num_classes)
    model.compile(
        keras.optimizers.Adam(schedule),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    with _own_epochs():
        for epoch in range(epochs):
            clock.announce(epoch)
            model.fit(batches, shuffle=False, verbose=0)
    # No metric object of Keras's, so that a look at the accuracy leaves the model plain.
    right = [
        model.predict_on_batch(images).argmax(axis=1) == labels
        for images, labels in data.test.as_numpy_iterator()
    ]
    return model, float(np.concatenate(right).mean())


@contextlib.contextmanager
def _own_epochs() -> Iterator[None]:
    """Lets this training count its epochs, should it happen in the midst of another's `fit`."""
    before = clock.epoch()
    try:
        yield
    finally:
        clock.announce(before)


def _loaded(data: str, shape: tuple[int, int, int], limit: int | None, data_dir) -> Splits:
    splits = load(
        data,
        image_size=shape[:2],
        channels=shape[2],
        batch_size=_LOADED if limit is None else min(_LOADED, limit),
        layout="labelled",
        limit=limit,
        data_dir=data_dir,
    )
    if splits.test is None:
        raise MetricError(f"{data} has no test split to measure a classifier on: name other data.")
    return splits


def _contents(data: Splits) -> str:
    """SHA-256 of names of classes, pictures and labels: sets of one name can differ in all three.

    A pass over the data costs little beside the training that it spares.
    """
    splits = (split_chunks(data, split, data.sizes[split]) for split in ("train", "test"))
    arrays = (array for chunks in splits for batch in chunks for array in batch)
    return checksums.of_arrays(itertools.chain([np.array(data.class_names)], arrays))


def _read(path: Path) -> tuple[keras.Model, dict] | None:
    """The model and its description, or `None` if they are missing, damaged or do not fit."""
    try:
        described = json.loads(path.read_text())
        model = keras.models.load_model(_weights(path, described["sha256"]), compile=False)
        fits = checksums.of_arrays(model.get_weights()) == described["sha256"]
        return (model, described) if fits else None
    except Exception:  # a file cut short can fail in any way, and is made again
        return None


def _weights(path: Path, sha256: str) -> Path:
    """The file of these weights: of two that train at once, each describes its own."""
    return path.with_name(f"{path.stem}-{sha256[: checksums.DIGITS]}.keras")


def _write(settings: Settings, model: keras.Model, accuracy: float, data: Splits) -> None:
    described = {
        "name": settings.name,
        "accuracy": accuracy,
        "class_names": data.class_names,
        "sizes": dict(data.sizes),
        "sha256": checksums.of_arrays(model.get_weights()),
    }
    with cache.writing(_weights(settings.path, described["sha256"])) as temporary:
        keras.Model(model.input, model.output).save(temporary)  # without the optimizer
    with cache.writing(settings.path) as temporary:
        temporary.write_text(json.dumps(described, indent=1) + "\n")
