"""Against servers that answer badly: every request ends, in time and with a reason."""

import gzip
import time

import pytest

from kgen.collect.refusal import Refusal
from kgen.collect.transport import Transport
from tests.collect import site as web
from tests.collect.site import Site, body

PICTURE = bytes(range(256)) * 40
TYPES = ("image/", "application/octet-stream")


@pytest.fixture(scope="module")
def site():
    routes = {
        "/good": body(PICTURE),
        "/plain": body(PICTURE, kind=None),
        "/bytes": body(PICTURE, kind="Application/Octet-Stream; x=y"),
        "/cookie": body(PICTURE, Set_Cookie="a=b; Path=/"),
        "/page": body(b"<html>", "text/html; charset=utf-8"),
        "/gzip": body(gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
        "/huge": body(b"", Content_Length=10**12),
        "/endless": web.endless,
        "/silent": lambda handler: handler.server.site.closing.wait(30),
        "/drip": web.drip,
        "/headers": web.drip_in_headers,
        "/hang-up": web.hang_up,
        "/short": web.cut_short(PICTURE),
        "/nonsense": lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"),
        "/moved": web.moved("/good"),
    }
    with Site(routes) as site:
        yield site


def get(site, path, **settings):
    transport = Transport("kgen/test", **{"timeout": 0.3, "seconds": 0.6, **settings})
    return transport.get(site.url + path, 20_000, TYPES)


@pytest.mark.parametrize("path", ["/good", "/plain", "/bytes", "/cookie"])
def test_good_answers(site, path):
    answer = get(site, path)
    assert (answer.status, answer.body, answer.target) == (200, PICTURE, None)
    path, headers = site.asked[-1]
    assert headers["User-Agent"] == "kgen/test" and headers["Accept-Encoding"] == "identity"
    assert headers["Accept"] == "image/*, application/octet-stream"


def test_redirects_and_faults_are_answers(site):
    assert get(site, "/moved").target == "/good"
    assert get(site, "/nothing")[::3] == (404, None)


@pytest.mark.parametrize(
    ("path", "kind", "again"),
    [
        ("/page", "wrong type", False),
        ("/gzip", "wrong type", False),
        ("/huge", "too large", False),
        ("/endless", "too large", False),
        ("/silent", "too slow", True),
        ("/drip", "too slow", True),
        ("/headers", "too slow", True),
        ("/hang-up", "no connection", True),
        ("/short", "no connection", True),
        ("/nonsense", "no connection", True),
    ],
)
def test_bad_answers(site, path, kind, again):
    start = time.perf_counter()
    with pytest.raises(Refusal) as caught:
        get(site, path)
    assert (caught.value.kind, caught.value.again) == (kind, again), caught.value.reason
    assert 0 < len(caught.value.reason) < 250 and "\n" not in caught.value.reason
    assert time.perf_counter() - start < 5


def test_a_connection_is_kept_and_its_time_runs_anew(site):
    """The second request on one connection is cut as well, and a third opens a new one."""
    transport = Transport("kgen/test", timeout=0.3, seconds=0.6)
    for path, ends in (("/good", None), ("/drip", "too slow"), ("/good", None)):
        if ends:
            with pytest.raises(Refusal) as caught:
                transport.get(site.url + path, 20_000, TYPES)
            assert caught.value.kind == ends
        else:
            assert transport.get(site.url + path, 20_000, TYPES).body == PICTURE


def test_no_cookie_and_no_password_is_sent(site, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport = Transport("kgen/test")
    for path in ("/cookie", "/good"):
        transport.get(site.url + path, 20_000, TYPES)
        assert "Cookie" not in site.asked[-1][1] and "Authorization" not in site.asked[-1][1]


@pytest.mark.parametrize(
    "url", ["http://a..b/x.png", "http://" + "a" * 70 + ".example/", "http://%/"]
)
def test_names_that_no_resolver_takes(url):
    with pytest.raises(Refusal):
        Transport("kgen/test").get(url, 100, TYPES)
