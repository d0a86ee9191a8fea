"""Against servers that answer badly: every request ends, in time and with a reason."""

import contextlib
import gzip
import socket
import threading
import time

import pytest

from kgen.collect import transport
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


def drip_for_a_while(handler, head=b"HTTP/1.1 200 OK\r\nX-Slow: ", packet=b"x"):
    """As `drip`, but not for ever, so that a limit that is lost fails a test and does not hang."""
    handler.wfile.write(head)
    end = time.perf_counter() + 3
    while time.perf_counter() < end and not handler.server.site.closing.is_set():
        handler.wfile.write(packet)
        time.sleep(0.02)


def too_slow(transport, url):
    start = time.perf_counter()
    with pytest.raises(Refusal) as caught:
        transport.get(url, 20_000, TYPES)
    assert time.perf_counter() - start < 2
    assert (caught.value.kind, caught.value.again) == ("too slow", True), caught.value.reason


def test_time_that_is_up_before_there_is_a_connection(site, monkeypatch):
    look_up = socket.getaddrinfo

    def slowly(*place, **more):
        time.sleep(0.4)
        return look_up(*place, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    site.routes["/while"] = drip_for_a_while
    transport = Transport("kgen/test", timeout=0.3, seconds=0.2)
    too_slow(transport, site.url + "/while")
    assert site.asked[-1][0] != "/while"  # no question after the time
    monkeypatch.undo()
    assert transport.get(site.url + "/good", 20_000, TYPES).body == PICTURE


def test_time_that_is_up_in_a_handshake():
    """A server of TLS that sends what it says at length, a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connected, _ = server.accept()
            with connected, contextlib.suppress(OSError):
                connected.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
                for _ in range(150):
                    connected.sendall(b"x")
                    time.sleep(0.02)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/1.png"
        too_slow(Transport("kgen/test", timeout=5, seconds=0.2), url)
        thread.join()


def test_time_that_is_up_between_two_pieces(site, monkeypatch):
    """The clock is looked at as well, should the cut not come through."""
    monkeypatch.setattr(transport._Deadline, "_cut", lambda self: setattr(self, "passed", True))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    site.routes["/pieces"] = lambda handler: drip_for_a_while(handler, head, b"1\r\nx\r\n")
    too_slow(Transport("kgen/test", timeout=0.3, seconds=0.2), site.url + "/pieces")


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
