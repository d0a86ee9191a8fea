"""The epoch of the model in training, as its data pipelines read it.

Exact resume asks that the order of the data be a pure function of (seed, epoch). A `tf.data`
pipeline cannot know the epoch of the model that iterates it, and must not guess it by counting:
rebuilt in a new process it would start again at 0. So `GenerativeModel.fit` announces the model's
own saved epoch here before each epoch, and a shuffling pipeline asks when an iteration starts.
Outside `fit` there is no announced epoch, and a pipeline counts its own iterations.

Example:

    >>> from kgen.training import clock
    >>> clock.epoch() is None
    True
    >>> clock.announce(3); clock.epoch()
    3
    >>> clock.announce(None)
"""

_epoch: int | None = None


def announce(epoch: int | None) -> None:
    """States the epoch about to be trained, or `None` when training ends."""
    global _epoch
    _epoch = epoch


def epoch() -> int | None:
    """The announced epoch, or `None` outside `fit`."""
    return _epoch
