"""`crawl`: from addresses that the user names to a folder of pictures with a manifest."""

from __future__ import annotations

import codecs
import collections
import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from kgen.collect import raster
from kgen.collect.addresses import expand, pictures_of
from kgen.collect.fetching import NAME, Fetched, Fetcher
from kgen.collect.refusal import Refusal
from kgen.collect.store import REFUSED, Store
from kgen.collect.transport import Transport
from kgen.errors import DataError
from kgen.version import __version__

_PICTURES = ("image/", "application/octet-stream", "binary/octet-stream")
_PAGES = ("text/html", "application/xhtml+xml")
_NOT_OF_PAGES = ("idna", "punycode", "undefined")  # the second takes hours for a page

PAGE_BYTES = 2_000_000


@dataclasses.dataclass
class Crawled:
    """What a crawl came to.

    Attributes:
        folder: Where the pictures are.
        saved: Addresses whose picture was taken now.
        known: Addresses that an earlier crawl into the folder had taken, or refused for good.
        refused: How many addresses were refused, by kind.
    """

    folder: Path
    saved: int = 0
    known: int = 0
    refused: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def __str__(self):
        lines = [f"{self.saved:,} pictures taken into {self.folder}"]
        if self.known:
            lines.append(f"{self.known:,} addresses were known from an earlier crawl")
        if self.refused:
            kinds = ", ".join(f"{kind} {n:,}" for kind, n in self.refused.most_common())
            total = sum(self.refused.values())
            lines.append(f"{total:,} refused ({kinds}): see {self.folder / REFUSED}")
        return "\n".join(lines)


def crawl(
    folder: str | os.PathLike,
    patterns: Iterable[str] = (),
    *,
    pages: Iterable[str] = (),
    hosts: Iterable[str] = (),
    limit: int | None = None,
    max_bytes: int = raster.MAX_BYTES,
    max_pixels: int = raster.MAX_PIXELS,
    again: bool = False,
    fetcher: Fetcher | None = None,
    tell: Callable[[str], object] = print,
) -> Crawled:
    """Collects the pictures at the addresses given, and nothing else, into a folder.

    A crawl that was stopped, by Ctrl-C, a kill or a power cut, goes on when it is called again:
    what the folder has is not fetched again, nor what was refused for good. A picture is named by
    the checksum of its bytes, so no name from outside ever becomes a path; it is kept only if it
    decodes.

    Args:
        folder: A new folder, or one of an earlier crawl.
        patterns: Addresses of pictures, with counters such as `{001..120}`, see
            `kgen.collect.addresses.expand`.
        pages: Addresses (or patterns) of pages whose pictures are wanted.
        hosts: Hosts beside a page's own whose pictures it may name.
        limit: Stop when so many pictures were taken.
        max_bytes: Of a picture. A page may have 2 MB.
        max_pixels: Of a picture.
        again: Ask also for what was refused for good before.
        fetcher: How to fetch; by default `Fetcher(Transport(user_agent()))`.
        tell: Takes each line for the user.

    Returns:
        What came of it.

    Raises:
        DataError: If an address is none, the folder holds other things, or nothing was got.

    Example:

        kgen.collect.crawl("raw", ["https://a.example/{1..200}.jpg"])
    """
    patterns, pages = list(patterns), list(pages)
    if not patterns and not pages:
        raise DataError("nothing is fetched that was not asked for: give addresses or pages")
    for pattern in (*patterns, *pages):
        next(expand(pattern))  # a fault is told before the first request
    fetcher = fetcher or Fetcher(Transport(user_agent()))
    with Store(Path(folder)) as store:
        result = Crawled(Path(folder))
        reason = "the pages name no pictures"
        for url, page, refused in _wanted(patterns, pages, set(hosts), fetcher):
            if limit is not None and result.saved >= limit:
                break
            if url in store.urls or (url in store.hopeless and not again):
                result.known += 1
                continue
            try:
                if refused:
                    raise refused
                fetched = fetcher.get(url, max_bytes, _PICTURES, linked_from=page)
                ending = raster.ENDINGS[raster.decode(fetched.body, max_pixels).format]
            except Refusal as refusal:
                store.refuse(refusal, url=url, page=page)
                result.refused[refusal.kind] += 1
                reason = f"the last of {sum(result.refused.values())}, {url}: {refusal.reason}"
                continue
            store.save(fetched.body, ending, **_about(url, page, fetched))
            result.saved += 1
            if result.saved % 100 == 0:
                tell(f"{result.saved:,} pictures taken")
    if not result.saved and not result.known:
        raise DataError(f"no picture was to be had: {reason}")
    return result


def user_agent(contact: str | None = None) -> str:
    """What kgen calls itself to servers.

    Args:
        contact: An address of e-mail or of a page, for the servers' owners.

    Raises:
        DataError: If the contact is no plain text in one line.

    Example:

        >>> user_agent("me@a.example")
        'kgen/... (kgen data crawl; me@a.example)'
    """
    if contact is not None and not re.fullmatch(r"[\x21-\x27\x2a-\x7e ]+", contact):
        raise DataError(f"{contact!r} is no contact: give an e-mail or web address")
    return f"{NAME}/{__version__} (kgen data crawl{f'; {contact}' if contact else ''})"


def _wanted(
    patterns: list[str], pages: list[str], hosts: set[str], fetcher: Fetcher
) -> Iterator[tuple[str, str | None, Refusal | None]]:
    """Each address once, with the page that names it, and why it is refused already."""
    seen = set()
    for pattern in patterns:
        for url in expand(pattern):
            if url not in seen:
                seen.add(url)
                yield url, None, None
    for pattern in pages:
        for page in expand(pattern):
            try:
                fetched = fetcher.get(page, PAGE_BYTES, _PAGES)
            except Refusal as refusal:
                yield page, None, Refusal(refusal.kind, f"page: {refusal.reason}", again=True)
                continue
            own = {urlsplit(page).hostname, urlsplit(fetched.url).hostname}
            for url in pictures_of(_text(fetched), fetched.url):
                if url in seen:
                    continue
                seen.add(url)
                host = urlsplit(url).hostname
                foreign = host not in own | hosts
                reason = f"{page} names a picture on {host}: allow it with --host {host}"
                yield url, page, Refusal("other host", reason, again=True) if foreign else None


def _text(page: Fetched) -> str:
    """A page in the charset that its server names, or in UTF-8 where that is none."""
    named = re.search(r"charset=[\"']?([\w.:-]+)", page.content_type)
    with contextlib.suppress(LookupError, ValueError):  # UnicodeError is one
        if named and codecs.lookup(named[1]).name not in _NOT_OF_PAGES:
            return page.body.decode(named[1], errors="replace")
    return page.body.decode(errors="replace")


def _about(url: str, page: str | None, fetched: Fetched) -> dict:
    about = {"url": url, "page": page, "content_type": fetched.content_type[:200]}
    return about if fetched.url == url else {**about, "redirected_to": fetched.url}
