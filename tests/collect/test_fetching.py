"""Politeness, against a transport and a clock of the test's own."""

import email.utils
import time

import pytest

from kgen.collect import fetching
from kgen.collect.fetching import Fetcher
from kgen.collect.refusal import Refusal
from kgen.collect.transport import Answer

TYPES = ("image/",)


class World:
    """Answers by address; time passes only by sleeping. `asked` has (seconds, address)."""

    def __init__(self, **answers):
        self.answers, self.asked, self.now = {}, [], 100.0

    def set(self, url, *answers):
        self.answers[url] = list(answers)
        return self

    def get(self, url, max_bytes, types):
        self.asked.append((round(self.now - 100, 6), url))
        answers = self.answers.get(url) or [answer(404)]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Refusal):
            raise found
        return found

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds

    def fetcher(self, **settings):
        return Fetcher(self, clock=lambda: self.now, sleep=self.sleep, **settings)

    def times(self, url):
        return [seconds for seconds, one in self.asked if one == url]


def answer(status=200, body=b"x", target=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body if status == 200 else b"", target)


@pytest.fixture(autouse=True)
def addresses(monkeypatch):
    """Hosts called home-... are private, all others public."""

    def look_up(host, port):
        private = host.startswith("home") or host in ("127.0.0.1", "localhost")
        return [(2, 1, 6, "", ("192.168.0.7" if private else "8.8.8.8", 0))]

    monkeypatch.setattr(fetching.socket, "getaddrinfo", look_up)


def get(fetcher, url, **more):
    return fetcher.get(url, 1000, TYPES, **more)


def refused(fetcher, url, kind, said=".", **more):
    with pytest.raises(Refusal, match=said) as caught:
        get(fetcher, url, **more)
    assert caught.value.kind == kind
    return caught.value


def robots(text, host="http://h"):
    return World().set(f"{host}/robots.txt", answer(body=text.encode()))


def test_requests_to_a_host_keep_their_distance():
    world = World()
    for name in "12":
        for host in ("http://h", "http://other"):
            world.set(f"{host}/{name}.png", answer())
    fetcher = world.fetcher(delay=2.0)
    for name in "12":
        for host in ("http://h", "http://other"):
            get(fetcher, f"{host}/{name}.png")
    # robots.txt first, then every 2 seconds; the other host is asked in the meantime.
    assert world.asked == [
        (0, "http://h/robots.txt"), (2, "http://h/1.png"),
        (2, "http://other/robots.txt"), (4, "http://other/1.png"),
        (4, "http://h/2.png"), (6, "http://other/2.png"),
    ]  # fmt: skip


def test_http_and_https_of_a_host_are_one_host():
    """They keep their distance and fail together, but each has a robots.txt of its own."""
    world = robots("User-agent: *\nDisallow: /no")
    sites = ("http://h", "https://H", "http://h.:8080")
    for site in sites:
        world.set(f"{site}/1", answer()).set(f"{site}/no", answer())
    fetcher = world.fetcher(delay=2.0)
    for site in sites:
        get(fetcher, f"{site}/1")
    assert [seconds for seconds, _ in world.asked] == [0, 2, 4, 6, 8, 10]
    refused(fetcher, "http://h/no", "robots.txt")
    assert get(fetcher, "https://H/no").body == b"x"

    dead = Refusal("too slow", "slow", again=True)
    for n in range(5):
        refused(world.set(f"http://h/{n}", dead) and fetcher, f"http://h/{n}", "too slow")
    refused(fetcher, "https://H/1", "no connection", "h failed 5 times")


@pytest.mark.parametrize(
    ("rules", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 7", 7),
        ("User-agent: kgen\nCrawl-delay: 0.5", 1),
        ("User-agent: *\nRequest-rate: 2/30", 15),
    ],
)
def test_the_pace_that_robots_txt_asks_for(rules, delay):
    world = robots(rules).set("http://h/{1..2}", answer())
    for name in "12":
        world.set(f"http://h/{name}", answer())
    fetcher = world.fetcher(delay=1.0)
    get(fetcher, "http://h/1")
    get(fetcher, "http://h/2")
    assert world.times("http://h/2")[0] - world.times("http://h/1")[0] == delay


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        ("Crawl-delay: 86400", "86400"),
        ("Request-rate: 1/1d", "86400"),
        (f"Request-rate: 1/{'9' * 400}", "inf"),  # no number of Python's
    ],
)
def test_a_pace_of_hours_is_declined(rule, seconds):
    world = robots(f"User-agent: *\n{rule}")
    refused(world.fetcher(), "http://h/1", "robots.txt", f"{seconds} s between two")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /a", "/a/1.png", False),
        ("User-agent: *\nDisallow: /a", "/b.png", True),
        ("User-agent: kgen\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a.png", True),
        ("User-agent: *\nDisallow:\n\nUser-agent: KGEN\nDisallow: /", "/a.png", False),
        ("User-agent: *\nDisallow: /*.png$", "/a.png", False),
        ("User-agent: *\nDisallow: /*.png$", "/a.png?x", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/open", "/a/open.png", True),  # the longest rule
        ("User-agent: *\nDisallow: /%61", "/a.png", False),
        ("nonsense \x00 \xff", "/a.png", True),
        ("", "/a.png", True),
    ],
)
def test_rules(rules, path, allowed):
    world = robots(rules).set(f"http://h{path}", answer())
    if allowed:
        assert get(world.fetcher(), f"http://h{path}").body == b"x"
    else:
        refused(world.fetcher(), f"http://h{path}", "robots.txt", "forbids")
        assert world.times(f"http://h{path}") == []


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        (answer(404), True),
        (answer(410), True),
        (answer(401), False),
        (answer(403), False),
        (answer(500), False),
        (Refusal("no connection", "gone", again=True), False),
        (Refusal("too large", "more than 512,000 bytes"), False),
        (answer(301, target="/robots.txt"), False),  # for ever
    ],
)
def test_without_robots_txt(found, allowed):
    """None is no rule; one that cannot be had forbids (RFC 9309, section 2.3.1)."""
    world = World().set("http://h/robots.txt", found).set("http://h/1", answer())
    if allowed:
        get(world.fetcher(retries=0), "http://h/1")
    else:
        refused(world.fetcher(retries=0), "http://h/1", "robots.txt", "cannot be had")
    assert len(world.times("http://h/1")) == allowed


def test_robots_txt_is_asked_for_once_and_through_redirects():
    world = World().set("http://h/robots.txt", answer(301, target="https://www.h/r"))
    world.set("https://www.h/r", answer(body=b"User-agent: *\nDisallow: /no"))
    for name in ("yes", "yes2", "no"):
        world.set(f"http://h/{name}", answer())
    fetcher = world.fetcher()
    get(fetcher, "http://h/yes")
    get(fetcher, "http://h/yes2")
    refused(fetcher, "http://h/no", "robots.txt")
    assert len(world.times("http://h/robots.txt")) == len(world.times("https://www.h/r")) == 1


def test_back_off_doubles():
    world = World().set("http://h/1", answer(503))
    refused(world.fetcher(retries=3, delay=0), "http://h/1", "status", "status 503")
    assert world.times("http://h/1") == [0, 1, 3, 7]
    refused(world.fetcher(retries=0), "http://h/2", "status", "status 404")
    assert len(world.times("http://h/2")) == 1


def test_what_is_mended_is_taken():
    lost = Refusal("no connection", "gone", again=True)
    world = World().set("http://h/1", lost, answer(500), answer(429), answer())
    assert get(world.fetcher(), "http://h/1").body == b"x"


@pytest.mark.parametrize("status", [404, 410, 403, 400, 418, 501])
def test_what_is_no_fault_of_the_moment_is_asked_once(status):
    world = World().set("http://h/1", answer(status))
    assert not refused(world.fetcher(), "http://h/1", "status").again
    assert len(world.times("http://h/1")) == 1


def test_retry_after():
    date = email.utils.formatdate(time.time() + 40, usegmt=True)
    world = World().set(
        "http://h/1",
        answer(429, Retry_After="20"), answer(503, Retry_After=date),
        answer(503, Retry_After="nonsense"), answer(),
    )  # fmt: skip
    get(world.fetcher(delay=0), "http://h/1")
    first, second, third, fourth = world.times("http://h/1")
    assert second - first == 20 and 37 < third - second <= 40 and fourth - third == 4


@pytest.mark.parametrize(
    "said",
    ["Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +99999999999999", ","],
)
def test_a_date_that_is_none_is_no_wish(said):
    world = World().set("http://h/1", answer(503, Retry_After=said), answer())
    get(world.fetcher(delay=0), "http://h/1")
    assert world.times("http://h/1") == [0, 1]


def test_a_host_that_asks_for_hours_is_left_alone():
    world = World().set("http://h/1", answer(503, Retry_After="7200")).set("http://h/2", answer())
    fetcher = world.fetcher()
    assert refused(fetcher, "http://h/1", "status", "after 7200 s only").again
    assert refused(fetcher, "http://h/2", "no connection").again
    assert world.times("http://h/2") == [] and world.now < 110


def test_a_dead_host_is_left_alone_and_no_other():
    dead = Refusal("too slow", "slow", again=True)
    world = World().set("http://other/1", answer())
    for name in range(10):
        world.set(f"http://h/{name}", dead)
    fetcher = world.fetcher(retries=1)
    for name in range(10):
        assert refused(fetcher, f"http://h/{name}", "too slow" if name < 5 else "no connection")
    asked = [url for _, url in world.asked if url != "http://h/robots.txt"]
    assert len(asked) == 5 * 2
    assert get(fetcher, "http://other/1").body == b"x"


def test_redirects():
    world = World().set("http://h/1", answer(302, target="/2"))
    world.set("http://h/2", answer(301, target="https://other/3?x=1#part"))
    world.set("https://other/3?x=1", answer(Content_Type="image/png"))
    found = get(world.fetcher(), "http://h/1")
    assert found == ("https://other/3?x=1", "image/png", b"x")
    assert world.times("https://other/robots.txt")


def test_the_new_hosts_robots_txt_counts():
    world = robots("User-agent: *\nDisallow: /", "https://other")
    world.set("http://h/1", answer(302, target="https://other/3"))
    world.set("https://other/3", answer())
    refused(world.fetcher(), "http://h/1", "robots.txt")
    assert world.times("https://other/3") == []


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://h/", "http://:80/", "http://a:b@h/"]
)
def test_redirects_to_what_is_no_address(target):
    world = World().set("http://h/1", answer(302, target=target))
    refused(world.fetcher(), "http://h/1", "redirects", "cannot be fetched")


def test_five_redirects_and_no_more():
    world = World()
    for n in range(6):
        world.set(f"http://h/{n}", answer(302, target=f"/{n + 1}"))
    world.set("http://h/6", answer())
    assert get(world.fetcher(), "http://h/1").url == "http://h/6"
    refused(world.fetcher(), "http://h/0", "redirects", "more than 5")
    world.set("http://h/6", answer(302, target="/1"))
    refused(world.fetcher(), "http://h/1", "redirects", "more than 5")


def test_strangers_do_not_send_us_into_the_users_network():
    world = World().set("http://h/1", answer(302, target="http://home-1/secret.png"))
    world.set("http://home-1/secret.png", answer())
    world.set("http://home-1/1", answer(302, target="http://home-2/2")).set(
        "http://home-2/2", answer()
    )
    fetcher = world.fetcher()
    refused(fetcher, "http://h/1", "private address", "h leads to home-1")
    refused(fetcher, "http://home-1/secret.png", "private address", linked_from="http://h/list")
    assert world.times("http://home-1/secret.png") == []
    # What the user names may be private, and may lead on within.
    assert get(fetcher, "http://home-1/secret.png").body == b"x"
    assert get(fetcher, "http://home-1/1").body == b"x"


def test_robots_txt_does_not_lead_inward_either():
    world = World().set("http://h/robots.txt", answer(302, target="http://home-1/router?reboot"))
    refused(world.fetcher(), "http://h/1", "robots.txt", "private address")
    assert world.times("http://home-1/router?reboot") == []
