"""What a popup list shows at a cursor: names where one may stand; else, where clients have no other way, a text.

Clients show a popup when all servers have answered, so there is little time.  What is not there by then is still
worked on, and the list says that it is incomplete: the client asks again with the next keystroke.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from lsprotocol import types

from completion.types import Reason, Trigger
from lsp_server.answers import Answer, answer, answer_at_hand
from lsp_server.front import Front
from lsp_server.items import offers_of
from lsp_server.names import NamesAt
from lsp_server.popup_items import Taste, list_of_names, list_of_text
from lsp_server.reasons import AnyReason
from lsp_server.snapshot import Hole, Snapshot, guarded, hole_at, request_at, whereabouts
from lsp_server.suggestions import place_of

# Of the 150 ms that the slowest server of a client may take before users notice; the rest is the way there and back.
BUDGET_S: Final = 0.12

_WORD = re.compile(r"\w*\Z")

NOT_YET: Final = types.CompletionList(is_incomplete=True, items=[])
NOTHING: Final = types.CompletionList(is_incomplete=False, items=[])


def has_inline_completion(front: Front) -> bool:
    """Whether the client shows inline completions."""
    document = front.client_capabilities.text_document
    return document is not None and document.inline_completion is not None


def is_wanted(front: Front, workspace: str) -> bool:
    """Whether the user wants popups in a workspace folder."""
    wanted = front.configuration.at(workspace).settings.popup
    return wanted == "on" or (wanted == "auto" and not has_inline_completion(front))


async def popup_at(front: Front, params: types.CompletionParams) -> types.CompletionList | AnyReason:
    """Return the list for a cursor, or the reason why there is none.

    Raises:
        asyncio.CancelledError: The client gave the request up.
        Exception: Whatever the service raised.
    """
    until = asyncio.get_running_loop().time() + BUDGET_S
    snapshot = _prepare(front, params)
    if not isinstance(snapshot, Snapshot):
        return snapshot
    known, word = names_at(front, snapshot), snapshot.replaced
    await known.learn(word, until)
    if known.left:
        return Reason.SUPERSEDED
    choice = known.choice(word)
    if known.listing.late:
        return NOT_YET
    if choice.names and known.is_at_name(word):
        return list_of_names(snapshot, known, choice, Taste.of(front.client_capabilities))
    if has_inline_completion(front):
        return NOTHING
    return await _text_at(front, snapshot, until)


def names_at(front: Front, snapshot: Snapshot) -> NamesAt:
    """Return what is known of a place."""
    uri = snapshot.document.uri
    place = place_of(snapshot.request, front.documents.changes_elsewhere(uri))
    return front.names.at(uri, place, snapshot.service, snapshot.request)


def _prepare(front: Front, params: types.CompletionParams) -> Snapshot | AnyReason | types.CompletionList:
    """Return the place where the word at the cursor begins: all that can be typed of it shares one answer."""
    found = guarded(front, params.text_document.uri, Trigger.AUTOMATIC)
    if not isinstance(found, tuple):
        return found
    document, service = found
    if not is_wanted(front, whereabouts(front, document)[1]):
        return NOTHING
    cursor = document.positions.offset(params.position)
    word = _WORD.search(document.text[document.positions.line_start(cursor) : cursor])
    hole = Hole(cursor - len(word[0] if word else ""), cursor, "")
    return Snapshot(service, request_at(front, document, hole, Trigger.AUTOMATIC), document, hole)


async def _text_at(front: Front, names: Snapshot, until: float) -> types.CompletionList | Reason:
    """Return the list with what an inline completion would show, or the reason why there is none."""
    document = names.document
    hole = hole_at(document, names.hole.end)
    snapshot = Snapshot(names.service, request_at(front, document, hole, Trigger.AUTOMATIC), document, hole)
    found: Answer | Reason | None = answer_at_hand(front, snapshot)
    if found is None:
        found = await front.ongoing.in_time(answer(front, snapshot), until)
    if found is None:
        return NOT_YET
    if not isinstance(found, Answer):
        return found
    offers = offers_of(snapshot, found.suggestion)
    front.counts.answers[found.kind] += 1
    front.offers.offered(found.kind, found.suggestion.number, offers)
    return list_of_text(snapshot, names.replaced, offers[0], Taste.of(front.client_capabilities))
