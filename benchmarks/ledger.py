"""What long benchmarks keep: a line of JSON for every run, appended when it is over.

A benchmark that was stopped goes on where it was, and several can be read together.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path

import keras

#: Where the rows of this repository's own runs lie.
RESULTS = Path(__file__).parent / "results"


def median_and_range(values: list[float]) -> str:
    """`median [least, greatest]`, with two digits after the point."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


def benchmark_parser(
    description: str, results: str, contestants: Iterable[str] = (), seeds: int = 5
) -> argparse.ArgumentParser:
    """What all long benchmarks are asked: `--only`, `--seeds`, `--results`, `--table`, `--quick`.

    Args:
        description: The benchmark's own text.
        results: The name of its file in `RESULTS`.
        contestants: What `--only` chooses among; without any there is no such option.
        seeds: How many there are by default.
    """
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if names := list(contestants):
        made.add_argument("--only", nargs="+", choices=names, default=names)
    made.add_argument("--seeds", nargs="+", type=int, default=list(range(seeds)))
    made.add_argument("--results", type=Path, default=RESULTS / results)
    made.add_argument("--table", action="store_true", help="only print what was measured")
    made.add_argument("--quick", action="store_true", help="a few steps, nothing is written")
    return made


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

    def fill(
        self,
        names: Iterable[tuple],
        run: Callable[..., dict],
        said: Callable[[dict], object] = lambda row: row,
    ) -> None:
        """Makes the runs of some names that are not here, and keeps each as soon as it is over.

        Args:
            names: Values of the fields of the key, in their order.
            run: Called with them; makes the row.
            said: What is printed of a row.
        """
        for name in names:
            if name not in self:
                row = run(*name)
                self.append(row)
                print(*name, said(row), flush=True)
                keras.backend.clear_session()
