"""What may be raised or caught, from a real jedi worker."""

from __future__ import annotations

import os
import queue
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey

PREFIX = """\
import json, sqlite3
import os.path as path
from json import JSONDecodeError, dumps

class Plain: pass
class Mine(sqlite3.Error): pass
def make(): pass
def print(): pass

def work(error):
    try:
        json.loads(error)
"""


def ask(pool: JediPool, owner: str) -> Fact:
    """Ask and wait."""
    file = Path(os.sep) / "project" / "edited.py"
    document = BaseDocument(str(file), str(file.parent), PREFIX, "        pass\n", "    ")
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey("exceptions", document.digest, owner), answers.put)
    fact = answers.get(timeout=120)
    assert fact is not None
    return fact


@pytest.mark.parametrize(
    ("owner", "kind", "listed", "absent"),
    [
        (
            "",
            "scope",
            "ValueError Mine JSONDecodeError dumps error Plain. path. json. make( len(",
            "Plain json make len",
        ),
        ("sqlite3", "module", "Error IntegrityError connect( Row. dbapi2.", "connect Row dbapi2"),
        ("json", "module", "JSONDecodeError dumps( JSONEncoder. decoder.", "dumps JSONEncoder decoder"),
        ("json.decoder", "module", "JSONDecodeError", "JSONDecoder"),
    ],
)
def test_names(pool: JediPool, owner: str, kind: str, listed: str, absent: str) -> None:
    """Exceptions stand alone, and what nobody knows; modules and classes with a dot, functions with a bracket."""
    fact = ask(pool, owner)
    assert fact.kind == kind
    assert set(listed.split()) <= fact.names
    assert not set(absent.split()) & fact.names


@pytest.mark.parametrize("owner", ["error", "Plain", "missing"])
def test_unresolved(pool: JediPool, owner: str) -> None:
    """Behind the dot of anything but a module nothing is known."""
    assert ask(pool, owner).kind == UNRESOLVED
