import pytest

from kgen.collect.addresses import checked, expand, pictures_of, read_list
from kgen.errors import DataError


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("{1..3}", ["1", "2", "3"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{008..12}", ["008", "009", "010", "011", "012"]),
        ("{0..20..10}", ["0", "10", "20"]),
        ("{20..0..10}", ["20", "10", "0"]),
        ("{1..2}-{8..9}", ["1-8", "1-9", "2-8", "2-9"]),
        ("{a..b}{}", ["{a..b}{}"]),
    ],
)
def test_counters(pattern, numbers):
    urls = [f"http://h/{number}.png" for number in numbers]
    assert list(expand(f"http://h/{pattern}.png")) == urls


def test_a_counter_is_never_written_out():
    assert next(expand("http://h/{1..999999999999}/{1..999999999999}")) == "http://h/1/1"


@pytest.mark.parametrize(
    "url",
    [
        "h/1.png",
        "file:///etc/passwd",
        "ftp://h/1.png",
        "http:///1.png",
        "http://user:word@h/1.png",
        "http://user@h/1.png",
        "http://h/1\x00.png",
        "http://h/a b",
        "http://h/1\r\nX: y",
        "http://h:port/",
        "http://[::1/",
        "http://h/" + "x" * 9000,
        "",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(DataError) as caught:
        checked(url)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250
    assert "word" not in str(caught.value)


def test_a_list_names_the_line_at_fault(tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text("# mine\n\nhttp://h/{1..2}.png\n  http://h/3.png  \n")
    assert read_list(file) == ["http://h/{1..2}.png", "http://h/3.png"]
    file.write_text("http://h/1.png\nnonsense\n")
    with pytest.raises(DataError, match=r"line 2: 'nonsense' is no address"):
        read_list(file)
    with pytest.raises(DataError, match="cannot be read"):
        read_list(tmp_path / "none.txt")


def test_pictures_of_a_page():
    page = """<base href="/base/"><img src=1.png><IMG SRC="http://other/2.jpg#x">
      <a href="big.JPEG?x=1"><img src="thumb.png"></a><a href="page.html"><img src=3.png></a>
      <img src="data:image/png;base64,AAAA"><a href="javascript:x('.png')">x</a><img>
      <img src="http://[::1/4.png"><img src="1.png"><a href="http://[/5.png">
      <a href=unclosed.gif>"""
    assert pictures_of(page, "http://h/list?p=1") == [
        "http://h/base/1.png",
        "http://other/2.jpg",
        "http://h/base/big.JPEG?x=1",
        "http://h/base/3.png",
        "http://h/base/unclosed.gif",
    ]


@pytest.mark.parametrize(
    "nonsense",
    [
        "<base href='http://[bad'>",
        "<base href='data:,x'>",
        "<![foo[bar]]>",
        "<![1",
        "<!--",
        f"<img src='&#{'1' * 5000};'>",  # more digits than Python takes
        f"<img src='{'x' * 9000}.png'>",
    ],
)
def test_nonsense_in_a_page_ends_nothing(nonsense):
    page = f"<img src=1.png>{nonsense}<p><img src=2.png>"
    assert pictures_of(page, "http://h/a/") == ["http://h/a/1.png", "http://h/a/2.png"]


def test_a_page_of_long_addresses_is_read_in_part():
    """Of 8,000 characters each, all that fit into a page would fill the memory."""
    page = f"<base href='/{'x/' * 3900}'>" + "".join(f"<img src={n}>" for n in range(20_000))
    assert 1000 < len(pictures_of(page, "http://h/")) < 4000
    page = "".join(f"<img src=/pictures/of/mine/{n}.jpg>" for n in range(20_000))
    assert len(pictures_of(page, "http://h/pages/about/pictures/of/mine.html")) == 20_000
