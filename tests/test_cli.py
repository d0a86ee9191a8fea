import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import kgen
from kgen import cli, recipe, run

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test has a current directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kgen_command(capsys):
    """Runs the command in this process; gives its exit code, stdout and stderr."""

    def command(*arguments):
        with pytest.raises(SystemExit) as exit:
            cli.main(list(arguments))
        out, err = capsys.readouterr()
        return exit.value.code or 0, out, err

    return command


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of the smallest recipe."""
    place = tmp_path_factory.mktemp("trained") / "run"
    return run.train("dcgan_glyphs", {"epochs": 1}, smoke=True, output=place, verbose=0).folder.path


def one_line(err):
    assert err.startswith("kgen: ") and err.count("\n") == 1 and err.endswith("\n")
    return err


def test_list_and_help_do_not_import_tensorflow():
    code = textwrap.dedent("""
        import sys
        sys.argv[0] = "kgen"
        from kgen.cli import main
        for arguments in (["list"], ["--help"], ["train", "--help"], ["train", "nothing"]):
            try:
                main(arguments)
            except SystemExit:
                pass
        heavy = {"tensorflow", "keras", "numpy", "matplotlib"} & set(sys.modules)
        assert not heavy, heavy
    """)
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_list_names_every_recipe():
    result = CliRunner().invoke(cli.app, ["list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == recipe.names()
    assert all(line.endswith(("[measured]", "[not yet measured]")) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "dcgan_glyfs"], "no recipe 'dcgan_glyfs': did you mean 'dcgan_glyphs'?"),
        (["train", "dcgan_glyphs", "--nonsense"], "No such option: --nonsense"),
    ],
)
def test_a_real_process_ends_with_one_line_and_2(arguments, said):
    code = "import sys; sys.argv[0] = 'kgen'; from kgen.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert said in one_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dcgan_glyphs", "--set", "widht=8"], "has no option 'widht': did you mean 'width'?"),
        (["dcgan_glyphs", "--set", "width=wide"], "width takes a whole number, for instance"),
        (["dcgan_glyphs", "--set", "width"], "write it as key=value"),
        (["dcgan_glyphs", "--epochs", "many"], "epochs takes a whole number"),
        (["none.py"], "there is no recipe file none.py"),
        (["dcgan_glyphs", "--resume"], "runs/dcgan_glyphs holds no run"),
        (["dcgan_glyphs", "--smoke", "--image-size", "17"], "not 17 x 17"),
        (["dcgan_glyphs", "--smoke", "--data", "no_such_set"], "no_such_set"),
        (["dcgan_glyphs", "--smoke", "--data", "./nothing"], "no folder"),
    ],
)
def test_what_the_user_did_wrong_is_one_line_and_2(arguments, said, kgen_command, folder):
    code, out, err = kgen_command("train", *arguments)
    assert code == 2 and out == ""
    assert said in one_line(err)
    assert not (folder / "runs").exists()  # and the corrected command is not in its own way


def test_a_shortcut_that_the_recipe_lacks(kgen_command, folder):
    (folder / "own.py").write_text("def recipe(*, epochs: int = 1): ...\n")
    code, _, err = kgen_command("train", "own.py", "--image-size", "8")
    assert code == 2
    assert "recipe 'own' has no option 'image_size': its options are epochs" in one_line(err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("train dcgan_glyphs --nonsense", "No such option: --nonsense"),
        ("train", "Missing argument"),
        ("train dcgan_glyphs --epochs", "--epochs"),
        ("train one two", ": kgen train --help shows what it takes"),
        ("sample run -n many", "Invalid value for '-n'"),
        ("sample run -n 0", "Invalid value for '-n'"),
        ("trian", "No such command 'trian'"),
        ("--nonsense", "No such option: --nonsense: kgen --help shows what it takes"),
    ],
)
def test_a_wrong_argument_is_one_line_and_2(arguments, said, kgen_command):
    code, out, err = kgen_command(*arguments.split())
    assert code == 2 and out == ""
    assert said in one_line(err)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--debug"], ["train", "--help"]])
def test_help(arguments, kgen_command):
    code, out, err = kgen_command(*arguments)
    assert code == 0 and err == ""
    assert "Usage: kgen" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "own.py, line 1: invalid syntax"),
        ("x = 1", "has no function `recipe`"),
        ("def recipe(*, epochs): ...", "the argument 'epochs' of `recipe` needs a default"),
        ("def recipe(*, epochs=1): return 5", "must return a kgen.recipe.Run, not int"),
        ("def recipe(*, epochs=1): ...\nSMOKE = dict(epoch=1)", "did you mean 'epochs'?"),
        ("def recipe(*, epochs=1): ...", "has no SMOKE"),
        ("def recipe(*, epochs=1): raise ValueError('too\\nwide')", "recipe 'own': too wide"),
        ("def recipe(*, epochs=1): return int(None)", "recipe 'own': int() argument must be"),
    ],
)
def test_a_broken_recipe_file(text, said, kgen_command, folder):
    (folder / "own.py").write_text(text + "\n")
    smoke = ["--smoke"] if "SMOKE" in said + text else []
    code, _, err = kgen_command("train", "own.py", *smoke)
    assert code == 2 and said in one_line(err)


def test_the_unexpected_is_one_line_and_1_and_debug_shows_where(kgen_command, folder):
    (folder / "own.py").write_text("def recipe(*, seed=0):\n    return [][1]\n")
    code, _, err = kgen_command("train", "own.py")
    assert code == 1
    assert "IndexError: list index out of range (--debug shows where)" in one_line(err)
    code, _, err = kgen_command("train", "own.py", "--debug")
    assert code == 1
    assert "Traceback" in err and "return [][1]" in err


def test_only_kgen_s_own_errors_and_a_recipe_s_options_are_the_user_s(kgen_command, monkeypatch):
    def fail(*_, **__):
        raise ValueError("shapes do not match")

    monkeypatch.setattr(run, "train", fail)
    code, _, err = kgen_command("train", "dcgan_glyphs")
    assert code == 1
    assert one_line(err) == "kgen: ValueError: shapes do not match (--debug shows where)\n"


def test_ctrl_c_is_130(kgen_command, folder):
    (folder / "own.py").write_text("def recipe(*, seed=0):\n    raise KeyboardInterrupt\n")
    assert kgen_command("train", "own.py")[0] == 130


def test_a_used_folder_is_refused_and_left_alone(kgen_command, folder, trained):
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("years")
    (folder / "file").write_text("x")
    for place in ("mine", "file", str(trained)):
        code, _, err = kgen_command("train", "dcgan_glyphs", "--smoke", "--output", place)
        assert code == 2 and "exists and is never overwritten" in one_line(err)
    assert [path.name for path in (folder / "mine").iterdir()] == ["thesis.txt"]


def test_resume_refuses_what_contradicts(kgen_command, trained):
    again = ["--resume", "--output", str(trained)]
    before = (trained / "checkpoint.keras").read_bytes()
    for arguments, said in [
        (["dcgan_glyphs", "--set", "width=8"], "was started with width=4, not 8"),
        (["dcgan_glyphs", "--epochs", "0"], "was started with epochs=1, not 0"),
        (["vae_glyphs"], "holds a run of 'dcgan_glyphs', not of 'vae_glyphs'"),
    ]:
        code, _, err = kgen_command("train", *arguments, *again)
        assert code == 2 and said in one_line(err)
    code, out, _ = kgen_command("train", "dcgan_glyphs", *again)
    assert code == 0 and f"{trained} is finished: 1 epochs" in out
    assert str(trained / "saved_model" / "1") in out
    assert (trained / "checkpoint.keras").read_bytes() == before


def test_a_checkpoint_cut_short_is_one_line_and_2(kgen_command, folder, trained):
    (folder / "cut.keras").write_bytes((trained / "checkpoint.keras").read_bytes()[:3000])
    code, _, err = kgen_command("sample", "cut.keras")
    assert code == 2 and "cut.keras is cut short or damaged" in one_line(err)
    code, _, err = kgen_command("sample", "nowhere")
    assert code == 2 and "there is no checkpoint nowhere" in one_line(err)


def test_sample_draws_a_grid_and_overwrites_nothing(kgen_command, folder, trained):
    assert kgen_command("sample", str(trained), "-n", "4", "--seed", "1", "-o", "grid.png")[0] == 0
    with Image.open("grid.png") as picture:
        drawn = picture.tobytes()
    expected = kgen.plotting.grid(run.load(trained).sample(4, seed=1))
    assert drawn == expected.tobytes()
    code, _, err = kgen_command("sample", str(trained), "-n", "9", "-o", "grid.png")
    assert code == 2 and "grid.png exists and is never overwritten" in one_line(err)
    with Image.open("grid.png") as picture:
        assert picture.tobytes() == drawn


def test_sample_refuses_before_it_draws(kgen_command, folder, trained):
    for arguments, said in [
        (["--label", "3"], "draws no classes: leave --label out"),
        (["--length", "3"], "draws no sounds: leave --length out"),
        (["-o", "grid.xyz"], "not as grid.xyz: end the name in .png"),
        (["-o", "grid"], "not as grid: end the name in .png"),
    ]:
        code, out, err = kgen_command("sample", str(trained), *arguments)
        assert code == 2 and out == "" and said in one_line(err)
    assert list(folder.iterdir()) == []


def test_a_model_of_sound_is_sampled_as_wav_files(kgen_command, folder):
    tiny = {"stacks": 1, "layers": 2, "width": 4, "skip_width": 4}
    model = kgen.models.WaveNet.build_default(20, **tiny, classes=3, sample_rate=8000)
    model.compile()
    model.save("model.keras")
    code, out, err = kgen_command("sample", "model.keras", "-n", "2", "--label", "1", "--seed", "3")
    assert code == 0 and out == "samples\n", err
    assert sorted(path.name for path in Path("samples").iterdir()) == ["0001.wav", "0002.wav"]
    read, rate = kgen.datasets.sound.sounds.read("samples/0002.wav")
    assert rate == 8000
    expected = model.sample(2, labels=[1, 1], seed=3)[1, :, 0]
    np.testing.assert_allclose(read, expected, atol=2 / 32768)
    assert kgen_command("sample", "model.keras", "-n", "1", "--length", "50", "-o", "long")[0] == 0
    assert len(kgen.datasets.sound.sounds.read("long/0001.wav")[0]) == 50
    for arguments, said in [
        ([], "samples exists and is never overwritten"),
        (["-o", "a.wav"], "sounds go into a folder, not into a.wav: leave out the ending"),
    ]:
        code, out, err = kgen_command("sample", "model.keras", *arguments)
        assert code == 2 and out == "" and said in one_line(err)
    model = kgen.models.WaveNet.build_default(20, **tiny, features=2, hop=5)
    model.compile()
    model.save("features.keras")
    code, _, err = kgen_command("sample", "features.keras", "-o", "more")
    assert (
        code == 2
        and "is a model without its run, so without data: give the run's folder" in one_line(err)
    )


def test_a_folder_of_any_images_with_broken_files(kgen_command, folder, monkeypatch):
    monkeypatch.setattr(run, "export_model", lambda model, place: (None, {}))
    (folder / "photos").mkdir()
    random = np.random.default_rng(0)
    for index in range(24):
        shape = (20 + index, 30, 3) if index % 3 else (20, 30 + index)
        picture = Image.fromarray(random.integers(0, 256, shape, "uint8"))
        picture.save(folder / "photos" / f"{index}.{'jpg' if index % 2 else 'png'}")
    for index in range(4):
        (folder / "photos" / f"broken{index}.png").write_bytes(b"no picture")
    code, out, err = kgen_command(
        "train", "dcgan_glyphs", "--smoke", "--data", "photos", "--epochs", "1", "--output", "run"
    )
    assert code == 0, err
    assert "cannot be read" not in err  # a warning, which would say it twice
    (line,) = [line for line in out.splitlines() if "left out" in line]
    assert line.startswith("4 files were left out: broken")
    assert line.count(".png: cannot identify") == 3
    assert line.endswith("; ... (all are named in run/summary.json)")
    summary = json.loads((folder / "run" / "summary.json").read_text())
    assert sorted(text.partition(":")[0] for text in summary["skipped"]) == [
        f"broken{index}.png" for index in range(4)
    ]
    assert run.load("run").image_shape == (16, 16, 3)


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_a_second_demo_resumes_the_first(folder):
    def demo():
        command = ["make", "--dry-run", "--no-print-directory", "--file", ROOT / "Makefile", "demo"]
        # Run by `make test`, we must not pass on what that make tells its children.
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        lines = subprocess.run(
            command, check=True, capture_output=True, text=True, env=outside
        ).stdout
        return lines.splitlines()[-1].split()[1:]

    for name in ("setup.cfg", "pyproject.toml"):
        (folder / name).touch()
    assert demo() == ["train", "dcgan_glyphs"]
    (folder / "runs" / "dcgan_glyphs").mkdir(parents=True)
    (folder / "runs" / "dcgan_glyphs" / "config.json").touch()
    assert demo() == ["train", "dcgan_glyphs", "--resume"]


def test_export_numbers_its_versions(kgen_command, folder, trained):
    code, out, _ = kgen_command("export", str(trained), "--uint8")
    assert code == 0 and out.splitlines()[0] == os.path.join("saved_models", "run", "1")
    described = kgen.export.describe(folder / "saved_models" / "run" / "1")
    assert described["uint8"] is True


def test_the_options_are_written_down(trained):
    config = json.loads((trained / "config.json").read_text())
    assert config["recipe"] == "dcgan_glyphs" and config["smoke"] is True
    assert config["options"]["epochs"] == 1 and config["options"]["latent_dim"] == 100
    assert config["recipe_sha256"] == recipe.find("dcgan_glyphs").source_hash
    assert {"kgen", "keras", "tensorflow", "numpy", "python"} == set(config["versions"])
