"""A run of a model of tokens through the house: files, page, command line, scores, export."""

import json
import re

import pytest

from kgen import run as running
from kgen.datasets.tokens import grammar
from kgen.errors import MetricError
from kgen.export import describe
from kgen.run_evaluation import evaluate
from kgen.run_folder import RunFolder

LINES = [f"a{i % 7} b<script>c{i % 11} d&e" for i in range(300)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A smoke run on a text whose words are HTML."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "text.txt").write_text("\n".join(LINES))
    running.train(
        "gumbelsoftmaxgan_grammar",
        {"data": str(folder / "text.txt"), "limit": None, "metrics": ("nll",)},
        smoke=True,
        output=folder / "run",
        verbose=0,
        tell=lambda line: None,
    )
    return folder / "run"


def known():
    return {"<unknown>", *(word for line in LINES for word in line.split())}


def test_each_epoch_has_a_file_of_texts(run):
    texts = RunFolder(run).texts()["samples"]
    assert list(texts) == [0, 1]
    lines = texts[1].read_text(encoding="utf-8").splitlines()
    assert len(lines) == 64 and all(len(line.split()) <= 5 for line in lines)
    assert set(" ".join(lines).split()) <= known()
    assert RunFolder(run).contents()["samples"] == run / "samples"
    assert not (run / "samples.gif").exists()


def test_the_page_shows_them_as_text(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    last = RunFolder(run).texts()["samples"][1].read_text(encoding="utf-8")
    assert "b<script>c" in last and "b&lt;script&gt;c" in page
    assert re.findall(".{60}b<script>.{60}", page) == [] and "d&amp;e" in page
    assert "--metrics bleu,nll" in page


def test_sample_prints_texts_or_writes_them(run, command, tmp_path):
    printed = command("sample", run, "-n", 5, "--seed", 3).splitlines()
    assert len(printed) == 5 and set(" ".join(printed).split()) <= known()
    assert command("sample", run, "-n", 5, "--seed", 4).splitlines() != printed
    file = tmp_path / "texts.txt"
    assert command("sample", run, "-n", 5, "--seed", 3, "-o", file).strip() == str(file)
    assert file.read_text(encoding="utf-8").splitlines() == printed
    for output, said in ((file, "never overwritten"), (tmp_path / "a.png", "end the name")):
        assert said in command("sample", run, "-n", 1, "-o", output, code=2)
    assert "draws no classes" in command("sample", run, "-n", 1, "--label", 1, code=2)


def test_it_is_measured_by_metrics_of_texts_alone(run):
    measured = evaluate(run, "nll,bleu,self_bleu_2", n=20, tell=lambda line: None)
    names = [one.score.metric for one in measured]
    assert names == ["nll", "bleu_2", "bleu_3", "bleu_4", "self_bleu_2"]  # no nearest_train
    nll = measured[0].score
    assert nll.value == pytest.approx(5 * nll.details["nats_per_token"])
    assert nll.details["perplexity"] > 1 and nll.method == "of tokens"
    with pytest.raises(MetricError, match=r"fd is of images, and .* holds tokens"):
        evaluate(run, "fd", n=20, tell=lambda line: None)
    with pytest.raises(MetricError, match="validity is of the built-in grammar alone"):
        evaluate(run, "validity", n=20, tell=lambda line: None)


def test_its_export_says_the_words(run):
    (place,) = (run / "saved_model").iterdir()
    description = describe(place)
    model = running.load(run)
    assert description["words"] == list(model.words)
    assert description["words"][:2] == [grammar.END, "<unknown>"]
    tokens = description["signatures"]["log_prob"]["inputs"]["tokens"]
    assert tokens["role"] == "tokens" and tokens["range"] == [0, model.vocabulary - 1]
    assert json.dumps(description)
