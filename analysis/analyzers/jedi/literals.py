"""Which strings may stand: by an annotation (``Literal["a", "b"]``, its unions and aliases), or as a dictionary's key.

Reads jedi's names and trees, so it runs inside a worker process only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, probes, script_of
from analysis.facts import BaseDocument, FactKey
from analysis.python.keys import keys_of

# An alias of an alias of an alias is as deep as it gets in practice.
DEEPEST = 6

# Types that no string literal is an instance of.
NO_STRINGS = frozenset(
    "None NoneType bool bytes bytearray complex float int dict list set Path Pattern Callable".split()
)

UNIONS = ("Optional", "Union")


def literals(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the strings that ``key.receiver`` can be equal to by the annotations of its definitions.

    Behind a bracket, ``config[``, those are the keys that the document shows.

    Raises:
        Exception: Anything that jedi raises.
    """
    if key.receiver.endswith("["):
        return keys(document, key)
    for probe in probes(document, key.middle or document.indent, key.receiver, ".x"):
        script = script_of(document, probe.text, interpreter)
        names = [found._name for found in script.goto(probe.line, probe.column, follow_imports=True)]
        allowed = [strings_of(name) for name in names]
        if allowed and all(strings for strings in allowed):
            origin = interpreter.origins.of(names[0], document.path, document.workspace)
            return Answer(frozenset().union(*(strings or () for strings in allowed)), "declared", origin)
    return NOTHING


def keys(document: BaseDocument, key: FactKey) -> Answer:
    """Return the keys that the document, or the middle in the question, shows a dictionary to have."""
    text = f"{document.prefix}{key.middle}\n{document.suffix}"
    found = keys_of(text.encode("utf-8", "surrogatepass"), key.receiver[:-1])
    return Answer(found, "keys", "this file") if found else NOTHING


def strings_of(name: Any) -> frozenset[str] | None:
    """Return the string literals that may be passed to a parameter, or assigned to a name, of jedi's; None for any."""
    annotation = annotation_of(name)
    return None if annotation is None else allowed_by(annotation, name.get_root_context(), DEEPEST)


def annotation_of(name: Any) -> Any:
    """Return the annotation with which a name is defined, None if there is none."""
    definition = getattr(name, "tree_name", None) and name.tree_name.get_definition()
    if definition is None or definition.type == "param":
        return getattr(definition, "annotation", None)
    if definition.type != "expr_stmt" or definition.children[1].type != "annassign":
        return None
    return definition.children[1].children[1]


def allowed_by(node: Any, root: Any, depth: int) -> frozenset[str] | None:
    """Return the string literals that an annotation allows; None if any, or if that cannot be told."""
    if node.type == "expr" and all(operator == "|" for operator in node.children[1::2]):
        return either(allowed_by(part, root, depth) for part in node.children[::2])
    if node.type == "atom_expr" and node.children[-1].children[0] == "[":
        last = node.children[-2].children[-1] if node.children[-2].type == "trailer" else node.children[-2]
        inside = node.children[-1].children[1]
        parts = inside.children[::2] if inside.type == "subscriptlist" else [inside]
        if last.value == "Literal":
            return either(written(part, root, depth) for part in parts)
        if last.value in UNIONS:
            return either(allowed_by(part, root, depth) for part in parts)
        return frozenset() if last.value in NO_STRINGS else None
    if node.type == "keyword" or (node.type == "name" and node.value in NO_STRINGS):
        return frozenset() if node.value in NO_STRINGS else None
    return through_alias(node, root, depth)


def either(parts: Iterator[frozenset[str] | None]) -> frozenset[str] | None:
    """Unite what the parts of a union allow."""
    found = list(parts)
    return None if None in found else frozenset().union(*(part or () for part in found))


def written(node: Any, root: Any, depth: int) -> frozenset[str] | None:
    """Return what one argument of ``Literal`` allows; it may be an alias of another ``Literal``."""
    if node.type in ("name", "atom_expr"):
        return through_alias(node, root, depth) if node.type == "name" else None
    try:
        value = ast.literal_eval(node.get_code().strip())
    except (ValueError, SyntaxError):
        return None
    return frozenset((value,)) if isinstance(value, str) else frozenset()


def through_alias(node: Any, root: Any, depth: int) -> frozenset[str] | None:
    """Follow a name to the one assignment that makes it an alias."""
    if node.type != "name" or depth == 0:
        return None
    here = root.create_context(node).goto(node, node.start_pos)
    names = [name for start in here for name in start.goto()]
    if len(names) != 1 or (tree_name := getattr(names[0], "tree_name", None)) is None:
        return None
    statement = tree_name.get_definition()
    if statement is None or statement.type != "expr_stmt":
        return None
    return allowed_by(statement.get_rhs(), names[0].get_root_context(), depth - 1)
