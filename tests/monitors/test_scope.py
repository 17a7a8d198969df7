"""The monitor ``scope``: which plain names are held against the names in scope, and what the others cost."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.naming import Trail
from monitors.options import Ban, Options
from monitors.scope import Scope, position
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import check_laws, cut_points, source_text

PLAIN, SEEN, ARGUMENT, ELEMENT = (math.log(rate) for rate in (0.01, 0.2, 0.03, 0.4))
STRENGTH = Strength(
    {
        "names.plain.unseen": Rate(600, 1, 0.01),
        "names.plain.seen": Rate(600, 90, 0.2),
        "names.argument.unseen": Rate(600, 9, 0.03),
        "names.element.unseen": Rate(600, 200, 0.4),
    },
)
NAMES = "self amount print len os naïve"


def site(text: str = "$0\nx = elsewhere\n") -> Site:
    """Return the request at the mark; what counts as bound is what the middle binds."""
    at = sites.site(text)
    return replace(at, start=at.start.fresh())


def view(at: Site, kind: str = "scope") -> FactView:
    """Return the one fact there is."""
    key = FactKey("names", at.document.digest, "")
    return FactView(MappingProxyType({key: Fact(key, frozenset(NAMES.split()), kind, "this file")}), 1)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Trail]:
    """Write a middle, typed part included."""
    monitor = Scope(at, STRENGTH)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


def test_what_awaits_stands_where_something_is_asynchronous() -> None:
    """Elsewhere ``await`` costs what any unknown name does."""
    at = site("async def f():\n    pass\n$0\n")
    assert write(at, "x = await os\n", view(at))[0] == 0.0


def test_what_is_banned_is_not_in_scope() -> None:
    """Its beginnings cost, too, where nothing else begins like them."""
    at = replace(site(), options=Options(banned=(Ban("print"),)))
    assert write(at, "x = amount + pri", view(at))[0] == pytest.approx(PLAIN)


# A middle, and what it costs.
PENALTIES = (
    ("x = amount + len(os)\n", 0.0),
    ("x = am", 0.0),
    ("x = amx", PLAIN),
    ("x = amounts\n", PLAIN),
    ("x = else", SEEN),
    ("x = os else os\n", 0.0),
    ("return in os\n", PLAIN),
    ("x = os and in os\n", PLAIN),
    ("x = os and not await os\n", 0.0),
    ("x = os.find in os\n", 0.0),
    ("if os not in os: return\n", 0.0),
    ("x = (yield)\n", 0.0),
    ("x = await os\n", PLAIN),
    ("x = (os  # and\n     if os else os)\n", 0.0),
    ("x = elsewhere\n", SEEN),
    ("x = wrong + amount\n", PLAIN),
    ("x = naïve, naïv\n", PLAIN),
    # what follows a statement's first name tells
    ("wrong", 0.0),
    ("wrong = 1\n", 0.0),
    ("wrong: int = 1\n", PLAIN),
    ("wrong, amount = 1, 2\n", 0.0),
    ("wrong(1)\n", PLAIN),
    ("wrong (1)\n", PLAIN),
    ("wrong.x = 1\n", PLAIN),
    ("wrong[0] = 1\n", PLAIN),
    ("wrong == 1\n", PLAIN),
    ("wrong += 1\n", PLAIN),
    ("wrong\n", PLAIN),
    ("wrong  # why\n", PLAIN),
    ("for wrong in os: print(wrong)\n", 0.0),
    ("for x in wrong: 1\n", PLAIN),
    ("with os as wrong: wrong.x\n", 0.0),
    ("del wrong\n", 0.0),
    ("global wrong\n", 0.0),
    # arguments: keywords are no reads
    ("x = print(wrong=1)\n", 0.0),
    ("x = print(os, wrong = 1)\n", 0.0),
    ("x = print(os, wrong)\n", PLAIN),
    ("x = print(wrong)\n", ARGUMENT),
    ("x = print(wrong == 1)\n", ARGUMENT),
    ("x = print(wrong := 1)\n", 0.0),
    ("x = print(os, wrong if os else os)\n", PLAIN),
    ("x = print(\n    os, # why\n    wrong # why\n)\n", PLAIN),
    ("x = print(\n    os,  # why\n    wrong=1\n)\n", 0.0),
    ("x = print(  # why\n    wrong=1\n)\n", 0.0),
    ("x = print('#', # why\n    wrong)\n", PLAIN),
    ("x = print(*wrong)\n", ARGUMENT),
    ("x = os.any(not wrong for x in os)\n", ELEMENT),
    ("x = print(os, key=wrong)\n", PLAIN),
    # what the middle binds
    ("wrong = 1\nprint(wrong)\n", 0.0),
    ("def wrong(a, b=c, *d, **e) -> os: return a, b, d, e, wrong\n", PLAIN),
    ("def g(a: wrong): return a\n", PLAIN),
    ("def g(\n    a,  # why\n    wrong,\n    # why\n    *,\n    b: os\n): return wrong\n", 0.0),
    ("def g[T](a: T): return a\n", 0.0),
    ("class C(wrong): 1\n", PLAIN),
    ("x = lambda a, b: a + b + wrong\n", PLAIN),
    ("import wrong\nwrong.x\n", 0.0),
    ("from os import a as wrong\nx = wrong\n", 0.0),
    ("except wrong as e: e\n", PLAIN),
    ("if (y := os) and y: y\n", ELEMENT),
    # comprehensions bind behind the element
    ("x = [a for a in os if a]\n", ELEMENT),
    ("x = [os for a in os if a]\n", 0.0),
    ("x = {a: os for a in os}\n", ELEMENT),
    ("x = [os, wrong]\n", PLAIN),
    ("x = os[wrong]\n", PLAIN),
    # what is no plain name
    ("x = os.wrong.wrong\n", 0.0),
    ("x = os. wrong\n", 0.0),
    ("x = f'{wrong}'\n", PLAIN),
    ("x = 'wrong' + f'wrong'\n", 0.0),
    ("x = rb'wrong'\n", 0.0),
    ("x = 1  # wrong\n", 0.0),
    ("x = 1j + 0x1f + 1.real\n", 0.0),
    ("from wrong import wrong\n", 0.0),
    ("case wrong(a): a\n", 0.0),
    ("type wrong = os\n", 0.0),
    ("@wrong\n", PLAIN),
    ("x = not os\n", 0.0),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """A name that is read and not in scope costs as much as its position says; all others nothing."""
    at = site()
    assert write(at, text, view(at))[0] == pytest.approx(penalty)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"x = ", "plain"),
        (b"x = [", "element"),
        (b"x = f([", "element"),
        (b"x = f(", "argument"),
        (b"x = f(a, ", "plain"),
        (b"x = f(a, g(", "argument"),
        (b"x = a[0](", "argument"),
        (b"x = any(not f(", "element"),
        (b"x = ', '.join(", "element"),
        (b"x = any(a for a in ", "plain"),
        (b"x = min(a, ", "plain"),
        (b"x = a[", "plain"),
        (b"x = (", "element"),
        (b"x = f(a for a in ", "plain"),
        (b"x = [f(a, ", "element"),
        (b"x = ['(', ", "plain"),
        (b"x = f(')') + [", "element"),
        (b"if (", "element"),
        (b"def f(a: ", "plain"),
        (b"def f(a=g(", "argument"),
        (b"x = [a, # (\n b, ", "plain"),
    ],
)
def test_position(line: bytes, expected: str) -> None:
    """Brackets in which a comprehension may stand make a name doubtful until a comma or ``for`` comes."""
    assert position(line) == expected


def test_doubtful_facts_have_classes_of_their_own() -> None:
    """Where names may come from elsewhere, the position does not matter."""
    at = site()
    assert write(at, "x = wrong\n", view(at, "star"))[0] == pytest.approx(math.log(0.5))
    assert write(at, "x = wrong\n", view(at, UNRESOLVED))[0] == 0.0


@pytest.mark.parametrize(("remainder", "penalty"), [("", 0.0), (" = 1", 0.0), ("(1)", PLAIN), (".x", PLAIN)])
def test_what_stands_behind_the_cursor_tells_a_load(remainder: str, penalty: float) -> None:
    """The name at the cursor is held if the line goes on as only a load can."""
    at = site(f"wr$0{remainder}\n")
    assert write(at, "wrong", view(at))[0] == pytest.approx(penalty)


def test_what_the_user_typed_is_not_charged() -> None:
    """A name that was finished when the request came is the user's."""
    at = site("wrong$0\n")
    assert write(at, "wrong(os)\n", view(at))[0] == 0.0
    assert write(at, "wrong(wrog, os)\n", view(at))[0] == pytest.approx(ARGUMENT)


@pytest.mark.parametrize(
    ("middle", "suffix", "penalty"),
    [
        ("x = 1", "\nwrong(amount)\n", 0.0),
        ("x = ", "wrong + wrong\n", 0.0),
        ("x = wro", "\nwrong\n", 0.0),
        ("wrong", "(other)\n", PLAIN),
        ("print(wrong", ")\n", ARGUMENT),
    ],
)
def test_names_of_the_suffix_are_the_users(middle: str, suffix: str, penalty: float) -> None:
    """Where the middle ends, only a name that it wrote itself is judged by what follows."""
    at = site()
    _, state = write(at, middle, view(at))
    end = Lexed.of(Lexed.of(at.start, middle.encode()).after[-1], suffix.encode(), is_suffix=True)
    assert Scope(at, STRENGTH).step(state, end, view(at))[0] == pytest.approx(penalty)


@pytest.mark.parametrize(("name", "penalty"), [("wrong", 0.0), ("wrongs", ARGUMENT)])
def test_a_comprehension_behind_the_cursor_binds(name: str, penalty: float) -> None:
    """``print(len(|) for wrong in x)``: what it binds may be read, before its own ``for``, too."""
    at = site("amount = print(len($0) for wrong in os)\n")
    assert write(at, f"amount = print(len({name}, ", view(at))[0] == pytest.approx(penalty)


def test_one_question_serves_all_names() -> None:
    """The question is asked from the start on; a name begun without its answer reports it."""
    at = site()
    monitor = Scope(at, STRENGTH)
    question = FactKey("names", at.document.digest, "")
    assert monitor.needs(monitor.start(), at.start) == (question,)
    assert monitor.missing(write(at, "x = a", FactView())[1]) == (question,)
    assert monitor.missing(write(at, "x = a", view(at))[1]) == ()
    assert monitor.missing(write(at, "x = 1", FactView())[1]) == (question,)
    assert monitor.missing(write(at, "'abc", FactView())[1]) == ()


@pytest.mark.parametrize(
    ("cursor", "text", "asked"),
    [
        ("    $0\n", "    a", "    "),
        ("    $0\n", "        a", "        "),
        ("    $0\n", "    def f(a):\n        b", "    "),
        ("    $0\n", "    a\nb", ""),
        ("    $0\n", "        a\n    def f(b):\n        c", "    "),
        ("f(\n        $0\n)\n", "        a", ""),
    ],
)
def test_the_indentation_says_which_scope(cursor: str, text: str, asked: str) -> None:
    """A line that goes on the function above, or leaves it, has a question of its own; blocks inside have none."""
    at = site(f"class A:\n    def g(self): pass\n{cursor}" if cursor.startswith(" ") else cursor)
    monitor = Scope(at, STRENGTH)
    _, state = write(at, text, FactView())
    question = FactKey("names", at.document.digest, asked)
    assert monitor.missing(state)[-1] == question
    assert monitor.needs(state, scan_text(text, at.start)) == (question,)


def test_what_a_comprehension_may_bind_has_no_list() -> None:
    """The names in scope are all that may stand in ``f(``, but not in ``[``, behind which a ``for`` may come."""
    at = site()
    for line, has_list in ((b"x = os + a", True), (b"x = [a", False), (b"x = os[a", True)):
        monitor, text = Scope(at, STRENGTH), Lexed.of(at.start, line)
        state = monitor.step(monitor.start(), text, view(at))[1]
        assert (monitor.continuations(state) is not None) is has_list


def test_checks_and_continuations() -> None:
    """Reads are listed for the certificate with their class; bound names and keywords are not."""
    at = site()
    monitor = Scope(at, STRENGTH)
    _, state = write(at, "x = not amount and elsewhere and [wrong]\ny = print(os, z=1, am", view(at))
    assert monitor.checks(state) == (
        Check("amount", "this file", True, "names.plain", ""),
        Check("elsewhere", "this file", False, "names.plain", "seen"),
        Check("wrong", "this file", False, "names.element", "unseen"),
        Check("print", "this file", True, "names.plain", ""),
        Check("os", "this file", True, "names.argument", ""),
    )
    assert monitor.continuations(state) is None
    found = monitor.continuations(write(at, "mine = 1\nx = m", view(at))[1])
    assert found is not None
    assert found.texts == (b"ine",)


@given(text=source_text(), cuts=cut_points())
def test_laws(text: bytes, cuts: list[int]) -> None:
    """The laws of all monitors hold, without facts and with them."""
    at = site()
    check_laws(Scope(at, STRENGTH), at.start, text, cuts)
    check_laws(Scope(at, STRENGTH), at.start, text, cuts, view(at))
    check_laws(Scope(at, STRENGTH), at.start, b"x = print(os, " + text, cuts, view(at))


@given(text=source_text(), cuts=cut_points())
def test_laws_at_a_cursor_inside_a_name(text: bytes, cuts: list[int]) -> None:
    """The laws hold where the middle begins inside a name."""
    at = site("wr$0(1)\n")
    check_laws(Scope(at, STRENGTH), at.start, b"wr" + text, cuts, view(at))
