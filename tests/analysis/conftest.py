"""One worker around jedi for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for jedi's caches."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def pool(cache: Path) -> Iterator[JediPool]:
    """One warm worker."""
    pool = JediPool(1, cache)
    yield pool
    pool.close()
