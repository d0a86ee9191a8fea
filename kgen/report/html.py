"""HTML as values: what is not marked as HTML is text, and is escaped."""

from __future__ import annotations

import html
from importlib import resources


class Html(str):
    """Text that already is HTML, and is not escaped again."""


VOID = frozenset({"img", "input", "meta"})  # an element of SVG needs its end tag in HTML


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element with its children; every child that is no `Html` is escaped.

    Args:
        name: The element's name.
        *children: Text, numbers or `Html`; `None` is left out.
        **attributes: `class_` is written `class`, and an underscore within a name as a hyphen.
            `True` writes the name alone; `False` and `None` leave the attribute out.

    Example:

        >>> tag("p", "1 < 2 ", tag("b", "yes"), class_="note", hidden=True, id=None)
        '<p class="note" hidden>1 &lt; 2 <b>yes</b></p>'
        >>> tag("img", src="a.png", alt='"a"')
        '<img src="a.png" alt="&quot;a&quot;">'
    """
    written = [name]
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            written.append(key)
        elif value is not None and value is not False:
            written.append(f'{key}="{html.escape(str(value))}"')
    start = Html(f"<{' '.join(written)}>")
    return start if name in VOID else Html(f"{start}{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Children beside each other, escaped where they are no `Html`.

    Example:

        >>> join("a & b", Html("<br>"), None, 3)
        'a &amp; b<br>3'
    """
    return Html(
        "".join(
            child if isinstance(child, Html) else html.escape(str(child))
            for child in children
            if child is not None
        )
    )


def unbroken(text: str) -> str:
    """Text that stays on one line.

    Example:

        >>> unbroken("4 min") == "4\\u00a0min"
        True
    """
    return text.replace(" ", "\u00a0")


def table(head: list[object], rows: list[list[object]], caption: str | None = None) -> Html:
    """A table whose first column names the row; wide ones scroll within themselves."""
    header = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption) if caption else None,
            tag("thead", header),
            tag("tbody", *body),
        ),
        class_="scroll",
        tabindex=0,  # so that the keyboard can scroll it
        role="region",
        aria_label=caption or "table",
    )


def document(title: str, *body: object) -> str:
    """A whole page in one file: styles and script inside, and nothing fetched from anywhere.

    The page says so itself, by a policy that lets a browser load nothing.
    """
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", Html(_asset("page.css"))),
    )
    page = tag("body", tag("main", *body), tag("script", Html(_asset("page.js"))))
    return f"<!DOCTYPE html>\n{tag('html', head, page, lang='en')}\n"


def _asset(name: str) -> str:
    return resources.files("kgen.report").joinpath(name).read_text(encoding="utf-8")
