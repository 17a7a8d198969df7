"""Counting what becomes of suggestions: shown, accepted, and how much of them is there some time later.

What is followed is where an accepted text stands, not what it says; see ``completion.statistics`` for what is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from completion import statistics
from completion.statistics import Happening
from lsp_server.documents import TextDocument
from lsp_server.front import Front
from lsp_server.offers import Offer
from lsp_server.retention import Retained, edits_of
from lsp_server.snapshot import whereabouts

AFTER_S = (30, 120, 600)
"""When it is looked how much is still there; as in studies of what developers keep of suggestions."""

# Accepted texts that are followed at once, and offers that are known to have been counted.
MOST = 1000

# Characters around its place in which an accepted text is looked for: the editor may have put an import above it.
NEARBY = 2000


@dataclass(eq=False)
class Followed:
    """An accepted text.

    Attributes:
        uri: Its document.
        language: Of that document.
        size: Characters that were accepted.
        left: What is left of them.
    """

    uri: str
    language: str
    size: int
    left: Retained


class Statistics:
    """An ``offers.Observer`` that writes down what the user has agreed to."""

    def __init__(self, front: Front) -> None:
        """Follow nothing yet."""
        self._front = front
        self._counted: OrderedDict[tuple[str, str], None] = OrderedDict()
        # By offer: who takes it word by word takes it once.
        self._followed: OrderedDict[str, Followed] = OrderedDict()

    def shown(self, offer: Offer) -> None:
        """Count it once, however often it is drawn."""
        if (document := self._wanted(offer.uri)) is not None:
            self._count(offer, statistics.SHOWN, document.language, len(offer.text))

    def accepted(self, offer: Offer, text: str) -> None:
        """Count it, and follow what was accepted."""
        document = self._wanted(offer.uri)
        if document is None:
            return
        what = statistics.ACCEPTED if text == offer.text else statistics.ACCEPTED_IN_PART
        self._count(offer, what, document.language, len(text))
        if (start := _find(document.text, text, offer.offset)) is not None:
            left = Retained(((start, start + len(text)),))
            self._follow(offer.id, Followed(offer.uri, document.language, len(text), left))

    def edited(self, document: TextDocument, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """Follow an edit, told with the version that it starts from."""
        followed = [one for one in self._followed.values() if one.uri == document.uri]
        for edit in edits_of(document, changes) if followed else ():
            for one in followed:
                one.left = one.left.after(edit)

    def closed(self, uri: str) -> None:
        """Follow nothing in a document any more."""
        for number in [number for number, one in self._followed.items() if one.uri == uri]:
            del self._followed[number]

    def _follow(self, number: str, followed: Followed) -> None:
        self._followed[number] = followed
        if len(self._followed) > MOST:
            self._followed.popitem(last=False)
        for seconds in AFTER_S:
            asyncio.get_running_loop().call_later(seconds, self._look, number, followed, seconds)

    def _look(self, number: str, followed: Followed, seconds: int) -> None:
        """Write down what is left, unless more of the same offer has been accepted since, or it is gone."""
        if self._followed.get(number) is not followed:
            return
        self._write(Happening(_now(), statistics.KEPT, followed.language, followed.size, seconds, followed.left.size))
        if seconds == AFTER_S[-1]:
            del self._followed[number]

    def _count(self, offer: Offer, what: str, language: str, characters: int) -> None:
        if (offer.id, what) in self._counted:
            return
        self._counted[offer.id, what] = None
        if len(self._counted) > MOST:
            self._counted.popitem(last=False)
        self._write(Happening(_now(), what, language, characters))

    def _wanted(self, uri: str) -> TextDocument | None:
        """Return a document in which the user has agreed to be counted."""
        document = self._front.documents.get(uri)
        if document is None:
            return None
        _, workspace = whereabouts(self._front, document)
        return document if self._front.configuration.at(workspace).settings.statistics else None

    def _write(self, happening: Happening) -> None:
        with contextlib.suppress(OSError):  # a full disk costs statistics, and nothing else
            statistics.write(happening)


def _now() -> int:
    return int(time.time())


def _find(text: str, accepted: str, at: int) -> int | None:
    """Return where an accepted text stands, by where it was offered."""
    if text.startswith(accepted, at):
        return at
    found = text.find(accepted, max(0, at - NEARBY), at + NEARBY + len(accepted))
    return found if found >= 0 else None
