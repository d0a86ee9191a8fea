import importlib.util
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kgen.callbacks import SampleGrid, TensorBoard
from kgen.errors import KgenError


def events(folder):
    """The values of each tag by step, from all event files of a folder."""
    found = {}
    for path in sorted(folder.iterdir()):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                array = tf.make_ndarray(value.tensor)
                entry = array.item() if array.size == 1 else array
                found.setdefault(value.tag, {})[event.step] = entry
    return found


def test_curves_and_pictures_against_the_epochs(make_model, fit, images, tmp_path):
    model = make_model()

    def train(epochs):
        grids = SampleGrid(tmp_path, n=4, every=2)
        board = TensorBoard(tmp_path, pictures=[grids])
        return fit(model, epochs, [grids, board], validation_data=images[:8]).history

    first, then = train(2), train(3)  # the second training goes on where the first stopped
    history = {name: [*values, *then[name]] for name, values in first.items()}
    shown = {kind: events(tmp_path / "tensorboard" / kind) for kind in ("train", "validation")}
    assert shown["train"].keys() == {*model.loss_names, "samples"}
    assert shown["validation"].keys() == {*model.loss_names}
    for loss in model.loss_names:
        for kind, name in (("train", loss), ("validation", f"val_{loss}")):
            steps, values = zip(*sorted(shown[kind][loss].items()), strict=True)
            assert steps == (1, 2, 3)
            np.testing.assert_allclose(values, history[name], rtol=1e-6)
    pictures = shown["train"]["samples"]
    assert sorted(pictures) == [0, 2]  # what the grid has drawn by the end of an epoch
    with Image.open(io.BytesIO(pictures[2][2])) as seen:
        drawn = np.asarray(seen.convert("RGB"))
    with Image.open(tmp_path / "samples" / "epoch_0002.png") as file:
        np.testing.assert_array_equal(drawn, np.asarray(file.convert("RGB")))


def test_hyperparameters(make_fading, fit_on, tmp_path):
    from tensorboard.plugins.hparams import plugin_data_pb2

    chosen = {"width": 64, "rate": 0.5, "ema": None, "flip": True, "data": "glyphs", "size": (8, 8)}
    fit_on(make_fading(), 1, [TensorBoard(tmp_path, hparams=chosen)])
    kept = None
    for path in (tmp_path / "tensorboard" / "train").iterdir():
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                if value.metadata.plugin_data.plugin_name == "hparams":
                    content = value.metadata.plugin_data.content
                    data = plugin_data_pb2.HParamsPluginData.FromString(content)
                    kept = data.session_start_info.hparams
    assert kept["width"].number_value == 64 and kept["rate"].number_value == 0.5
    assert kept["flip"].bool_value is True and kept["data"].string_value == "glyphs"
    assert kept["ema"].string_value == "None" and kept["size"].string_value == "(8, 8)"


def test_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(KgenError, match="pip install tensorboard, or leave the callback out"):
        TensorBoard(tmp_path)
