import json

import pytest

import kgen
from kgen import recipe, run
from kgen.errors import RecipeError

RECIPE = '''
"""A small VAE, stopped early."""

import keras
import kgen

def recipe(*, epochs=5, patience=0, batch=8, seed=0, sizes=(8, 8)):
    splits = kgen.datasets.load(
        "glyphs/letters", layout="images", image_size=sizes[0], batch_size=batch, limit=16
    )
    model = kgen.models.VAE.build_default(splits.image_shape, latent_dim=2)
    model.compile(run_eagerly=True)

    def callbacks(folder):
        (folder / "note.txt").write_text("hello")
        # Nothing is an improvement of 1e9, so the patience ends with the second epoch.
        return [keras.callbacks.EarlyStopping("loss", 1e9, patience, mode="min")]

    return kgen.recipe.Run(
        model=model, data=splits, epochs=epochs, callbacks=callbacks, validate=True
    )
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The smoke runs write and read back real exports; here only their place matters.
    monkeypatch.setattr(run, "export_model", lambda _, place: (_next(place), {"sample": 1e-7}))
    path = tmp_path / "own.py"
    path.write_text(RECIPE)
    return path


def _next(place):
    path = kgen.export.next_version(place)
    path.mkdir(parents=True)
    return path


def test_a_run_that_stopped_early_is_finished(own):
    said = []
    first = run.train(own, {"sizes": (8, 8)}, verbose=0, tell=said.append)
    folder = first.folder.path
    assert str(folder) == "runs/own" and str(first.export) == "saved_models/own/1"
    assert first.model.epochs_trained == 2 and said == []
    assert (folder / "note.txt").read_text() == "hello"
    assert (folder / "reconstructions" / "epoch_0002.png").exists()
    assert set(first.scores) == {"loss", "reconstruction", "kl", "bits_per_dim"}
    assert first.scores["loss"] == pytest.approx(
        first.scores["reconstruction"] + first.scores["kl"]
    )
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["epochs"] == 2 and summary["test"] == first.scores
    table = dict(first.table())
    assert table["checkpoint"] == "runs/own/checkpoint.keras"
    assert f"loss {first.scores['loss']:.4g}" in table["test split"].split(", ")

    second = run.train(own, resume=True, verbose=0, tell=said.append)
    assert said == ["runs/own is finished: 2 epochs; a larger --epochs trains it on"]
    assert second.table() == first.table() and second.seconds == 0

    # Killed while it exported: nothing is trained again, the rest is made up for.
    (folder / "summary.json").unlink()
    third = run.train(own, resume=True, verbose=0, tell=said.append)
    assert third.model.epochs_trained == 2
    assert str(third.export) == "saved_models/own/2"
    assert (folder / "summary.json").exists()


def test_a_finished_run_is_trained_on_by_more_epochs(own):
    given = {"epochs": 1, "patience": 99}
    run.train(own, given, output="more", saved_models="exports", verbose=0)
    said = []
    outcome = run.train(
        own, {"epochs": 2}, resume=True, output="more", saved_models="exports", verbose=0,
        tell=said.append,
    )  # fmt: skip
    assert said == ["more: going on after epoch 1 of 2"]
    assert outcome.model.epochs_trained == 2 and str(outcome.export) == "exports/own/2"
    assert json.loads(outcome.folder.config.read_text())["options"]["epochs"] == 2


def test_a_killed_run_without_a_checkpoint_starts_again(own):
    found = recipe.find(own)
    folder = run.RunFolder(own.parent / "early")
    folder.write_config(found, found.defaults | {"epochs": 1}, smoke=False)
    outcome = run.train(own, resume=True, output=folder.path, verbose=0, tell=lambda _: None)
    assert outcome.model.epochs_trained == 1


def test_what_changed_since_the_start_is_said(own):
    folder = run.RunFolder(own.parent / "run")
    folder.write_config(recipe.find(own), {}, smoke=False)
    assert folder.changes(recipe.find(own)) == []
    config = json.loads(folder.config.read_text())
    config["versions"] |= {"keras": "3.0.0", "jax": "0.1"}
    folder.config.write_text(json.dumps(config))
    own.write_text(RECIPE + "# edited\n")
    edited, keras_version, backend = folder.changes(recipe.find(own))
    assert edited == "own.py was edited"
    assert keras_version.startswith("keras was 3.0.0, is 3.")
    assert backend == "jax was 0.1, is absent"


def test_tuples_survive_the_record(own):
    folder = run.RunFolder(own.parent / "run")
    found = recipe.find(own)
    folder.write_config(found, found.defaults, smoke=False)
    assert folder.resumed_options(found, {"sizes": (8, 8)}) == found.defaults
    with pytest.raises(RecipeError, match=r"started with sizes=\(8, 8\), not \(9, 9\)"):
        folder.resumed_options(found, {"sizes": (9, 9)})


def test_a_folder_without_a_run_cannot_be_resumed(own):
    with pytest.raises(RecipeError, match=r"runs/own holds no run: it has no config\.json"):
        run.train(own, resume=True)
