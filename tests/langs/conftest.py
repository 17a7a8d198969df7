"""Language servers for the tests of this folder; each is skipped, with the reason, where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.analyzers.language_servers.catalogue import SERVERS
from analysis.analyzers.language_servers.home import Home
from analysis.analyzers.language_servers.pool import LanguageServers
from tests.langs import tools


@pytest.fixture(scope="session")
def home() -> Home:
    """What ``make langs`` has installed."""
    home = tools.home()
    if not home.bridge_is_current():
        pytest.skip("multilspy is not installed for the tests; make langs does that")
    return home


@pytest.fixture(scope="module")
def servers(home: Home) -> Iterator[LanguageServers]:
    """The real servers."""
    pool = LanguageServers(home.folder)
    yield pool
    pool.close()


def needed(home: Home, language: str) -> None:
    """Skip the test where a language was not installed."""
    server = next(server for server in SERVERS if server.name == language)
    if home.installed(server) is None:
        pytest.skip(f"no server for {language}: {server.mend}")
