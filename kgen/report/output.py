"""What the pages and tables share: where they may be written, and times in words."""

from __future__ import annotations

from pathlib import Path

from kgen.errors import RecipeError


def check_output(path: Path, endings: set[str], force: bool) -> None:
    """Refuses a file of another kind, or one that exists.

    Raises:
        RecipeError: Saying what to do.
    """
    if path.suffix.lower() not in endings:
        raise RecipeError(f"{path}: end the name in {' or '.join(sorted(endings))}")
    if path.is_dir() or (path.exists() and not force):
        raise RecipeError(f"{path} exists: give another name, or --force to replace it")


def duration(seconds: float) -> str:
    """A time in words.

    Example:

        >>> duration(3725), duration(65.4), duration(4.23)
        ('1 h 2 min', '1 min 5 s', '4.2 s')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
