"""Monitors by name."""

from __future__ import annotations

import pytest

from monitors.base import Factless
from monitors.registry import ALWAYS, DEFAULT, FACTORIES, NAMES, build, inspector
from tests.monitors.sites import site
from tests.monitors.source_sites import source_site


@pytest.mark.parametrize("names", [None, (), ("dereference",), ("dereference", "heal"), ("dereference", "brackets")])
def test_build_keeps_the_order_and_what_is_always_on(names: tuple[str, ...] | None) -> None:
    """Whatever is asked for comes in building order, once, with what no request can do without."""
    built = [monitor.name for monitor in build(names, site("x = $0\n"))]
    wanted = set(DEFAULT if names is None else names) | ALWAYS
    assert built == [name for name in FACTORIES if name in wanted]


@pytest.mark.parametrize(
    ("names", "inspects"), [(None, True), (("viability",), True), (("brackets",), False), ((), False)]
)
def test_lines_are_inspected_where_that_is_asked_for(names: tuple[str, ...] | None, inspects: bool) -> None:
    """What looks at whole lines is switched by its name, too."""
    assert (inspector(names, site("x = $0\n")) is not None) is inspects


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    """A name that does not exist is a clear error."""
    with pytest.raises(ValueError, match=f"^unknown monitor 'nonsense'; known are {', '.join(NAMES)}$"):
        build(("nonsense",), site("x = $0\n"))


def test_who_calls_itself_factless_asks_nothing() -> None:
    """``decoding.watch`` does not even ask those for their questions."""
    for monitor in build(None, site("x = $0\n")):
        if isinstance(monitor, Factless):
            assert (type(monitor).needs, type(monitor).missing) == (Factless.needs, Factless.missing)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("go", {"heal", "utf8", "brackets", "margins", "repetition"}),
        ("plaintext", {"heal", "utf8", "margins", "repetition"}),
        ("cobol", {"heal", "utf8", "margins", "repetition"}),
    ],
)
def test_each_language_has_the_monitors_that_its_row_allows(language: str, names: set[str]) -> None:
    """No rule of Python is applied to anything else; a name that a language has not is passed over."""
    built = {monitor.name for monitor in build(None, source_site("x = $0\n", language))}
    assert names <= built
    assert not built & {"lexical", "indentation", "call_syntax", "scope", "imports"}
    asked = build(("lexical", "margins"), source_site("x = $0\n", language))
    assert [monitor.name for monitor in asked] == ["heal", "utf8", "margins"]
