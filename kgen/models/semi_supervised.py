"""Batches of which only some images have labels."""


def parts_of(data):
    """`(labelled, labels, unlabelled)` of a batch.

    Args:
        data: `((labelled, labels), unlabelled)`, or `(images, labels)`, which stands for both.
    """
    first, second = data
    if isinstance(first, (tuple, list)):
        return (*first, second)
    return first, second, first
