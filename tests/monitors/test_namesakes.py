"""Variables that are named like the parameter they are passed for."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from analysis.facts import Fact, FactKey, FactView, Parameter, ParameterKind, Signature
from monitors.arguments import Call
from monitors.base import Lexed, Site
from monitors.calls import Calls
from monitors.namesakes import bound_around, namesake_of
from monitors.strength import NAMESAKES_MEASURED, NAMESAKES_TABLE, Rate, Strength, load, stamp
from tests.monitors import sites

PLAIN, NAMED = ParameterKind.POSITIONAL, ParameterKind.KEYWORD_ONLY
EXTRA, UNMEASURED, OTHER = math.log(0.02), math.log(0.5), -3.0
STRENGTH = Strength({"arity.function.extra": Rate(600, 5, 0.02)}, namesake=Rate(600, 20, math.exp(OTHER)))


def signature(*names: str) -> Signature:
    """Return one that takes these by position, and ``mode`` by name."""
    return Signature((*(Parameter(name, PLAIN, True) for name in names), Parameter("mode", NAMED, False)))


@pytest.mark.parametrize(
    ("ways", "positional", "keywords", "expected"),
    [
        ((signature("path", "size"),), 0, "", b"path"),
        ((signature("path", "size"),), 1, "", b"size"),
        ((signature("other", "size"),), 0, "", b""),
        ((signature("path"), signature("path", "size")), 0, "", b"path"),
        ((signature("path"), signature("size")), 0, "", b""),
        ((signature("path"), signature("path", "size")), 1, "", b"size"),
        ((signature("path"), signature()), 0, "", b"path"),
        ((signature("path"),), 1, "", b""),
        ((signature("path"),), 0, "mode", b""),
    ],
)
def test_namesake_of(ways: tuple[Signature, ...], positional: int, keywords: str, expected: bytes) -> None:
    """It is that of the one parameter which all ways that fit reach, if a variable has its name."""
    call = Call("f", 2, 1, positional=positional, keywords=frozenset(keywords.encode().split()))
    assert namesake_of(ways, call, frozenset(("path", "size", "mode"))) == expected


@pytest.mark.parametrize(
    ("above", "line", "expected"),
    [
        ("path = 1\n", "f(", ""),
        ("path = 1\ndef f(size):\n    mode = 2\n", "    g(", "size mode"),
        ("def f(size):\n    def g(path):\n        pass\n", "    g(", "size g path"),
        ("def f(size):\n    def g(path):\n        pass\n", "        g(", "path"),
        ("class A:\n    async def f(self, size):\n", "        [g(x) for path in ", "size path"),
        ("def f(size):\n", "    h = lambda path: g(", "size h path"),
    ],
)
def test_bound_around(above: str, line: str, expected: str) -> None:
    """What the innermost function around the line has bound so far."""
    assert bound_around(above, line) == frozenset(expected.split())


def site(line: str) -> Site:
    """Return the request in a function with two variables."""
    at = sites.site(f"def f(path, size):\n    {line}$0\n")
    return replace(at, start=at.start.fresh())


def view(at: Site) -> FactView:
    """Return the facts: ``take(path, size, *, mode)``."""
    key = FactKey("signatures", at.document.digest, "take")
    fact = Fact(key, frozenset(), "function", "this file", (signature("path", "size"),))
    return FactView(MappingProxyType({key: fact}), 1)


@pytest.mark.parametrize(
    ("text", "penalty"),
    [
        ("take(path", 0.0),
        ("take(pa", 0.0),
        ("take(paths, size)", OTHER + UNMEASURED),
        ("take(path.name, size + 1)", 0.0),
        ("take(size", OTHER),
        ("take(size, size)", OTHER),
        ("take('a'", 0.0),
        ("take([size]", 0.0),
        ("take(None, size)", OTHER),
        ("take(size.a, path.b)", 2 * OTHER),
        ("take(path, size, path)", EXTRA),
        ("take(path, size, mode=size)", 0.0),
        ("take(path, mode=size", OTHER),
        ("take(*size", 0.0),
        ("other(size)", 0.0),
    ],
)
def test_another_argument_costs(text: str, penalty: float) -> None:
    """From the byte on that makes it another one, once, however it is passed; what is no name says nothing."""
    at = site("")
    monitor = Calls(at, STRENGTH)
    lexed = Lexed.of(at.start, f"    {text}".encode())
    assert monitor.step(monitor.start(), lexed, view(at))[0] == pytest.approx(penalty)


def test_the_certificate_says_nothing_of_it() -> None:
    """It is no fact about what exists: an argument that is named otherwise is not called unlisted."""
    at = site("")
    monitor = Calls(at, STRENGTH)
    state = monitor.step(monitor.start(), Lexed.of(at.start, b"    take(size, size)"), view(at))[1]
    assert [(check.name, check.row) for check in state.judged] == [("take()", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("take(", {b"path"}),
        ("take(path,", {b" size"}),
        ("take(path, ", {b"size"}),
        ("take(path, size, ", {b"mode=", b"*", b")"}),
    ],
)
def test_what_is_meant_is_what_may_come(text: str, expected: set[bytes]) -> None:
    """So a model that does not think of it is asked for it."""
    at = site("")
    monitor = Calls(at, STRENGTH)
    state = monitor.step(monitor.start(), Lexed.of(at.start, f"    {text}".encode()), view(at))[1]
    closed = monitor.continuations(state)
    assert closed is not None
    assert set(closed.texts) == expected


def test_what_is_meant_is_known_before_the_argument() -> None:
    """For the measurement."""
    at = site("take(")
    monitor = Calls(at, STRENGTH)
    typed = monitor.step(monitor.start(), Lexed.of(at.start, at.typed), view(at))[1]
    assert monitor.namesake(typed, view(at)) == b"path"
    assert monitor.namesake(monitor.start(), view(at)) == b""


def test_the_shipped_weight_was_measured_with_this_code() -> None:
    """A change to what was measured asks for a new measurement."""
    table = json.loads(NAMESAKES_TABLE.read_text(encoding="utf-8"))
    command = "python -m bench.namesakes --python ENVIRONMENT/bin/python --update-table"
    assert table["stamp"] == stamp(NAMESAKES_MEASURED), f"{NAMESAKES_TABLE.name} is stale; run: {command}"
    assert load().other == math.log(table["bound"])
    assert load(2.0).other == 2 * math.log(table["bound"])
