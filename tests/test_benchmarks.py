"""The step-time benchmark, with tiny networks: what it compares is really the same arithmetic."""

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import kgen

pytest.importorskip("torch", reason="the benchmark drives a PyTorch loop")
ROOT = Path(__file__).parents[1]


TIMED = ("dcgan", "vae", "cyclegan")
GAMES = (
    "gan",
    "lsgan",
    "wgan",
    "wgangp",
    "ganqp",
    "fgan",
    "r3gan",
    "unrolledgan",
    "sgan",
    "biganqp",
    "biggan",
    "pix2pix",
)


def benchmark(folder, *options):
    file = folder / "result.json"
    # A process of its own: the number of threads is set before TensorFlow starts.
    finished = subprocess.run(
        [sys.executable, "benchmarks/step_time.py", "--quick", "--json", str(file), *options],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return {"printed": finished.stdout, **json.loads(file.read_text())}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    return benchmark(folder, "--pairs", "2", "--models", *TIMED)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return benchmark(tmp_path_factory.mktemp("checked"), "--check", "--models", *GAMES)


@pytest.mark.parametrize("model", TIMED)
def test_all_contestants_have_the_same_first_losses(result, model):
    losses = result["models"][model]["first_losses"]
    assert set(losses) == {"kgen", "tensorflow_xla", "tensorflow", "torch"}
    assert all(value != 0 for value in losses["kgen"].values())
    for who, logs in losses.items():
        assert logs == pytest.approx(losses["kgen"], rel=1e-4, abs=1e-5), who


@pytest.mark.parametrize("model", GAMES)
def test_games_by_hand_have_the_same_first_losses(checked, model):
    """Both players' turns and the penalties; without times, for XLA takes long to compile them."""
    losses = checked["models"][model]["first_losses"]
    assert set(losses) == {"kgen", "tensorflow_xla", "tensorflow"}
    assert all(value != 0 for value in losses["kgen"].values())
    for who, logs in losses.items():
        assert logs == pytest.approx(losses["kgen"], rel=1e-4, abs=1e-5), who


def test_every_round_gives_a_ratio_of_each_pair(result):
    for name, model in result["models"].items():
        for other, ratios in model["ratios"].items():
            own, others = (model["milliseconds_a_step"][who] for who in ("kgen", other))
            assert ratios == pytest.approx([k / o for k, o in zip(own, others, strict=True)])
            assert len(ratios) == 2
        assert f"| {name} |" in result["printed"]


@pytest.fixture(scope="module")
def ledger():
    spec = importlib.util.spec_from_file_location("ledger", ROOT / "benchmarks" / "ledger.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_ledger_makes_only_the_runs_that_are_missing(ledger, tmp_path, capsys):
    file, made = tmp_path / "runs.jsonl", []

    def run(name, seed):
        made.append((name, seed))
        if len(made) == 3:
            raise KeyboardInterrupt
        return {"name": name, "seed": seed, "value": 10 * seed}

    names = [("a", 1), ("b", 1), ("a", 2)]
    with pytest.raises(KeyboardInterrupt):
        ledger.Ledger(file, ("name", "seed")).fill(names, run, lambda row: row["value"])
    assert capsys.readouterr().out == "a 1 10\nb 1 10\n"
    again = ledger.Ledger(file, ("name", "seed"))
    again.fill(names, run)
    assert made == [*names, ("a", 2)] and [row["value"] for row in again.rows] == [10, 10, 20]


def test_what_all_benchmarks_are_asked(ledger, capsys):
    parser = ledger.benchmark_parser("Says what it does.", "some.jsonl", ("a", "b"), seeds=2)
    options = parser.parse_args([])
    assert options.only == ["a", "b"] and options.seeds == [0, 1] and not options.quick
    assert options.results == ROOT / "benchmarks" / "results" / "some.jsonl"
    with pytest.raises(SystemExit):
        parser.parse_args(["--only", "c"])
    assert "invalid choice: 'c'" in capsys.readouterr().err
    assert not hasattr(ledger.benchmark_parser("", "some.jsonl").parse_args([]), "only")


def test_a_ledger_keeps_every_run_and_knows_what_is_missing(ledger, tmp_path):
    file = tmp_path / "runs.jsonl"
    first = ledger.Ledger(file, ("name", "seed"))
    assert first.rows == [] and ("a", 0) not in first
    first.append({"name": "a", "seed": 0, "value": 1})
    first.append({"name": "b", "seed": 0, "value": 2})
    again = ledger.Ledger(file, ("name", "seed"))
    assert again.rows == first.rows and ("b", 0) in again and ("b", 1) not in again
    again.append({"name": "a", "seed": 0, "value": 3})
    assert len(file.read_text().splitlines()) == 3  # nothing is overwritten
    assert [row["value"] for row in ledger.Ledger(file, ("name", "seed")).rows] == [3, 2]
    file.write_text(file.read_text() + '{"name": "c", "se')
    with pytest.raises(SystemExit, match="line 4 is no run with name, seed: remove it"):
        ledger.Ledger(file, ("name", "seed"))


@pytest.fixture
def augmentation(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("augmentation")


def test_augmentation_runs_and_its_table_compares_seed_by_seed(augmentation, capsys, tmp_path):
    augmentation.main(["--quick"])
    printed = capsys.readouterr().out
    assert "| 1 | real | " in printed and "| 1 | augmented | " in printed
    rows = [
        {"per_class": 10, "seed": seed, "test_accuracy": {"real": real, "augmented": augmented}}
        for seed, (real, augmented) in enumerate([(0.5, 0.6), (0.7, 0.65)])
    ]
    lines = augmentation.table(rows).splitlines()
    assert lines[2:] == [
        "| 10 | real | 50.00, 70.00 | 60.00 [50.00, 70.00] |  |",
        "| 10 | augmented | 60.00, 65.00 | 62.50 [60.00, 65.00] | 2.50 [-5.00, 10.00] |",
    ]
    file = tmp_path / "runs.jsonl"
    augmentation.main(["--table", "--results", str(file)])  # measures nothing
    assert not file.exists()


def test_what_reads_translations_reads_real_images_and_the_table_has_both_ways(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("unpaired")
    module.main(["--quick", "--only", "copy", "real", "--pictures", str(tmp_path / "pictures")])
    copied = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| copy")]
    # The input lies as far from the truth one way as the other, and comes back unchanged.
    (_, _, l1, ssim, cycle, *_), back = (line.strip("| ").split(" | ") for line in copied)
    assert 0 < float(l1) < 0.3 and 0.5 < float(ssim) < 1 and cycle == "0" and back[2] == l1
    assert len(list((tmp_path / "pictures").iterdir())) == 2

    images = np.random.default_rng(0).integers(0, 2, (20, 16, 16, 1)).astype("float32") * 2 - 1
    monkeypatch.setattr(module.glyphs, "rows", lambda *_: module.glyphs.Rows(
        [((None, ord("AB"[i % 2])),) * 2 for i in range(20)], None, None, np.zeros(0)
    ))  # fmt: skip
    images[1::2] = -1
    reader = module.Reader(images, images, None, epochs=30)
    assert reader.read(images) > 0.9 and reader.read(images[::-1]) < 0.1

    scored = {way: {"l1": 0.5, "read": 0.25} for way in ("ab", "ba")}
    rows = [
        {"contestant": "cyclegan", "seed": seed, "reader_accuracy": 0.98, "scores": scored}
        for seed in (1, 0)
    ]
    assert module.table(rows).splitlines()[2:] == [
        "| cyclegan | ab | 0.5, 0.5 | - | - | - | - | 0.25, 0.25 |",
        "| cyclegan | ba | 0.5, 0.5 | - | - | - | - | 0.25, 0.25 |",
        "",
        "Of real images that it has not seen the reader reads 98.0 %.",
    ]
    file = tmp_path / "rows.jsonl"
    module.main(["--table", "--results", str(file)])  # measures nothing
    assert not file.exists()


def test_a_round_by_hand_has_the_same_values(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    file = tmp_path / "result.json"
    importlib.import_module("seqgan").main(["--quick", "--json", str(file)])
    said = re.search(r"largest difference (\S+)", capsys.readouterr().out)
    assert float(said[1]) < 1e-4
    assert all(ratio > 0 for ratio in json.loads(file.read_text())["ratios"])


def test_the_rounds_are_played_for_three_kinds_of_reward(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("rewards")
    sizes = dict(vocabulary=5, length=4, width=6, filters=((2, 3),), seed=0)
    tokens = np.random.default_rng(0).integers(0, 5, (6, 4)).astype("int32")
    discriminator, anothers, constant = (
        kind.build_default(**sizes) for kind in (module.SeqGAN, module.Anothers, module.Constant)
    )
    anothers.set_weights(discriminator.get_weights())
    rewards = np.asarray(discriminator.reward(tokens))
    assert len(set(rewards)) == 6
    np.testing.assert_array_equal(np.roll(rewards, 1), anothers.reward(tokens))
    np.testing.assert_array_equal(np.full(6, 0.5), constant.reward(tokens))
    # A token's mean of the model's own likelihood of a sequence; so hot, all five are alike.
    own = discriminator.log_prob(tokens).mean() / 4
    assert module.log_prob(discriminator, tokens, 1.0) == pytest.approx(own, rel=1e-5)
    assert abs(module.log_prob(discriminator, tokens, 1e6) + np.log(5)) < 1e-4

    smoke = dict(kgen.recipe.find("seqgan_oracle").smoke)
    bench = module.Bench("seqgan_oracle", {**smoke, "generator_rate": 0.1}, 1, tmp_path, samples=16)
    rows = [bench.run("oracle", name, 0) for name in ("likelihood", "at_0.7", "anothers")]
    assert rows[0]["steps"] == rows[1]["steps"] < rows[2]["steps"]
    assert len({row["nll"] for row in rows}) == 3  # the temperature and the rounds change the model
    module.main(["--quick", "--only", "likelihood", "--keep", str(tmp_path)])
    assert f"| oracle | likelihood | {rows[0]['oracle_nll']:.3f} |" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["seqgan_oracle_0.keras"]


def test_the_few_images_are_of_each_class(augmentation):
    images = np.arange(12, dtype="float32").reshape(12, 1, 1, 1)
    labels = np.array([0, 0, 0, 1, 0, 1, 2, 1, 2, 2, 2, 0], "int32")
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(5)
    few, of = augmentation.few_of_each(data, 3, 2)
    np.testing.assert_array_equal(few.ravel(), [0, 1, 3, 5, 6, 8])
    np.testing.assert_array_equal(of, [0, 0, 1, 1, 2, 2])
    with pytest.raises(SystemExit, match="no 4 images of each class"):
        augmentation.few_of_each(data, 3, 4)


def test_neighbours_in_codes_run_and_are_counted_by_hand(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("bigan_neighbours")
    references, labels = np.array([[0.0], [1.0], [5.0]]), np.array([7, 8, 9])
    queries, truth = np.array([[0.4], [0.6], [2.9], [3.1]]), np.array([7, 7, 8, 9])
    assert module.neighbour_accuracy(references, labels, queries, truth) == 0.75
    # Pixels in [0, 1]: distances 1/2 and 0; of the other image, 1/2 and 1.
    error, base = module.reconstruction_error(np.array([[1.0], [-1.0]]), np.array([[0.0], [-1.0]]))
    assert (error, base) == (0.25, 0.75)

    module.main(["--quick"])
    assert "| quick, seed 0 | 1 | " in capsys.readouterr().out
    file = tmp_path / "rows.jsonl"
    (tmp_path / "config.json").write_text('{"options": {"data": "glyphs/letters", "seed": 3}}')
    with pytest.raises(SystemExit, match="learned glyphs/letters: give the folder of a run on"):
        module.main(["--run", str(tmp_path), "--results", str(file)])
    module.main(["--table", "--results", str(file)])  # measures nothing
    assert not file.exists()


def test_conditional_samples_are_judged_class_by_class(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("conditional")

    class Codes:
        """A code that says which half an image is from, whatever its sign."""

        def classify(self, images):
            return np.eye(10)[(images[:, 0] > 0).astype(int)]

    train = np.array([[-1.0], [-2.0], [1.0], [2.0], [3.0]]), np.array([7, 7, 4, 4, 9])
    test = np.array([[-3.0], [-4.0], [5.0], [6.0]]), np.array([7, 4, 4, 9])
    assert module.code_error(Codes(), train, test) == 0.5  # code 0 is called 7, code 1 is called 4

    alike, rng = np.ones((8, 8, 8, 1), "float32"), np.random.default_rng(0)
    noise = rng.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
    labels = np.repeat([0, 1], 4)
    same = module.within_classes(module.Pixels(), (noise, labels), (noise, labels))
    assert same["recall"] == 1.0 and same["diversity"] > 0.5
    one = module.within_classes(module.Pixels(), (noise, labels), (alike, labels))
    assert one == {"recall": 0.0, "diversity": 0.0}

    module.main(["--quick", "--only", "cgan", "infogan"])
    printed = capsys.readouterr().out
    assert "| glyphs/digits | cgan | 0 | " in printed and "; real " in printed
    assert "| glyphs/digits | infogan | 0 |  |  |  | " in printed
    file = tmp_path / "rows.jsonl"
    module.main(["--table", "--results", str(file)])  # measures nothing
    assert not file.exists()
