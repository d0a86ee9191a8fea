"""A run of a vocoder: what it is sampled and measured with are the spectrograms of its data."""

import numpy as np
import pytest

from kgen import run as running
from kgen import run_callbacks, run_images
from kgen.datasets.sound import sounds
from kgen.errors import MetricError
from kgen.run_evaluation import evaluate


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A smoke run on the built-in tones."""
    folder = tmp_path_factory.mktemp("sounds") / "run"
    running.train("wavenet_vocoder", smoke=True, output=folder, verbose=0, tell=lambda line: None)
    return folder


def test_it_makes_the_sounds_of_held_out_spectrograms(run, command, tmp_path):
    place = tmp_path / "sounds"
    assert command("sample", run, "-n", 3, "--seed", 5, "-o", place).strip() == str(place)
    model = running.load(run)
    given = run_callbacks.held_out(run_images.run_splits(run), 3, "test")[1]
    expected = model.sample(3, **given, seed=5)
    for number, wave in enumerate(expected, start=1):
        read, rate = sounds.read(place / f"{number:04}.wav")
        assert rate == model.sample_rate
        np.testing.assert_allclose(read, wave[:, 0], atol=2 / 32768)


def test_it_takes_a_class_and_no_length(run, command, tmp_path):
    command("sample", run, "-n", 2, "--label", 1, "-o", tmp_path / "sounds")
    assert len(list((tmp_path / "sounds").iterdir())) == 2
    said = command("sample", run, "-n", 2, "--length", 8, code=2)
    assert "as long as what they are made from: leave --length out" in said


def test_its_likelihood_is_that_which_training_reports(run):
    (measured,) = evaluate(run, "nll", n=16, tell=lambda line: None)
    data = run_images.run_splits(run)
    logs = running.load(run).evaluate(data.test, verbose=0, return_dict=True)
    assert measured.score.value == pytest.approx(logs["loss"], rel=1e-4)
    assert measured.score.details["bits_per_dim"] == pytest.approx(logs["bits_per_dim"], rel=1e-4)
    with pytest.raises(MetricError, match="fd is of samples alone, and tones holds sounds with"):
        evaluate(run, "fd", n=16, tell=lambda line: None)
