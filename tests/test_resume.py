"""A killed and an interrupted run, resumed, equal the run that nothing disturbed."""

import os
import random
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from kgen import run
from kgen.run_folder import RunFolder

EPOCHS = 7
# Without the export at the end, which takes as long as the training.
COMMAND = (
    "import sys; sys.argv[0] = 'kgen'; from kgen import cli, run; "
    "run.export_model = lambda model, place: (None, {}); cli.main()"
)
ARGUMENTS = ["train", "dcgan_glyphs", "--smoke", "--epochs", str(EPOCHS), "--set", "limit=240"]
ARGUMENTS += ["--set", "evaluate_every=1"]


@pytest.fixture
def start(tmp_path):
    """Starts the command in a process of its own, with a current directory of its own."""
    processes = []

    def start(name, *more):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *ARGUMENTS, "--output", name, *more],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for_epoch(process, history, epoch):
    deadline = time.monotonic() + 240
    while not history.exists() or f"\n{epoch}," not in history.read_text():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def test_killed_and_interrupted_equals_undisturbed(start, tmp_path):
    history = tmp_path / "disturbed" / "history.csv"

    process = start("disturbed")
    wait_for_epoch(process, history, 1)
    since = time.monotonic()
    wait_for_epoch(process, history, 2)
    moment = random.uniform(0, 1.5)
    print(f"killed {moment:.3f} epochs after the second")  # shown if the test fails
    time.sleep(moment * (time.monotonic() - since))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL

    # An epoch that only the resumed process can have written: Ctrl-C must meet it in training.
    written = len(history.read_text().splitlines()) - 1
    process = start("disturbed", "--resume")
    wait_for_epoch(process, history, written + 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130, err
    assert "going on after epoch" in out
    said = "kgen train dcgan_glyphs --resume --output disturbed\n"
    assert err.endswith(said) and "Traceback" not in err

    finish(start("disturbed", "--resume"))
    assert not (tmp_path / "disturbed" / "interrupted.keras").exists()
    finish(start("undisturbed"))

    texts = [(tmp_path / name / "history.csv").read_text() for name in ("disturbed", "undisturbed")]
    assert texts[0] == texts[1]
    assert len(texts[0].splitlines()) == EPOCHS + 1
    folders = [RunFolder(tmp_path / name) for name in ("disturbed", "undisturbed")]
    scores = [folder.read_scores() for folder in folders]
    assert scores[0] == scores[1]
    assert [measured.epoch for measured in scores[0]] == list(range(1, EPOCHS + 1))
    assert len({run.load(folder.best).epochs_trained for folder in folders}) == 1
    sessions = [len(folder.read_sessions()) for folder in folders]
    assert sessions == [3, 1]
    models = [run.load(tmp_path / name) for name in ("disturbed", "undisturbed")]
    assert models[0].epochs_trained == EPOCHS and models[0].steps_trained == EPOCHS * 30
    compared = 0
    for owner in (lambda model: model, lambda model: model.optimizer):
        pairs = zip(*(owner(model).variables for model in models), strict=True)
        for a, b in pairs:
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b), err_msg=a.path
            )
            compared += 1
    assert compared > 40
    for epoch in range(EPOCHS + 1):
        grids = [
            (tmp_path / name / "samples" / f"epoch_{epoch:04d}.png").read_bytes()
            for name in ("disturbed", "undisturbed")
        ]
        assert grids[0] == grids[1]
