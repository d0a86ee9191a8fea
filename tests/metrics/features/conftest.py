"""A cache of the tests' own: nothing is read from the user's, nothing left in it."""

import pytest


@pytest.fixture(autouse=True)
def kgen_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KGEN_INCEPTION", raising=False)
    return tmp_path / "cache"
