"""Which string keys a file shows a dictionary to have: by its literals, and wherever the file puts a key behind it.

From the syntax tree, for names and attributes by their text (``config``, ``self.config``) in the whole file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import Final

import tree_sitter
import tree_sitter_python

_QUERY: Final = """
(assignment left: (_) @owner right: (_) @value)
(subscript value: (_) @owner subscript: (string) @key)
(parameters) @parameters
(lambda_parameters) @parameters
"""
_NAMED: Final = ("default_parameter", "typed_default_parameter")


def keys_of(source: bytes, owner: str) -> frozenset[str]:
    """Return the keys; none if the name is given another value than a literal somewhere, or is a parameter's."""
    literal, used = set[str](), set[str]()
    for _, found in tree_sitter.QueryCursor(_query()).matches(_parser().parse(source).root_node):
        if "parameters" in found:
            if any(owner == name for node in found["parameters"] for name in _parameters(node)):
                return frozenset()
        elif _text(found["owner"][0]) == owner:
            for value in found.get("value", ()):
                if not _is_literal(value):
                    return frozenset()
                literal.update(_keys(value))
            used.update(key for node in found.get("key", ()) if (key := _string(node)) is not None)
    return frozenset(literal | used) if literal else frozenset()


def _is_literal(value: tree_sitter.Node) -> bool:
    """Whether a value is a dictionary that is written out: ``{"a": 1}`` or ``dict(a=1)``."""
    function = value.child_by_field_name("function")
    return value.type == "dictionary" or (function is not None and _text(function) == "dict")


def _keys(literal: tree_sitter.Node) -> Iterator[str]:
    arguments = literal.child_by_field_name("arguments")
    for child in (literal if arguments is None else arguments).named_children:
        name, key = child.child_by_field_name("name"), child.child_by_field_name("key")
        value = _text(name) if name is not None else None if key is None else _string(key)
        if value is not None:
            yield value


def _parameters(node: tree_sitter.Node) -> Iterator[str]:
    """Yield the names of parameters; their default values and annotations have none."""
    for child in node.named_children:
        if child.type == "identifier":
            yield _text(child)
        elif child.type in _NAMED:
            yield _text(child.named_children[0])
        elif child.type in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
            yield from _parameters(child)


def _string(node: tree_sitter.Node) -> str | None:
    """Return the value of a plain string literal, None if that is not what stands there."""
    try:
        value = ast.literal_eval(_text(node)) if node.type == "string" else None
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


@cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_python.language())


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(_language())


@cache
def _query() -> tree_sitter.Query:
    return tree_sitter.Query(_language(), _QUERY)
