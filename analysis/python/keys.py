"""Which string keys a file shows a dictionary to have: by its literals, and wherever the file puts a key behind it.

From the syntax tree, for names and attributes by their text (``config``, ``self.config``) in the whole file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import tree_sitter

from analysis.syntax import parser_of, query_of, text_of

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
    tree = parser_of("python").parse(source)
    for _, found in tree_sitter.QueryCursor(query_of("python", _QUERY)).matches(tree.root_node):
        if "parameters" in found:
            if any(owner == name for node in found["parameters"] for name in _parameters(node)):
                return frozenset()
        elif text_of(found["owner"][0]) == owner:
            for value in found.get("value", ()):
                if not _is_literal(value):
                    return frozenset()
                literal.update(_keys(value))
            used.update(key for node in found.get("key", ()) if (key := _string(node)) is not None)
    return frozenset(literal | used) if literal else frozenset()


def _is_literal(value: tree_sitter.Node) -> bool:
    """Whether a value is a dictionary that is written out: ``{"a": 1}`` or ``dict(a=1)``."""
    function = value.child_by_field_name("function")
    return value.type == "dictionary" or (function is not None and text_of(function) == "dict")


def _keys(literal: tree_sitter.Node) -> Iterator[str]:
    arguments = literal.child_by_field_name("arguments")
    for child in (literal if arguments is None else arguments).named_children:
        name, key = child.child_by_field_name("name"), child.child_by_field_name("key")
        value = text_of(name) if name is not None else None if key is None else _string(key)
        if value is not None:
            yield value


def _parameters(node: tree_sitter.Node) -> Iterator[str]:
    """Yield the names of parameters; their default values and annotations have none."""
    for child in node.named_children:
        if child.type == "identifier":
            yield text_of(child)
        elif child.type in _NAMED:
            yield text_of(child.named_children[0])
        elif child.type in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
            yield from _parameters(child)


def _string(node: tree_sitter.Node) -> str | None:
    """Return the value of a plain string literal, None if that is not what stands there."""
    try:
        value = ast.literal_eval(text_of(node)) if node.type == "string" else None
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None
