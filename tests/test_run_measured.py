"""A run that measures itself while it trains, and is measured afterwards."""

import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import kgen
from kgen import cli, recipe, run, run_callbacks, run_evaluation
from kgen.errors import CheckpointError, DataError, MetricError, RecipeError
from kgen.run_folder import RunFolder

RECIPE = '''
"""A small GAN, measured by the brightness of its samples."""

import kgen
import numpy as np

def brightness(images):
    means = images.mean(axis=(1, 2, 3))
    return np.stack([means, means**2], axis=1).astype("float32")

def recipe(*, epochs=2, seed=0, data_dir: str | None = None, best: str | None = None,
           metrics: tuple[str, ...] = ("fd", "pr"), every=2, limit=24, features="brightness"):
    splits = kgen.datasets.load(
        "glyphs/letters", layout="images", image_size=8, batch_size=8, limit=limit
    )
    model = kgen.models.DCGAN.build_default(splits.image_shape, latent_dim=2, width=2)
    model.compile(run_eagerly=True)
    return kgen.recipe.Run(
        model=model, data=splits, epochs=epochs, metrics=metrics, evaluate_every=every,
        evaluation_samples=20, best=best,
        features=brightness if features == "brightness" else features,
    )

SMOKE = dict(epochs=1)
'''


RING = '''
"""A GAN of points, measured by the modes it finds."""

import keras
import kgen

def network(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])

def recipe(*, epochs=1, seed=0):
    splits = kgen.datasets.load("ring", batch_size=32, limit=64)
    model = kgen.models.DCGAN(network(2, 2), network(2, 1), latent_distribution="normal")
    model.compile(run_eagerly=True)
    return kgen.recipe.Run(
        model=model, data=splits, epochs=epochs, metrics=("modes", "quality"),
        evaluation_samples=50, evaluation={"seed": 3},
    )
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the recipe, in which one run was trained for three epochs."""
    place = tmp_path_factory.mktemp("measured")
    (place / "own.py").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "export_model", lambda model, path: (None, {}))
        said = []
        run.train(
            place / "own.py", {"epochs": 3}, output=place / "run", verbose=0, tell=said.append
        )
        assert said == []
    return place


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "export_model", lambda model, path: (None, {}))
    monkeypatch.setattr(kgen.plotting, "save_curves", lambda rows, path: None)  # slow, and no topic
    path = tmp_path / "own.py"
    path.write_text(RECIPE)
    return path


def built(path, **options):
    return recipe.find(path).build(options)


def test_the_validation_split_is_measured_and_chooses_the_best(place):
    folder = RunFolder(place / "run")
    scores = folder.read_scores()
    assert [(one.epoch, one.score.metric) for one in scores] == [
        (epoch, metric) for epoch in (1, 2, 3) for metric in ("fd", "precision", "recall")
    ]  # after the first, each second and the last epoch
    assert {(m.score.split, m.score.n_fake, m.while_training) for m in scores} == {
        ("validation", 20, True)
    }
    rows = folder.read_history()
    assert [row["fd"] for row in rows] == [
        s.value for s in (m.score for m in scores) if s.metric == "fd"
    ]
    assert {"diversity", "repeated"} <= rows[0].keys()
    assert not {"images_per_second", "data_wait"} & rows[0].keys()  # these differ every time
    best = min((row["fd"], row["epoch"]) for row in rows)[1]
    assert run.load(folder.best).epochs_trained == best
    assert folder.contents()["best model"] == folder.best
    assert (folder.path / "tensorboard" / "train").is_dir()


def test_the_time_and_the_machine_are_recorded(place):
    folder = RunFolder(place / "run")
    (session,) = folder.read_sessions()
    assert [row["epoch"] for row in session["epochs"]] == [1, 2, 3]
    assert session["machine"]["cores"] >= 1 and "keras" in session["versions"]
    for row in session["epochs"]:
        assert row["images_per_second"] > 0 and 0 <= row["data_wait"] <= 1
        # 24 images at that speed took at most the epoch, of which drawing and measuring are part.
        assert 24 / row["images_per_second"] <= row["seconds"] * 1.01
    assert folder.seconds() == pytest.approx(sum(row["seconds"] for row in session["epochs"]))
    summary = json.loads(folder.summary.read_text())
    assert summary["seconds"] == pytest.approx(folder.seconds(), abs=0.06)


def test_the_report_is_made_at_the_end(place):
    text = (place / "run" / "report.html").read_text(encoding="utf-8")
    assert "finished" in text and "fd by epoch" in text and "samples after epoch 3" in text
    assert "kgen train own.py --set epochs=3" in text


def test_seconds_add_up_over_sessions(own):
    first = run.train(own, {"epochs": 1, "metrics": ()}, output="run", verbose=0)
    one = first.folder.seconds()
    second = run.train(own, {"epochs": 2}, output="run", resume=True, verbose=0, tell=len)
    sessions = second.folder.read_sessions()
    assert [[row["epoch"] for row in s["epochs"]] for s in sessions] == [[1], [2]]
    assert second.folder.seconds() == pytest.approx(one + sessions[1]["epochs"][0]["seconds"])
    assert not second.folder.scores.exists() and not second.folder.best.exists()


def test_a_measured_run_has_the_weights_of_one_that_is_not(own, place):
    plain = run.train(own, {"epochs": 3, "metrics": ()}, output="plain", verbose=0)
    measured = run.load(place / "run")
    pairs = zip(measured.variables, plain.model.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=a.path)


def test_a_smoke_run_draws_few_samples(own):
    made = built(own)
    made.evaluation_samples = 2000
    folder = RunFolder(own.parent / "run")
    assert run_callbacks.evaluation(made, folder, smoke=True).evaluator.n == 32
    assert run_callbacks.evaluation(made, folder).evaluator.n == 2000


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"metrics": ("fdd",)}, MetricError, "no metric 'fdd': did you mean 'fd'"),
        ({"metrics": ("fid",)}, MetricError, "fid"),
        ({"every": 0}, RecipeError, "every=0"),
        ({"best": "loudness"}, RecipeError, "cannot be chosen by 'loudness'"),
        ({"metrics": ("ms_ssim",)}, RecipeError, "cannot be chosen by 'ms_ssim'"),
        ({"metrics": ("pr",), "best": "fd"}, RecipeError, "'fd', which no epoch logs: name one of"),
        ({"metrics": (), "best": "fd"}, RecipeError, "name one of .*, or add it to Run.metrics="),
        ({"best": "critic_loss"}, RecipeError, "one of fd, precision, recall, discriminator_loss"),
        ({"best": "val_generator_loss"}, RecipeError, "which no epoch logs: set Run.validate=True"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_the_run_begins(own, options, error, said):
    with pytest.raises(error, match=said):
        run.train(own, options, output="run", verbose=0)
    assert not (own.parent / "run").exists()


def test_too_few_images_or_no_network_do_not_stop_a_training(own, monkeypatch):
    said = []
    few = built(own, limit=10)
    run_callbacks.drop_unmeasurable(few, said.append)
    assert few.metrics == () and few.best is None
    assert said == [
        "fd, precision, recall will not be measured while it trains: "
        "10 validation images are too few, it takes 16 at least"
    ]

    def refuse(spec, shape):
        raise MetricError("install a network")

    monkeypatch.setattr(kgen.metrics.features, "find", refuse)
    said.clear()
    photos = built(own, features="auto", metrics=("fd", "sliced_wasserstein"), best="fd")
    run_callbacks.drop_unmeasurable(photos, said.append)
    assert photos.metrics == ("sliced_wasserstein",) and photos.best is None
    assert said == ["fd will not be measured while it trains: install a network"]

    said.clear()
    named = built(own, features="efficientnet-lite0")  # asked for by name: no less will do
    run_callbacks.drop_unmeasurable(named, said.append)
    assert named.metrics == ("fd", "pr") and said == []


def test_a_classifier_of_named_data_is_told_where_they_lie(own, monkeypatch):
    asked = []
    monkeypatch.setattr(
        kgen.metrics.features, "find", lambda *given, **more: asked.append((given, more)) or "found"
    )
    made = built(own)
    features = run_callbacks.features_for
    assert features(made, "classifier:mnist", ["fd"], "there") == "found"
    assert asked == [(("classifier:mnist", (8, 8, 1)), {"data_dir": "there"})]
    assert features(made, "classifier:mnist", ["sliced_wasserstein"], "there") == "classifier:mnist"
    assert features(made, "classifier:mnist", ["fd"], None) == "classifier:mnist"
    assert features(made, "auto", ["fd"], "there") == "auto"
    assert len(asked) == 1


def test_evaluating_measures_the_test_split_and_appends(place, own):
    folder = RunFolder(place / "run")
    before = folder.scores.read_text()
    first = run_evaluation.evaluate(folder.path, "fd", n=15)
    assert [(m.epoch, m.score.metric) for m in first] == [(3, "fd"), (3, "nearest_train")]
    assert {(m.score.split, m.score.n_fake, m.score.seed) for m in first} == {("test", 15, 1)}
    assert folder.scores.read_text().startswith(before)
    assert folder.read_scores()[-2:] == first

    assert {m.model for m in first} == {"last"}
    best = run_evaluation.evaluate(folder.path, ["fd"], n=15, best=True, nearest=False)
    assert [(m.epoch, m.model) for m in best] == [(run.load(folder.best).epochs_trained, "best")]
    again = run_evaluation.evaluate(folder.path, "fd", n=15, split="validation", nearest=False)
    assert again[0].score.split == "validation"
    assert len(folder.read_scores()) == len(before.splitlines()) + 4

    no_samples = run_evaluation.evaluate(folder.path, "path_length", n=15)
    assert [m.score.metric for m in no_samples] == ["path_length"]  # no copies to be looked for


def test_an_edited_recipe_is_said_and_a_lost_one_is_refused(place, own):
    recipe_file = place / "own.py"
    recipe_file.write_text(RECIPE + "# edited\n")
    said = []
    run_evaluation.evaluate(place / "run", "fd", n=15, nearest=False, tell=said.append)
    assert said == ["the data may not be those that the run was trained on: own.py was edited"]
    recipe_file.unlink()
    with pytest.raises(RecipeError, match=r"was trained by .*own\.py, which is gone"):
        run_evaluation.evaluate(place / "run", "fd")
    recipe_file.write_text(RECIPE)


def test_a_run_on_points(own, monkeypatch):
    own.write_text(RING)
    folder = run.train(own, output="ring", verbose=0).folder
    measured = run_evaluation.evaluate("ring", "modes,quality", n=40)
    assert [(m.score.metric, m.score.n_fake, m.score.seed) for m in measured] == [
        ("modes", 40, 1), ("quality", 40, 1),
    ]  # fmt: skip
    scores = folder.read_scores()
    assert [(m.score.seed, m.while_training, m.reported) for m in scores] == [
        (3, True, False), (3, True, False), (1, False, True), (1, False, True),
    ]  # fmt: skip
    assert (folder.path / "density" / "epoch_0001.png").exists()
    with pytest.raises(MetricError, match="ask for modes and quality"):
        run_evaluation.evaluate("ring", "fd", n=40)
    monkeypatch.setattr(sys, "argv", ["kgen"])
    with pytest.raises(RecipeError, match=r"draws arrays of shape \(2,\), not images"):
        CliRunner().invoke(cli.app, ["sample", str(folder.path)], catch_exceptions=False)
    assert not (own.parent / "samples.png").exists()


def test_what_could_not_be_kept_or_measured_is_not_begun(place, own, monkeypatch):
    damaged = own.parent / "damaged"
    shutil.copytree(place / "run", damaged)
    with open(damaged / "scores.jsonl", "a") as file:
        file.write('{"metric"\n')
    model = SimpleNamespace(capabilities={"encode": ("images",), "discriminate": ("images",)})
    loaded = []
    monkeypatch.setattr(run, "load", lambda path: loaded.append(path) or model)
    with pytest.raises(CheckpointError, match=r"scores\.jsonl, line \d+ is no score"):
        run_evaluation.evaluate(damaged, "fd")
    assert loaded == []
    said = "can encode, discriminate, and metrics are of what it can log_prob, reconstruct, sample"
    with pytest.raises(MetricError, match=said):
        run_evaluation.evaluate(place / "run", "fd")


STOPPING = RECIPE.replace(
    "        evaluation_samples=20,",
    "        callbacks=[keras.callbacks.EarlyStopping("
    "'generator_loss', mode='min', patience=2, restore_best_weights=True)],\n"
    "        evaluation_samples=20,",
).replace("import kgen\n", "import keras\nimport kgen\n", 1)


def test_restored_weights_are_what_is_exported_loaded_and_measured(own, monkeypatch):
    """Keras gives the weights back after the checkpoint, which stays that of the last epoch."""
    own.write_text(STOPPING)
    exported, said = [], []

    def export(model, path):
        exported.append([model.epochs_trained, *map(np.array, model.generator.get_weights())])
        return None, {}

    monkeypatch.setattr(run, "export_model", export)
    values = iter([3.0, 1.0, 2.0, 2.5, 2.5, 2.5])
    monkeypatch.setattr(
        "keras.callbacks.EarlyStopping.get_monitor_value", lambda self, logs: next(values)
    )
    outcome = run.train(
        own, {"epochs": 5, "metrics": ()}, output="run", verbose=0, tell=said.append
    )
    folder = outcome.folder
    trained = run.load(folder.checkpoint).epochs_trained
    assert trained > 2 and folder.read_config()["options"]["epochs"] == 5
    assert exported[0][0] == outcome.model.epochs_trained == 2
    restored = f"weights of epoch 2 were restored at the end, after epoch {trained}: run/restored"
    assert restored in said[-1]
    loaded = run.load(folder.path)
    assert loaded.epochs_trained == 2 and folder.contents()["restored model"] == folder.restored
    for a, b in zip(exported[0][1:], loaded.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    (measured,) = run_evaluation.evaluate("run", "fd", n=15, nearest=False, tell=said.append)
    assert measured.which == "restored model, epoch 2"
    summary = json.loads(folder.summary.read_text())
    assert (summary["epochs"], summary["restored"]) == (trained, 2)

    again = run.train(own, output="run", resume=True, verbose=0, tell=said.append)
    assert again.model.epochs_trained == 2 and f"is finished: {trained} epochs" in said[-1]
    values = iter([0.5, 0.4, 0.3])  # the last epoch is the best: nothing to go back to
    last = trained + 3
    longer = run.train(
        own, {"epochs": last}, output="run", resume=True, verbose=0, tell=said.append
    )
    assert not folder.restored.exists()
    assert longer.model.epochs_trained == run.load(folder.path).epochs_trained == last
    assert json.loads(folder.summary.read_text())["restored"] is None


def test_files_left_out_are_said_in_one_line(own, recwarn):
    from PIL import Image

    photos = own.parent / "photos"
    photos.mkdir()
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(pixels).save(photos / f"{number}.png")
    (photos / "broken.png").write_bytes(b"no picture")
    own.write_text(RECIPE.replace('"glyphs/letters", layout="images",', "\"photos\", ").replace(
        "limit=24", "limit: int | None = None"))  # fmt: skip
    run.train(own, {"epochs": 1, "metrics": ()}, output="run", verbose=0, tell=len)
    said = []
    run_evaluation.evaluate("run", "fd", n=15, split="train", nearest=False, tell=said.append)
    assert said == ["1 file was left out: broken.png: cannot identify image file"]
    assert not [w for w in recwarn if "left out" in str(w.message)]


def test_evaluating_refuses_in_one_line(place, own):
    with pytest.raises(RecipeError, match=r"own\.py holds no run|holds no run"):
        run_evaluation.evaluate(own.parent, "fd")
    with pytest.raises(MetricError, match="did you mean 'fd'"):
        run_evaluation.evaluate(place / "run", "fdd")
    with pytest.raises((MetricError, DataError), match="holdout"):
        run_evaluation.evaluate(place / "run", "fd", split="holdout")
    run.train(own, {"epochs": 1, "metrics": ()}, output="plain", verbose=0)
    with pytest.raises(CheckpointError, match=r"plain has no best\.keras"):
        run_evaluation.evaluate("plain", "fd", best=True)
