"""A client for every test that wants one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.lsp_server.wire import Client

SCRIPTED = (sys.executable, "-m", "tests.lsp_server.scripted_server")


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Start scripted servers; each must have replied exactly once to each request at the end."""
    clients: list[Client] = []

    def start(*arguments: str) -> Client:
        clients.append(Client((*SCRIPTED, *arguments)))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def client(start: Callable[..., Client]) -> Client:
    """A client that has shaken hands with a server that is loaded."""
    client = start()
    client.ready()
    return client


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """One client for all tests of a module that leave nothing behind."""
    client = Client(SCRIPTED)
    client.ready()
    yield client
    client.close()
