"""Reading all that `fit` was given, for algorithms that look at the whole data at once."""

import numpy as np

from kgen.errors import DataError
from kgen.models.first_batch import is_tf_data


def check_readable(x) -> None:
    """Raises `DataError` unless `x` can be read again: an array or a `tf.data.Dataset`."""
    if not is_tf_data(x) and not isinstance(x, np.ndarray):
        raise DataError(
            f"the whole of the data is read once more, which {type(x).__name__} may not allow: "
            "pass an array or a tf.data.Dataset."
        )


def _batches(x, batch_size: int = 1024):
    if is_tf_data(x):
        return x.as_numpy_iterator()
    return (x[start : start + batch_size] for start in range(0, len(x), batch_size))


def gather(x, function, limit: int | None = None) -> np.ndarray:
    """`function` of every batch of `x`, (rows, ...), in one array of at most `limit` rows.

    Raises:
        DataError: If `x` is empty or cannot be read.

    Example:

        >>> gather(np.arange(5), lambda batch: batch * 2, limit=3).tolist()
        [0, 2, 4]
    """
    check_readable(x)
    parts, rows = [], 0
    for batch in _batches(x):
        parts.append(np.asarray(function(batch)))
        rows += len(parts[-1])
        if limit is not None and rows >= limit:
            break
    if not rows:
        raise DataError("the data are empty: there is nothing to fit to.")
    return np.concatenate(parts)[:limit]
