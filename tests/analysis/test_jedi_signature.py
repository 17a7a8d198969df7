"""Signatures from a real jedi worker, and the classes of doubt they come in."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, ParameterKind

HOLE = "«»"
SOURCE = f"""\
import asyncio
import dataclasses
import functools
import json
import os
import random
import typing
from collections import namedtuple
import missing_library

def plain(first, second=2, /, third=3, *rest, fourth, fifth=5, **more): ...

def changing(function):
    def inner(only): ...
    return inner

@changing
def decorated(first, second): ...

@functools.lru_cache(maxsize=None)
def cached(first, second): ...

@missing_library.register("name")
def registered(first): ...

part = functools.partial(cached, 1)

class Plain:
    def __init__(self, first, *, second=1): ...
    def method(self, first, second=1): ...
    @classmethod
    def make(cls, first): ...
    @staticmethod
    def static(first): ...
    def __call__(self, first): ...

class Bare: ...

class Derived(Bare): ...

class Orphan(missing_library.Thing):
    def __init__(self, first): ...

@dataclasses.dataclass
class Fields:
    first: int
    second: str = ""

class Tuple(typing.NamedTuple):
    first: int
    second: str = ""

Pair = namedtuple("Pair", "first second")
anonymous = lambda first, second=1: first
either = plain if os.name else anonymous

def use(callback, thing: Plain):
    {HOLE}

use(plain, Plain(1))
"""

# Callee, class, and how it is called, as ``shown`` writes it.
CALLEES = (
    ("plain", "function", "first, second=, /, third=, *rest, fourth, fifth=, **more"),
    ("cached", "decorated", "first, second"),
    ("decorated", "function", "only"),
    ("registered", "decorated", "first"),
    ("os.environ.get", "function", "key, default= | key, default"),
    ("part", "instance", "second"),
    ("anonymous", "function", "first, second="),
    ("Plain", "class", "first, *, second="),
    ("thing.method", "function", "first, second="),
    ("Plain.method", "function", "self, first, second="),
    ("thing.make", "function", "first"),
    ("Plain.make", "function", "first"),
    ("thing.static", "function", "first"),
    ("thing", "instance", "first"),
    ("Bare", "class", ""),
    ("Derived", UNRESOLVED, None),
    ("asyncio.sleep", UNRESOLVED, None),
    ("object.__new__", UNRESOLVED, None),
    ("Orphan", "partial", "first"),
    ("Fields", "fields", "first, second="),
    ("Tuple", "fields", "first, second="),
    ("Pair", "class", "first, second"),
    ("either", "several", "first, second=, /, third=, *rest, fourth, fifth=, **more | first, second="),
    ("callback", "parameter", "first, second=, /, third=, *rest, fourth, fifth=, **more"),
    ("random.Random().shuffle", "function", "x"),
    ("missing_library.thing", UNRESOLVED, None),
    ("json", UNRESOLVED, None),
    ("nobody", UNRESOLVED, None),
)


def ask(pool: JediPool, callee: str, middle: str = "") -> Fact:
    """Ask and wait."""
    before, behind = SOURCE.split(HOLE + "\n")
    start = before.rfind("\n") + 1
    path = Path(os.sep) / "project" / "edited.py"
    document = BaseDocument(str(path), str(path.parent), before[:start], behind, before[start:])
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey("signatures", document.digest, callee, middle), answers.put)
    fact = answers.get(timeout=120)
    assert fact is not None
    return fact


def shown(fact: Fact) -> str:
    """Write the signatures as definitions do."""
    return " | ".join(", ".join(_marked(signature.parameters)) for signature in fact.signatures)


def _marked(parameters: tuple) -> Iterator[str]:
    starred = False
    for index, parameter in enumerate(parameters):
        stars = parameter.kind.value if parameter.kind.value in ("*", "**") else ""
        if parameter.kind is ParameterKind.KEYWORD_ONLY and not starred:
            yield "*"
            starred = True
        starred = starred or stars == "*"
        yield stars + parameter.name + ("" if parameter.required or stars else "=")
        following = parameters[index + 1].kind if index + 1 < len(parameters) else None
        only = ParameterKind.POSITIONAL_ONLY
        if parameter.kind is only and following is not None and following is not only:
            yield "/"


@pytest.mark.parametrize(("callee", "kind", "ways"), CALLEES)
def test_callees(pool: JediPool, callee: str, kind: str, ways: str | None) -> None:
    """What can be called, in which ways, and how doubtful that is."""
    fact = ask(pool, callee)
    assert (fact.kind, shown(fact)) == (kind, ways or "")


def test_what_the_middle_defines_can_be_called(pool: JediPool) -> None:
    """Definitions in the hole count."""
    fact = ask(pool, "mine", "    def mine(first, second): ...\n    mine = mine\n    ")
    assert (fact.kind, shown(fact)) == ("function", "first, second")
