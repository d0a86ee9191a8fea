from html.parser import HTMLParser

import pytest

from kgen.report.html import Html, document, join, table, tag

VOID = {"img", "input", "meta"}


class Balance(HTMLParser):
    """Collects the elements, and refuses an end tag that closes nothing."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, name, attributes):
        self.seen.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text += data


def parse(page):
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_text_is_escaped_wherever_it_stands():
    evil = "<script>\"&'</script>"
    escaped = "&lt;script&gt;&quot;&amp;&#x27;&lt;/script&gt;"
    assert tag("p", evil) == f"<p>{escaped}</p>"
    assert tag("p", title=evil) == f'<p title="{escaped}"></p>'
    assert join(evil, Html("<br>")) == f"{escaped}<br>"
    assert evil not in table([evil], [[evil, evil]], evil)
    assert "<title>&lt;script&gt;" in document(evil, tag("p", evil))


def test_attributes():
    element = tag("input", class_="a", aria_label="b", hidden=True, checked=False, id=None, max=0)
    assert element == '<input class="a" aria-label="b" hidden max="0">'


@pytest.mark.parametrize("name", ["line", "path", "circle", "p"])
def test_what_is_not_void_is_closed(name):
    """Unclosed, one line of an SVG would swallow all that follows it."""
    assert tag(name) == f"<{name}></{name}>"


def test_a_table_names_its_rows_and_columns():
    parsed = parse(table(["a", "b"], [["x", 1], ["y", 2]], "caption"))
    heads = [attributes["scope"] for name, attributes in parsed.seen if name == "th"]
    assert heads == ["col", "col", "row", "row"]
    assert parsed.text == "captionabx1y2"


def test_a_page_loads_nothing():
    parsed = parse(document("title", tag("p", "text")))
    names = [name for name, _ in parsed.seen]
    assert "link" not in names and "iframe" not in names
    assert all("src" not in attributes for _, attributes in parsed.seen)
    (policy,) = [a["content"] for n, a in parsed.seen if n == "meta" and "http-equiv" in a]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert ("html", {"lang": "en"}) in parsed.seen
