"""The likelihood of a trained run, and the importance samples that its bound is taken with."""

import json

import pytest

from kgen import run as running
from kgen.errors import MetricError
from kgen.run_evaluation import evaluate


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A smoke run of a VAE on glyphs, not exported."""
    folder = tmp_path_factory.mktemp("likelihood") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "export_model", lambda model, path: (None, {}))
        running.train("vae_glyphs", smoke=True, output=folder, verbose=0, tell=lambda line: None)
    return folder


def test_the_command_takes_their_number(run, command):
    def score(*arguments):
        given = ("--metrics", "nll", "-n", 20, "--json", *arguments)
        return json.loads(command("evaluate", run, *given))

    default, told = score(), score("--log-prob-samples", 3)
    samples = [one["details"]["importance_samples"] for one in (default, told)]
    assert samples[0] > 3 == samples[1]
    assert told["method"].endswith("upper bound by 3 importance samples")
    assert default["value"] < told["value"]


def test_without_nll_they_are_refused(run, command):
    said = command("evaluate", run, "--metrics", "l1,ssim", "--log-prob-samples", 5, code=2)
    assert "importance samples are of nll: name it among the metrics" in said


def test_an_exact_likelihood_takes_none(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "export_model", lambda model, path: (None, {}))
    folder = tmp_path / "run"
    running.train("pixelcnn_glyphs", smoke=True, output=folder, verbose=0, tell=lambda line: None)
    with pytest.raises(MetricError, match="of PixelCNN takes no importance samples: leave"):
        evaluate(folder, "nll", log_prob_samples=5, tell=lambda line: None)
