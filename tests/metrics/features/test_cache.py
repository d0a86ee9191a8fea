"""Where things are kept, and writers that race."""

import threading
from pathlib import Path

from kgen.metrics.features import cache


def test_the_cache_is_named_or_in_the_home(monkeypatch):
    monkeypatch.setenv("KGEN_CACHE", "some/where")
    assert cache.folder() == Path("some/where")
    monkeypatch.delenv("KGEN_CACHE")
    assert cache.folder() == Path("~/.cache/kgen").expanduser()


def test_racing_writers_leave_one_whole_file(tmp_path):
    """All are inside at once; under one temporary name they would write into each other."""
    together = threading.Barrier(4)
    failed = []

    def write(number):
        try:
            with cache.writing(tmp_path / "entry.bin") as temporary:
                temporary.write_bytes(bytes([number]) * 10)
                together.wait(timeout=10)
                temporary.write_bytes(bytes([number]) * 100_000)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failed
    content = (tmp_path / "entry.bin").read_bytes()
    assert len(content) == 100_000 and len(set(content)) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "entry.bin"]
