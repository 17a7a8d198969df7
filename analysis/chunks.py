"""A file cut into pieces that mean something on their own: functions, classes, and what stands between.

The cuts are those of the syntax tree; a text without a grammar is cut into windows of lines.  A
piece of a class begins with the line that names the class, so that it can be read without the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import tree_sitter

from analysis.languages import PYTHON
from analysis.syntax import GRAMMARS, parser_of

MOST_LINES: Final = 24
MOST_BYTES: Final = 1000
"""What a chunk holds at most; longer definitions are cut further, longer lines are left out."""

OUTLINE_BYTES: Final = 600
"""What an outline holds at most, in whole lines; of a class the constructor usually stands first."""

_FUNCTIONS: Final = frozenset(
    (
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "method_declaration",
        "method_definition",
        "constructor_declaration",
        "function_item",
    )
)
_CLASSES: Final = frozenset(
    (
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "interface_declaration",
        "enum_declaration",
        "class_specifier",
        "struct_specifier",
        "namespace_definition",
        "struct_item",
        "trait_item",
        "impl_item",
        "mod_item",
    )
)
"""What the grammars call a definition; no two mean different things by one name."""

_WRAPPED: Final = {"decorated_definition": "definition", "export_statement": "declaration"}
"""Statements that hold a definition, and the field that has it."""

_WORD: Final = re.compile(rb"[\w\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file.

    Attributes:
        line: Its first line, from 0.
        text: Whole lines; the class's own line first where the piece is a part of one.
    """

    line: int
    text: str


def chunks_of(text: str, language: str) -> list[Chunk]:
    """Cut a file; pieces that say nothing, blank lines and brackets, are left out."""
    source = _source(text)
    lines = _lines(source)
    if language not in GRAMMARS:
        return list(_windows(lines, 0, len(lines), b""))
    return list(_of_block(parser_of(language).parse(source).root_node, lines, 0, len(lines), b""))


def outline_of(text: str, line: int) -> str:
    """Return the Python definition that begins at a line, without functions' bodies and docstrings; "" if none does.

    Args:
        text: The file.
        line: Of its ``def`` or ``class``, from 0.
    """
    source = _source(text)
    lines = _lines(source)
    node = _definition_at(parser_of(PYTHON.id).parse(source).root_node, line)
    outline = b"" if node is None else b"".join(_outline(node, lines))
    return outline[: outline.rfind(b"\n", 0, OUTLINE_BYTES) + 1].decode("utf-8", "replace")


def _of_block(node: tree_sitter.Node, lines: list[bytes], start: int, end: int, head: bytes) -> Iterator[Chunk]:
    """Cut the lines of a block whose statements are the children of ``node``."""
    at = start
    for child in node.children:
        definition = _inner(child)
        if definition is None:
            continue
        first, last = child.start_point.row, child.end_point.row + 1
        if first < at:
            continue
        yield from _windows(lines, at, first, head)
        yield from _of_definition(definition, lines, first, last, head)
        at = last
    yield from _windows(lines, at, end, head)


def _of_definition(node: tree_sitter.Node, lines: list[bytes], first: int, last: int, head: bytes) -> Iterator[Chunk]:
    body = node.child_by_field_name("body")
    if node.type in _CLASSES and body is not None and not _fits(lines[first:last]):
        header = lines[node.start_point.row]
        yield from _of_block(body, lines, first, last, header)
    else:
        yield from _windows(lines, first, last, head)


def _windows(lines: list[bytes], start: int, end: int, head: bytes) -> Iterator[Chunk]:
    """Cut lines into pieces that fit; a line that is too long for one is left out."""
    begun = start
    for at in range(start, end + 1):
        if at == end or len(lines[at]) > MOST_BYTES or not _fits(lines[begun : at + 1]):
            taken = lines[begun:at]
            if any(line != head and _WORD.search(line) for line in taken):
                yield _chunk(begun, taken, head)
            begun = at + (at < end and len(lines[at]) > MOST_BYTES)


def _chunk(line: int, lines: list[bytes], head: bytes) -> Chunk:
    own = b"" if lines[0] == head else head
    return Chunk(line, own.decode("utf-8", "replace") + b"".join(lines).decode("utf-8", "replace").strip("\r\n") + "\n")


def _fits(lines: list[bytes]) -> bool:
    return len(lines) <= MOST_LINES and sum(map(len, lines)) <= MOST_BYTES


def _inner(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the function or class that a statement defines, None if it defines none."""
    inner = node.child_by_field_name(_WRAPPED[node.type]) if node.type in _WRAPPED else node
    return inner if inner is not None and (inner.type in _FUNCTIONS or inner.type in _CLASSES) else None


def _definition_at(node: tree_sitter.Node, line: int) -> tree_sitter.Node | None:
    """Return the definition whose own first line is ``line``, decorators not counted."""
    for child in node.children:
        if child.start_point.row <= line <= child.end_point.row:
            if child.type in ("function_definition", "class_definition") and child.start_point.row == line:
                return child
            return _definition_at(child, line)
    return None


def _outline(node: tree_sitter.Node, lines: list[bytes]) -> Iterator[bytes]:
    """Yield the lines of a definition's header, and those of a class's fields and members' headers."""
    body = node.child_by_field_name("body")
    first = node.start_point.row
    begin = first if body is None else body.start_point.row
    if begin == first:
        yield lines[first]
        return
    header = lines[first:begin]
    if node.type == "function_definition":
        yield from (*header[:-1], header[-1].rstrip() + b" ...\n")
        return
    yield from header
    for member in body.children if body is not None else ():
        inner = _inner(member)
        if inner is not None:
            yield from _outline(inner, lines) if inner.type == "function_definition" else ()
        elif member.type == "expression_statement" and member.children[0].type == "assignment":
            yield lines[member.start_point.row]


def _source(text: str) -> bytes:
    """Return a text's bytes, with line feeds only."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")


def _lines(source: bytes) -> list[bytes]:
    """Return the lines as tree-sitter counts them: only a line feed ends one."""
    return [line + b"\n" for line in source.split(b"\n")]
