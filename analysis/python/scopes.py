"""Which names a place in a Python file can read: the scopes of its syntax tree (reference manual, 4.2.2).

From tree-sitter's tree, which a broken file has, too.  Where order matters it is kept: at the level
of a module, a class or the function itself a name that is bound only further down cannot be read,
unless a loop leads back.  All other doubts are settled by listing the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import tree_sitter

from analysis.syntax import parser_of, query_of, text_of

_BINDINGS: Final = """
(function_definition name: (identifier) @target)
(class_definition name: (identifier) @target)
(parameters) @target
(lambda_parameters) @target
(type_parameter) @typed
(type_alias_statement left: (_) @typed)
(assignment left: (_) @target)
(augmented_assignment left: (_) @target)
(named_expression name: (_) @walrus)
(for_statement left: (_) @target)
(for_in_clause left: (_) @target)
(as_pattern_target) @target
(case_pattern) @target
(global_statement (identifier) @global)
(import_statement name: (dotted_name . (identifier) @target))
(import_from_statement name: (dotted_name . (identifier) @target))
(future_import_statement name: (dotted_name (identifier) @target))
(aliased_import alias: (identifier) @target)
(import_from_statement module_name: (_) @star (wildcard_import))

(function_definition) @scope
(lambda) @scope
(class_definition) @scope
(list_comprehension) @scope
(set_comprehension) @scope
(dictionary_comprehension) @scope
(generator_expression) @scope
(for_statement) @loop
(while_statement) @loop
"""

_COMPREHENSIONS: Final = frozenset(
    ("list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression")
)
_FUNCTIONS: Final = frozenset(("function_definition", "lambda"))
_CLASS: Final = "class_definition"
_NOT_BOUND: Final = frozenset(("attribute", "subscript", "call", "type"))


@dataclass(frozen=True)
class Visible:
    """What can be read at a place.

    Attributes:
        names: Names bound in the file.
        stars: Modules whose names are imported with ``*``, as written.
        in_class: The place is in some class, or in a function that is.
    """

    names: frozenset[str]
    stars: frozenset[str]
    in_class: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """A piece of source with names of its own.

    Attributes:
        start: Where names bound in it begin, bytes: its parameters, or its first byte.
        body: Where the code begins that reads them.
        end: Where it ends.
        kind: Type of its node.
    """

    start: int
    body: int
    end: int
    kind: str


def visible_at(source: bytes, place: int) -> Visible:
    """Return what can be read at an offset of a file.

    Args:
        source: The file; a name or another operand stands at ``place``.
        place: Offset of that operand, bytes.
    """
    found = _bindings(source)
    scopes = sorted((_scope(node) for node in found.get("scope", ())), key=lambda scope: (scope.start, -scope.end))
    around = [scope for scope in scopes if scope.body <= place < scope.end]
    running = _running(around)
    hidden = [scope for scope in around if scope.kind == _CLASS and scope is not running[0]]
    outside = {*(scope for scope in scopes if scope not in around), *hidden}
    loops = [node for node in found.get("loop", ()) if node.start_byte <= place < node.end_byte]
    again = max((node.end_byte for node in loops if _home(node.start_byte, scopes) in running), default=place)
    names = {text_of(node) for node in found.get("global", ())}
    for node, is_walrus in _bound(found):
        home = _home(node.start_byte, scopes, is_walrus)
        if home not in outside and not (home in running and node.start_byte > again):
            names.add(text_of(node))
    stars = frozenset(text_of(node) for node in found.get("star", ()))
    return Visible(frozenset(names), stars, any(scope.kind == _CLASS for scope in around))


def bound_once(source: bytes) -> dict[str, tree_sitter.Node]:
    """Return the names that a file binds in one place only, in any scope, with the identifier there."""
    found = _bindings(source)
    nodes: dict[str, list[tree_sitter.Node]] = {}
    for node, _ in _bound(found):
        nodes.setdefault(text_of(node), []).append(node)
    return {name: places[0] for name, places in nodes.items() if len(places) == 1}


def _running(around: list[_Scope]) -> list[_Scope | None]:
    """Return the scopes, innermost first, whose code runs in one go with the place: up to the first function."""
    running: list[_Scope | None] = []
    for scope in reversed(around):
        if scope.kind not in _COMPREHENSIONS:
            running.append(scope)
        if scope.kind in _FUNCTIONS:
            return running
    return [*running, None]


def _home(place: int, scopes: list[_Scope], is_walrus: bool = False) -> _Scope | None:
    """Return the scope in which a name bound at ``place`` lives; None for the module's."""
    around = [s for s in scopes if s.start <= place < s.end and not (is_walrus and s.kind in _COMPREHENSIONS)]
    return around[-1] if around else None


def _scope(node: tree_sitter.Node) -> _Scope:
    """A function's or class's name, decorators and bases belong to the scope around it."""
    body, name = node.child_by_field_name("body"), node.child_by_field_name("name")
    if node.type in _COMPREHENSIONS:
        return _Scope(node.start_byte, node.start_byte, node.end_byte, node.type)
    start = node.start_byte + 1 if name is None else name.end_byte
    return _Scope(start, start if body is None else body.start_byte, node.end_byte, node.type)


def _bound(found: dict[str, list[tree_sitter.Node]]) -> Iterator[tuple[tree_sitter.Node, bool]]:
    """Yield the identifiers that are bound, and whether by ``:=``, which binds outside comprehensions."""
    for capture in ("target", "typed", "walrus"):
        for node in found.get(capture, ()):
            for identifier in _identifiers(node, capture == "typed"):
                yield identifier, capture == "walrus"


def _bindings(source: bytes) -> dict[str, list[tree_sitter.Node]]:
    return tree_sitter.QueryCursor(query_of("python", _BINDINGS)).captures(parser_of("python").parse(source).root_node)


def _identifiers(node: tree_sitter.Node, in_types: bool) -> Iterator[tree_sitter.Node]:
    """Yield the identifiers of a target; default values and annotations have none."""
    if node.type == "identifier":
        yield node
    elif node.type in ("default_parameter", "typed_default_parameter"):
        name = node.child_by_field_name("name")
        yield from () if name is None else _identifiers(name, in_types)
    elif in_types or node.type not in _NOT_BOUND:
        for child in node.named_children:
            yield from _identifiers(child, in_types)
