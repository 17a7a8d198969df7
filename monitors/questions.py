"""Which question about a receiver to ask: the one whose answer serves most, and is right here.

Where the text of the middle cannot have changed what the receiver is, the question is about the
base document, so one answer serves all candidates, draft branches and keystrokes.  Else the
middle up to the receiver's statement goes into the question, or, where that very statement binds
the receiver's root (``for y in z: y.``), up to the receiver.
"""

from __future__ import annotations

import builtins
import re

from analysis.facts import BaseDocument, FactKey
from analysis.python.scanner import Scan, scan_text
from monitors.base import Site
from monitors.words import WORD, all_words

KIND = "attributes"

# Nobody dereferences an expression longer than this, but broken code has them.
LONGEST_RECEIVER = 300

LONGEST_NAME = 80

ROOT = re.compile(r"[^\W\d]\w*")
STRING = re.compile(r"[rRuUfF]{0,2}(?:\"[^\"\\\n{]*\"|'[^'\\\n{]*')\Z")
LAST_NAME = re.compile(r"[^\W\d]\w*\Z")
NEARBY = re.compile(r"\b([^\W\d]\w*(?:\.[^\W\d]\w*)*)\.[^\W\d]")
BUILTIN_NAMES = frozenset(dir(builtins))

Stored = frozenset[tuple[str, bytes]]


class Questions:
    """The questions of one request."""

    def __init__(self, site: Site) -> None:
        """Ask about ``site.document``."""
        self._document = site.document.digest
        self._words = all_words(site.document.prefix, site.document.suffix)
        self._made: dict[tuple[bytes, str], FactKey | None] = {}

    def about(self, receiver: str, hole: bytes, scan: Scan, stored: Stored) -> FactKey | None:
        """Return the question about a receiver, or None if there is no sensible one.

        Args:
            receiver: Its source.
            hole: The middle up to the receiver's end, or with the dot behind it.
            scan: Lexical state there.
            stored: (receiver, name) of attributes that the middle may have assigned.
        """
        if (hole, receiver) not in self._made:
            self._made[hole, receiver] = self._make(receiver, hole, scan, stored)
        return self._made[hole, receiver]

    def ahead(self, hole: bytes, scan: Scan, stored: Stored) -> FactKey | None:
        """Return the question that a dot would raise, or None where a dot is unlikely.

        A name that occurs nowhere is most likely not written to its end, and each question
        takes a worker some 30 ms.
        """
        chain = scan.chain
        if not chain:
            return None
        if chain[-1].isidentifier() or chain[-1].isdigit():
            last = LAST_NAME.search(chain, max(0, len(chain) - LONGEST_NAME))
            if last is not None and not self._is_word(last[0], scan):
                return None
        return self.about(chain, hole, scan, stored)

    def _make(self, receiver: str, hole: bytes, scan: Scan, stored: Stored) -> FactKey | None:
        if len(receiver) > LONGEST_RECEIVER:
            return None
        if STRING.match(receiver):
            return FactKey(KIND, self._document, '""')
        root = ROOT.match(receiver)
        names = {root[0]} if root else set(WORD.findall(receiver))
        if not names & scan.bound and not any(depends_on(receiver, *store) for store in stored):
            return FactKey(KIND, self._document, receiver)
        middle = middle_before(receiver, names, hole, scan)
        return FactKey(KIND, self._document, receiver, middle) if middle else None

    def _is_word(self, name: str, scan: Scan) -> bool:
        return name in self._words or name in BUILTIN_NAMES or name in scan.bound


def middle_before(receiver: str, names: set[str], hole: bytes, scan: Scan) -> str:
    """Return the part of the middle that the receiver's meaning may depend on, "" if it cannot be told."""
    line = len(hole) - len(scan.line)
    end = hole.rfind(receiver.encode("utf-8", "surrogateescape"))
    if end < 0:
        return ""
    if line < 0 or names & scan_text(hole[line:end]).bound:
        return hole[:end].decode("utf-8", "replace")
    return hole[:line].decode("utf-8", "replace")


def depends_on(receiver: str, owner: str, name: bytes) -> bool:
    """Whether the receiver reads the attribute ``name`` of ``owner``."""
    changed = f"{owner}.{name.decode('utf-8', 'replace')}"
    return receiver == changed or (receiver.startswith(changed) and not WORD.match(receiver[len(changed) :]))


def nearby(document: BaseDocument, most: int = 4) -> tuple[FactKey, ...]:
    """Return questions worth asking before anything is written: names in scope, receivers used last before the hole."""
    lines = document.prefix[-2000:]
    receivers = dict.fromkeys(match for match in reversed(NEARBY.findall(lines)))
    asked = [("names", document.indent), *((KIND, receiver) for receiver in list(receivers)[:most])]
    return tuple(FactKey(kind, document.digest, receiver) for kind, receiver in asked)
