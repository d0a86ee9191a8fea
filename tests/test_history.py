import pytest

from kgen.errors import CheckpointError
from kgen.history import read_history, write_history


def test_what_was_written_is_read_in_full(tmp_path):
    path = tmp_path / "run" / "history.csv"
    assert read_history(path) == []
    rows = [{"epoch": 1, "loss": 1 / 3}, {"epoch": 12, "loss": 1e-300, "fd": -0.0}]
    write_history(path, rows)
    assert read_history(path) == rows
    assert [type(row["epoch"]) for row in read_history(path)] == [int, int]
    assert path.read_text() == f"epoch,loss,fd\n1,{1 / 3!r},\n12,1e-300,-0.0\n"


@pytest.mark.parametrize(
    "text", ["epoch,loss\n1,many\n", "epoch,loss\n,1.0\n", "loss\n1.0\n", "epoch,loss\n1,2,3\n"]
)
def test_a_damaged_file_is_named_and_left(tmp_path, text):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=r"history\.csv cannot be read .*: mend it or move"):
        read_history(path)
    assert path.read_text() == text
