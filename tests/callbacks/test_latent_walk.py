from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import kgen
from kgen.callbacks import LatentWalk
from kgen.models.signature import Signature, TensorSpec


class Recorder:
    """Stands in for a model; keeps what it was asked to draw."""

    capabilities = {"sample": ("n", "seed")}
    epochs_trained = 0

    def __init__(self, **inputs):
        self.inputs = inputs

    def signatures(self):
        return {"sample": Signature(None, self.inputs, {"images": "image"})}

    def serve(self, name, **values):
        assert name == "sample"
        self.asked = values
        return np.zeros((len(values["latents"]), 8, 8, 1))


def walk(folder, stops=3, steps=4, **inputs):
    callback = LatentWalk(folder, stops=stops, steps=steps)
    callback.set_model(Recorder(**inputs))
    callback.on_train_begin()
    images = callback.images()
    assert images.shape == (stops * steps, 8, 8, 1) and callback.columns == steps
    return {name: np.asarray(value) for name, value in callback.model.asked.items()}


def test_gaussian_latents_are_joined_along_great_circles(tmp_path):
    spec = TensorSpec((None, 50), role="latent", distribution="N(0, 1)")
    z = walk(tmp_path, latents=spec)["latents"].reshape(3, 4, 50)
    norms = np.linalg.norm(z, axis=-1)
    ends = np.stack([norms[:, 0], np.roll(norms[:, 0], -1)])
    # Half-way along a straight line between nearly perpendicular latents it would be 0.71 of that.
    assert (norms > 0.95 * ends.min(0)[:, None]).all()
    assert (norms < 1.05 * ends.max(0)[:, None]).all()
    units = z / norms[..., None]
    turns = np.arccos(np.clip((units[:, 1:] * units[:, :-1]).sum(-1), -1, 1))
    whole = np.arccos((units[:, 0] * np.roll(units[:, 0], -1, axis=0)).sum(-1))
    np.testing.assert_allclose(turns, np.repeat(whole[:, None] / 4, 3, axis=1), rtol=0.1)


def test_uniform_latents_are_joined_by_straight_lines(tmp_path):
    spec = TensorSpec((None, 3), role="latent", distribution="U(-1, 1)")
    z = walk(tmp_path, latents=spec)["latents"].reshape(3, 4, 3)
    stops = z[:, 0]
    assert np.abs(stops).max() <= 1 and len(np.unique(stops)) == 9
    for row in range(3):
        for column in range(4):
            there = stops[(row + 1) % 3]
            expected = stops[row] + (there - stops[row]) * column / 4
            np.testing.assert_allclose(z[row, column], expected, atol=1e-12)


def test_a_row_has_one_class_and_all_have_the_same_noise(tmp_path):
    asked = walk(
        tmp_path,
        latents=TensorSpec((None, 2, 2, 1), role="latent", distribution="N(0, 1)"),
        labels=TensorSpec((None,), "int32", role="label", classes=2),
        noise=TensorSpec((None, 5), role="noise"),
    )
    assert asked["latents"].shape == (12, 2, 2, 1)
    assert asked["labels"].tolist() == [0] * 4 + [1] * 4 + [0] * 4
    assert asked["labels"].dtype == "int32"
    assert asked["noise"].shape == (12, 5) and (asked["noise"] == asked["noise"][0]).all()
    assert len(np.unique(asked["noise"])) == 5


@pytest.mark.core
def test_the_same_way_every_epoch(make_model, fit, tmp_path):
    model = make_model()
    callback = LatentWalk(tmp_path, stops=2, steps=3)
    fit(model, 2, [callback])
    names = sorted(path.name for path in (tmp_path / "latent_walk").iterdir())
    assert names == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png"]
    assert (tmp_path / "latent_walk.gif").exists()
    with Image.open(tmp_path / "latent_walk" / names[-1]) as last:
        expected = np.asarray(kgen.plotting.grid(callback.images(), columns=3))
        np.testing.assert_array_equal(np.asarray(last), expected)


def test_refusals(tmp_path):
    images = TensorSpec((None, 8, 8, 1))
    unknown = TensorSpec((None, 3), role="latent", distribution="Laplace(0, 1)")
    for inputs in ({"images": images}, {"latents": unknown}, {}):
        with pytest.raises(ValueError, match="LatentWalk needs a model that samples from one"):
            walk(tmp_path, **inputs)
    mute = SimpleNamespace(capabilities={"encode": ()}, epochs_trained=0)
    callback = LatentWalk(tmp_path)
    callback.set_model(mute)
    with pytest.raises(ValueError, match="samples from nothing"):
        callback.on_train_begin()
    with pytest.raises(ValueError, match="stops=1"):
        LatentWalk(tmp_path, stops=1)
