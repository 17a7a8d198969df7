"""Places in a file where somebody might have stopped typing: spans of bytes worth predicting.

For Python they come from the syntax tree (the idea of SynthCoder and of AST-FIM, Gong et al. 2025),
for other languages from lines and brackets. Offsets are bytes, since that is what `ast` counts in.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MAX_SPAN_BYTES = 1_200
_DOTTED = re.compile(rb"\.([A-Za-z_]\w*)")
_CALL_ARGUMENTS = re.compile(rb"\w\(([^()\n]{1,120})\)")


@dataclass(frozen=True)
class Span:
    """A half-open range of bytes and the kind of thing it covers."""

    start: int
    end: int
    kind: str


class SpanTable:
    """The spans of one file by kind, sorted by start, for drawing inside a window."""

    def __init__(self, data: bytes, language: str) -> None:
        """`data` is the file in UTF-8; Python that does not parse has pattern spans only."""
        self.data = data
        self.line_starts = _line_starts(data)
        found = _python_spans(data, self.line_starts) if language == "python" else ()
        self._by_kind: dict[str, tuple[list[int], list[int]]] = {}
        by_kind: dict[str, set[tuple[int, int]]] = {}
        for span in (*found, *_pattern_spans(data)):
            if 0 < span.end - span.start <= MAX_SPAN_BYTES:
                by_kind.setdefault(span.kind, set()).add((span.start, span.end))
        for kind, ranges in by_kind.items():
            ordered = sorted(ranges)
            self._by_kind[kind] = [s for s, _ in ordered], [e for _, e in ordered]

    def draw(self, kind: str, low: int, high: int, rng: np.random.Generator) -> tuple[int, int] | None:
        """Draw a span of a kind that lies within bytes [low, high), or None if none is found."""
        starts, ends = self._by_kind.get(kind, ((), ()))
        first, last = bisect_left(starts, low), bisect_left(starts, high)
        for _ in range(4 if last > first else 0):
            pick = int(rng.integers(first, last))
            if ends[pick] <= high:
                return starts[pick], ends[pick]
        return None

    def whole_lines(self, start: int, end: int) -> tuple[int, int]:
        """Widen a range to the lines that it touches, line ends included."""
        first = bisect_left(self.line_starts, start + 1) - 1
        last = bisect_left(self.line_starts, max(end, start + 1))
        stop = self.line_starts[last] if last < len(self.line_starts) else len(self.data)
        return self.line_starts[first], stop


def _line_starts(data: bytes) -> list[int]:
    starts = [0, *(m.end() for m in re.finditer(rb"\n", data))]
    return starts[:-1] if len(starts) > 1 and starts[-1] == len(data) else starts


def _python_spans(data: bytes, line_starts: list[int]) -> Iterator[Span]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            return
    for node in ast.walk(tree):
        yield from _body_spans(node, line_starts)
        if isinstance(node, ast.stmt):
            yield _node_span(node, line_starts, "statement")
        elif isinstance(node, ast.Call) and (node.args or node.keywords):
            yield _arguments_span(data, node, line_starts)
        elif isinstance(node, ast.expr) and not isinstance(node, ast.Name):
            yield _node_span(node, line_starts, "expression")


def _body_spans(node: ast.AST, line_starts: list[int]) -> Iterator[Span]:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and not isinstance(node, ast.Module):
        start = _offset(line_starts, body[0].lineno, body[0].col_offset)
        yield Span(start, _end(body[-1], line_starts), "body")
    if isinstance(body, list):
        for first, second in zip(body, body[1:], strict=False):
            start = _offset(line_starts, first.lineno, first.col_offset)
            yield Span(start, _end(second, line_starts), "block")


def _node_span(node: ast.stmt | ast.expr, line_starts: list[int], kind: str) -> Span:
    return Span(_offset(line_starts, node.lineno, node.col_offset), _end(node, line_starts), kind)


def _arguments_span(data: bytes, node: ast.Call, line_starts: list[int]) -> Span:
    opening = data.find(b"(", _end(node.func, line_starts))
    return Span(opening + 1, _end(node, line_starts) - 1, "arguments")


def _pattern_spans(data: bytes) -> Iterator[Span]:
    for match in _DOTTED.finditer(data):
        yield Span(match.start(1), match.end(1), "attribute")
        line_end = data.find(b"\n", match.end())
        yield Span(match.start(1), line_end if line_end >= 0 else len(data), "after dot")
    for match in _CALL_ARGUMENTS.finditer(data):
        yield Span(match.start(1), match.end(1), "call text")


def _offset(line_starts: list[int], line: int, column: int) -> int:
    return line_starts[line - 1] + column


def _end(node: ast.stmt | ast.expr, line_starts: list[int]) -> int:
    return _offset(line_starts, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
