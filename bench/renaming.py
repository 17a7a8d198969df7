"""A library that nobody has seen: a real package with its own names replaced, everywhere and consistently.

What a model remembers of the package is of no use then; what an analysis finds out is.  Names that the
package defines get made-up ones, word by word, so that related names stay related; names that also
mean something outside it (attributes of builtins and of what it imports) stay.  The source is rewritten
through its syntax tree, so the program is the same up to the names, and comments are gone.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import keyword
import random
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ONSETS = (
    "b",
    "br",
    "c",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "t",
    "tr",
    "v",
    "z",
)
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "oo")
ENDS = ("", "b", "ck", "d", "l", "lm", "n", "nd", "p", "r", "sk", "st", "t", "x")

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Library:
    """A renamed package.

    Attributes:
        name: Its new name.
        files: New source by new path below the folder of packages.
        names: New name by old one.
        outside: Names that mean something outside and were kept.
    """

    name: str
    files: Mapping[str, str]
    names: Mapping[str, str]
    outside: frozenset[str]

    def write(self, folder: Path) -> None:
        """Write the files below ``folder``."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


def rename(package: Path, seed: int) -> Library:
    """Rename the package in a folder; the same seed gives the same names."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))}
    modules = {part for path in trees for part in path.relative_to(package.parent).with_suffix("").parts}
    outside = outside_names(trees.values(), package.name)
    own = {name for tree in trees.values() for name in defined(tree)} | modules
    words = Words(seed)
    table = {name: words.name(name) for name in sorted(own) if is_renamed(name, outside)}
    renamer = Renamer(table)
    files = {}
    for path, tree in trees.items():
        parts = path.relative_to(package.parent).with_suffix("").parts
        new = "/".join(table.get(part, part) for part in parts) + ".py"
        files[new] = ast.unparse(renamer.visit(tree)) + "\n"
    return Library(table.get(package.name, package.name), files, table, frozenset(outside))


def is_renamed(name: str, outside: set[str]) -> bool:
    """Whether a name of the package's own means nothing elsewhere."""
    protocol = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
    return not (protocol or keyword.iskeyword(name) or name in outside or not WORDS.search(name))


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module defines: classes, functions, parameters, variables, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def outside_names(trees: Iterable[ast.Module], package: str) -> set[str]:
    """Return the names that mean something outside: of builtins, and of all that the package imports."""
    found = set(dir(builtins)) | {name for kind in vars(builtins).values() for name in dir(kind)} | set(dir(types))
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {n for a in node.names if a.name.split(".")[0] != package for n in names_of(a.name)}
            elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] != package:
                found |= names_of(node.module or "") | {alias.name for alias in node.names}
    return found | {"self", "cls"}


def names_of(module: str) -> set[str]:
    """Return a module's names, those of its classes and parameters; its path alone if it is not there."""
    found = set(module.split("."))
    try:
        loaded = importlib.import_module(module)
    except Exception:  # noqa: BLE001  a module may do anything when imported
        return found
    for name, value in list(vars(loaded).items()):
        found.add(name)
        members = [value, *vars(value).values()] if inspect.isclass(value) else [value]
        found |= set(dir(value)) if inspect.isclass(value) or inspect.ismodule(value) else set()
        for member in members:
            try:
                found |= set(inspect.signature(member).parameters)
            except (TypeError, ValueError):
                continue
    return found


class Words:
    """Made-up words, each old one always becoming the same new one."""

    def __init__(self, seed: int) -> None:
        """Begin with an empty dictionary."""
        self._rng = random.Random(seed)
        self._made: dict[str, str] = {}

    def name(self, old: str) -> str:
        """Return the new name, in the style of the old one."""
        return WORDS.sub(lambda match: self._word(match[0]), old)

    def _word(self, old: str) -> str:
        if old.isdigit() or len(old) == 1:
            return old
        new = self._made.get(old.lower())
        while new is None:
            rng = self._rng
            made = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(2)) + rng.choice(ENDS)
            if made not in self._made.values():
                new = self._made[old.lower()] = made
        return new.upper() if old.isupper() else new.capitalize() if old[0].isupper() else new


class Renamer(ast.NodeTransformer):
    """Replaces names wherever a syntax tree holds them: identifiers, imports, and words in texts."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """Replace by this table."""
        self._table = table

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Replace in every field that holds a name."""
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and field != "type_comment":
                setattr(node, field, self._replaced(value))
            elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
                setattr(node, field, [self._replaced(item) for item in value])
        return super().generic_visit(node)

    def _replaced(self, text: str) -> str:
        return NAME.sub(lambda match: self._table.get(match[0], match[0]), text)
