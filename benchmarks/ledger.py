"""What long benchmarks keep: a line of JSON for every run, appended when it is over.

A benchmark that was stopped goes on where it was, and several can be read together.
"""

import json
import statistics
from pathlib import Path

#: Where the rows of this repository's own runs lie.
RESULTS = Path(__file__).parent / "results"


def median_and_range(values: list[float]) -> str:
    """`median [least, greatest]`, with two digits after the point."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


class Ledger:
    """The rows of a file, and those that are still to come.

    Args:
        path: The `.jsonl`; it need not exist.
        key: The fields that name a run; the last row of a name counts.
    """

    def __init__(self, path: Path, key: tuple[str, ...]):
        self.path, self.key = path, key
        self._rows: dict[tuple, dict] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                self._keep(json.loads(line))
            except (json.JSONDecodeError, KeyError, TypeError):
                raise SystemExit(
                    f"{path}, line {number} is no run with {', '.join(key)}: remove it, or write "
                    "to another file."
                ) from None

    def _keep(self, row: dict) -> None:
        self._rows[tuple(row[field] for field in self.key)] = row

    @property
    def rows(self) -> list[dict]:
        """All runs, in the order in which they were first written."""
        return list(self._rows.values())

    def __contains__(self, run: tuple) -> bool:
        return run in self._rows

    def append(self, row: dict) -> None:
        """Keeps a run, and writes it at once."""
        self._keep(row)
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")
