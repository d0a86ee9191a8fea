"""The commands `kgen data ...`, and the way from addresses to a trained model."""

# ruff: noqa: F811  fixtures of other test modules are imported by name

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kgen import recipe, run
from tests.collect.site import Site, body, drawn_face, encoded
from tests.collect.test_crawling import small
from tests.test_cli import ENVIRONMENT, folder, kgen_command, one_line  # noqa: F401


def test_the_commands_do_not_import_tensorflow(tmp_path):
    code = textwrap.dedent("""
        import sys
        sys.argv[0] = "kgen"
        from kgen.cli import main
        def call(*arguments):
            try:
                main(["data", *arguments])
            except SystemExit:
                pass
        call("--help")
        light = {"requests", "cv2", "numpy", "PIL", "scipy", "kgen.collect"} & set(sys.modules)
        assert not light, light
        from PIL import Image
        Image.linear_gradient("L").save("raw.png")
        call("crawl", "new", "http://127.0.0.1:9/1.png", "--retries", "0", "--delay", "0")
        call("check", ".", "--dry-run")
        call("faces", ".", "faces", "--cascade", "none.xml")
        assert not {"tensorflow", "keras"} & set(sys.modules)
    """)
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "no picture was to be had" in done.stderr and "no cascade file" in done.stderr
    assert "1 pictures: 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing command"),
        (["crawl"], "Missing argument 'FOLDER'"),
        (["crawl", "raw"], "nothing is fetched that was not asked for"),
        (["crawl", "raw", "nonsense"], "'nonsense' is no address"),
        (["crawl", "raw", "--list", "none.txt"], "cannot be read"),
        (["crawl", "raw", "http://h/1.png", "--contact", "a\nb"], "is no contact"),
        (["crawl", "raw", "http://h/1.png", "--delay", "-1"], "--delay"),
        (["verify", "none"], "none has no manifest.jsonl"),
        (["faces", "raw", "faces"], "--cascade FILE"),
        (["faces", "raw", "faces", "--detector", "none"], "names no detector"),
        (["check", "none"], "there is no folder none"),
    ],
)
def test_bad_arguments_are_one_line(kgen_command, arguments, said, folder):
    code, out, err = kgen_command("data", *arguments)
    assert code == 2 and out == ""
    assert said in one_line(err)
    assert list(folder.iterdir()) == []


def test_what_is_not_installed_is_named(kgen_command, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = kgen_command("data", "crawl", "raw", "http://h/1.png")
    assert code == 2 and "requests and protego: pip install 'kgen-keras[collect]'" in one_line(err)


def test_from_addresses_to_a_trained_model(kgen_command, folder):
    """Pictures of drawn faces are crawled, cropped, checked, and DCGAN is trained on them."""
    cv2 = pytest.importorskip("cv2", reason="the way leads through a cascade of OpenCV")
    cascade = Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
    routes = {f"/f/{n:03}.jpg": body(encoded(drawn_face(n)[0], "JPEG"), "image/jpeg")
              for n in range(40)}  # fmt: skip
    routes |= {"/f/twin.png": body(encoded(drawn_face(7)[0])), "/f/none.png": body(small(1))}
    page = "".join(f'<img src="{path}">' for path in list(routes)[30:])
    with Site({**routes, "/list": body(page.encode(), "text/html")}) as site:
        Path("urls.txt").write_text(f"{site.url}/f/{{010..029}}.jpg\n")
        code, out, err = kgen_command(
            "data", "crawl", "raw", f"{site.url}/f/{{000..009}}.jpg",
            "--list", "urls.txt", "--page", f"{site.url}/list",
            "--delay", "0", "--contact", "me@a.example",
        )  # fmt: skip
        assert (code, err) == (0, "") and out == "42 pictures taken into raw\n"
        assert all("me@a.example" in headers["User-Agent"] for _, headers in site.asked)
    code, out, _ = kgen_command("data", "verify", "raw")
    assert code == 0 and out == "42 files are as the manifest says\n"

    wanted = ["raw", "faces", "--cascade", str(cascade), "--smallest", "60"]
    code, out, _ = kgen_command("data", "faces", *wanted)
    assert code == 0 and "of 42 pictures in faces" in out
    crops = list(Path("faces").glob("*.png"))
    assert len(crops) >= 38
    code, out, _ = kgen_command("data", "faces", *wanted)
    assert "0 faces of 0 pictures (42 were done before)" in out

    code, out, _ = kgen_command("data", "check", "faces", "--near", "0", "--dry-run")
    assert code == 0 and "looks like" in out
    assert len(list(Path("faces").glob("*.png"))) == len(crops)
    code, out, _ = kgen_command("data", "check", "raw", "--smallest", "65")
    assert "1 too small, " in out and "moved to raw_aside: see raw_aside/report.json" in out
    code, out, _ = kgen_command("data", "verify", "raw")
    assert code == 0 and "moved aside" in out
    next(Path("raw").glob("*.jpg")).write_bytes(b"changed")
    code, out, err = kgen_command("data", "verify", "raw")
    assert code == 2 and "its bytes have changed" in out and "1 files of raw" in one_line(err)

    dcgan = recipe.find("dcgan_faces")
    built = run.build(dcgan, {**dcgan.smoke, "data": "faces", "image_size": 48})
    built.model.fit(built.data.train, epochs=1, verbose=0)
    assert built.model.epochs_trained == 1 and built.data.image_shape == (48, 48, 3)
    assert built.model.sample(2).shape == (2, 48, 48, 3)
