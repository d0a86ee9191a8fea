"""A look at the data before training: the mistakes that would otherwise end in a bad model."""

import warnings

import keras
import numpy as np

from kgen.errors import DataError
from kgen.models.signature import check_image_range


def is_tf_data(x) -> bool:
    """Whether `x` is a `tf.data.Dataset` (asked without importing TensorFlow)."""
    return hasattr(x, "element_spec") and hasattr(x, "take")


def check_first_batch(model, x, y=None) -> None:
    """Checks the images of the first batch: all of an array's, or one batch of a `tf.data.Dataset`.

    Other kinds of data (generators, `PyDataset`, `DataLoader`) are not looked at, since they may
    not be read twice.

    Raises:
        DataError: If there are no data, or images of a wrong shape or range.
    """
    if hasattr(x, "train") and hasattr(x, "layout"):
        raise DataError("these are all splits of a data set: pass one, such as data.train.")
    if isinstance(x, (tuple, list)):
        raise DataError("pass two arrays as two arguments, fit(x, y), not as one tuple.")
    if is_tf_data(x):
        batch = next(iter(x.take(1)), None)
        batch = batch if batch is None else keras.tree.map_structure(np.asarray, batch)
    elif isinstance(x, np.ndarray):
        batch = (x if y is None else (x, y)) if len(x) else None
    else:
        return
    if batch is None:
        raise DataError("the data are empty: there is nothing to train on.")
    for name, (images, shape) in model.batch_images(batch).items():
        if tuple(images.shape[1:]) != tuple(shape):
            raise DataError(
                f"{name} have shape {tuple(images.shape[1:])}, the model was built for "
                f"{tuple(shape)}: load the data at that size, or build the model for yours."
            )
        if len(shape) < 3 and name != "waves":  # points have no range
            continue
        check_image_range(name, images)
        if images.min() >= 0 and images.min() < images.max():
            warnings.warn(
                f"{name} have no negative number, the range is [-1, 1]: scale [0, 1] by 2 x - 1.",
                stacklevel=3,
            )


def first_images(x, count: int) -> np.ndarray | None:
    """Some `count` images of the data, fewer if there are no more; `None` where none can be had.

    Of an array they come from all over it; of a `tf.data.Dataset` they are the first.
    """
    if isinstance(x, np.ndarray):
        return x[np.linspace(0, len(x) - 1, min(count, len(x))).astype(int)]
    if not is_tf_data(x):
        return None
    found, n = [], 0
    for batch in x:
        found.append(np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch))
        n += len(found[-1])
        if n >= count:
            break
    return np.concatenate(found)[:count]


def warn_of_split_epochs(x, steps_per_epoch) -> None:
    """Warns where Keras would cut epochs out of one iteration, so that order and epoch part."""
    if steps_per_epoch is not None and is_tf_data(x):
        warnings.warn(
            "fit(steps_per_epoch=...) reads one iteration over several epochs, so a resumed run "
            "would see another order: pass steps_per_epoch to kgen.datasets.load instead.",
            stacklevel=3,
        )
