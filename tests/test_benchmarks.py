"""The step-time benchmark, with tiny networks: what it compares is really the same arithmetic."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the benchmark drives a PyTorch loop")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    file = tmp_path_factory.mktemp("benchmark") / "result.json"
    # A process of its own: the number of threads is set before TensorFlow starts.
    finished = subprocess.run(
        [sys.executable, "benchmarks/step_time.py", "--quick", "--pairs", "2", "--json", str(file)],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return {"printed": finished.stdout, **json.loads(file.read_text())}


@pytest.mark.parametrize("model", ["dcgan", "vae", "cyclegan"])
def test_all_contestants_have_the_same_first_losses(result, model):
    losses = result["models"][model]["first_losses"]
    assert set(losses) == {"kgen", "tensorflow_xla", "tensorflow", "torch"}
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
