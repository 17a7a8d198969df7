"""Feed the true text of a line to monitors and see what they would have forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.facts import UNRESOLVED, BaseDocument, FactSource
from analysis.modes import RequestFacts
from analysis.scanner import Scan, scan_text
from bench.sites import Line
from monitors.base import Lexed, Site
from monitors.dereference import Dereference, Name, Trail
from monitors.strength import Strength
from monitors.words import known_names

# Settling waits two seconds at a time; a query is killed after five.
TIMES_TO_SETTLE = 4


@dataclass(frozen=True)
class Outcome:
    """What the monitor made of one true name.

    Attributes:
        group: The distribution.
        name: The name.
        receiver: Source before its dot.
        kind: Fact class; "store" if the name was left alone as a possible store, "unknown" if there was no fact.
        listed: The fact lists it.
        seen: It stands elsewhere in the document as an attribute or definition.
        where: File and line.
    """

    group: str
    name: str
    receiver: str
    kind: str
    listed: bool
    seen: bool
    where: str


def site_of(line: Line, environment: str) -> Site:
    """Return the request that an editor would make with the cursor behind the line's indentation."""
    indent = line.text[: len(line.text) - len(line.text.lstrip(" \t"))]
    document = BaseDocument(str(line.path), str(line.root), line.prefix, line.suffix, indent, environment)
    suffix = ("\n" + line.suffix).encode()
    return Site(document, scan_text(line.prefix).fresh(), indent.encode(), b"", b"", suffix)


def replay(line: Line, site: Site, facts: RequestFacts) -> Iterator[Outcome]:
    """Yield one outcome for each attribute name that ends on the line."""
    monitor = Dereference(site, Strength({}))
    known = known_names(line.prefix, line.suffix)
    state, scan = monitor.start(), site.start
    number = line.prefix.count("\n") + 1
    for byte in (line.text + "\n").encode():
        before = state.name
        state, scan = _advance(monitor, state, scan, byte, facts)
        if before is not None and before.text and (state.name is None or not state.name.text):
            name = before.text.decode()
            listed = before.legal is not None and before.text in before.legal
            where = f"{line.path.name}:{number}"
            yield Outcome(line.group, name, before.receiver, kind_of(before), listed, before.text in known, where)


def kind_of(name: Name) -> str:
    """Return the class of the fact that a name was held against, or why there was none."""
    if not name.held:
        return "store"
    if name.fact is None:
        return "unknown"
    return name.fact.kind if name.legal is not None else UNRESOLVED


def _advance(monitor: Dereference, state: Trail, scan: Scan, byte: int, facts: FactSource) -> tuple[Trail, Scan]:
    """Advance over one byte with all the time that facts may need."""
    text = Lexed.of(scan, bytes((byte,)))
    after = monitor.advance(state, text, facts.view())
    for _ in range(TIMES_TO_SETTLE):
        if not after.missing:
            break
        facts.settle(after.missing)
        after = monitor.advance(state, text, facts.view())
    return after, text.after[-1]
