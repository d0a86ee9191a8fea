"""The tags of a page that nobody vouches for, read in a time that grows only with its length.

Python's `html.parser` takes minutes for 100 kB that were made to hold it, and stops at some with
an error. A search for pictures needs less: names of tags, and a few of their attributes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from html import unescape
from typing import NamedTuple

LONGEST = 8000  # characters of a value; few servers take longer addresses

_OPENING = re.compile(r"<[a-zA-Z/!?]")
_NAME = re.compile(r"<(/?)\s*([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>][^\s/>=]*)(?:\s*=+\s*("[^"]*"|'[^']*'|(?!["'])[^\s>]*))?"""
)
_GAP = re.compile(r"[\s/]*")
#: What hides the tags in it, and where it ends.
_HIDING = {"<!--": re.compile(r"--!?\s*>"), "<![CDATA[": re.compile(r"\]\]>")}
_RAW = {name: re.compile(rf"</\s*{name}(?=[\s/>])", re.I) for name in ("script", "style")}


class Tag(NamedTuple):
    """A tag.

    Attributes:
        name: In small letters.
        ends: Whether it is an end tag.
        values: Of the attributes that were asked for, by name.
    """

    name: str
    ends: bool
    values: dict[str, str]


def tags(html: str, attributes: Collection[str]) -> Iterator[Tag]:
    """The tags of a page in its order, without those in comments, scripts and styles.

    A tag that closes itself (`<a/>`) gives its end as well. Of an attribute that is there twice
    the last counts; one without a value, or with more than 8,000 characters, is passed over.

    Args:
        html: The page.
        attributes: The names of those that are wanted, in small letters.

    Example:

        >>> [tag] = tags('<!-- <a> --> <IMG alt="5 > 4" src=x&amp;y.png>', ["src"])
        >>> tag.name, tag.values
        ('img', {'src': 'x&y.png'})
    """
    at = 0
    quoted = True  # whether a tag may have a > between quotes
    endless = set()  # what does not end any more: to look again each time would take for ever
    while opening := _OPENING.search(html, at):
        at = opening.start()
        for hiding, closing in _HIDING.items():
            if hiding not in endless and html.startswith(hiding, at):
                if end := closing.search(html, at + len(hiding)):
                    at = end.end()
                else:
                    endless.add(hiding)
                break
        else:
            name = _NAME.match(html, at)
            starts = name and not name[1]
            stop = len(html) if starts and quoted else html.find(">", at) + 1
            if not stop:
                return
            if not starts:
                at = stop
                if name:
                    yield Tag(name[2].lower(), True, {})
                continue
            values, end, closed = _inside(html, name.end(), stop, attributes)
            if end == stop:  # only where quotes have run away with the rest of the page
                quoted = False
                continue
            at = end + 1
            tag = Tag(name[2].lower(), False, values)
            yield tag
            if closed:
                yield Tag(tag.name, True, {})
            elif tag.name in _RAW:
                end = _RAW[tag.name].search(html, at)
                if not end:
                    return
                at = end.start()


def _inside(
    html: str, at: int, stop: int, attributes: Collection[str]
) -> tuple[dict[str, str], int, bool]:
    """The attributes of a tag from after its name, where its > is, and whether a / is before it."""
    values = {}
    while found := _ATTRIBUTE.match(html, at, stop):
        at = found.end()
        name, value = found[1].lower(), found[2]
        if value and len(value) <= LONGEST and name in attributes:
            if value[0] in "\"'":
                value = value[1:-1]
            with contextlib.suppress(ValueError):  # a number of thousands of digits
                if value := unescape(value):
                    values[name] = value
    end = _GAP.match(html, at, stop).end()
    return values, end, html[at:end].endswith("/")
