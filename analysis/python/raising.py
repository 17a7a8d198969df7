"""Which names of a Python file are known to be no exceptions, and what could still make one of them.

Decided by the syntax tree alone, so it is quick; a name that is bound twice, or in any other way than
by ``import module``, ``def`` or ``class``, may be anything.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Final

import tree_sitter

from analysis.python.scopes import bound_once

CALLED: Final = "("
OWNER: Final = "."

_FUNCTION, _CLASS, _IMPORT = "function_definition", "class_definition", "import_statement"


def is_exception(value: object) -> bool:
    """Whether an object of this Python can be raised or caught."""
    return isinstance(value, type) and issubclass(value, BaseException)


BUILTINS: Final = {name: "" if is_exception(value) else CALLED for name, value in vars(builtins).items()}
"""What has to follow a builtin where an exception is wanted; "" for nothing."""


def followers(source: bytes) -> Mapping[str, str]:
    """Return what has to follow the names of a file that are no exceptions: ``CALLED`` or ``OWNER``."""
    once = bound_once(source)
    kinds = {name: _statement(node).type for name, node in once.items()}
    found = {name: CALLED for name, kind in kinds.items() if kind == _FUNCTION}
    found |= {name: OWNER for name, kind in kinds.items() if kind == _IMPORT}
    classes = {name: _statement(node) for name, node in once.items() if kinds[name] == _CLASS}
    return found | {name: OWNER for name, node in classes.items() if _is_none(node, classes, frozenset((name,)))}


def _statement(name: tree_sitter.Node) -> tree_sitter.Node:
    """Return the definition or import statement that binds a name, its parent if there is none."""
    node = parent = name.parent or name
    while node.type in ("dotted_name", "aliased_import") and node.parent is not None:
        node = node.parent
    return node if node.type == _IMPORT else parent


def _is_none(node: tree_sitter.Node, classes: Mapping[str, tree_sitter.Node], seen: frozenset[str]) -> bool:
    """Whether a class inherits from nothing that may be an exception."""
    bases = node.child_by_field_name("superclasses")
    names = [] if bases is None else [(base.type, (base.text or b"").decode()) for base in bases.named_children]
    return all(kind == "identifier" and name not in seen and _is_no_base(name, classes, seen) for kind, name in names)


def _is_no_base(name: str, classes: Mapping[str, tree_sitter.Node], seen: frozenset[str]) -> bool:
    if name in classes:
        return _is_none(classes[name], classes, seen | {name})
    return BUILTINS.get(name) == CALLED
