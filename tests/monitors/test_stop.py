from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.base import Lexed
from monitors.stop import StopPolicy
from monitors.stopping import StopState
from tests.monitors.laws import cut_points, pieces, source_text
from tests.monitors.sites import site


def run(text: str, new: bytes, multiline: bool, cuts: list[int]) -> tuple[StopPolicy, StopState]:
    """Write ``new`` at the cursor of ``text`` in pieces."""
    request = site(text)
    policy = StopPolicy(request, multiline)
    state, scan = policy.start(), request.start
    for piece in pieces(request.typed + new, cuts):
        part = Lexed.of(scan, piece)
        state, scan = policy.advance(state, part), part.after[-1]
    return policy, state


def check(text: str, new: str, kept: str | None, multiline: bool = True) -> None:
    """Write ``new`` at the cursor; ``kept`` of it is the middle, None if it goes on."""
    policy, state = run(text, new.encode(), multiline, [])
    cut, typed = policy.cut(state), len(site(text).typed)
    assert (None if cut is None else new.encode()[: cut - typed].decode()) == kept


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("x = $0\n", "f(1)\ny = 2", "f(1)"),
        ("x = $0\n", "f(\n    1,\n)\ny", "f(\n    1,\n)"),
        ("x = $0\n", "1 \\\n    + 2\ny", "1 \\\n    + 2"),
        ("x = $0\n", "1  # a\ny", "1  # a"),
        ("x = $0\n", "f(1", None),
        ("$0\n", "\nx = 1\ny", "\nx = 1"),
        ("if a$0\n", " > 1:\n    b", " > 1:"),
        ("x = 1$0\n", "\ny", ""),
        ("$0value = 'abc'\n", "value = 'abc'", ""),
        ("x = $0\n", "f(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0", "f(1, 0"),
        ("x = $0\n", "a*args*args*args*args*args*args*args*args*args", "a*args"),
        ("x = f($0\n", "'abcdefghij', 'abcdefghij', 'abcdefghij', 'abcdefghij', 'abc", "'abcdefghij', "),
        ("x = $0\n", "(\n" + "    a[first] = second,  # third\n" * 4, "(\n    a[first] = second,  # third"),
        ("x = $0\n", "'to be or not ' + 'to be or not ' + b", None),
        ("x = $0\n", "'" + "-+" * 40, None),
        ("x = $0\n", "'" + "a-b+" * 20, None),
        ("x = $0\n", "'" + "aaaa " * 20, None),
        ("x = $0\n", "'" + "to be " * 20, None),
        ("x = $0\n", "'" + "be or not " * 6, "'be or not "),
        ("x = $0\n", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"),
    ],
)
def test_single_line(text: str, new: str, kept: str | None) -> None:
    """In single-line mode the first logical line is the middle."""
    check(text, new, kept, multiline=False)


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("x = $0\n", "1\ny = 2\n", "1"),
        ("if a$0\n", " > 1:\n    b\n    c\nd", " > 1:\n    b\n    c"),
        ("if a$0\n", ":\n    b\nelse:\n    c\nd", ":\n    b\nelse:\n    c"),
        ("if a$0\n", ":\n    b\nelsewhere", ":\n    b"),
        ("if a$0\n", ":\n    b\n\nelif c:\n    d\n\nx", ":\n    b\n\nelif c:\n    d"),
        ("    if a$0\n", ":\n        b\nc", ":\n        b"),
        ("if a$0\n", ": b\nc", ": b"),
        ("if a$0\n", ":  # why\n    b\nc", ":  # why\n    b"),
        ("@dec$0\n", "orated\ndef f():\n    a\nb", "orated\ndef f():\n    a"),
        ("x = 1$0\n", "\ny = 2\nz = 3", None),
        ("    x = 1$0\n", "\n    y = 2\nz", "\n    y = 2"),
        ("def f():$0\n", "\n    a\n    b\nc", "\n    a\n    b"),
        ("def f():$0\n", "\nb", ""),
        ("if a$0\n", ":\n    b\ne", None),
        ("try$0\ntry:\n    a\n", ":\n    b\nexcept A:\n    c\nd", ":\n    b\nexcept A:\n    c"),
    ],
)
def test_statement(text: str, new: str, kept: str | None) -> None:
    """A statement begun is finished, with its body and clauses if it is a header."""
    check(text, new, kept)


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        (
            "def f():\n    $0\n",
            "a = 1\n    if a:\n        b\n    return a\n\ndef",
            "a = 1\n    if a:\n        b\n    return a",
        ),
        ("def f():\n$0\n", "    a\n\n    b\nc", "    a\n\n    b"),
        ("def f():\n\t$0\n", "a\n\tb\nc", "a\n\tb"),
        ("def f():\n    $0\n", "a\n  # less\n", "a"),
        ("def f():\n    $0\n", "a\n    # same\n", None),
        ("if a:\n    $0\n", "b\nelse:\n    c\nd", "b\nelse:\n    c"),
        ("if a:\n    x\n    $0\n", "b\nelse:\n    c\nd", "b"),
        ("try:\n    $0\n", "a\nexcept E:\n    b\nc", "a\nexcept E:\n    b"),
        ("def f(a):\n    # why\n    $0\n", "b\n    c\nd", "b\n    c"),
        ("def f(a,\n      b):\n    $0\n", "c\nd", "c"),
        ("@a\n$0\n", "def f():\n    b\n\n\nc", "def f():\n    b"),
        ("$0", "def f():\n    return 1\n\n\ndef g", "def f():\n    return 1"),
        ("def f():\n    $0\n", "a\n\n\n    b", "a"),
        ("def f():\n    $0\n    return a\n", "a = 1\n    return a\n", "a = 1"),
        ("def f():\n    $0\n\n    return a\n", "a = 1\n\n    return a\n", "a = 1"),
        ("def f():\n    $0\n    return a\n", "a = 1\n    return ab\n", None),
        ("f(\n    a,\n    $0\n    c,\n)\n", "b,\n    c,\n", "b,"),
        ("def f():\r\n    $0\r\n", "a\r\n\r\n    b\r\nc", "a\r\n\r\n    b"),
        ("def f():\n    $0\n", "s = '''\na\n\n\n\nb", None),
    ],
)
def test_block(text: str, new: str, kept: str | None) -> None:
    """On a blank line, statements are written until the block, or what is there already, begins to end."""
    check(text, new, kept)


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("x = f(a$0)\n", "b)\ny", "b"),
        ("x = f(a$0)\n", "(b), c)", "(b), c"),
        ("x = f('$0')\n", "b')", "b"),
        ('x = f("""$0""")\n', 'b"""', "b"),
        ("x = '$0'\n", "'", ""),
        ("x = f'{a$0}'\n", ".b}'", ".b"),
        ("x = {$0}\n", "1: {2}, 3: 4}\n", "1: {2}, 3: 4"),
        ("if a$0:\n", " > 1:\n    b\n", " > 1"),
        ("if a$0:\n", " > 1\n", " > 1"),
        ("x = f$0)\n", "(a)\n", "(a"),
        ("x = f(a$0, b)\n", "1, b)\n", "1"),
        ("x = f(a$0, b)\n", "1", None),
        ("x = a + $0b.c()\n", "d + b.c()", "d + "),
        ("x = $0a\n", "ba\n", "b"),
        ("x = $0 + a\n", "b\ny", "b"),
        ("x = f(a$0, b)\n", "[\n    1,\n]\n", None),
    ],
)
def test_rest_of_the_line(text: str, new: str, kept: str | None) -> None:
    """With text behind the cursor only this line is written; what it repeats of that text is cut off."""
    check(text, new, kept)


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("# note$0\n", " this\nx = 1", " this"),
        ("# note$0\n", "\nx = 1\ny = 2\n\n\n", "\nx = 1\ny = 2"),
        ("f(  # note$0\n)\n", " this\n    a", " this"),
        ('def f():\n    """$0\n', "Do.\n\n    More", "Do."),
        ('def f():\n    """Do.$0\n', "\n    More.\n    Yet more.", "\n    More."),
        ('def f():\n    """$0\n', 'Do."""\n    a\n', 'Do."""'),
    ],
)
def test_prose(text: str, new: str, kept: str | None) -> None:
    """In the cursor's own string or comment one line is enough."""
    check(text, new, kept)


@pytest.mark.parametrize("blanks", ["\n" * 5, "\r\n" * 5, " " * 200, "\n   " * 5])
@pytest.mark.parametrize("multiline", [True, False])
def test_no_progress(blanks: str, multiline: bool) -> None:
    """White space without end is cut off."""
    check("def f():\n    $0\n", blanks, "", multiline)


def test_nothing_behind_the_cut_counts() -> None:
    """Bytes behind the cut, in the same token or later, change nothing."""
    policy, state = run("x = $0\n", b"1\nif a:\n    b", False, [])
    assert policy.cut(state) == len(b"x = 1")
    assert policy.advance(state, Lexed.of(site("x = $0\n").start, b"more")) == state


CURSORS = (
    "x = $0\n",
    "def f():\n    $0\n    return 1\n",
    "if a$0\n",
    "x = f(a$0)\n",
    "x = f(a, $0b)\n",
    "'''a $0\n'''\n",
    "# $0\n",
)


@given(new=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS), multiline=st.booleans())
def test_independent_of_tokens(new: bytes, cuts: list[int], cursor: str, multiline: bool) -> None:
    """The cut and the state are those of the text, however it is cut, and the typed part is always kept."""
    policy, state = run(cursor, new, multiline, cuts)
    again, whole = run(cursor, new, multiline, [])
    assert state == whole
    cut, typed = policy.cut(state), len(site(cursor).typed)
    assert cut is None or typed <= cut <= typed + len(new)


@given(new=source_text(), more=source_text(), cursor=st.sampled_from(CURSORS), multiline=st.booleans())
def test_what_is_sure_stays(new: bytes, more: bytes, cursor: str, multiline: bool) -> None:
    """No text that follows brings a cut before what was said to stay."""
    policy, state = run(cursor, new, multiline, [])
    _, after = run(cursor, new + more, multiline, [])
    cut = policy.cut(after)
    assert cut is None or cut >= policy.sure(state)


@pytest.mark.parametrize(
    ("text", "new", "sure"),
    [
        ("$0\n", "x = 1\ny = 2", "x = 1"),
        ("def f():\n    $0\n", "x = 1\n\n    y = 2\n", "x = 1\n\n    y = 2"),
        ("$0\n", "x = 1", ""),
        ("$0\n", "a = 1\nb = 2\n", "a = 1\nb = 2"),
        ("$0\n", "a(1)\nb(1)\n", "a(1)\nb"),
        ("f($0)\n", "1,\n  2", ""),
    ],
)
def test_finished_lines_are_sure(text: str, new: str, sure: str) -> None:
    """All but what may be the beginning of going round; nothing where the cursor's line has a rest."""
    policy, state = run(text, new.encode(), True, [])
    assert new.encode()[: max(0, policy.sure(state) - len(site(text).typed))].decode() == sure
