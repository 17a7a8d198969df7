"""The scanner against Python's own tokenizer and parser, on files of the standard library."""

from __future__ import annotations

import ast
import io
import keyword
import random
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.python.lexicon import ATOMS, SOFT_KEYWORDS
from analysis.python.scanner import START, Mode, Scan, scan_text
from tests.monitors.replay import library_files

BETWEEN_TOKENS = rb"(?:\s|\\|#[^\n]*\n)*"


@dataclass(frozen=True)
class Scanned:
    """A file with its states.

    Attributes:
        data: Its bytes.
        states: State after each number of bytes, from none on.
        lines: Offsets of its lines.
        text: Its lines as text, for columns in characters.
    """

    data: bytes
    states: list[Scan]
    lines: list[int]
    text: list[str]

    def offset(self, row: int, column: int) -> int:
        """Return the offset of a tokenizer position: rows from 1, columns in characters."""
        if row > len(self.text):
            return len(self.data)
        return self.lines[row - 1] + len(self.text[row - 1][:column].encode())


def test_agrees_with_python() -> None:
    """In about a hundred files the scanner says what the tokenizer and the parser say."""
    counts: Counter[str] = Counter()
    for number, path in enumerate(library_files(110, seed=3)):
        scanned = read(path)
        if scanned is not None:
            counts["files"] += 1
            check_tokens(scanned)
            check_strings(scanned)
            check_attributes(scanned, counts)
            check_fast_scan(scanned, random.Random(number))
    assert counts["files"] > 90
    assert counts["stores"] > 600
    assert counts["loads"] > 4000
    assert counts["loads at targets"] < 0.03 * counts["loads"]


def read(path: Path) -> Scanned | None:
    """Scan a file byte by byte; None if it is not valid UTF-8 Python of this version."""
    data = path.read_bytes()
    try:
        ast.parse(data)
        text = re.findall(r"[^\n]*\n|[^\n]+", data.decode())
    except (SyntaxError, ValueError):
        return None
    states, lines = [START], [0]
    for byte in data:
        states.append(states[-1].step(byte))
    for line in text:
        lines.append(lines[-1] + len(line.encode()))
    return Scanned(data, states, lines, text)


def check_tokens(scanned: Scanned) -> None:
    """At every token border mode, brackets, name, line, indentation and keyword are the tokenizer's."""
    for start, end, token, line in tokens(scanned):
        before, after = scanned.states[start], scanned.states[end]
        assert before.mode is Mode.CODE
        if token.type == tokenize.COMMENT:
            assert after.mode is Mode.COMMENT
            continue
        assert after.mode is Mode.CODE
        assert after.name == (token.string.encode() if token.type == tokenize.NAME else b"")
        assert after.line == scanned.data[line.start : end]
        assert after.indent == line.indent
        assert after.brackets == line.brackets
        if start != line.start and after.keyword not in SOFT_KEYWORDS:
            assert after.keyword == line.keyword


@dataclass
class Line:
    """What the tokenizer tells of a logical line so far."""

    start: int
    indent: bytes
    keyword: bytes
    brackets: bytes = b""


def tokens(scanned: Scanned) -> Iterator[tuple[int, int, tokenize.TokenInfo, Line]]:
    """Yield the tokens that have text, with the logical line that they are on."""
    line: Line | None = None
    for token in tokenize.tokenize(io.BytesIO(scanned.data).readline):
        if token.type in (tokenize.ENCODING, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.ENDMARKER):
            continue
        start, end = scanned.offset(*token.start), scanned.offset(*token.end)
        if token.type == tokenize.NEWLINE:
            assert not token.string or (scanned.states[end].ended and scanned.states[end].at_line_start)
            line = None
            continue
        if line is None and token.type != tokenize.COMMENT:
            assert scanned.states[start].at_line_start
            line = begun(scanned, start, token.string)
        if line is not None and token.type == tokenize.OP:
            line.brackets += token.string.encode() if token.string in "([{" else b""
            line.brackets = line.brackets[:-1] if token.string in ")]}" else line.brackets
        yield start, end, token, line or Line(start, b"", b"")


def begun(scanned: Scanned, start: int, word: str) -> Line:
    """Return the logical line that begins with ``word``."""
    physical = scanned.data.rfind(b"\n", 0, start) + 1
    first = word.encode() if keyword.iskeyword(word) and word.encode() not in ATOMS else b""
    return Line(start, scanned.data[physical:start].rpartition(b"\f")[2].removeprefix(b"\xef\xbb\xbf"), first)


def check_strings(scanned: Scanned) -> None:
    """Inside every plain string the mode is STRING and the quote is its own."""
    for start, end, token, _ in tokens(scanned):
        opening = re.match(r"[a-zA-Z]*('''|\"\"\"|'|\")", token.string)
        if token.type != tokenize.STRING or opening is None or "f" in opening[0].lower():
            continue
        quote = opening[1].encode()
        inside = scanned.states[start + len(opening[0]) : end - len(quote) + 1]
        if end - start > len(opening[0]) + len(quote):
            assert all(scan.mode is Mode.STRING and scan.quote == quote for scan in inside)


def check_attributes(scanned: Scanned, counts: Counter[str]) -> None:
    """Receivers are the source of each attribute's value, and every store stands at a target."""
    tree = ast.parse(scanned.data)
    skipped = {id(node) for node in inside(tree, ast.JoinedStr)} | chained_targets(tree)
    statements = {id(node) for node in inside(tree, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in skipped:
            check_attribute(scanned, node)
            scan = scanned.states[span(scanned, node)[1]]
            stored = not isinstance(node.ctx, ast.Load)
            assert scan.target or not stored, (scan, node.attr)
            counts["stores"] += stored
            counts["loads"] += not stored and id(node) not in statements
            counts["loads at targets"] += not stored and id(node) not in statements and scan.target


def check_attribute(scanned: Scanned, node: ast.Attribute) -> None:
    """The state behind an attribute's name tells its name, receiver and chain."""
    start, end = span(scanned, node)
    scan, source = scanned.states[end], scanned.data[start:end]
    assert scan.name == node.attr.encode()
    assert scan.chain.encode() == source
    assert scan.receiver is not None
    receiver = scan.receiver.encode()
    assert source.startswith(receiver)
    assert re.fullmatch(BETWEEN_TOKENS + rb"\." + BETWEEN_TOKENS + scan.name, source[len(receiver) :])
    value = span(scanned, node.value)
    assert value[0] != start or receiver == scanned.data[value[0] : value[1]]


def span(scanned: Scanned, node: ast.expr) -> tuple[int, int]:
    """Return the offsets of a node."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return scanned.lines[node.lineno - 1] + node.col_offset, scanned.lines[node.end_lineno - 1] + node.end_col_offset


def inside(tree: ast.AST, kind: type[ast.AST]) -> Iterator[ast.AST]:
    """Yield all nodes in nodes of a kind; positions inside f-strings are wrong before Python 3.12."""
    for node in ast.walk(tree):
        if isinstance(node, kind):
            yield from ast.walk(node)


def chained_targets(tree: ast.AST) -> set[int]:
    """Return the second and further targets of ``a = b = c``: behind ``=`` the scanner expects a load."""
    assignments = (node for node in ast.walk(tree) if isinstance(node, ast.Assign))
    return {id(part) for node in assignments for target in node.targets[1:] for part in ast.walk(target)}


def check_fast_scan(scanned: Scanned, rng: random.Random) -> None:
    """``scan_text`` gives the folded state after the whole file and between any two places."""
    size = len(scanned.data)
    assert scan_text(scanned.data) == scanned.states[size]
    for _ in range(4):
        first = rng.randrange(size + 1)
        second = rng.randrange(first, size + 1)
        assert scan_text(scanned.data[first:second], scanned.states[first]) == scanned.states[second]
