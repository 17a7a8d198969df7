"""Requests in languages other than Python, written as text with ``$0`` at the cursor."""

from __future__ import annotations

from typing import Any

from analysis.facts import BaseDocument
from analysis.languages import language_of
from analysis.lexing import scan
from analysis.source.scanner import SourceScan, scan_source, start_of
from monitors.base import Lexed, Site
from monitors.stopping import Stopping
from tests.monitors.laws import pieces


def source_site(text: str, language: str, healed: int = 0) -> Site[Any]:
    """Return the request at the ``$0`` of a text; the last ``healed`` typed bytes are taken back."""
    before, after = text.split("$0")
    line = before.rfind("\n") + 1
    typed = before[line:].encode()
    row = language_of(language)
    return Site(
        document=BaseDocument("/project/file", "/project", before[:line], after, language=row.id),
        start=scan(before[:line], row),
        typed=typed,
        healed=typed[len(typed) - healed :],
        remainder=after.partition("\n")[0].encode(),
        suffix=after.encode(),
    )


def trusted_site(language: str, typed: str = "", remainder: str = "", prefix: str = "") -> Site[SourceScan]:
    """Return a request behind ``typed`` whose document may be shown to a language server."""
    document = BaseDocument("/project/file", "/project", prefix, "after();\n", language=language, trusted=True)
    start = scan_source(prefix, start_of(language_of(language).lexis))
    return Site(document, start, typed.encode(), b"", remainder.encode(), (remainder + "\nafter();\n").encode())


def kept(policy: Stopping, site: Site[Any], new: str, cuts: tuple[int, ...] = ()) -> str | None:
    """Write ``new`` at a cursor and return how much of it is the middle, None if it goes on."""
    state, scan = policy.start(), site.start
    for piece in pieces(site.typed + new.encode(), cuts):
        part = Lexed.of(scan, piece)
        state, scan = policy.advance(state, part), part.after[-1]
    cut = policy.cut(state)
    return None if cut is None else new.encode()[: cut - len(site.typed)].decode()
