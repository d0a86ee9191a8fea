"""One request of HTTP, with a limit on bytes and one on the time of the whole of it."""

from __future__ import annotations

import contextlib
import http.cookiejar
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter

from kgen.collect.refusal import Refusal

_CHUNK = 64 * 1024


class Answer(NamedTuple):
    """What a server said.

    Attributes:
        status: Of HTTP.
        headers: By name, in any case.
        body: Whole; empty unless the status is 200.
        target: Where it redirects to, or `None`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    target: str | None


class Transport:
    """Requests, one at a time, over connections that are kept open.

    `requests` limits the time until a connection stands and between two packets. A server that
    sends a byte now and then holds such a client for ever, so here a timer shuts the socket when
    the time of the whole request is up. Cookies are not kept, no password is looked up, and no
    compression is accepted, so that no answer grows when it is read.

    Args:
        agent: What the requests call themselves.
        timeout: Seconds to connect, and between two packets.
        seconds: Of a whole request.
    """

    def __init__(self, agent: str, timeout: float = 10.0, seconds: float = 60.0):
        self.timeout, self.seconds = timeout, seconds
        self._deadline = _Deadline()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        self._session.auth = lambda request: request  # or requests looks into ~/.netrc
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _adapter(self._deadline))

    def get(self, url: str, max_bytes: int, types: tuple[str, ...]) -> Answer:
        """Asks for an address, and follows nothing.

        Args:
            url: The address.
            max_bytes: Of the body.
            types: Beginnings of the content types whose body is read.

        Raises:
            Refusal: If no whole answer came, or it is too large or of another type.
        """
        with self._deadline.within(self.seconds):
            try:
                return self._get(url, max_bytes, types)
            except Refusal:
                raise
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if self._deadline.passed:
                    raise self._too_slow() from None
                slow = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError)
                kind = "too slow" if slow else "no connection"
                raise Refusal(kind, _line(error), again=True) from None
            except ValueError as error:  # names of hosts that no resolver takes
                raise Refusal("no address", _line(error)) from None

    def _get(self, url: str, max_bytes: int, types: tuple[str, ...]) -> Answer:
        with self._session.get(
            url,
            stream=True,
            allow_redirects=False,
            timeout=self.timeout,
            headers={"Accept": ", ".join(f"{t}*" if t.endswith("/") else t for t in types)},
        ) as response:
            headers = response.headers
            if response.status_code != 200:
                target = self._session.get_redirect_target(response)
                return Answer(response.status_code, headers, b"", target)
            kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind and not kind.startswith(types):
                raise Refusal("wrong type", f"the server says it is {kind[:80]}")
            coding = headers.get("Content-Encoding", "identity").strip().lower()
            if coding != "identity":
                raise Refusal("wrong type", f"sent as {coding[:80]}, which was not asked for")
            announced = headers.get("Content-Length", "")
            if announced.isdecimal() and int(announced) > max_bytes:
                raise _too_large(max_bytes)
            body = bytearray()
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                body += chunk
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
                if self._deadline.passed:
                    raise self._too_slow()
            if self._deadline.passed:  # the cut may look like the end
                raise self._too_slow()
            return Answer(200, headers, bytes(body), None)

    def _too_slow(self) -> Refusal:
        return Refusal("too slow", f"not whole after {self.seconds:g} seconds", again=True)


def _too_large(max_bytes: int) -> Refusal:
    return Refusal("too large", f"more than {max_bytes:,} bytes")


class _Deadline:
    """Shuts the socket of a request when its time is up.

    It holds a handle of its own, since the one of a connection changes hands when TLS begins.
    """

    def __init__(self):
        self.passed = False
        self._handle, self._lock = None, threading.Lock()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self.passed = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            self._hold(None)

    def watch(self, connected: socket.socket) -> None:
        """Takes the socket to shut; raises where the time was up before there was one."""
        self._hold(socket.fromfd(connected.fileno(), connected.family, connected.type))
        if self.passed:
            raise TimeoutError("the time of the request is up")

    def _hold(self, handle: socket.socket | None) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = handle

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)


def _adapter(deadline: _Deadline) -> HTTPAdapter:
    """An adapter of requests whose connections tell the deadline their sockets."""

    def pool_of(pool, connection):
        class Watched(connection):
            def _new_conn(self):  # and not connect(), which ends after the handshake of TLS
                connected = super()._new_conn()
                try:
                    deadline.watch(connected)
                except TimeoutError:
                    connected.close()
                    raise
                return connected

            def request(self, *args, **kwargs):
                if self.sock is not None:  # of a connection kept open; else a new one follows
                    deadline.watch(self.sock)
                super().request(*args, **kwargs)

        return type(pool.__name__, (pool,), {"ConnectionCls": Watched})

    pools = {
        "http": pool_of(urllib3.HTTPConnectionPool, urllib3.connection.HTTPConnection),
        "https": pool_of(urllib3.HTTPSConnectionPool, urllib3.connection.HTTPSConnection),
    }

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy, **kwargs):
            manager = super().proxy_manager_for(proxy, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    return Adapter()


def _line(error: Exception) -> str:
    """The innermost of the errors that requests and urllib3 wrap into one another, as one line."""
    while error.args and isinstance(getattr(error.args[0], "reason", error.args[0]), Exception):
        error = getattr(error.args[0], "reason", error.args[0])
    return (str(error).split(": ", 1)[-1] or type(error).__name__).splitlines()[0][:200]
