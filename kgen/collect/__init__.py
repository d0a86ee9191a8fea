"""Collecting pictures to train on: crawl a site, cut out the faces, check the folder.

    raw = kgen.collect.crawl("raw", ["https://a.example/{1..200}.jpg"])
    kgen.collect.crop_faces("raw", "faces", kgen.collect.Cascade("lbpcascade_animeface.xml"))
    kgen.collect.check("faces")
    kgen.run.train("dcgan_faces", {"data": "faces"})

What comes from outside is not trusted: there are limits on bytes, pixels, time and redirects, and
no name from outside becomes a path. docs/collecting.md says more. Needs
`pip install 'kgen-keras[collect]'`.
"""

import importlib

_HOMES = {
    "Cascade": "detectors",
    "check": "checking",
    "crawl": "crawling",
    "crop_faces": "faces",
    "verify": "verifying",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:  # OpenCV or requests only where they are used
        return getattr(importlib.import_module(f"kgen.collect.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'kgen.collect' has no attribute {name!r}")
