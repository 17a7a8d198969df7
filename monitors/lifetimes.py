"""Lifetimes: in which state of its automaton each object is that straight-line code has made.

Reads logical lines, one after the other, and knows only what is sure: a plain name that was given
what a call of ``created`` returns, and methods called on it since, in the order of the lines.
Everything else makes it forget: another use of the name, a loop, a branch in which the state changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from analysis.python.blocks import Column
from monitors.options import Automaton

_LITERAL: Final = re.compile(
    r"(?P<prefix>\b[A-Za-z]{1,2})?(?P<text>'''.*?'''|\"\"\".*?\"\"\"|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\#[^\n]*",
    re.DOTALL,
)
_HOLE: Final = re.compile(r"\{([^{}]*)")
_CREATION: Final = re.compile(r"(?P<name>[^\W\d]\w*)\s*(?::[^=]*)?=\s*(?:await\s+)?(?P<call>[\w.]+)\s*\(")
_WITH: Final = re.compile(r"(?:async\s+)?with\s+(?P<call>[\w.]+)\s*\(.*\)\s+as\s+(?P<name>[^\W\d]\w*)\s*:$", re.DOTALL)
_WITH_NAME: Final = re.compile(r"(?:async\s+)?with\s+(?P<name>[^\W\d]\w*)\s*:$")
_FIRST_WORD: Final = re.compile(r"\w*")
_CONDITIONAL: Final = re.compile(r"\b(?:if|else|and|or|for|lambda|while)\b")

_SCOPES: Final = frozenset(("def", "class"))
_LOOPS: Final = frozenset(("for", "while"))
_BRANCHES: Final = frozenset(("if", "elif", "else", "try", "except", "finally", "match", "case", "with", "async"))

Objects = Mapping[str, tuple[int, str]]
"""By name: the index of the automaton, and the state."""


@dataclass(frozen=True)
class Block:
    """A header whose block is open.

    Attributes:
        column: Of the header.
        before: The objects when the block began.
        closes: Name of the object that the block's end calls ``__exit__`` on; "" if none.
    """

    column: Column
    before: tuple[tuple[str, tuple[int, str]], ...] = ()
    closes: str = ""


@dataclass(frozen=True)
class Lifetimes:
    """The objects known behind some lines.

    Attributes:
        automata: What is watched.
        objects: Their states.
        blocks: Headers around, outermost first.
    """

    automata: tuple[Automaton, ...] = field(compare=False)
    objects: tuple[tuple[str, tuple[int, str]], ...] = ()
    blocks: tuple[Block, ...] = ()

    def state_of(self, name: str) -> tuple[Automaton, str] | None:
        """Return the automaton of a name's object and its state, if both are sure."""
        known = dict(self.objects).get(name)
        return None if known is None else (self.automata[known[0]], known[1])

    def read(self, indent: bytes, line: bytes) -> Lifetimes:
        """Return what is known behind one more logical line."""
        column, code = Column.of(indent), _without_literals(line.decode("utf-8", "surrogateescape"))
        here = self.left(column)
        word = _FIRST_WORD.match(code)
        first = word[0] if word else ""
        if first in _SCOPES or re.match(r"async\s+def\b", code) or code.startswith("@"):
            return Lifetimes(self.automata, (), (*here.blocks, Block(column)))
        if first in _LOOPS or re.match(r"async\s+for\b", code):
            return Lifetimes(self.automata, (), (*here.blocks, Block(column)))
        if first in _BRANCHES:
            return here._header(column, code)
        return here._statement(code)

    def left(self, column: Column) -> Lifetimes:
        """Return what is known at the start of a line at this column.

        The blocks that the line is not in are left, and what they changed is not sure any more.
        """
        objects, blocks = dict(self.objects), self.blocks
        while blocks and not column.inside(blocks[-1].column):
            block, blocks = blocks[-1], blocks[:-1]
            closed = self._called(objects, block.closes, "__exit__")
            before = dict(block.before)
            objects = {n: known for n, known in objects.items() if before.get(n) == known or n == block.closes}
            objects.update({n: known for n, known in closed.items() if n == block.closes and n in objects})
        return Lifetimes(self.automata, tuple(sorted(objects.items())), blocks)

    def _header(self, column: Column, code: str) -> Lifetimes:
        objects = dict(self.objects)
        if (made := _WITH.match(code)) and (known := self._created(made["call"])):
            objects = self._used(objects, code)
            objects[made["name"]] = known
            objects = self._called(objects, made["name"], "__enter__")
            return self._opened(objects, Block(column, closes=made["name"]))
        if (held := _WITH_NAME.match(code)) and held["name"] in objects:
            objects = self._called(objects, held["name"], "__enter__")
            return self._opened(objects, Block(column, closes=held["name"]))
        objects = self._used(objects, code, conditional=not code.endswith(":"))
        return self._opened(objects, Block(column))

    def _opened(self, objects: Objects, block: Block) -> Lifetimes:
        known = tuple(sorted(objects.items()))
        return Lifetimes(self.automata, known, (*self.blocks, replace(block, before=known)))

    def _statement(self, code: str) -> Lifetimes:
        objects = dict(self.objects)
        for part in map(str.strip, code.split(";")):
            made = _CREATION.match(part)
            objects = self._used(objects, part[made.start("call") :] if made else part)
            if made:
                objects.pop(made["name"], None)
                known = self._created(made["call"])
                if known is not None and _is_whole_call(part, made.end()):
                    objects[made["name"]] = known
        return replace(self, objects=tuple(sorted(objects.items())))

    def _used(self, objects: Objects, code: str, conditional: bool = False) -> dict[str, tuple[int, str]]:
        """Follow the methods that are called; forget what is used otherwise."""
        objects = dict(objects)
        for name in tuple(objects):
            uses = re.finditer(rf"(?<![\w.]){re.escape(name)}\b(?:\s*\.\s*(?P<method>\w+)\s*(?P<call>\()?)?", code)
            for use in uses:
                method = use["method"]
                known = method in self.automata[objects[name][0]].methods if method else False
                if method is None or (known and (not use["call"] or conditional or _CONDITIONAL.search(code))):
                    del objects[name]
                    break
                objects = self._called(objects, name, method)
                if name not in objects:
                    break
        return objects

    def _called(self, objects: Objects, name: str, method: str) -> dict[str, tuple[int, str]]:
        """Take a call: a method that the state does not allow tells that the object is not what it seemed."""
        if name not in objects:
            return dict(objects)
        index, state = objects[name]
        automaton = self.automata[index]
        if method not in automaton.methods:
            return dict(objects)
        after = automaton.states[state].get(method)
        rest = {other: known for other, known in objects.items() if other != name}
        return rest if after is None else {**rest, name: (index, after)}

    def _created(self, call: str) -> tuple[int, str] | None:
        for index, automaton in enumerate(self.automata):
            if call in automaton.created:
                return index, automaton.created[call]
        return None


def _without_literals(line: str) -> str:
    """Leave strings and comments out, but for the holes of f-strings."""

    def code_in(literal: re.Match[str]) -> str:
        if not literal["text"]:
            return ""
        if (literal["prefix"] or "").lower().strip("rbu"):
            return f"({', '.join(_HOLE.findall(literal['text']))})"
        return "''"

    return _LITERAL.sub(code_in, line).strip()


def _is_whole_call(code: str, arguments: int) -> bool:
    """Whether the call whose arguments begin at this offset is all that the code ends with."""
    depth = 1
    for offset in range(arguments, len(code)):
        depth += (code[offset] in "([{") - (code[offset] in ")]}")
        if depth == 0:
            return offset == len(code) - 1
    return False
