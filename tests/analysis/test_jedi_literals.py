"""String literals that annotations allow, from a real jedi worker."""

from __future__ import annotations

import os
import queue
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey

HOLE = "«»"
SOURCE = f"""\
import typing as t
from enum import Enum
from typing import Literal, Optional, Union
from pathlib import Path
from configparser import ConfigParser

Mode = Literal["alpha", "beta"]
Again: t.TypeAlias = Mode
Wide = Literal[Mode, "gamma", 1]

class Account:
    kind: Mode
    limits = dict(low=1)
    limits["high"] = 2

    def __init__(self, state: Mode):
        self.state: Again = state
        self.free = "x"

def use(
    direct: Literal["a", "b"],
    dotted: t.Literal["a"],
    optional: Optional[Mode],
    union: Union[Mode, int, None],
    bar: Literal["a"] | None,
    alias: Again,
    wide: Wide,
    numbers: Literal[1, 2],
    text: str,
    maybe_text: Literal["a"] | str,
    path: Literal["a"] | Path,
    unknown: Literal["a"] | Missing,
    nothing,
    account: Account,
):
    {HOLE}
    return direct
"""

RECEIVERS = (
    ("direct", "a b"),
    ("dotted", "a"),
    ("optional", "alpha beta"),
    ("union", "alpha beta"),
    ("bar", "a"),
    ("alias", "alpha beta"),
    ("wide", "alpha beta gamma"),
    ("path", "a"),
    ("account.kind", "alpha beta"),
    ("account.state", "alpha beta"),
    ("numbers", None),
    ("text", None),
    ("maybe_text", None),
    ("unknown", None),
    ("nothing", None),
    ("account.free", None),
    ("account", None),
    ("use", None),
    ("undefined", None),
)


def ask(pool: JediPool, kind: str, receiver: str) -> Fact:
    """Ask and wait."""
    before, behind = SOURCE.split(HOLE + "\n")
    start = before.rfind("\n") + 1
    path = Path(os.sep) / "project" / "edited.py"
    document = BaseDocument(str(path), str(path.parent), before[:start], behind, before[start:])
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey(kind, document.digest, receiver), answers.put)
    fact = answers.get(timeout=120)
    assert fact is not None
    return fact


@pytest.mark.parametrize(("receiver", "strings"), RECEIVERS)
def test_names(pool: JediPool, receiver: str, strings: str | None) -> None:
    """A name takes the literals of its annotation, or nothing is known."""
    fact = ask(pool, "literals", receiver)
    assert (fact.kind, fact.names) == (
        (UNRESOLVED, frozenset()) if strings is None else ("declared", frozenset(strings.split()))
    )


def test_keys(pool: JediPool) -> None:
    """In brackets the keys may stand that the file shows."""
    fact = ask(pool, "literals", "limits[")
    assert (fact.kind, fact.names) == ("keys", frozenset(("low", "high")))
    assert ask(pool, "literals", "text[").kind == UNRESOLVED


def test_parameters(pool: JediPool) -> None:
    """Signatures say which literals each parameter takes."""
    (way,) = ask(pool, "signatures", "use").signatures
    assert {p.name: " ".join(p.strings) for p in way.parameters} == {
        name: strings or "" for name, strings in RECEIVERS[:8] + RECEIVERS[10:15]
    } | {"account": ""}


def test_parameters_of_the_library(pool: JediPool) -> None:
    """Stubs are read with their aliases: all overloads but the last of ``open`` list modes."""
    fact = ask(pool, "signatures", "open")
    assert [
        ("rb" in mode.strings, "r" in mode.strings) for way in fact.signatures for mode in way.parameters[1:2]
    ].count((False, False)) >= 1
    assert any("rt" in way.parameters[1].strings for way in fact.signatures)
