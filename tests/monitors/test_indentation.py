from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.python.scanner import START
from monitors.base import Site
from monitors.indentation import Indentation
from tests.monitors.laws import check_laws, cut_points, source_text
from tests.monitors.replay import Case, cases, library_files, refused, site_at
from tests.monitors.sites import site


def first_forbidden(text: str, new: str, multiline: bool = True) -> int | None:
    """Return the offset in ``new`` of the first byte that is forbidden at the cursor, its length if that is the end."""
    request = replace(site(text), multiline=multiline)
    offset = refused(Indentation(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("def f():\n    a\n$0\n", "    b"),
        ("def f():\n    a\n$0\n", "b"),
        ("def f():\n    $0\n", "a\n    b"),
        ("def f():\n    $0\n", "if a:\n      b\n    c"),
        ("def f():\n    $0\n", "if a: b\n    c"),
        ("def f():\n    $0\n", "f(\n  1,\n        2)\n    c"),
        ("def f():\n    $0\n", "a = '''\n b\n'''\n    c"),
        ("def f():\n    $0\n", "a = 1 + \\\n b\n    c"),
        ("def f():\n    $0\n", "a\n  # note\n\n         \n    b"),
        ("def f():\n    $0\n", "if a:\n        # note\n        b"),
        ("def f():\n\t$0\n", "if a:\n\t\tb\n\tc"),
        ("def f():\r\n    $0\r\n", "a\r\n    b"),
        ("def f():\n    if a:\n        b\n    $0\n    c\n", "else:\n        d"),
        ("def f():\n    $0\n        a\n", "if b:"),
        ("if a$0\n", ":\n    b"),
        ("if $0:\n    a\n", "b"),
        ("x = [\n    $0\n]\ny\n", "1,\n  2"),
        ("def f():\n   $0\n", " a"),
        ("match a:\n    $0\n", "case 1:\n        b\n    case _:\n        c"),
        ("x: $0\ny\n", "int"),
        ("x = {'a'$0\n}\ny\n", ":\n 1"),
    ],
)
def test_allowed(text: str, new: str) -> None:
    """Code at open levels, and everything that is free of them."""
    assert first_forbidden(text, new) is None


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("def f():\n    a\n$0\n", "  b", 2),
        ("def f():\n    a\n$0\n", "        b", 8),
        ("def f():\n$0\n", "a", 0),
        ("def f():\n    $0\n", "a\n        b", 10),
        ("def f():\n    $0\n", "if a:\n    b", 10),
        ("def f():\n    $0\n", "a\n  b", 4),
        ("def f():\n\t$0\n", "a\n        b", 10),
        ("def f():\n    $0\n    c\n", "if a:", 5),
        ("def f():\n    $0\n    c\n", "if a:  # why", 12),
        ("def f():\n$0\n", "", 0),
        ("def f():\n    a\n$0\n    b\n", "c", 1),
        ("def f():\n$0\n    b\n", "  c", 3),
        ("def f():\n    $0\n        a\n", "b", 1),
        ("if a$0\nb\n", ":", 1),
    ],
)
def test_forbidden(text: str, new: str, offset: int) -> None:
    """The first byte of code that stands where none may, or the end if the suffix cannot follow."""
    assert first_forbidden(text, new) == offset


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("def f():\n    a\n      $0\n", "b"),
        ("def f():\n    x = $0\n        orphan\n", "1"),
        ("def f():\n        a\n        $0\n  b\n", "c"),
        ("if a[$0]\n    b\n", "0"),
    ],
)
def test_stands_down(text: str, new: str) -> None:
    """Where the user's own text does not fit, nothing is asked of what is written."""
    assert first_forbidden(text, new) is None


def test_a_header_that_the_user_began_may_be_all_he_wants() -> None:
    """In single-line mode the block comes with the next keystrokes; an unasked header would leave broken code."""
    assert first_forbidden("if a$0\nb\n", " > 1:", multiline=False) is None
    assert first_forbidden("$0\nb\n", "if a:", multiline=False) == len("if a:")


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("def f():\n    a\n$0\n        b\n", "    return", 4),
        ("def f():\n    a\n$0\n        b\n", "    for a in c:", None),
        ("def f():\n    a\n$0\n        b\n", "    ifx = 1", 6),
        ("def f():\n    a\n$0\n        b\n", "    # why", 4),
        ("def f():\n    a\n$0\n        b\n", "\n    while a:  # why", None),
        ("class A:\n    a = 1\n$0\n        b\n", "    @c\n    def d(self):", 4),
        ("def f():\n    for a in b:\n$0\n            c\n        d\n", "        if e:", None),
        ("def f():\n    for a in b:\n$0\n            c\n        d\n", "            e", 12),
        ("def f():\n    for a in b:\n        c\n$0\n        d\n", "        e", None),
        ("def f():\n    for a in b:\n        c\n$0\n        d\n", "    x", 4),
        ("def f():\n    for a in b:\n        c\n$0\n        d\n", "    if e:", None),
        ("def f():\n    if a:\n        b\n$0\n    else:\n        c\n", "    x", 4),
        ("def f():\n    if a:\n        b\n$0\n    else:\n        c\n", "    d", 5),
        ("def f():\n    if a:\n        b\n$0\n    else:\n        c\n", "    d\n", 5),
        ("def f():\n    if a:\n        b\n$0\n    else:\n        c\n", "        d", None),
        ("def f():\n    if a:\n        b\n$0\n    else:\n        c\n", "    if d: e", None),
        ("def f():\n    a\n$0\n    b\n", "    if c:\n", 9),
        ("def f():\n    a\n$0\n    b\n", "    if c:  # d", 11),
        ("def f():\n    a\n$0\n    b\n", "    if c: d", None),
        ("def f():\n    a\n    $0\n        b\n", "(a)", 0),
        ("if a:\n$0\n        b\n", "        c", None),
    ],
)
def test_a_line_that_the_suffix_is_the_block_of_is_a_header(text: str, new: str, offset: int | None) -> None:
    """In single-line mode its first word has to be one of a header; with more lines one may follow."""
    assert first_forbidden(text, new, multiline=False) == offset


def test_where_more_lines_are_wanted_a_header_may_follow() -> None:
    """The rule is for one line."""
    assert first_forbidden("def f():\n    a\n$0\n        b\n", "    c\n    if a:") is None


CURSORS = (
    "def f():\n    $0\n",
    "def f():\n    if a:\n        b\n$0\n    c\n",
    "if a$0:\n    b\n",
    "class A:\n\t$0\n",
    "x = f(a$0)\n",
    "def f():\n    '''a$0'''\n",
)


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS))
def test_laws(text: bytes, cuts: list[int], cursor: str) -> None:
    """The laws of monitors."""
    request = site(cursor)
    check_laws(Indentation(request), request.start, request.typed + text, cuts)


@given(text=source_text(), cuts=cut_points())
def test_laws_where_a_header_is_wanted(text: bytes, cuts: list[int]) -> None:
    """The same where the first word alone decides."""
    request = replace(site("def f():\n    a\n$0\n        b\n"), multiline=False)
    for written in (text, b"    if" + text):
        check_laws(Indentation(request), request.start, written, cuts)


def test_sound_on_the_standard_library() -> None:
    """No byte and no end of a true middle is forbidden, in 30 files."""
    seen = 0
    for number, path in enumerate(library_files(30, seed=1)):
        for case in cases(path.read_bytes(), 10, random.Random(number)):
            seen += 1
            assert refused(Indentation(case.site), case) is None, (path.name, case.site.typed, case.middle)
    assert seen > 150


def test_sound_for_one_line_of_the_standard_library() -> None:
    """No header is asked for where a logical line that is none has stood."""
    seen = headers = 0
    for number, path in enumerate(library_files(30, seed=2)):
        for case in logical_lines(path.read_bytes(), 20, random.Random(number)):
            seen += 1
            monitor = Indentation(case.site)
            headers += is_header_wanted(case.site)
            assert refused(monitor, case) is None, (path.name, case.middle)
    assert seen > 300
    assert headers > 30


def is_header_wanted(request: Site) -> bool:
    """Whether no simple statement may stand at the cursor, wherever it begins."""
    lines = (request.typed + b" " * width + b"x" for width in range(0, 40, 4))
    return all(refused(Indentation(request), Case(request, line)) is not None for line in lines)


CODE = re.compile(rb"^[ \t]*(?=[^\s#])", re.MULTILINE)


def logical_lines(text: bytes, count: int, rng: random.Random) -> Iterator[Case]:
    """Draw logical lines of a file without the comments above, the cursor before or behind their indentation."""
    scans = [START]
    for byte in text:
        scans.append(scans[-1].step(byte))
    ends = [at for at, scan in enumerate(scans) if scan.ended]
    for before, end in rng.sample(list(pairwise(ends)), min(count, len(ends) - 1)):
        code = CODE.search(text, before, end)
        if code is not None and b"\r" not in text:
            cursor = rng.choice((code.start(), code.end()))
            yield Case(replace(site_at(text, cursor, end - 1), multiline=False), text[code.start() : end - 1])
