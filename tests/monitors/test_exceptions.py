"""The monitor ``exceptions``: which names are held against what can be raised, and what the others cost."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.exceptions import Exceptions
from monitors.naming import Trail
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import check_laws, cut_points, source_text

ALONE, OWNED = math.log(0.01), math.log(0.05)
STRENGTH = Strength(
    {"exceptions.scope.unseen": Rate(600, 1, 0.01), "exceptions.module.unseen": Rate(600, 20, 0.05)},
)
ANSWERS = {
    "": ("scope", "ValueError OSError Unknown os. lib. print( make( Plain. naïve"),
    "lib": ("module", "Error errors. connect("),
    "lib.errors": ("module", "Timeout"),
    "self": (UNRESOLVED, ""),
}


def site() -> Site:
    """Return a request at an empty line; what counts as bound is what the middle binds."""
    at = sites.site("$0\n")
    return replace(at, start=at.start.fresh())


def view(at: Site) -> FactView:
    """Return what is known."""
    keys = {owner: FactKey("exceptions", at.document.digest, owner) for owner in ANSWERS}
    facts = {
        key: Fact(key, frozenset(names.split()), kind, "" if kind == UNRESOLVED else "this file")
        for (kind, names), key in zip(ANSWERS.values(), keys.values(), strict=True)
    }
    return FactView(MappingProxyType(facts), 1)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Trail]:
    """Write a middle."""
    monitor = Exceptions(at, STRENGTH)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


# A middle, and what it costs.
PENALTIES = (
    ("except ValueError:", 0.0),
    ("except Val", 0.0),
    ("except Valx", ALONE),
    ("except naïve:", 0.0),
    ("except os:", ALONE),
    ("except os.error:", 0.0),
    ("except print:", ALONE),
    ("except Plain as error:", ALONE),
    ("except Plain.Missing:", 0.0),
    ("except make():", ALONE),
    ("except None:", ALONE),
    ("except (ValueError, os):", ALONE),
    ("except (os.error, print, Plain):", 2 * ALONE),
    ("except* (lib.Error, wrong):", ALONE),
    ("except (\n    ValueError,\n    wrong,\n):", ALONE),
    ("except:\n    wrong", 0.0),
    ("except ValueError as wrong:", 0.0),
    ("raise ValueError(wrong)\n", 0.0),
    ("raise Plain()\n", ALONE),
    ("raise make(1)\n", 0.0),
    ("raise make\n", ALONE),
    ("raise\n", 0.0),
    ("raise OSError from wrong\n", 0.0),
    ("raise await make()\n", 0.0),
    ("if os: raise wrong\n", ALONE),
    ("x = 1; raise wrong\n", ALONE),
    ("mine = OSError()\nraise mine\n", 0.0),
    ("praise = wrong\n", 0.0),
    ("'raise wrong'\n", 0.0),
    # behind dots
    ("except lib.Error:", 0.0),
    ("except lib.connect:", OWNED),
    ("except lib.connect():", OWNED),
    ("raise lib.connect()\n", 0.0),
    ("except lib.wrong:", OWNED),
    ("except lib.errors:", OWNED),
    ("except (ValueError, lib.errors.Timeout):", 0.0),
    ("except (lib.errors.Error", OWNED),
    ("except self.error:", ALONE),
    ("raise lib.Error(lib.wrong)\n", 0.0),
    ("lib = 1\nraise lib.wrong\n", 0.0),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """A name costs as soon as no exception begins like it, or with the byte that does not make it one."""
    at = site()
    assert write(at, text, view(at))[0] == pytest.approx(penalty)


def test_checks_and_continuations() -> None:
    """What is no exception stands in the certificate with its class; what may come is what the fact lists."""
    at = site()
    monitor = Exceptions(at, STRENGTH)
    _, state = write(at, "except (ValueError, os, os.error, lib.Er", view(at))
    assert (
        monitor.checks(state)
        == (
            Check("ValueError", "this file", True, "exceptions.scope", ""),
            Check("os", "this file", False, "exceptions.scope", "unseen"),
            Check("error", "", False, "exceptions.unknown"),
        )[:2]
        + monitor.checks(state)[2:]
    )
    found = monitor.continuations(state)
    assert found is not None
    assert found.texts == (b"ror",)


def test_questions() -> None:
    """The names of the file are asked about when a try statement begins, those of a module with its name."""
    at = site()

    def asked(text: str) -> list[str]:
        state = write(at, text, FactView())[1]
        return [key.receiver for key in Exceptions(at, STRENGTH).needs(state, scan_text(text, at.start))]

    assert asked("try") == []
    assert asked("try:") == [""]
    assert asked("except lib") == ["", "lib"]
    assert asked("except lib.errors") == ["", "lib.errors"]
    assert asked("raise ") == [""]
    assert asked("x = lib") == []
    missing = Exceptions(at, STRENGTH).missing(write(at, "except (lib.E", FactView())[1])
    assert [key.receiver for key in missing] == ["", "lib"]


@given(text=source_text(), cuts=cut_points())
def test_laws(text: bytes, cuts: list[int]) -> None:
    """The laws hold, without facts and with them."""
    at = site()
    for beginning in (b"", b"except (", b"raise ", b"except lib."):
        check_laws(Exceptions(at, STRENGTH), at.start, beginning + text, cuts)
        check_laws(Exceptions(at, STRENGTH), at.start, beginning + text, cuts, view(at))
