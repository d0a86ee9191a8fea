"""Fetching politely: robots.txt, one request at a time and not too soon, patience with faults."""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import math
import socket
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from protego import Protego

from kgen.collect.addresses import checked
from kgen.collect.refusal import Refusal
from kgen.collect.transport import Answer, Transport
from kgen.errors import DataError

NAME = "kgen"  # what robots.txt may call us
MOST_REDIRECTS = 5
LONGEST_WAIT = 300.0  # seconds that a server may ask for between two requests
MOST_FAILURES = 5  # of a host in a row, after which it is left alone
_ROBOTS_BYTES = 512_000  # RFC 9309 asks for 500 KiB at least
_BUSY = (429, 500, 502, 503, 504)


class Fetched(NamedTuple):
    """A body that was had.

    Attributes:
        url: Where it lay in the end, after redirects.
        content_type: As the server says.
        body: The bytes.
    """

    url: str
    content_type: str
    body: bytes


class Fetcher:
    """Fetches addresses as robots.txt, the pace and the patience of their hosts allow.

    Of robots.txt (RFC 9309) the rules for `kgen`, or else for `*`, are kept, its `Crawl-delay` and
    `Request-rate` as well, on every host that a redirect leads to. Without one (404) all is
    allowed; one that is forbidden (401, 403) or cannot be had forbids all. Busy servers (429 and
    5xx) and broken connections are asked again after 1, 2, 4 ... seconds, or when `Retry-After`
    says. A redirect, or the link of a page, from a public host to a private address is not
    followed; an address that the user names may be private.

    Args:
        transport: What makes the requests.
        delay: Seconds between two requests to one host, from the end of the first.
        retries: How often a request is made again.
        pause: Seconds before it is made again for the first time; each further one doubles them.
        clock: Seconds that only grow.
        sleep: Waits.
    """

    def __init__(
        self,
        transport: Transport,
        delay: float = 1.0,
        retries: int = 3,
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ):
        self.transport, self.delay = transport, delay
        self.retries, self.pause = retries, pause
        self.clock, self.sleep = clock, sleep
        self._free_at: dict[str, float] = {}  # by host: when it may be asked next
        self._failures: dict[str, int] = {}  # by host
        self._robots: dict[str, Protego | Refusal] = {}  # by site

    def get(
        self, url: str, max_bytes: int, types: tuple[str, ...], linked_from: str | None = None
    ) -> Fetched:
        """Fetches an address, through at most five redirects.

        Args:
            url: The address.
            max_bytes: Of the body.
            types: See `Transport.get`.
            linked_from: The page that named the address, if it was not the user.

        Raises:
            Refusal: If it is not allowed, or nothing usable came.
        """
        came_from = linked_from or url
        for _ in range(MOST_REDIRECTS + 1):
            _refuse_inward(came_from, url)
            delay = self._allowed(url)
            answer = self._patiently(url, max_bytes, types, delay)
            if answer.target is None:
                return _usable(url, answer)
            came_from, url = url, _target(url, answer)
        raise Refusal("redirects", f"more than {MOST_REDIRECTS} redirects")

    def _allowed(self, url: str) -> float:
        """The delay that the site wants, if its robots.txt allows the address."""
        site = _site(url)
        if site not in self._robots:
            try:
                self._robots[site] = self._read_robots(site)
            except Refusal as refusal:
                self._robots[site] = refusal
        rules = self._robots[site]
        if isinstance(rules, Refusal):
            raise Refusal("robots.txt", f"robots.txt cannot be had: {rules.reason}", again=True)
        if not rules.can_fetch(url, NAME):
            raise Refusal("robots.txt", "robots.txt forbids it", again=True)
        delay = max(self.delay, rules.crawl_delay(NAME) or 0.0, _pace(rules))
        if delay > LONGEST_WAIT:
            raise Refusal("robots.txt", f"robots.txt wants {delay:g} s between two", again=True)
        return delay

    def _read_robots(self, site: str) -> Protego:
        url = f"{site}/robots.txt"
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._patiently(url, _ROBOTS_BYTES, ("text/", "application/"), self.delay)
            if answer.target is None:
                break
            came_from, url = url, _target(url, answer)
            _refuse_inward(came_from, url)
        if answer.status != 200 and not 400 <= answer.status < 500:
            raise Refusal("robots.txt", f"status {answer.status}")
        if answer.status in (401, 403):
            raise Refusal("robots.txt", f"status {answer.status}")
        return Protego.parse(answer.body.decode(errors="replace"))

    def _patiently(self, url: str, max_bytes: int, types: tuple[str, ...], delay: float) -> Answer:
        """Asks, at the pace of the host, until it answers or patience ends."""
        host = urlsplit(url).hostname.rstrip(".")  # of http and https one machine
        if self._failures.get(host, 0) >= MOST_FAILURES:
            reason = f"{host} failed {MOST_FAILURES} times in a row"
            raise Refusal("no connection", reason, again=True)
        for attempt in range(self.retries + 1):
            wait = self._free_at.get(host, 0.0) - self.clock()
            if wait > 0:
                self.sleep(wait)
            pause = self.pause * 2**attempt
            try:
                answer = self.transport.get(url, max_bytes, types)
                if answer.status not in _BUSY:
                    self._failures[host] = 0
                    return answer
                pause = max(pause, _retry_after(answer))
                failure = Refusal("status", f"status {answer.status}", again=True)
            except Refusal as refusal:
                if not refusal.again:
                    self._failures[host] = 0
                    raise
                failure = refusal
            finally:
                self._free_at[host] = self.clock() + delay
            if pause > LONGEST_WAIT:
                self._failures[host] = MOST_FAILURES  # not in this crawl
                reason = f"{failure.reason}, to be asked again after {pause:.0f} s only"
                raise Refusal(failure.kind, reason, again=True)
            self._free_at[host] = self.clock() + max(delay, pause)
        self._failures[host] = self._failures.get(host, 0) + 1
        raise failure


def _usable(url: str, answer: Answer) -> Fetched:
    if answer.status != 200:
        raise Refusal("status", f"status {answer.status}")
    return Fetched(url, answer.headers.get("Content-Type", ""), answer.body)


def _target(url: str, answer: Answer) -> str:
    try:
        return checked(urljoin(url, answer.target))
    except (DataError, ValueError) as error:
        raise Refusal("redirects", f"redirected to what cannot be fetched: {error}") from None


def _retry_after(answer: Answer) -> float:
    """The seconds that a server asks to wait, given as such or as a date; 0 for none."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    return 0.0


def _pace(rules: Protego) -> float:
    """The seconds between two requests that `Request-rate` asks for; 0 without one."""
    rate = rules.request_rate(NAME)
    try:
        return rate.seconds / rate.requests if rate else 0.0
    except OverflowError:  # they may have thousands of digits
        return math.inf


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _refuse_inward(came_from: str, url: str) -> None:
    """Keeps strangers from sending us to the machines of the user's own network."""
    host, before = urlsplit(url).hostname, urlsplit(came_from).hostname
    if host != before and _is_private(host) and not _is_private(before):
        raise Refusal("private address", f"{before} leads to {host}, which is a private address")


def _is_private(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, ValueError):
        return False  # the request will fail, or a proxy knows the name
    return any(not ipaddress.ip_address(address[0]).is_global for *_, address in found)
