"""The completion after the next: written while the user looks at a suggestion, as if it had been accepted.

Only where nothing follows on the cursor's line, since there most suggestions are accepted whole; only while the
client is quiet; of lowest urgency in the engine; ended by the next request that needs the engine.  It goes to the
other suggestions (``suggestions``) and answers when the user gets there.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from completion.types import Document, Trigger
from lsp_server.answers import ask_engine
from lsp_server.front import Front
from lsp_server.snapshot import Snapshot
from lsp_server.suggestions import Suggestion, place_of
from lsp_server.warming import QUIET_S, stop_expecting


def expect_acceptance(front: Front, snapshot: Snapshot, suggestion: Suggestion) -> None:
    """Write on behind a suggestion, unless the client says something new soon."""
    request, text = snapshot.request, suggestion.texts[0]
    before, behind = request.document.text[: request.offset], request.document.text[request.offset :]
    if behind.partition(snapshot.document.line_end)[0].strip():
        return
    document = Document(request.document.path, before + text + behind, request.document.language)
    wanted = replace(request, document=document, offset=len(before + text), trigger=Trigger.AHEAD, candidates=1)
    stop_expecting(front)
    front.expecting = asyncio.get_running_loop().call_later(QUIET_S, _begin, front, replace(snapshot, request=wanted))


def _begin(front: Front, snapshot: Snapshot) -> None:
    uri = snapshot.document.uri
    if front.documents.get(uri) is not snapshot.document:
        return
    place = place_of(snapshot.request, front.documents.changes_elsewhere(uri))
    if place == front.tried_ahead or front.suggestions.find(place) is not None:
        return
    if front.flights.run_ahead(uri, (place, 1), partial(ask_engine, front, snapshot, place)):
        front.tried_ahead = place
        front.counts.begun_ahead += 1
