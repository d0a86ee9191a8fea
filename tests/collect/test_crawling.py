"""From addresses to a clean folder, whatever the servers answer and wherever it is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from kgen.collect import store as stores
from kgen.collect.crawling import PAGE_BYTES, crawl, user_agent
from kgen.collect.fetching import Fetcher
from kgen.collect.raster import decode
from kgen.collect.store import Store
from kgen.collect.transport import Transport
from kgen.collect.verifying import verify
from kgen.errors import DataError
from tests.collect import site as web
from tests.collect.site import Site, body, encoded
from tests.test_cli import ENVIRONMENT


def small(seed):
    """A picture of 64 x 64 pixels, as PNG or JPEG."""
    random = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    picture = Image.fromarray(random).resize((64, 64), Image.Resampling.BICUBIC)
    return encoded(picture, "JPEG" if seed % 2 else "PNG")


def quick(**settings):
    transport = Transport(user_agent(), **{"timeout": 0.3, "seconds": 0.5, **settings})
    return Fetcher(transport, delay=0, retries=1, pause=0.01)


def collect(folder, *patterns, **more):
    return crawl(folder, patterns, **{"fetcher": quick(), "tell": lambda line: None, **more})


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def routes(count):
    return {f"/p/{n}.png": body(small(n), "image/png") for n in range(count)}


HOSTILE_NAMES = (
    "../../../../evil.png",
    "/etc/evil.png",
    "C:\\evil.png",
    "con.png",
    "x" * 3000 + ".png",
    ".hidden.png",
    "manifest.jsonl",
)
HOSTILE = {
    "/page.png": body(b"<html>no picture</html>", "text/html"),
    "/liar.png": body(b"<html>no picture</html>"),
    "/program.png": body(b"MZ" + bytes(100)),
    "/tiff.png": body(encoded(Image.new("L", (64, 64)), "TIFF")),
    "/half.png": body(small(1000)[:400]),
    "/empty.png": body(b""),
    "/gzip.png": body(small(1000), Content_Encoding="gzip"),
    "/bomb.png": body(web.bomb()),
    "/huge.png": body(b"", Content_Length=10**12),
    "/endless.png": web.endless,
    "/drip.png": web.drip,
    "/drip-head.png": web.drip_in_headers,
    "/hang-up.png": web.hang_up,
    "/short.png": web.cut_short(small(1000)),
    "/circle-a": web.moved("/circle-b"),
    "/circle-b": web.moved("/circle-a"),
    "/circle-c": web.moved("/circle-c"),
    "/file": web.moved("file:///etc/passwd"),
    "/nowhere": web.moved("http://:80/"),
    "/gone.png": web.status(410),
    "/down.png": web.status(500),
    "/private/a.png": body(small(1001)),
    "/list.secret.png": body(small(1002)),
}


def test_a_hostile_site_leaves_a_clean_folder(tmp_path):
    """240 good pictures among all that can go wrong."""
    good = {
        **routes(200),
        **{
            f"/names/{n}/..%2F..%2F..%2Fevil{n}.png": body(
                small(300 + n), Content_Disposition=f'attachment; filename="{name}"'
            )
            for n, name in enumerate(HOSTILE_NAMES)
        },
        **{f"/q?file=../../{n}": body(small(400 + n)) for n in range(27)},
        "/private/open.png": body(small(500)),
        "/moved.png": web.moved("/target.png"),
        "/target.png": body(small(501)),
        "/busy.png": web.in_turn(web.status(503, Retry_After=0), body(small(502))),
        "/lost.png": web.in_turn(web.hang_up, body(small(503))),
        "/untyped": body(small(504), kind=None),
        "/jpeg-called.png": body(small(505), "image/png"),
    }
    twice = {"/again.png": body(small(0))}
    with Site({**good, **twice, **HOSTILE}) as site:
        # Between the hostile answers good ones, or the host would count as dead.
        asked = list({**good, **twice})
        for n, path in enumerate(HOSTILE):
            asked.insert(3 * n, path)
        folder = tmp_path / "inner" / "raw"
        result = collect(folder, *(site.url + path for path in asked), max_bytes=100_000)
        requested = site.paths()
    assert result.saved == len(good) + 1 and result.known == 0
    assert sum(result.refused.values()) == len(HOSTILE)
    assert dict(result.refused) == {
        "wrong type": 2, "no picture": 4, "broken": 1, "too many pixels": 1, "too large": 2,
        "too slow": 2, "no connection": 2, "redirects": 5, "status": 2, "robots.txt": 2,
    }  # fmt: skip

    # Nothing but pictures under names of ours, the manifest, and the list of the refused.
    assert files(tmp_path)[:2] == ["inner", "inner/raw"]
    manifest = lines(folder / "manifest.jsonl")
    pictures = sorted({row["file"] for row in manifest})
    assert files(folder) == sorted([*pictures, "manifest.jsonl", "refused.jsonl"])
    # One picture is had from two addresses, and another by a redirect as well.
    assert len(manifest) == len(good) + 1 and len(pictures) == len(good) - 1
    found = verify(folder)
    assert (found.whole, found.aside, found.problems) == (len(pictures), 0, [])
    for row in manifest:
        content = (folder / row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["bytes"] == len(content) and row["page"] is None
        assert row["file"].endswith({"PNG": ".png", "JPEG": ".jpg"}[decode(content).format])
        assert time.strptime(row["time"], "%Y-%m-%dT%H:%M:%S+00:00")
    by_url = {row["url"].removeprefix(site.url): row for row in manifest}
    assert set(by_url) == {*good, *twice}
    assert by_url["/moved.png"]["redirected_to"] == site.url + "/target.png"
    assert by_url["/again.png"]["file"] == by_url["/p/0.png"]["file"]

    refused = {row["url"].removeprefix(site.url): row for row in lines(folder / "refused.jsonl")}
    assert set(refused) == set(HOSTILE) and all(row["reason"] for row in refused.values())
    # What robots.txt forbids was never asked for; faults of the moment were, once more.
    assert not {"/private/a.png", "/list.secret.png"} & set(requested)
    assert requested.count("/down.png") == 2 and requested.count("/gone.png") == 1
    assert all(
        headers["User-Agent"].startswith("kgen/") and "Cookie" not in headers
        for _, headers in site.asked
    )


def test_a_second_crawl_asks_only_for_what_may_come(tmp_path):
    with Site({**routes(5), "/down.png": web.status(500)}) as site:
        urls = [f"{site.url}/p/{{0..4}}.png", f"{site.url}/gone.png", f"{site.url}/down.png"]
        collect(tmp_path / "raw", *urls)
        before = files(tmp_path)
        site.asked.clear()
        result = collect(tmp_path / "raw", *urls)
        assert (result.saved, result.known, dict(result.refused)) == (0, 6, {"status": 1})
        assert set(site.paths()) == {"/down.png"}
        assert files(tmp_path) == before
        site.routes["/gone.png"] = body(small(7))
        assert collect(tmp_path / "raw", *urls, again=True).saved == 1


def test_what_the_user_moved_away_does_not_come_back(tmp_path):
    with Site(routes(3)) as site:
        url = f"{site.url}/p/{{0..2}}.png"
        collect(tmp_path / "raw", url)
        victim = lines(tmp_path / "raw" / "manifest.jsonl")[1]["file"]
        (tmp_path / "raw" / victim).unlink()
        assert collect(tmp_path / "raw", url).saved == 0
        site.routes["/again.png"] = site.routes["/p/1.png"]
        assert collect(tmp_path / "raw", f"{site.url}/again.png").saved == 1
    assert verify(tmp_path / "raw").problems == [f"{victim}: missing"]


def test_pages(tmp_path):
    with Site(routes(4)) as other, Site(routes(9)) as site:
        page = '<a href="p/1.png"><img src="t/1.png"></a><img src="p/2.png"><img src="p/2.png">'
        site.routes["/list?1"] = body(page.encode(), "text/html; charset=nonsense")
        named = other.url.replace("127.0.0.1", "localhost")
        page = f'<img src="{named}/p/3.png"><img src="/p/4.png"><a href="/p/5.png"></a>'
        site.routes["/list?2"] = body(page.encode("utf-16"), "text/html; charset=utf-16")
        pages = [f"{site.url}/list?{{1..3}}"]
        result = collect(tmp_path / "raw", pages=pages)
        assert result.saved == 4 and dict(result.refused) == {"other host": 1, "status": 1}
        assert other.asked == [] and "/t/1.png" not in site.paths()
        rows = lines(tmp_path / "raw" / "manifest.jsonl")
        assert {row["page"] for row in rows} == {f"{site.url}/list?1", f"{site.url}/list?2"}
        assert "allow it with --host localhost" in (tmp_path / "raw/refused.jsonl").read_text()
        assert collect(tmp_path / "raw", pages=pages, hosts=["localhost"]).saved == 1
        assert other.paths() == ["/p/3.png"]


@pytest.mark.parametrize(
    "charset",
    ["hex", "base64", "zlib", "rot13", "idna", "undefined", "punycode", "x" * 999, "..", "'"],
)
def test_a_charset_that_no_page_has(tmp_path, charset):
    with Site(routes(3)) as site:
        page = "<p>é</p><img src=/p/1.png>".encode() + b"<p>\xff</p>-" + b"<img src=/p/2.png>"
        site.routes["/list"] = body(page, f"text/html; charset={charset}")
        assert collect(tmp_path / "raw", pages=[f"{site.url}/list"]).saved == 2


def test_a_page_may_not_be_as_large_as_a_picture(tmp_path):
    with Site(routes(2)) as site:
        page = b"<base href='http://[bad'><![1 ><img src=/p/1.png>"
        site.routes["/large"] = body(page.ljust(PAGE_BYTES + 1), "text/html")
        site.routes["/fits"] = body(page.ljust(PAGE_BYTES), "text/html")
        pages = [f"{site.url}/large", f"{site.url}/fits"]
        result = collect(tmp_path / "raw", pages=pages, max_bytes=100_000)
    assert result.saved == 1 and dict(result.refused) == {"too large": 1}
    assert "more than 2,000,000 bytes" in (tmp_path / "raw/refused.jsonl").read_text()


def test_a_limit(tmp_path):
    with Site(routes(9)) as site:
        assert collect(tmp_path / "raw", f"{site.url}/p/{{0..8}}.png", limit=4).saved == 4
        assert len(site.paths()) == 4


def test_killed_between_any_two_steps(tmp_path, monkeypatch):
    """Stopped before the line, before the renaming, and after: the next crawl mends each."""
    folder = tmp_path / "raw"
    body, more = small(0), {"url": "http://h/0", "page": None}

    class Kill(BaseException):
        pass

    def kill(*_):
        raise Kill

    for place, name in ((stores.records.Records, "add"), (stores.os, "replace")):
        with monkeypatch.context() as patched, pytest.raises(Kill), Store(folder) as store:
            patched.setattr(place, name, kill)
            store.save(body, ".png", **more)
        assert not list(folder.glob("*.png")) and list(folder.glob(".parts/*.part"))
        with Store(folder) as store:
            there = name == "replace"
            assert store.urls == ({"http://h/0"} if there else set())
            assert len(list(folder.glob("*.png"))) == there
        assert not (folder / ".parts").exists()
        assert verify(folder).problems == []
    # A part that is not whole, whatever the manifest says, is dropped.
    with Store(folder) as store:
        row = store._manifest.rows[0]
    (folder / row["file"]).unlink()
    (folder / ".parts").mkdir()
    (folder / ".parts" / f"{row['sha256']}.part").write_bytes(body[:100])
    with Store(folder):
        assert not list(folder.glob("*.png"))


def test_killed_before_there_is_a_manifest(tmp_path, monkeypatch):
    class Kill(BaseException):
        pass

    def kill(*_):
        raise Kill

    folder = tmp_path / "raw"
    with monkeypatch.context() as patched, pytest.raises(Kill):
        patched.setattr(stores.records, "Records", kill)
        Store(folder)
    assert files(folder) == [".parts"]
    (folder / ".parts" / "0.part").write_bytes(b"x")  # after a power cut, perhaps
    with Site(routes(1)) as site:
        assert collect(folder, f"{site.url}/p/0.png").saved == 1
    assert not (folder / ".parts").exists() and verify(folder).problems == []
    # What a kill does not leave is not ours.
    for name in (".parts/mine.png", "mine/.part", ".parts.part"):
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / name).write_bytes(b"x")
        with pytest.raises(DataError, match="holds files and no manifest"):
            Store(tmp_path / "other")
        (tmp_path / "other" / name).unlink()
        (tmp_path / "other" / name).parent.rmdir()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_kill_9_in_the_middle_and_resume(tmp_path):
    folder, count = tmp_path / "raw", 12
    with Site(routes(count)) as site:
        whole, in_the_middle = small(6), []

        def stop(handler):
            """Half of the picture, and then the process that asks for it is killed."""
            handler.send_response(200)
            handler.send_header("Content-Type", "image/png")
            handler.send_header("Content-Length", len(whole))
            handler.end_headers()
            handler.wfile.write(whole[: len(whole) // 2])
            handler.wfile.flush()
            in_the_middle.append(files(folder))
            process.send_signal(signal.SIGKILL)

        site.routes["/p/6.png"] = web.in_turn(stop, body(whole))
        url = f"{site.url}/p/{{0..{count - 1}}}.png"
        code = (
            "import sys; sys.argv[0] = 'kgen'; from kgen.cli import main; "
            f"main(['data', 'crawl', {str(folder)!r}, {url!r}, '--delay', '0'])"
        )
        process = subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT)
        assert process.wait(60) == -signal.SIGKILL
        assert len([name for name in in_the_middle[0] if name.endswith((".png", ".jpg"))]) == 6
        assert verify(folder).problems == [] and verify(folder).whole == 6
        site.asked.clear()
        result = collect(folder, url)
        assert (result.saved, result.known) == (6, 6)
        assert site.paths() == [f"/p/{n}.png" for n in range(6, count)]
    assert verify(folder).problems == [] and verify(folder).whole == count


def test_verify_names_what_is_wrong(tmp_path):
    with Site(routes(4)) as site:
        collect(tmp_path / "raw", f"{site.url}/p/{{0..3}}.png")
    folder = tmp_path / "raw"
    names = [row["file"] for row in lines(folder / "manifest.jsonl")]
    (folder / names[0]).unlink()
    with open(folder / names[1], "ab") as file:
        file.write(b"x")
    (tmp_path / "raw_aside").mkdir()
    (folder / names[2]).rename(tmp_path / "raw_aside" / names[2])
    (folder / "stray.png").write_bytes(b"")
    found = verify(folder)
    assert (found.whole, found.aside) == (1, 1)
    assert found.problems == [
        f"{names[0]}: missing", f"{names[1]}: its bytes have changed",
        "stray.png: not in the manifest",
    ]  # fmt: skip


def test_a_manifest_from_elsewhere_reads_no_other_file(tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("../secret", "/etc/passwd", "..", "", None, 3):
        row = json.dumps({"file": name, "sha256": "0" * 64})
        (tmp_path / "raw" / "manifest.jsonl").write_text(row + "\n")
        with pytest.raises(DataError, match="line 1 names no file"):
            verify(tmp_path / "raw")
    with pytest.raises(DataError, match="has no manifest"):
        verify(tmp_path)


def test_folders_of_other_things_are_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "holiday.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    for name, said in (("mine", "holds files and no manifest"), ("file", "is a file")):
        with pytest.raises(DataError, match=said):
            collect(tmp_path / name, "http://127.0.0.1:9/1.png")
    assert files(tmp_path) == ["file", "mine", "mine/holiday.jpg"]
    with Store(tmp_path / "held"), pytest.raises(DataError, match="another process"):
        collect(tmp_path / "held", "http://127.0.0.1:9/1.png")


def test_nothing_without_addresses_and_nothing_of_faulty_ones(tmp_path):
    for patterns in ([], ["http://h/1.png", "nonsense"]):
        with pytest.raises(DataError):
            collect(tmp_path / "raw", *patterns)
    with pytest.raises(DataError, match="is no contact"):
        user_agent("me\r\nX: y")
    assert files(tmp_path) == []
    with Site({}) as site:
        with pytest.raises(DataError, match=r"no picture was to be had: .*status 404"):
            collect(tmp_path / "raw", site.url + "/1.png")
        site.routes["/list"] = body(b"", "text/html")
        with pytest.raises(DataError, match="the pages name no pictures"):
            collect(tmp_path / "raw", pages=[site.url + "/list"])
