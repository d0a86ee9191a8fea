import dataclasses
import json
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import kgen
from kgen import recipe, run, run_callbacks
from kgen.errors import DataError, MetricError, RecipeError

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


SCHEDULED = '''
"""A small GAN with a schedule; killed in its second epoch while there is a file `kill`."""

from pathlib import Path

import keras
import kgen

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.epochs_trained == 1 and Path("kill").exists():
            raise RuntimeError("killed")

def recipe(*, epochs=2, seed=0):
    splits = kgen.datasets.load(
        "glyphs/letters", layout="images", image_size=8, batch_size=8, limit=16
    )
    model = kgen.models.DCGAN.build_default(splits.image_shape, latent_dim=2, width=2)
    rate = kgen.training.LinearDecay(1e-3, epochs, epochs)  # of two steps an epoch
    model.compile(
        run_eagerly=True,
        generator_optimizer=keras.optimizers.Adam(rate),
        discriminator_optimizer=keras.optimizers.Adam(rate),
    )
    return kgen.recipe.Run(model=model, data=splits, epochs=epochs, callbacks=[Kill()])
'''

CONDITIONAL = '''
"""A GAN that draws by class, on data without classes."""

import kgen

class ByClass(kgen.models.DCGAN):
    def sample(self, n, labels=None, seed=None):
        ...

def recipe(*, epochs=1):
    splits = kgen.datasets.load(
        "glyphs/letters", layout="images", image_size=8, batch_size=8, limit=16
    )
    model = ByClass.build_default(splits.image_shape, latent_dim=2, width=2)
    model.compile()
    return kgen.recipe.Run(model=model, data=splits, epochs=epochs)
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The smoke runs write and read back real exports and draw curves; here their place matters.
    monkeypatch.setattr(kgen.plotting, "save_curves", lambda rows, path: None)
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
    assert outcome.model.epochs_trained == 2 and str(outcome.export) == "exports/more/2"
    assert json.loads(outcome.folder.config.read_text())["options"]["epochs"] == 2


def test_an_early_stop_does_not_hold_for_more_epochs(own):
    run.train(own, verbose=0)  # stops after 2 of 5 epochs
    assert run.train(own, resume=True, verbose=0).model.epochs_trained == 2
    longer = run.train(own, {"epochs": 6}, resume=True, verbose=0)
    assert longer.model.epochs_trained == 3  # the patience is out again
    assert run.train(own, resume=True, verbose=0).model.epochs_trained == 3


def _state(model):
    players = [model.optimizer[player] for player in model.players]
    variables = [*model.variables, *(v for player in players for v in player.variables)]
    assert len(variables) > 20
    return [keras.ops.convert_to_numpy(v) for v in variables]


def _schedules(model):
    return [model.optimizer[player].get_config()["learning_rate"] for player in model.players]


def test_more_epochs_take_their_own_schedule(own):
    own.write_text(SCHEDULED)
    said = []
    first = run.train(own, verbose=0, tell=said.append)
    rates = [float(first.model.optimizer[player].learning_rate) for player in first.model.players]
    assert rates == [0.0, 0.0]

    found = recipe.find(own)
    longer = found.build({"epochs": 4})
    assert run._take_up(longer, first.folder, said.append) is False
    assert said == [
        "the learning rate follows the schedule of 4 epochs from here, no longer that of 2"
    ]
    assert [schedule["config"]["constant_steps"] for schedule in _schedules(longer.model)] == [4, 4]
    for player in longer.model.players:
        assert float(longer.model.optimizer[player].learning_rate) == pytest.approx(1e-3, rel=1e-6)
    for now, before in zip(_state(longer.model), _state(first.model), strict=True):
        np.testing.assert_array_equal(now, before)  # slots and steps as well

    # As if `--resume --epochs 4` had been killed in its first epoch, and only `--resume` follows.
    first.folder.write_config(found, {"epochs": 4}, smoke=False)
    said.clear()
    second = run.train(own, resume=True, verbose=0, tell=said.append)
    assert said[0].startswith("the learning rate follows the schedule of 4 epochs")
    assert second.model.epochs_trained == 4 and second.model.steps_trained == 8
    assert [schedule["config"]["decay_steps"] for schedule in _schedules(second.model)] == [4, 4]
    kernel = second.model.generator.trainable_variables[0]
    assert np.abs(np.subtract(kernel, first.model.generator.trainable_variables[0])).max() > 1e-4


def test_an_ordinary_resume_leaves_the_schedule_and_all_else(own):
    own.write_text(SCHEDULED)
    whole = run.train(own, output="whole", verbose=0)
    (own.parent / "kill").touch()
    with pytest.raises(RuntimeError, match="killed"):
        run.train(own, output="part", verbose=0)
    (own.parent / "kill").unlink()
    said = []
    resumed = run.train(own, resume=True, output="part", verbose=0, tell=said.append)
    assert said == ["part: going on after epoch 1 of 2"]
    assert _schedules(resumed.model) == _schedules(whole.model)
    for a, b in zip(_state(resumed.model), _state(whole.model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_rate_that_a_callback_lowered_stays(own):
    found = recipe.find(own)
    built, loaded = found.build({}).model, found.build({}).model
    loaded.optimizer.learning_rate = 1e-5
    assert run._take_schedules(built, loaded) is False
    assert float(loaded.optimizer.learning_rate) == pytest.approx(1e-5, rel=1e-6)


def test_a_model_that_draws_by_class_needs_classes(own):
    own.write_text(CONDITIONAL)
    with pytest.raises(DataError, match=r"^ByClass draws by class, and glyphs/letters has no cla"):
        run.train(own, verbose=0)
    assert not (own.parent / "runs").exists()


def test_no_best_model_by_a_validation_that_there_is_not(own):
    made = recipe.find(own).build({"epochs": 1})
    made.best, made.data = "val_loss", dataclasses.replace(made.data, validation=None)
    folder, said = run.RunFolder(own.parent / "run"), []
    assert len(run_callbacks.best_model(made, folder)) == 1
    run_callbacks.drop_unmeasurable(made, said.append)
    assert said == ["no model is kept as the best by val_loss: there are no validation images"]
    assert run_callbacks.best_model(made, folder) == []


def test_the_grid_shows_every_class_in_turn(tmp_path):
    model = SimpleNamespace(capabilities={"sample": ("n", "labels", "seed")})
    data = SimpleNamespace(num_classes=3, layout="labelled")
    (grid,) = run_callbacks.pictures(SimpleNamespace(model=model, data=data), tmp_path)
    assert grid.labels[:7] == [0, 1, 2, 0, 1, 2, 0] and len(grid.labels) == grid.n


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


def test_another_config_is_no_run(own):
    folder = run.RunFolder(own.parent / "other")
    folder.path.mkdir()
    folder.config.write_text('{"recipe": "own", "options": {}}')
    said = r"other/config\.json is no record of a run, it lacks recipe_file, smoke, versions: give"
    with pytest.raises(kgen.errors.CheckpointError, match=said):
        run.train(own, resume=True, output=folder.path)


def test_a_folder_without_a_run_cannot_be_resumed(own):
    with pytest.raises(RecipeError, match=r"runs/own holds no run: it has no config\.json"):
        run.train(own, resume=True)


def test_a_run_without_epochs_is_refused(own):
    with pytest.raises(RecipeError, match="epochs must be at least 1"):
        run.train(own, {"epochs": 0}, output="none")
    assert not (own.parent / "none").exists()


def test_a_run_that_lost_its_checkpoint_is_not_begun_anew(own):
    run.train(own, {"epochs": 1}, output="lost")
    (own.parent / "lost" / "checkpoint.keras").unlink()
    history = (own.parent / "lost" / "history.csv").read_text()
    with pytest.raises(kgen.errors.CheckpointError, match="is missing"):
        run.train(own, resume=True, output="lost")
    assert (own.parent / "lost" / "history.csv").read_text() == history


def test_an_export_is_named_by_its_run_folder(own):
    outcome = run.train(own, {"epochs": 1}, output="runs/photos")
    assert outcome.export.parent.name == "photos"


def test_a_collapse_is_told_in_one_line_and_other_warnings_are_left_alone():
    said = []
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")
        with run._collapse_told(said.append):
            warnings.warn(
                "epoch 3: samples are alike", kgen.callbacks.CollapseWarning, stacklevel=1
            )
            warnings.warn("another", UserWarning, stacklevel=1)
        warnings.warn("after", kgen.callbacks.CollapseWarning, stacklevel=1)
    assert said == ["warning: epoch 3: samples are alike"]
    assert [str(warning.message) for warning in others] == ["another", "after"]


def test_two_processes_do_not_train_in_one_folder(own, tmp_path):
    """The second is refused before it changes anything; kill -9 leaves no lock behind."""
    folder = run.train(own, {"epochs": 1}, verbose=0, tell=str).folder
    before = {path: path.read_bytes() for path in folder.path.glob("*.json*")}
    with folder.reserved():
        with pytest.raises(RecipeError, match="is being trained by another process"):
            run.train(own, {"epochs": 2}, resume=True, verbose=0, tell=str, output=folder.path)
        assert before == {path: path.read_bytes() for path in folder.path.glob("*.json*")}
    again = run.train(own, {"epochs": 2}, resume=True, verbose=0, tell=str, output=folder.path)
    assert again.model.epochs_trained == 2


def test_a_metric_the_model_cannot_give_leaves_no_folder(own, tmp_path):
    text = own.read_text()
    own.write_text(text.replace("epochs=epochs", 'epochs=epochs, metrics=("label_accuracy",)'))
    if own.read_text() == text:
        pytest.fail("the recipe of these tests has changed")
    with pytest.raises(MetricError, match="draws no classes, so it has no label_accuracy"):
        run.train(own, {}, verbose=0, tell=str, output=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
