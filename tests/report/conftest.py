"""Run folders as a training leaves them, written by hand and without a training."""

import json

import numpy as np
import pytest

from kgen import plotting
from kgen.metrics.score import Score

MACHINE = {"system": "Linux x86_64", "processor": "Some CPU", "cores": 2, "accelerators": []}


def score(metric="fd", value=10.0, split="validation", **more):
    """A score of one protocol, but for what `more` changes."""
    protocol = dict(
        better="lower", features="toy(8x8)", checksum="0123456789ab", resize="none",
        reference="glyphs/letters", n_real=200, n_fake=100, seed=0,
    )  # fmt: skip
    return Score(metric=metric, value=value, split=split, **protocol | more)


def append(folder, *measured):
    """Adds pairs of an epoch and a score to the run's `scores.jsonl`."""
    with open(folder / "scores.jsonl", "a", encoding="utf-8") as file:
        for epoch, one in measured:
            training = {"while_training": True} if one.split == "validation" else {}
            file.write(json.dumps({**one.to_json(), "epoch": epoch, **training}) + "\n")


@pytest.fixture
def make_run(tmp_path):
    """Makes a run folder of some epochs whose `fd` falls from 50 by 5 an epoch."""

    def make(name="run", epochs=3, finished=True, start=50.0, **config):
        folder = tmp_path / name
        (folder / "samples").mkdir(parents=True)
        record = {
            "recipe": "dcgan_glyphs", "recipe_file": None, "recipe_sha256": "0" * 64,
            "smoke": False, "options": {"epochs": epochs, "width": 32, "metrics": ["fd"]},
            "changed": {"width": 32},
            "versions": {"kgen": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(record | config))
        rows = [f"{e},{1 / e},{2 / e},{start - 5 * e}" for e in range(1, epochs + 1)]
        header = "epoch,loss,val_loss,fd"
        (folder / "history.csv").write_text("\n".join([header, *rows]) + "\n")
        append(folder, *((e, score(value=start - 5.0 * e)) for e in range(1, epochs + 1)))
        for epoch in range(epochs + 1):
            images = np.full((4, 8, 8, 1), epoch / max(epochs, 1), "float32")
            path = folder / "samples" / f"epoch_{epoch:04d}.png"
            plotting.save_image(plotting.grid(images, scale=2), path)
        sessions = [
            {
                "started": "2025-01-01T10:00:00+00:00", "machine": MACHINE,
                "versions": record["versions"],
                "epochs": [{"epoch": e, "seconds": 30.5} for e in range(1, epochs + 1)],
            }
        ]  # fmt: skip
        (folder / "sessions.json").write_text(json.dumps({"sessions": sessions}))
        if finished:
            summary = {"epochs": epochs, "seconds": 91.5, "export": None, "differences": {},
                       "test": {"loss": 0.75}, "skipped": []}  # fmt: skip
            (folder / "summary.json").write_text(json.dumps(summary))
        return folder

    return make
