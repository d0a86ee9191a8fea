"""The step-time benchmark, with tiny networks: what it compares is really the same arithmetic."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the benchmark drives a PyTorch loop")
ROOT = Path(__file__).parents[1]


TIMED = ("dcgan", "vae", "cyclegan")
GAMES = ("gan", "lsgan", "wgan", "wgangp", "ganqp", "fgan", "r3gan", "unrolledgan", "sgan")


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


def test_a_ledger_keeps_every_run_and_knows_what_is_missing(tmp_path):
    spec = importlib.util.spec_from_file_location("ledger", ROOT / "benchmarks" / "ledger.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = tmp_path / "runs.jsonl"
    first = module.Ledger(file, ("name", "seed"))
    assert first.rows == [] and ("a", 0) not in first
    first.append({"name": "a", "seed": 0, "value": 1})
    first.append({"name": "b", "seed": 0, "value": 2})
    again = module.Ledger(file, ("name", "seed"))
    assert again.rows == first.rows and ("b", 0) in again and ("b", 1) not in again
    again.append({"name": "a", "seed": 0, "value": 3})
    assert len(file.read_text().splitlines()) == 3  # nothing is overwritten
    assert [row["value"] for row in module.Ledger(file, ("name", "seed")).rows] == [3, 2]
    file.write_text(file.read_text() + '{"name": "c", "se')
    with pytest.raises(SystemExit, match="line 4 is no run with name, seed: remove it"):
        module.Ledger(file, ("name", "seed"))
