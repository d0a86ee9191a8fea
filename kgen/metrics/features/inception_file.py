"""The file of the Inception graph of 2015-12-05: given, found, or downloaded once.

The archive is TensorFlow's own of that day. In it lies `classify_image_graph_def.pb`, 95,673,916
bytes, which nearly every published FID and Inception score was computed with.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from kgen.errors import MetricError
from kgen.metrics.features import cache, checksums

URL = (
    "https://storage.googleapis.com/download.tensorflow.org/"
    "models/image/imagenet/inception-2015-12-05.tgz"
)
NAME = "classify_image_graph_def.pb"
#: As several public repositories that computed published scores list it.
SHA256 = "009d6814d1bc560d4e7b236e170e9b2d5ca6f4b57bd8037f6db05776204415c6"

# A host that does not answer should be known soon; a slow line may take its time.
_TIMEOUT_SECONDS = 30


def locate(path: str | os.PathLike | None = None) -> Path:
    """The graph's file.

    Args:
        path: The file, if the user names it; otherwise that of `KGEN_INCEPTION`, otherwise the one
            in the cache, which is downloaded (89 MB) if it is not there.

    Returns:
        A path that exists. The user's own file may hold any weights; a downloaded one has the
        known checksum.

    Raises:
        MetricError: There is no such file, or it cannot be downloaded.
    """
    named = path or os.environ.get("KGEN_INCEPTION")
    if named:
        file = Path(named).expanduser()
        if not file.is_file():
            raise MetricError(f"no Inception graph at {file}: give the path of {NAME}.")
        return file
    file = cache.folder() / "inception" / NAME
    if not file.is_file():
        _download(file)
    return file


def _download(target: Path) -> None:
    """Fetches the archive, takes the graph from it, and keeps it if its checksum is right."""
    host = urlsplit(URL).netloc
    elsewhere = (
        f"fetch {NAME} of inception-2015-12-05.tgz yourself and give its path, as "
        "'inception:<path>' or in KGEN_INCEPTION"
    )
    try:
        with (
            cache.writing(target) as graph,
            tempfile.TemporaryFile(dir=graph.parent) as archive,
        ):
            with urllib.request.urlopen(URL, timeout=_TIMEOUT_SECONDS) as answer:
                shutil.copyfileobj(answer, archive)
            archive.seek(0)
            with (
                tarfile.open(fileobj=archive) as members,
                members.extractfile(_member(members)) as source,
                open(graph, "wb") as file,
            ):
                shutil.copyfileobj(source, file)
            found = checksums.of_file(graph)
            if found != SHA256:
                raise MetricError(
                    f"the Inception graph from {host} has the SHA-256 {found}, not {SHA256}: "
                    f"{elsewhere}."
                )
    except (OSError, EOFError, tarfile.TarError) as error:
        raise MetricError(
            f"cannot download the Inception graph from {host} ({error}): {elsewhere}."
        ) from error


def _member(members: tarfile.TarFile) -> tarfile.TarInfo:
    for member in members:
        if member.isfile() and Path(member.name).name == NAME:
            return member
    raise tarfile.ReadError(f"no {NAME} in the archive")
