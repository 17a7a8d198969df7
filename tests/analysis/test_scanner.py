from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.python.scanner import START, Mode, Scan, scan_text
from tests.monitors.laws import cut_points, pieces, source_text

CODE, STRING, COMMENT = Mode.CODE, Mode.STRING, Mode.COMMENT


def fold(data: bytes, scan: Scan = START) -> Scan:
    """Return the state after ``data``, one byte at a time."""
    for byte in data:
        scan = scan.step(byte)
    return scan


@pytest.mark.parametrize(
    ("text", "mode", "brackets", "quote"),
    [
        ("", CODE, b"", b""),
        ("x = (a, [b", CODE, b"([", b""),
        ("f(')", STRING, b"(", b"'"),
        ("x = 'a\\'b", STRING, b"", b"'"),
        ("x = r'a\\", STRING, b"", b"'"),
        ("x = 'a\\\nb", STRING, b"", b"'"),
        ("x = 'a\nb", CODE, b"", b""),
        ("x = ''", CODE, b"", b""),
        ("x = '''", STRING, b"", b"'''"),
        ("x = '''a\n''", STRING, b"", b"'''"),
        ("x = '''a''''", STRING, b"", b"'"),
        ("x = 1  # a '(", COMMENT, b"", b""),
        ("# a", COMMENT, b"", b""),
        ("f'a{", CODE, b"{", b"'"),
        ("f'a{{", STRING, b"", b"'"),
        ("f'a{{{b", CODE, b"{", b"'"),
        ("f'{a:", STRING, b"{", b"'"),
        ("f'{a:>{w}", STRING, b"{", b"'"),
        ("f'{a:>{w", CODE, b"{{", b"'"),
        ("f'{a:>{w}}", STRING, b"", b"'"),
        ("f'{a[1:2]", CODE, b"{", b"'"),
        ("f'{(lambda: 1)()}", STRING, b"", b"'"),
        ("f'{a!r:x}'", CODE, b"", b""),
        ("f'{a != b}'", CODE, b"", b""),
        ("f'{a=}'", CODE, b"", b""),
        ("f'{d['k", STRING, b"{[", b"'"),
        ("f'{d['k']}'", CODE, b"", b""),
        ("f'{f'{f'{1}", STRING, b"{{", b"'"),
        ("f'''{\na", CODE, b"{", b"'''"),
        ("f'{(a}b", STRING, b"", b"'"),
        ("f'\\N{DASH}{a", CODE, b"{", b"'"),
        ("f'\\{a", CODE, b"{", b"'"),
        ("rf'\\{a", CODE, b"{", b"'"),
        ("'{a", STRING, b"", b"'"),
        ("t'{a", CODE, b"{", b"'"),
        ("f'a\nb(", CODE, b"(", b""),
        ("x = )(", CODE, b"(", b""),
        ("x = ([)", CODE, b"", b""),
        ("x = (]", CODE, b"(", b""),
        ("x = \\\n(", CODE, b"(", b""),
        ("(" * 300, CODE, b"(" * 200, b""),
    ],
)
def test_open_things(text: str, mode: Mode, brackets: bytes, quote: bytes) -> None:
    """Strings, comments, f-string holes and brackets are followed by the rules of PEP 701."""
    scan = fold(text.encode())
    assert (scan.mode, scan.brackets, scan.quote) == (mode, brackets, quote)


@pytest.mark.parametrize(
    ("text", "nesting"),
    [
        ("f(", (b"(",)),
        ("f(f'''{a[", (b"(", b"'''", b"hole", b"[")),
        ("f'{a:", (b"'", b"hole", b"spec")),
        ("x = ''", ()),
        ("x = '", (b"'",)),
    ],
)
def test_nesting(text: str, nesting: tuple[bytes, ...]) -> None:
    """``nesting`` lists everything open, strings included, and ``depth`` counts it."""
    scan = fold(text.encode())
    assert (scan.nesting, scan.depth) == (nesting, len(nesting))


@pytest.mark.parametrize(
    ("text", "name", "receiver", "chain"),
    [
        ("a", "a", None, "a"),
        ("a.", "", "a", ""),
        ("a.b", "b", "a", "a.b"),
        ("a.b(c)[0].na", "na", "a.b(c)[0]", "a.b(c)[0].na"),
        ("x = a.b", "b", "a", "a.b"),
        ("x = a .b", "b", "a", "a .b"),
        ("x = a. ", "", "a", ""),
        ("(a\n  # note\n  .b", "b", "a", "a\n  # note\n  .b"),
        ("a\\\n.b", "b", "a", "a\\\n.b"),
        ("(a + b).c", "c", "(a + b)", "(a + b).c"),
        ("f(a.b", "b", "a", "a.b"),
        ("f(a.b)", "", None, "f(a.b)"),
        ("[1].", "", "[1]", ""),
        ("{1: 2}.", "", "{1: 2}", ""),
        ("'a'.", "", "'a'", ""),
        ("''.", "", "''", ""),
        ("''", "", None, "''"),
        ("x = 'a' 'b'.", "", "'a' 'b'", ""),
        ("rb'a'.", "", "rb'a'", ""),
        ("f'{a.b", "b", "a", "a.b"),
        ("f'{a}'.", "", "f'{a}'", ""),
        ("f'{a.b!r}'", "", None, "f'{a.b!r}'"),
        ("not a.", "", "a", ""),
        ("await a.", "", "a", ""),
        ("return(a).", "", "(a)", ""),
        ("x = a if b else c.", "", "c", ""),
        ("None.", "", "None", ""),
        ("1.", "", None, "1."),
        ("1", "", None, ""),
        ("1..", "", "1.", ""),
        ("1.5.", "", "1.5", ""),
        ("1.e5.", "", "1.e5", ""),
        ("0x_ff.", "", "0x_ff", ""),
        ("1j.", "", "1j", ""),
        ("1_0e+5.", "", "1_0e+5", ""),
        ("1else a.", "", "a", ""),
        (".5.", "", ".5", ""),
        ("...", "", None, ""),
        ("x = ....", "", None, ""),
        ("from .", "", None, ""),
        ("from .a", "a", None, "a"),
        ("from a.b", "b", None, "a.b"),
        ("import a.b", "b", None, "a.b"),
        ("x = 1; import a.", "", None, ""),
        ("yield from a.", "", "a", ""),
        ("é.ü", "ü", "é", "é.ü"),
        ("\ufeffa.b", "b", "a", "a.b"),
        ("if", "if", None, ""),
        ("@a.b", "b", "a", "a.b"),
        ("lambda x: x.", "", "x", ""),
        ("(y := a.", "", "a", ""),
        ("a, b.", "", "b", ""),
        ("# a.", "", None, ""),
        ("'a.", "", None, ""),
        ("a[b.", "", "b", ""),
        ("a @ b.", "", "b", ""),
    ],
)
def test_expressions(text: str, name: str, receiver: str | None, chain: str) -> None:
    """The name being written, what stands before its dot, and what a dot would stand behind."""
    scan = fold(text.encode())
    assert (scan.name.decode(), scan.receiver, scan.chain) == (name, receiver, chain)


@pytest.mark.parametrize(
    "text",
    [
        "self.x",
        "    self.x",
        "a = 1; self.x",
        "if a: self.x",
        "if a := b: self.x",
        "if (lambda: 1)(): self.x",
        "else: self.x",
        "a.b, self.x",
        "*self.x",
        "(self.x",
        "[a, self.x",
        "f(a).x",
        "a[b].x",
        "for self.x",
        "for a, self.x",
        "async for self.x",
        "[a for self.x",
        "with a as self.x",
        "with (a as self.x",
        "with a as (b, self.x",
        "with a as b, c as self.x",
        "del self.x",
        "del a, self.x",
        "match a.b: self.x",
        "def f() -> int: self.x",
    ],
)
def test_targets(text: str) -> None:
    """Where an assignment target may stand, ``target`` says so."""
    assert fold(text.encode()).target


@pytest.mark.parametrize(
    "text",
    [
        "x = self.x",
        "x += self.x",
        "x: self.x",
        "x: int = self.x",
        "f(self.x",
        "a[self.x",
        "{self.x",
        "a + self.x",
        "-self.x",
        "not self.x",
        "return self.x",
        "if self.x",
        "assert self.x",
        "await self.x",
        "for a in self.x",
        "[a for a in self.x",
        "[a for a in b if self.x",
        "with self.x",
        "with a as b, self.x",
        "with (a as b, self.x",
        "match self.x",
        "case self.x",
        "@self.x",
        "lambda: self.x",
        "def f(a=self.x",
        "class A(self.x",
        "f'{self.x",
        "if a := self.x",
        "# self.x",
    ],
)
def test_loads(text: str) -> None:
    """Inside calls, subscripts and behind operators and keywords nothing is stored."""
    assert not fold(text.encode()).target


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("if a", b"if"),
        ("if", b""),
        ("async def f", b"async"),
        ("x = 1; return", b""),
        ("match x ", b"match"),
        ("match x:", b"match"),
        ("match 'a':", b"match"),
        ("match {", b"match"),
        ("match (x):", b"match"),
        ("match [x]:", b"match"),
        ("match not ", b"match"),
        ("match in x", b""),
        ("match = x", b""),
        ("match.x", b""),
        ("match(x):", b""),
        ("match: int", b""),
        ("case _ if a:", b"case"),
        ("case -1:", b"case"),
        ("type X = int", b"type"),
        ("type = int", b""),
        ("None if a", b""),
    ],
)
def test_keyword(text: str, keyword: bytes) -> None:
    """``keyword`` is the logical line's first word if it is one there, soft ones included."""
    assert fold(text.encode()).keyword == keyword


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x = y", {"x"}),
        ("x = y ", {"x", "y"}),
        ("a.b = c.d\n", set()),
        ("f(a)[b]\n", {"a", "b"}),
        ("f(k=v)\n", {"v"}),
        ("def f(k=1): ", {"f", "k"}),
        ("f(lambda k=1: k)\n", {"k"}),
        ("class A(B, m=C): ", {"A", "B", "C"}),
        ("import a.b as c\n", {"a", "c"}),
        ("from a import (b as c)\n", {"a", "b", "c"}),
        ("isinstance(a.b, C) ", {"a", "C"}),
        ("for a, b in c(d): ", {"a", "b", "d"}),
        ("f'{x!r}'", {"x"}),
        ("with a() as b: ", {"b"}),
        ("'x' # y\n", set()),
        ("True", set()),
        ("é = 1", {"é"}),
    ],
)
def test_bound(text: str, bound: set[str]) -> None:
    """Every name that may have been bound or narrowed is there once it is finished."""
    assert fold(text.encode()).bound == bound


def test_fresh() -> None:
    """``fresh`` forgets what was bound and nothing else."""
    scan = fold(b"x = y(z, a.b")
    assert scan.fresh().bound == frozenset()
    assert scan.fresh() != scan
    assert scan.fresh().fresh() == scan.fresh()
    assert (scan.fresh().line, scan.fresh().receiver) == (scan.line, scan.receiver)


@pytest.mark.parametrize(
    ("text", "indent", "line", "ended", "at_start"),
    [
        ("  \t", b"  \t", b"", False, True),
        ("  x", b"  ", b"x", False, False),
        ("  x\n", b"", b"", True, True),
        ("  x\r", b"", b"", True, True),
        ("  x\r\n", b"", b"", True, True),
        ("x\r\n\r\n", b"", b"", False, True),
        ("x\n\n", b"", b"", False, True),
        ("x\n  # a\n", b"", b"", False, True),
        ("  # a", b"  ", b"# a", False, False),
        ("x\n  ", b"  ", b"", False, True),
        ("f(\n  a", b"", b"f(\n  a", False, False),
        ("f(\r\n  a)\r\n", b"", b"", True, True),
        ("x = 1 \\\n + 2", b"", b"x = 1 \\\n + 2", False, False),
        ("'''a\n\nb'''", b"", b"'''a\n\nb'''", False, False),
        ("  \f x", b" ", b"x", False, False),
        ("\ufeff  x", b"  ", b"x", False, False),
        ("x # a\n", b"", b"", True, True),
    ],
)
def test_lines(text: str, indent: bytes, line: bytes, ended: bool, at_start: bool) -> None:
    """Logical lines, joined by brackets, backslashes and strings, with any line end."""
    scan = fold(text.encode())
    assert (scan.indent, scan.line, scan.ended, scan.at_line_start) == (indent, line, ended, at_start)


@given(text=source_text(60), cuts=cut_points())
def test_scan_text_equals_step(text: bytes, cuts: list[int]) -> None:
    """The fast scan and the fold of ``step`` agree, from any state, however the text is cut."""
    whole, scan = fold(text), START
    for piece in pieces(text, cuts):
        scan = scan_text(piece, scan)
    assert scan == whole
    assert hash(scan) == hash(whole)
    assert scan.bound == whole.bound
    assert scan_text(text) == whole


@given(text=source_text(), more=source_text(8))
def test_equal_states_stay_equal(text: bytes, more: bytes) -> None:
    """States that are equal after one text are equal after every longer one."""
    assert fold(more, scan_text(text)) == fold(text + more)


@given(text=st.binary(max_size=60))
def test_any_bytes(text: bytes) -> None:
    """No bytes make the scanner fail, and every public field can be read."""
    scan = fold(text)
    assert scan == scan_text(text)
    fields = (scan.mode, scan.nesting, scan.quote, scan.line, scan.receiver, scan.chain, scan.target, scan.bound)
    assert len(fields) == 8
    assert repr(scan)


def test_steps_are_shared() -> None:
    """Two candidates with a common beginning share its states; the first state keeps none."""
    scan = scan_text("x = ")
    assert scan.step(97).step(98) is scan.step(97).step(98)
    assert START.step(97) is not START.step(97)


@pytest.mark.parametrize(
    "text",
    [
        "x = [\n" + "    'key', value.name(1),\n" * 20_000,
        "x = 1\n" * 100_000,
        "def f():\n    '''\n" + "    text 'quoted' and {braced}\n" * 20_000,
        "x = f'{a!r}' + \"b\"\n" * 20_000,
        "(" * 100_000,
        "'" * 100_001,
        "\\\n" * 50_000,
        "name" * 100_000,
    ],
)
def test_large_texts(text: str) -> None:
    """Large texts of any shape are scanned, and steps from their end stay cheap in memory."""
    scan = scan_text(text)
    after = scan.step(97)
    assert after.line[-1:] == b"a" or after.mode is not CODE
    assert after._head is scan.line or after._head is scan._head


@pytest.mark.parametrize(
    ("text", "in_call", "binder"),
    [
        ("f(", True, False),
        ("f(a, (", False, False),
        ("f(a[", False, False),
        ("(", False, False),
        ("f(a)", False, False),
        ("def f(a, ", True, True),
        ("x = f(lambda a", True, True),
        ("def f(a): pass\ng(", True, False),
    ],
)
def test_calls_and_binders(text: str, in_call: bool, binder: bool) -> None:
    """What says whether a name may be a keyword argument or a parameter."""
    scan = scan_text(text)
    assert (scan.in_call, scan.binder) == (in_call, binder)
