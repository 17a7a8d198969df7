"""Where names come from, by a real jedi worker."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey

BANK = '''\
class Account:
    """Money."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def deposit(self, amount: int) -> int:
        """Add."""
        return amount


def open_account(owner: str) -> Account:
    return Account(owner)
'''
ACCOUNT = (
    "class Account:\n    def __init__(self, owner: str) -> None: ...\n    def deposit(self, amount: int) -> int: ...\n"
)
BEFORE = '''\
import json
from pathlib import Path
from bank import Account, open_account

def own(): ...

mine = open_account("Ann")
mine.deposit(3)
"""Account is a word here, too."""
json.loads("1")
Path("x")
'''
BEHIND = "\nlater = Account('Bob')\nunknown.thing()\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two files, one of them open."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "bank.py").write_text(BANK)
    return folder


def ask(pool: JediPool, workspace: Path, name: str) -> Fact:
    """Return the answer about a name."""
    document = BaseDocument(str(workspace / "main.py"), str(workspace), BEFORE, BEHIND)
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey("definitions", document.digest, name), answers.put)
    fact = answers.get(timeout=60)
    assert fact is not None
    return fact


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Account", ACCOUNT),
        ("mine", ACCOUNT),
        ("open_account", "def open_account(owner: str) -> Account: ...\n"),
        ("mine.deposit", "    def deposit(self, amount: int) -> int: ...\n"),
    ],
)
def test_definition(pool: JediPool, workspace: Path, name: str, text: str) -> None:
    """Classes, functions and what is an instance are found; a place in a string is passed over."""
    (definition,) = ask(pool, workspace, name).definitions
    assert (definition.path, definition.text) == (str(workspace / "bank.py"), text)


@pytest.mark.parametrize("name", ["own", "json.loads", "Path", "unknown.thing", "nowhere", "json"])
def test_what_is_left_out(pool: JediPool, workspace: Path, name: str) -> None:
    """The document's own names, the standard library's and unknown ones tell nothing new."""
    fact = ask(pool, workspace, name)
    assert (fact.kind, fact.definitions) == (UNRESOLVED, ())
