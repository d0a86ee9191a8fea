import doctest
from pathlib import Path

import pytest


@pytest.mark.parametrize(("name", "examples"), [("latent.md", 26), ("plug_and_play.md", 14)])
def test_the_walk_through_runs(name, examples):
    place = Path(__file__).parents[2] / "docs" / name
    failed, tried = doctest.testfile(
        str(place), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert tried >= examples and not failed
