import keras
import numpy as np
import pytest

from kgen.callbacks import SampleTexts, TensorBoard


class Parrot:
    """Says how many epochs it was trained, and the seed."""

    def __init__(self):
        self.epochs_trained = 0

    def sample(self, n, seed=None):
        return np.full((n, 2), (self.epochs_trained, seed), "int32")

    def texts(self, tokens):
        return [f"é {a} <{b}>" for a, b in tokens.tolist()]


def test_a_file_before_training_and_after_each_epoch(tmp_path):
    model = Parrot()
    callback = SampleTexts(tmp_path, n=2, seed=5)
    callback.set_model(model)
    callback.on_train_begin()
    model.epochs_trained = 1
    callback.on_epoch_end(0)
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert names == ["epoch_0000.txt", "epoch_0001.txt"]
    assert callback.path(1).read_text(encoding="utf-8") == "é 1 <5>\né 1 <5>\n"
    model.epochs_trained = 2
    callback.on_train_begin()  # a resumed run has drawn its first ones already
    assert not callback.path(2).exists()


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match="write at least one"):
        SampleTexts(tmp_path, n=0)
    callback = SampleTexts(tmp_path)
    callback.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    with pytest.raises(ValueError, match="Sequential draws no tokens"):
        callback.on_train_begin()


def test_tensorboard_has_the_texts(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = Parrot()
    texts = SampleTexts(tmp_path, n=1)
    board = TensorBoard(tmp_path, [texts])
    for callback in (texts, board):
        callback.set_model(model)
        callback.on_train_begin()
    board.on_train_end()
    events = EventAccumulator(str(tmp_path / "tensorboard" / "train"))
    events.Reload()
    (event,) = events.Tensors("samples")
    assert event.tensor_proto.string_val == ["    é 0 <0>".encode()]
