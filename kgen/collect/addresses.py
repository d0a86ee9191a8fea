"""The addresses of a crawl: patterns with counters, lists, and the pictures that a page shows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from kgen.collect.markup import LONGEST, tags
from kgen.datasets.pictures import SUFFIXES
from kgen.errors import DataError

_COUNTER = re.compile(r"\{(\d+)\.\.(\d+)(?:\.\.(\d+))?\}")
#: Characters that the addresses of a page may come to, each with what it is relative to: enough for
#: a hundred thousand honest ones, and few enough of those made to be long.
_ROOM = 20_000_000


def checked(url: str) -> str:
    """An address that may be fetched, without its fragment.

    Raises:
        DataError: If it is not of http or https, names no host, holds a password or characters
            that no address has.

    Example:

        >>> checked("https://a.example/1.png#top")
        'https://a.example/1.png'
    """
    said = url if len(url) < 100 else url[:100] + "..."
    if len(url) > LONGEST or re.search(r"[\x00-\x20\x7f]", url):
        raise DataError(f"{said!r} is too long, or holds spaces or control characters")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise DataError(f"{said!r} is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise DataError(f"{said!r} is no address: it must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise DataError(f"the address at {host} holds a user name, which the manifest would keep")
    return urldefrag(url).url


def expand(pattern: str) -> Iterator[str]:
    """The addresses of a pattern, where `{1..12}` counts, as in a shell.

    `{001..120}` keeps the leading zeros, `{0..100..10}` counts in tens, `{9..0}` downwards; of
    several counters the last runs fastest.

    Raises:
        DataError: If the pattern makes no address.

    Example:

        >>> list(expand("https://a.example/{08..10}.png"))
        ['https://a.example/08.png', 'https://a.example/09.png', 'https://a.example/10.png']
    """
    counter = _COUNTER.search(pattern)
    if not counter:
        yield checked(pattern)
        return
    start, stop, step = counter.groups()
    padded = any(len(bound) > 1 and bound.startswith("0") for bound in (start, stop))
    width = max(len(start), len(stop)) if padded else 1
    first, last, step = int(start), int(stop), max(1, int(step or 1))
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    for number in numbers:
        yield from expand(
            f"{pattern[: counter.start()]}{number:0{width}}{pattern[counter.end() :]}"
        )


def read_list(path: Path) -> list[str]:
    """The patterns in a text file, one a line; a line that begins with `#` is a remark.

    Raises:
        DataError: If it cannot be read, or a line makes no address.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"the list {path} cannot be read: {error}") from None
    patterns = []
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line and not line.startswith("#"):
            try:
                next(expand(line))
            except DataError as error:
                raise DataError(f"{path}, line {number}: {error}") from None
            patterns.append(line)
    return patterns


def pictures_of(html: str, page: str) -> list[str]:
    """The addresses of the pictures that a page shows or links to, in its order.

    A thumbnail that is a link to a picture counts as that picture. Addresses that are none
    (`data:`, `javascript:`) are passed over, and so is a `base` that is none. Where they come to 20
    million characters, the rest of the page is left unread.

    Args:
        html: The page.
        page: Its address, which relative ones start from.

    Example:

        >>> pictures_of('<a href="/big/1.jpg"><img src="small.jpg"></a> <img src="2.png">',
        ...             "https://a.example/list/")
        ['https://a.example/big/1.jpg', 'https://a.example/list/2.png']
    """
    base, in_link, found, room = page, False, [], _ROOM
    for tag, _, values in tags(html, ("href", "src")):  # an end has no values
        target = values.get("src" if tag == "img" else "href", "")
        if tag == "a":
            path = target.partition("#")[0].partition("?")[0]
            in_link = path.lower().endswith(SUFFIXES)
        wanted = {"a": in_link, "img": not in_link, "base": True}.get(tag, False)
        if not target or not wanted:
            continue
        room -= len(base) + len(target)
        if room < 0:
            break
        with contextlib.suppress(ValueError):  # DataError is one
            url = checked(urljoin(base, target.strip()))
            if tag == "base":
                base = url
            else:
                found.append(url)
    return list(dict.fromkeys(found))
