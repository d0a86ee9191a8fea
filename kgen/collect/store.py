"""The folder of a crawl: pictures named by their checksums, and a manifest of where each is from.

    manifest.jsonl   one JSON object a picture and address, see `Store.save`
    refused.jsonl    one a refused address: url, page, kind, reason, again, time
    1f0c...e2.png    the pictures
    .parts/          while a crawl runs: what is not whole yet

A picture comes into the folder in three steps, each whole or not at all: its bytes are written to
`.parts/`, its line to the manifest, and then it is renamed. What a kill leaves between two steps
is finished or dropped by the next crawl into the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from kgen.collect import records
from kgen.collect.refusal import Refusal
from kgen.errors import DataError

MANIFEST, REFUSED, PARTS = "manifest.jsonl", "refused.jsonl", ".parts"


class Store:
    """A folder that pictures are collected in, held by one process.

    Args:
        folder: A new or empty folder, or one that a crawl has filled.

    Raises:
        DataError: If it holds other things, or another process fills it.
    """

    def __init__(self, folder: Path):
        if folder.exists() and not folder.is_dir():
            raise DataError(f"{folder} is a file: give a folder to collect in")
        if not (folder / MANIFEST).exists() and _holds_other_things(folder):
            raise DataError(
                f"{folder} holds files and no {MANIFEST}: give a new folder, or one that a crawl "
                "has filled"
            )
        self.folder, self.parts = folder, folder / PARTS
        self.parts.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            self._manifest = held.enter_context(records.Records(folder / MANIFEST))
            self._refused = held.enter_context(records.Records(folder / REFUSED))
            self._files = {row.get("sha256"): row.get("file") for row in self._manifest.rows}
            #: Addresses whose picture was taken.
            self.urls = {row.get("url") for row in self._manifest.rows}
            #: Addresses that were refused for good.
            self.hopeless = {row.get("url") for row in self._refused.rows if not row.get("again")}
            self._recover()
            self._held = held.pop_all()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self._held.close()
        if not any(self.parts.iterdir()):
            self.parts.rmdir()

    def save(self, body: bytes, ending: str, **about) -> dict:
        """Puts a picture into the folder, unless its bytes have come from another address before.

        Args:
            body: The file.
            ending: Of its name.
            **about: What the manifest says of it beside `sha256`, `bytes`, `time` and `file`.

        Returns:
            Its line of the manifest.
        """
        checksum = hashlib.sha256(body).hexdigest()
        row = {
            **about,
            "sha256": checksum,
            "bytes": len(body),
            "time": _now(),
            "file": checksum[:32] + ending,
        }
        if checksum in self._files:  # there, or moved elsewhere by the user
            self._manifest.add(row)
        else:
            part = self.parts / f"{checksum}.part"
            with open(part, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            self._manifest.add(row)
            os.replace(part, self.folder / row["file"])
            self._files[checksum] = row["file"]
        self.urls.add(row["url"])
        return row

    def refuse(self, refusal: Refusal, **about) -> None:
        """Records an address that gave no picture."""
        said = {"kind": refusal.kind, "reason": refusal.reason, "again": refusal.again}
        self._refused.add({**about, **said, "time": _now()})
        if not refusal.again:
            self.hopeless.add(about["url"])

    def _recover(self) -> None:
        """Finishes what the manifest has already, and drops what was not whole."""
        for part in self.parts.iterdir():
            checksum = part.stem
            name = self._files.get(checksum)
            if name and hashlib.sha256(part.read_bytes()).hexdigest() == checksum:
                os.replace(part, self.folder / Path(name).name)
            else:
                part.unlink()


def _holds_other_things(folder: Path) -> bool:
    """Whether there is more than a `.parts/` of ours, which a kill may leave as all there is."""
    parts = folder / PARTS
    beside = any(path != parts or not path.is_dir() for path in folder.glob("*"))
    return beside or any(path.suffix != ".part" for path in parts.glob("*"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
