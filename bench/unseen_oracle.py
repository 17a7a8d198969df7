"""Judges attribute names on a renamed package at run time.

``python unseen_oracle.py FOLDER`` reads rows from standard input.

A row is ``{"module": ..., "owner": CLASS or null, "receiver": ..., "name": ...}``; the answer to each is a line
"valid", "invalid", "unknown" or, for the empty name, "empty".  Standard library only: it runs in the
environment that has what the package needs.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
import textwrap
from functools import cache
from types import ModuleType
from typing import Any

_NOTHING = object()


def main() -> None:
    """Answer."""
    sys.path.insert(0, sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(verdict(json.loads(line)) + "\n")


def verdict(row: dict[str, Any]) -> str:
    """Return what can be said of one name."""
    if not row["name"]:
        return "empty"
    module = imported(row["module"])
    if module is None:
        return "unknown"
    root, *attributes = row["receiver"].split(".")
    if root in ("self", "cls") and row["owner"] and not attributes:
        owner = getattr(module, row["owner"], None)
        if not isinstance(owner, type) or hasattr(owner, "__getattr__"):
            return "unknown"
        return "valid" if hasattr(owner, row["name"]) or row["name"] in instance_names(owner) else "invalid"
    target: Any = getattr(module, root, _NOTHING)
    for attribute in attributes:
        target = getattr(target, attribute, _NOTHING)
    if target is _NOTHING or target is None or hasattr(type(target), "__getattr__"):
        return "unknown"
    return "valid" if hasattr(target, row["name"]) else "invalid"


@cache
def imported(name: str) -> ModuleType | None:
    """Return a module, None if it cannot be imported here: some are for another system."""
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001 -- whatever a package's code raises
        return None


@cache
def instance_names(owner: type) -> frozenset[str]:
    """Return what the methods of a class, its bases and its loaded subclasses assign to ``self``."""
    family = {*owner.__mro__, *subclasses(owner)}
    family |= {base for kind in list(family) for base in kind.__mro__}
    return frozenset(name for kind in family for name in assigned(kind))


def subclasses(owner: type) -> set[type]:
    """Return all loaded classes below one."""
    direct: set[type] = set() if owner is object else set(type.__subclasses__(owner))
    return direct | {below for kind in direct for below in subclasses(kind)}


@cache
def assigned(kind: type) -> frozenset[str]:
    """Return the names that a class's own code assigns to ``self``, annotates, or lists as slots."""
    names = set(getattr(kind, "__annotations__", ())) | set(getattr(kind, "__slots__", ()))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return frozenset(names)
    stores = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    return frozenset(names | {n.attr for n in stores if isinstance(n.value, ast.Name) and n.value.id == "self"})


if __name__ == "__main__":
    main()
