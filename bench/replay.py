"""Feed the true text of a line to the monitors and see what they would have charged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analysis.facts import BaseDocument, FactSource
from analysis.lexing import LexicalState
from analysis.modes import settle_here
from analysis.python.scanner import scan_text
from bench.sites import Line
from monitors import registry
from monitors.base import Kind, Lexed, Monitor, Site

# Settling waits two seconds at a time; a query is killed after five.
TIMES_TO_SETTLE = 4


@dataclass(frozen=True)
class Outcome:
    """What a monitor made of one thing that the author wrote.

    Attributes:
        group: The distribution.
        name: What was judged.
        fact: Query and class of the fact, as in ``monitors.base.Check``.
        row: Row of the class that it is charged by, "" if it was free.
        where: File and line.
    """

    group: str
    name: str
    fact: str
    row: str
    where: str


def site_of(line: Line, environment: str) -> Site:
    """Return the request that an editor would make with the cursor behind the line's indentation."""
    indent = line.text[: len(line.text) - len(line.text.lstrip(" \t"))]
    document = BaseDocument(str(line.path), str(line.root), line.prefix, line.suffix, indent, environment)
    suffix = ("\n" + line.suffix).encode()
    return Site(document, scan_text(line.prefix).fresh(), indent.encode(), b"", b"", suffix)


def replay(line: Line, site: Site[Any], facts: FactSource) -> Iterator[Outcome]:
    """Yield one outcome for each judgement of each monitor that rests on facts."""
    where = f"{line.path.name}:{line.prefix.count(chr(10)) + 1}"
    for monitor in registry.build(tuple(registry.FACTORIES), site):
        if monitor.kind is Kind.HEURISTIC:
            for check in monitor.checks(written(monitor, site.start, line.text, facts)):
                yield Outcome(line.group, check.name, check.fact, check.row, where)


def written(monitor: Monitor[Any], start: LexicalState, text: str, facts: FactSource) -> Any:
    """Return the monitor's state after a line, byte by byte, with all the time that facts may need."""
    state, scan = monitor.start(), start
    for byte in (text + "\n").encode():
        piece = Lexed.of(scan, bytes((byte,)))
        after = monitor.step(state, piece, facts.view())[1]
        for _ in range(TIMES_TO_SETTLE):
            missing = monitor.missing(after)
            if not missing:
                break
            settle_here(facts, missing)
            after = monitor.step(state, piece, facts.view())[1]
        state, scan = after, piece.after[-1]
    return state
