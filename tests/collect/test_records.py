import errno
import os

import pytest

from kgen.collect.records import Records, read
from kgen.errors import DataError


def test_every_kill_leaves_whole_lines(tmp_path):
    """The file cut after any byte: the whole lines are there, and a new one follows them."""
    path = tmp_path / "a.jsonl"
    with Records(path) as records:
        records.add({"n": 1})
        records.add({"n": 2, "text": "é\n"})
    content = path.read_bytes()
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        whole = [{"n": 1}, {"n": 2, "text": "é\n"}][: content[:length].count(b"\n")]
        assert read(path) == whole
        with Records(path) as records:
            assert records.rows == whole
            records.add({"n": 3})
        assert read(path) == [*whole, {"n": 3}]


def test_a_line_that_is_no_record_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    for line in (b"nonsense\n", b"[1]\n", b"\xff\n"):
        path.write_bytes(b'{"n": 1}\n' + line)
        for use in (read, Records):
            with pytest.raises(DataError, match="line 2 is no record"):
                use(path)
        assert path.read_bytes() == b'{"n": 1}\n' + line


@pytest.mark.parametrize("fault", ["short", "full", "sync"])
def test_a_line_that_is_not_written_whole_leaves_nothing(tmp_path, monkeypatch, fault):
    path = tmp_path / "a.jsonl"
    write = os.write

    def half(file, line):
        return write(file, line[: len(line) // 2])

    def fail(file, *line):
        for one in line:
            half(file, one)
        raise OSError(errno.EDQUOT, "full")

    with Records(path) as records:
        records.add({"n": 1})
        with monkeypatch.context() as patched, pytest.raises(OSError, match="full"):
            name = "fsync" if fault == "sync" else "write"
            patched.setattr(os, name, half if fault == "short" else fail)
            records.add({"n": 2})
        assert records.rows == read(path) == [{"n": 1}]
        records.add({"n": 3})
    with Records(path) as records:
        assert records.rows == read(path) == [{"n": 1}, {"n": 3}]


def test_one_process_at_a_time(tmp_path):
    with Records(tmp_path / "a.jsonl"), pytest.raises(DataError, match="another process"):
        Records(tmp_path / "a.jsonl")
    Records(tmp_path / "a.jsonl").close()
