"""What models share that may know classes: labels of batches, of calls, and of signatures."""

import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.models.signature import TensorSpec


class OptionalLabels:
    """What a `GenerativeModel` inherits whose `classes` is a number, or `None` for no labels."""

    @property
    def capabilities(self):
        """As for every model; without classes nothing takes labels."""
        return {
            name: arguments
            if self.classes is not None
            else tuple(argument for argument in arguments if argument != "labels")
            for name, arguments in super().capabilities.items()
        }

    @property
    def label_inputs(self) -> dict[str, TensorSpec]:
        """The labels among the inputs of a signature; none without classes."""
        spec = TensorSpec((None,), dtype="int32", role="label", classes=self.classes)
        return {} if self.classes is None else {"labels": spec}

    def labels_of(self, data):
        """The labels of a batch, or `None` without classes.

        Raises:
            DataError: If the model has classes and the batch no labels.
        """
        if self.classes is None:
            return None
        if not isinstance(data, (tuple, list)) or len(data) < 2:
            raise DataError(
                f"{type(self).__name__} with classes={self.classes} learns from (images, labels): "
                'load the data with layout="labelled".'
            )
        return ops.cast(data[1], "int32")

    def checked_labels(self, labels, n: int, noise=None) -> dict[str, np.ndarray]:
        """The labels of `n` examples as inputs of a signature: none without classes.

        Args:
            labels: int (n,), or `None`.
            n: How many.
            noise: Draws the classes, evenly, where labels are `None`; without it they are needed.

        Raises:
            DataError: If they are missing or no classes, or where the model has none.
        """
        if self.classes is None:
            if labels is not None:
                raise DataError(f"{self.name} has no classes, so it takes no labels.")
            return {}
        if labels is None:
            if noise is None:
                raise DataError(f"{self.name} needs the label of each example: pass labels, (n,).")
            labels = np.floor(ops.convert_to_numpy(noise.uniform((n,))) * self.classes)
        labels = np.asarray(labels)
        if labels.shape != (n,) or not np.all((labels >= 0) & (labels < self.classes)):
            raise DataError(
                f"labels must be {n} whole numbers from 0 to {self.classes - 1}, "
                f"got {np.array2string(labels, threshold=8)}."
            )
        return {"labels": labels.astype("int32")}
