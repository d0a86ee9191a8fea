"""Web servers on the loopback address, some of whose answers are slow, broken or hostile."""

import contextlib
import io
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROBOTS = """
User-agent: *
Disallow: /

User-agent: kgen
Disallow: /private/
Allow: /private/open.png
Disallow: /*.secret.png$
"""


class Site:
    """A server whose pages are functions that are given the handler of the request.

    `asked` has the path and the headers of every request.
    """

    def __init__(self, routes, robots=ROBOTS):
        self.routes, self.asked, self.closing = dict(routes), [], threading.Event()
        if robots is not None:
            self.routes["/robots.txt"] = body(robots.encode(), "text/plain")
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or every answer waits 40 ms

            def do_GET(self):
                site.asked.append((self.path, self.headers))
                route = site.routes.get(self.path, status(404))
                with contextlib.suppress(OSError):
                    route(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.site = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def paths(self):
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def __enter__(self):
        serve = {"poll_interval": 0.01}
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs=serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def body(content, kind="image/png", **headers):
    """Answers with the content, and the headers given (`_` for `-`)."""

    def route(handler):
        handler.send_response(200)
        if kind:
            handler.send_header("Content-Type", kind)
        sent = {"Content_Length": len(content), **headers}
        for name, value in sent.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return route


def status(number, **headers):
    """Answers with a status and no body."""

    def route(handler):
        handler.send_response(number)
        for name, value in {"Content_Length": 0, **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return route


def moved(target):
    return status(302, Location=target)


def in_turn(*routes):
    """Answers in one way after the other, and then always in the last."""
    left = list(routes)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def endless(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "image/png")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while not handler.server.site.closing.is_set():
        handler.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")


def drip(handler, head=b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", pause=0.05):
    """A byte now and then, for ever: after the headers, or within them if `head` does not end."""
    handler.wfile.write(head)
    while not handler.server.site.closing.is_set():
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(pause)


def drip_in_headers(handler):
    drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ")


def hang_up(handler):
    handler.close_connection = True
    handler.connection.close()


def cut_short(content):
    """Announces all of the content and closes after half of it."""

    def route(handler):
        body(content[: len(content) // 2], Content_Length=len(content))(handler)
        handler.close_connection = True

    return route


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def bomb(side=9000):
    """A PNG of 81 million pixels in some 10 KB."""

    def chunk(name, data):
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    head = side.to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])
    pixels = zlib.compress(bytes(side * (1 + side // 8)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def drawn_face(seed, side=220):
    """A face drawn from ellipses, which the cascades that come with OpenCV find; and where it is.

    Returns:
        The picture, and the middle of the head in pixels.
    """
    random = np.random.default_rng(seed)
    scale = random.uniform(0.8, 1.0)
    left, top = random.integers(0, side - int(160 * scale), 2)
    tint = random.uniform(0.8, 1.0, 3)

    def colour(level):
        return tuple(int(level * share) for share in tint)

    picture = Image.new("RGB", (side, side), colour(60))
    draw = ImageDraw.Draw(picture)

    def place(points):
        return [(left + x * scale, top + y * scale) for x, y in points]

    def oval(x0, y0, x1, y1, level):
        draw.ellipse(place([(x0, y0), (x1, y1)]), fill=colour(level))

    oval(30, 10, 130, 155, 200)
    oval(30, 5, 130, 50, 50)
    for x in (58, 102):
        draw.rectangle(place([(x - 18, 58), (x + 18, 64)]), fill=colour(90))
        oval(x - 16, 68, x + 16, 86, 120)
        oval(x - 12, 70, x + 12, 84, 245)
        oval(x - 7, 70, x + 7, 84, 20)
    draw.polygon(place([(80, 80), (70, 108), (90, 108)]), fill=colour(170))
    oval(70, 103, 78, 109, 90)
    oval(82, 103, 90, 109, 90)
    oval(60, 120, 100, 134, 90)
    return picture.filter(ImageFilter.GaussianBlur(2)), place([(80, 90)])[0]
