"""The monitor ``imports``: which names of import statements cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.imports import Imports, asked_at
from monitors.naming import Trail
from monitors.options import Ban, Options
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import check_laws, cut_points, source_text

TOP, SEEN, NAME, HIDDEN, UNMEASURED = (math.log(rate) for rate in (0.01, 0.2, 0.02, 0.1, 0.5))
ENDED, WENT_ON = math.log(0.08), math.log(0.03)
STRENGTH = Strength(
    {
        "modules.top.unseen": Rate(600, 1, 0.01),
        "modules.top.seen": Rate(600, 90, 0.2),
        "exports.module.unseen": Rate(600, 5, 0.02),
        "exports.module.hidden": Rate(600, 40, 0.1),
    },
)
NAMES = {
    ("modules", ""): ("top", "os sys json collections"),
    ("modules", "os"): ("module", "path"),
    ("modules", "."): ("relative", "tools"),
    ("exports", "os"): ("module", "getcwd path _exit naïve"),
    ("exports", "."): ("relative", "tools version"),
    ("exports", "lost"): (UNRESOLVED, ""),
}


def site(text: str = "$0\nx = elsewhere\n") -> Site:
    """Return the request at the mark; what counts as bound is what the middle binds."""
    at = sites.site(text)
    return replace(at, start=at.start.fresh())


def key(kind: str, module: str, at: Site) -> FactKey:
    """Return a question."""
    return FactKey(kind, at.document.digest, module)


def view(at: Site) -> FactView:
    """Return the facts in ``NAMES``."""
    facts = [Fact(key(*asked, at), frozenset(names.split()), kind, "here") for asked, (kind, names) in NAMES.items()]
    return FactView(MappingProxyType({fact.key: fact for fact in facts}), 1)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Trail]:
    """Write a middle, typed part included."""
    monitor = Imports(at, STRENGTH)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


@pytest.mark.parametrize(("text", "penalty"), [("from os import getc", NAME), ("import js", TOP), ("import o", 0.0)])
def test_what_is_banned_is_not_listed(text: str, penalty: float) -> None:
    """Neither a module nor a name of one."""
    at = replace(site(), options=Options(banned=(Ban("os.getcwd"), Ban("json"))))
    assert write(at, text, view(at))[0] == pytest.approx(penalty)


@pytest.mark.parametrize(
    ("text", "penalty"),
    [
        ("from os import getcwd", 0.0),
        ("from os import path", -2.0),
        ("from os import _exi", HIDDEN - 3.0),
        ("from os import other", NAME - 3.0),
        ("from os import getcwd, path", 0.0),
        ("from os import path, getcwd", -2.0),
        ("from os import getcwd as path", 0.0),
        ("from . import tools", 0.0),
    ],
)
def test_what_the_code_below_needs_comes_first(text: str, penalty: float) -> None:
    """A name is needed until the statement imports it, and nothing is where none of the needed ones is listed."""
    at = site("$0\nx = getcwd() + path\n")
    monitor = Imports(at, replace(STRENGTH, weights={"needed": 1.0, "first": 3.0}))
    assert monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), view(at))[0] == pytest.approx(penalty)


@pytest.mark.parametrize(
    ("text", "penalty"),
    [
        ("from os import getcwd\n", ENDED),
        ("from os import getcwd, path\n", 0.0),
        ("from os import path  # why\n", ENDED),
        ("from os import (path)\n", ENDED),
        ("from os import (\n    path  # why\n    , getcwd)\n", 0.0),
        ("from os import getcwd, path, ", WENT_ON),
        ("from os import path as p\n", 0.0),
        ("from os import nothing\n", NAME + ENDED),
        ("from lost import x\n", TOP),
        ("import os\n", 0.0),
    ],
)
def test_an_import_goes_on_until_nothing_is_lacking(text: str, penalty: float) -> None:
    """Each name that the code below needs, as far as the module has it; names that get another one end as they like."""
    at = site("$0\nx = getcwd() + path + elsewhere\n")
    ends = {"ended": Rate(600, 1, math.exp(ENDED)), "went_on": Rate(600, 1, math.exp(WENT_ON))}
    monitor = Imports(at, replace(STRENGTH, ends=ends))
    assert monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), view(at))[0] == pytest.approx(penalty)


def test_where_something_is_lacking_a_comma_has_to_come() -> None:
    """So a model that would rather end the line is asked for it."""
    at = site("$0\nx = getcwd() + path\n")
    monitor = Imports(at, STRENGTH)

    def texts(written: str) -> set[bytes]:
        closed = monitor.continuations(monitor.step(monitor.start(), Lexed.of(at.start, written.encode()), view(at))[1])
        return set(closed.texts) if closed is not None else set()

    assert texts("from os import path") == {b",", b" as "}
    assert texts("from os import path, getcwd") == {b""}
    assert b" getcwd" in texts("from os import path,")


@pytest.mark.parametrize(
    ("text", "is_expected"),
    [
        ("from os import ", True),
        ("from os import (", True),
        ("from os import (\n    ", True),
        ("from os import getcwd, ", True),
        ("from os import", False),
        ("from os import getcwd,", False),
        ("from os import getcwd ", False),
        ("from os import (  # ", False),
    ],
)
def test_what_may_be_imported_is_known_before_its_first_byte(text: str, is_expected: bool) -> None:
    """Behind the blank or bracket that it stands behind."""
    at = site()
    monitor = Imports(at, STRENGTH)
    closed = monitor.continuations(write(at, text, view(at))[1])
    assert (closed is not None and b"path" in closed.texts) == is_expected


# A middle, and what it costs.
PENALTIES = (
    ("import os", 0.0),
    ("import o", 0.0),
    ("import ox", TOP),
    ("import oss\n", TOP),
    ("import elsewhere\n", SEEN),
    ("import el", SEEN),
    ("import os, sis\n", TOP),
    ("import os as sis\n", 0.0),
    ("import os as sis, sis\n", TOP),
    ("import os.path\n", 0.0),
    ("import os.part\n", UNMEASURED),
    ("import os.path.deeper\n", 0.0),
    ("from oz import x\n", TOP),
    ("from os import getcwd, path\n", 0.0),
    ("from os import getcwt\n", NAME),
    ("from os import path, path\n", NAME),
    ("from os import path as first, path as second\n", NAME),
    ("from os import getcwd as path, path\n", 0.0),
    ("from os import (getcwd, # why\n    naïve, naïv)\n", NAME),
    ("from os import getcwd as anything, nothing\n", NAME),
    ("from os import _exit\n", HIDDEN),
    ("from os import *\n", 0.0),
    ("from os import \\\n    nothing\n", NAME),
    ("from . import tools\n", 0.0),
    ("from . import toolz\n", UNMEASURED),
    ("from .tools import x\n", 0.0),
    ("from .toolz import x\n", UNMEASURED),
    ("from lost import x\n", TOP),
    ("from json import x\n", 0.0),
    ("import os; import oz\n", 0.0),
    ("x = 1; import oz\n", 0.0),
    ("yield from oz\n", 0.0),
    ("'import oz'\n", 0.0),
    ("imports = oz\n", 0.0),
    ("raise oz from os\n", 0.0),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """A name that the fact lacks costs as much as its class says; where there is no fact, nothing does."""
    at = site()
    assert write(at, text, view(at))[0] == pytest.approx(penalty)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (b"import ", ("modules", "")),
        (b"import a, b.", ("modules", "b")),
        (b"import a ", None),
        (b"import a as ", None),
        (b"from ", ("modules", "")),
        (b"from ..", ("modules", "..")),
        (b"from . ", ("modules", ".")),
        (b"from ..a.", ("modules", "..a")),
        (b"from a ", None),
        (b"from a import ", ("exports", "a")),
        (b"from ... import (", ("exports", "...")),
        (b"from a import (b, # (\n  c as d,\n ", ("exports", "a")),
        (b"from a import b ", None),
        (b"from a import b as ", None),
        (b"from import ", None),
        (b"x = ", None),
        (b"", None),
    ],
)
def test_what_a_name_is_asked_about(line: bytes, asked: tuple[str, str] | None) -> None:
    """The statement so far says which list a name is held against."""
    assert asked_at(line) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("import ", [("modules", "")]),
        ("from os", [("exports", "os")]),
        ("from os.", [("modules", "os")]),
        ("from os import getcwd, ", [("exports", "os")]),
        ("import os as", []),
        ("x = os", []),
    ],
)
def test_questions_ahead(text: str, asked: list[tuple[str, str]]) -> None:
    """The question is asked before the name begins; behind a module's name that about what it has."""
    at = site()
    monitor = Imports(at, STRENGTH)
    assert [
        (k.kind, k.receiver) for k in monitor.needs(write(at, text, FactView())[1], scan_text(text, at.start))
    ] == asked


def test_a_fact_counts_from_the_next_name_on() -> None:
    """Absence is latched with a name's first byte, and said."""
    at = site()
    monitor, facts = Imports(at, STRENGTH), view(at)
    _, late = write(at, "import o", FactView())
    assert monitor.missing(late) == (key("modules", "", at),)
    scan = Lexed.of(at.start, b"import o").after[-1]
    assert monitor.step(late, Lexed.of(scan, b"xen, "), facts)[0] == 0.0
    assert monitor.step(late, Lexed.of(scan, b"xen, oxen"), facts)[0] == pytest.approx(TOP)
    assert monitor.missing(write(at, "import o", facts)[1]) == ()


def test_checks_and_continuations() -> None:
    """Names are listed for the certificate with their class; while one is written, what may follow is known."""
    at = site("import $0\nx = elsewhere\n")
    monitor = Imports(at, STRENGTH)
    _, state = write(at, "import os, elsewhere\nfrom os import _exit, x\nfrom lost import y\nimport j", view(at))
    assert monitor.checks(state) == (
        Check("os", "here", True, "modules.top", ""),
        Check("elsewhere", "here", False, "modules.top", "seen"),
        Check("os", "here", True, "modules.top", ""),
        Check("_exit", "here", True, "exports.module", "hidden"),
        Check("x", "here", False, "exports.module", "seen"),
        Check("lost", "here", False, "modules.top", "unseen"),
        Check("y", "", False, "exports.unresolved", ""),
    )
    found = monitor.continuations(state)
    assert found is not None
    assert found.texts == (b"son",)
    assert monitor.continuations(write(at, "import json as j", view(at))[1]) is None


@given(text=source_text(), cuts=cut_points())
def test_laws(text: bytes, cuts: list[int]) -> None:
    """The laws of all monitors hold, without facts and with them."""
    at = site()
    check_laws(Imports(at, STRENGTH), at.start, text, cuts)
    check_laws(Imports(at, STRENGTH), at.start, b"from os import " + text, cuts, view(at))
    check_laws(Imports(at, STRENGTH), at.start, b"import " + text, cuts, view(at))
