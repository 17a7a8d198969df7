"""Incremental tree-sitter parse of a window of a file: the definition around the cursor.

Parsing a function-sized window again after some bytes takes tens of microseconds, parsing a
large file milliseconds; error recovery behind the cursor is what costs most, so the window ends
at the cursor.  Trees are never changed: ``append`` edits a copy.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import tree_sitter

from analysis.languages import LANGUAGES

GRAMMARS: Final = {row.id: row.grammar for row in LANGUAGES if row.grammar is not None}
"""Module of the grammar, and its function, by language id; a module is loaded when a text of that language comes."""

_TOP_LEVEL: Final = re.compile(rb"^(?:async[ \t]+def|def|class|@)\b", re.MULTILINE)
_FLAWS: Final = "[(ERROR) (MISSING) (print_statement) (exec_statement)] @flaw (try_statement) @try"
"""What no Python 3 has; the grammar also takes Python 2's statements, and a ``try`` without its clauses."""

_DECORATORS: Final = "(decorator) @decorator"
_BLOCK: Final = "block"
_WITHOUT_CLAUSE: Final = "try_statement"


@dataclass(frozen=True)
class SyntaxWindow:
    """The end of a text, parsed.

    Attributes:
        source: The bytes in the window.
        tree: Their tree.
        parses: How many parses made this value, its ancestors' included.
    """

    source: bytes
    tree: tree_sitter.Tree = field(compare=False)
    language: str = "python"
    parses: int = field(default=1, compare=False)

    @classmethod
    def of(cls, prefix: bytes, language: str = "python") -> SyntaxWindow:
        """Parse the end of ``prefix``, from the last line that begins a top-level definition on.

        A line inside a string that looks like one is taken for one; the window is then too small
        and queries err on the side of "not complete".

        Raises:
            ValueError: There is no grammar for the language.
        """
        source = prefix[_window_start(prefix) :]
        return cls(source, parser_of(language).parse(source), language)

    def append(self, data: bytes) -> SyntaxWindow:
        """Return the window with more text at its end, parsed incrementally."""
        if not data:
            return self
        source = self.source + data
        tree = self.tree.copy()
        end, point = len(self.source), self.tree.root_node.end_point
        tree.edit(end, end, len(source), point, point, end_point(source))
        return SyntaxWindow(source, parser_of(self.language).parse(source, tree), self.language, self.parses + 1)

    def statement_complete(self) -> bool:
        """Whether the text ends with a whole statement: nothing missing, no body or clause still owed."""
        last = None
        for last in self._right_edge():
            if last.is_error or last.is_missing or _owes_clause(last):
                return False
        return last is not None and not _is_empty_block(last)

    def awaits_block(self) -> bool:
        """Whether the text ends with a header whose body has not begun, or with a decorator."""
        edge = self._right_edge()
        if any(node.type == "decorator" for node in edge):
            return True
        return bool(edge) and _is_empty_block(edge[-1]) and not _follows_error(edge[-1])

    def flaws(self) -> int:
        """Count what is wrong in the window; that it ends with a header or a ``try`` without clauses is not."""
        found = tree_sitter.QueryCursor(query_of(self.language, _FLAWS)).captures(self.tree.root_node)
        owing = [node for node in found.get("try", ()) if _owes_clause(node)]
        at_end = self._right_edge() if owing else []
        return len(found.get("flaw", ())) + sum(node not in at_end for node in owing)

    def decorated_at(self) -> bytes | None:
        """Return the indentation of the decorator that the text ends with; None if it ends with none."""
        found = tree_sitter.QueryCursor(query_of(self.language, _DECORATORS)).captures(self.tree.root_node)
        last = max(found.get("decorator", ()), key=lambda node: node.end_byte, default=None)
        if last is None or self.source[last.end_byte :].lstrip()[:1] not in (b"", b"#"):
            return None
        return self.source[last.start_byte - last.start_point.column : last.start_byte]

    def innermost_block(self) -> str:
        """Return the type of the statement whose block the text ends in, "module" outside of all."""
        owner = "module"
        for node in self._right_edge():
            if node.type == _BLOCK and node.parent is not None:
                owner = node.parent.type
        return owner

    def _right_edge(self) -> list[tree_sitter.Node]:
        """Nodes from the last top-level one down to the last statement part, comments left out."""
        edge: list[tree_sitter.Node] = []
        node = _last_child(self.tree.root_node)
        if self.tree.root_node.is_error:
            edge.append(self.tree.root_node)
        while node is not None:
            edge.append(node)
            node = _last_child(node)
        return edge


@cache
def parser_of(language: str) -> tree_sitter.Parser:
    """Return the parser of a language.

    Raises:
        ValueError: There is no grammar for it.
    """
    return tree_sitter.Parser(grammar_of(language))


@cache
def grammar_of(language: str) -> tree_sitter.Language:
    """Return the grammar of a language.

    Raises:
        ValueError: There is none for it.
    """
    if language not in GRAMMARS:
        raise ValueError(f"no grammar for language {language!r}; known are {', '.join(GRAMMARS)}")
    module, function = GRAMMARS[language]
    return tree_sitter.Language(getattr(importlib.import_module(module), function)())


@cache
def query_of(language: str, pattern: str) -> tree_sitter.Query:
    """Return a compiled query."""
    return tree_sitter.Query(grammar_of(language), pattern)


def text_of(node: tree_sitter.Node) -> str:
    """Return a node's source text."""
    return (node.text or b"").decode("utf-8", "replace")


def _window_start(prefix: bytes) -> int:
    start = 0
    for match in _TOP_LEVEL.finditer(prefix):
        start = match.start()
    return start


def end_point(source: bytes) -> tuple[int, int]:
    """Return row and column of the end of a text, as tree-sitter counts them."""
    return source.count(b"\n"), len(source) - source.rfind(b"\n") - 1


def _last_child(node: tree_sitter.Node) -> tree_sitter.Node | None:
    index = node.child_count - 1
    while index >= 0:
        child = node.child(index)
        if child is not None and child.type != "comment":
            return child
        index -= 1
    return None


def _last_child_type(node: tree_sitter.Node) -> str:
    child = _last_child(node)
    return "" if child is None else child.type


def _is_empty_block(node: tree_sitter.Node) -> bool:
    return node.type == _BLOCK and _last_child(node) is None


def _follows_error(node: tree_sitter.Node) -> bool:
    return node.prev_sibling is not None and node.prev_sibling.is_error


def _owes_clause(node: tree_sitter.Node) -> bool:
    """A ``try`` with neither ``except`` nor ``finally``."""
    return node.type == _WITHOUT_CLAUSE and _last_child_type(node) == _BLOCK
