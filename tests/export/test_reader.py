import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kgen.export import reader

# Runs the reader as a program, then looks at what its process imported.
PROBE = """
import runpy, sys
runpy.run_path(sys.argv[0], run_name="__main__")
loaded = {name.split(".")[0] for name, module in sys.modules.items() if module is not None}
assert "tensorflow" in loaded
assert not loaded & {"kgen", "keras", "tf_keras", "tensorflow_serving"}, loaded
for name in ("kgen", "keras"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(f"{name} can be imported")
"""


def _run(*arguments, code=None):
    program = ["-c", f"import sys; sys.argv.pop(0); {code}"] if code else []
    command = [sys.executable, "-P", *program, reader.__file__, *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_tensorflow_alone_reads_the_export(toy, exported, tmp_path):
    random = np.random.default_rng(5)
    latents = random.standard_normal((7, 2)).astype("float32")
    images = random.uniform(-1, 1, (3, 4, 4, 1)).astype("float32")
    noise = random.standard_normal((3, 4, 2)).astype("float32")
    np.savez(tmp_path / "a.npz", latents=latents)
    np.savez(tmp_path / "b.npz", images=images, noise=noise)
    sample = ["--run", "sample", tmp_path / "a.npz", tmp_path / "a.out.npz"]
    log_prob = ["--run", "log_prob", tmp_path / "b.npz", tmp_path / "b.out.npz"]
    process = _run(exported, *sample, *log_prob, code=PROBE)
    assert process.returncode == 0, process.stderr

    with np.load(tmp_path / "a.out.npz") as outputs:
        assert outputs.files == ["images"]
        np.testing.assert_allclose(
            outputs["images"], toy.sample(latents)["images"], rtol=0, atol=1e-5
        )
    with np.load(tmp_path / "b.out.npz") as outputs:
        assert outputs.files == ["log_prob"]
        np.testing.assert_allclose(
            outputs["log_prob"], toy.log_prob(images, noise)["log_prob"], rtol=1e-6
        )


@pytest.fixture
def load_here(monkeypatch):
    """Runs the reader in this process, where errors are quicker to look at."""
    monkeypatch.setattr(sys, "modules", dict(sys.modules))  # it forbids modules
    return reader.main


def test_without_a_task_it_lists_the_signatures(exported, load_here, capsys):
    load_here([str(exported)])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][0:2] == ["sample", "encode"]
    assert "    in  latents: float32 (None, 2)" in lines
    assert "    out log_prob: float32 (None,)" in lines


@pytest.mark.parametrize(
    ("signature", "arrays", "message"),
    [
        ("dream", {}, "no signature 'dream' in .* it has sample, encode,"),
        ("sample", {"z": np.zeros((1, 2), "float32")}, r"takes the inputs \['latents'\], and .*z"),
        ("sample", {"latents": np.zeros((1, 2))}, "is float32 of shape .* has float64 of shape"),
        ("sample", {"latents": np.zeros((1, 3), "float32")}, r"shape \(None, 2\).*\(1, 3\)"),
    ],
)
def test_bad_input_gets_one_line(exported, tmp_path, load_here, signature, arrays, message):
    np.savez(tmp_path / "in.npz", **arrays)
    with pytest.raises(SystemExit, match=message):
        load_here(
            [str(exported), "--run", signature, str(tmp_path / "in.npz"), str(tmp_path / "out.npz")]
        )
    assert not (tmp_path / "out.npz").exists()


def test_no_saved_model_gets_one_line(tmp_path, load_here):
    with pytest.raises(SystemExit, match="is no SavedModel"):
        load_here([str(tmp_path)])


def test_saved_model_cli_reads_the_export(toy, exported, tmp_path):
    images = np.random.default_rng(6).uniform(-1, 1, (2, 4, 4, 1)).astype("float32")
    np.savez(tmp_path / "in.npz", images=images)
    program = Path(sys.executable).with_name("saved_model_cli")
    command = [program, "run", "--dir", exported, "--tag_set", "serve"]
    command += ["--signature_def", "encode", "--outdir", tmp_path]
    command += ["--inputs", f"images={tmp_path / 'in.npz'}[images]"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    np.testing.assert_allclose(
        np.load(tmp_path / "latents.npy"), toy.encode(images)["latents"], rtol=0, atol=1e-5
    )
