"""The tags of pages, also of those that are made to hold who reads them."""

import time

import pytest

from kgen.collect.markup import tags


def read(html):
    """`img`, `/a` and so on; where they have values, with these."""
    found = []
    for name, ends, values in tags(html, ("href", "src")):
        name = f"/{name}" if ends else name
        found.append((name, values) if values else name)
    return found


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<P><img SRC='1.png'></P>", ["p", ("img", {"src": "1.png"}), "/p"]),
        ("<img alt='a > b' src=\"x y\">", [("img", {"src": "x y"})]),
        ("<img src = 1.png/>", [("img", {"src": "1.png/"})]),
        ("<img src='1'/><a/ ><a / >", [("img", {"src": "1"}), "/img", "a", "a"]),
        ("<img\nsrc=1\tsrc=2 src='' href>", [("img", {"src": "2"})]),
        ("<img/src=1><img src==2>", [("img", {"src": "1"}), ("img", {"src": "2"})]),
        ("<a href='x?a=1&amp;b=2&#47;'>", [("a", {"href": "x?a=1&b=2/"})]),
        ("<a title='x' class=y>", ["a"]),
        ("</ a ></a x='>'><a>", ["/a", "/a", "a"]),
        ("1 < 2 <3> <> </> </3>", []),
        ("<!-- <a> -- ><b><!--> <a> --!><i><!-- <a>", ["b", "i"]),
        ("<!-- <a> <b>", ["b"]),
        ("<!doctype html><?xml <a?><![if IE]><b>", ["b"]),
        ("<![CDATA[<a>]]><b><![CDATA[<a><b>", ["b", "b"]),
        ("<script>if (a<b) '<a>'</SCRIPT ><b>", ["script", "/script", "b"]),
        ("<style><a></script></style><script/><b>", ["style", "/style", "script", "/script", "b"]),
        ("<b><script><a>", ["b", "script"]),
        ("<a href='x.png><b>", ["a", "b"]),  # an attribute without an end
        ("<b><a href=x.png alt='><p>' <b", ["b", ("a", {"href": "x.png"}), "p"]),
        ("<b><a href=x", ["b"]),
        ("", []),
    ],
)
def test_tags(html, found):
    assert read(html) == found


@pytest.mark.parametrize("start", ["", "<a ", "<!--", "<a b='", "<script>"])
@pytest.mark.parametrize(
    "part",
    [
        "<a ", '<a b="', "<a b='", '<a b=">', "<a =", "<a", "<a/", "<", "</", "</a", "</script ",
        "<!", "<!--", "<!-- --", "<![", "<![CDATA[", "<?", "<a>", "<script>", " a=b", "<a  =  ",
    ],
)  # fmt: skip
def test_the_time_grows_with_the_length_only(start, part):
    """Of `<a ` 40 kB took Python's parser 20 seconds, and four times as long twice that."""
    began = time.process_time()
    for end in ("", ">"):
        list(tags(start + part * (200_000 // len(part)) + end, ("b",)))
    assert time.process_time() - began < 3
