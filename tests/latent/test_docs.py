import doctest
from pathlib import Path


def test_the_walk_through_runs():
    place = Path(__file__).parents[2] / "docs" / "latent.md"
    failed, tried = doctest.testfile(
        str(place), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert tried > 25 and not failed
