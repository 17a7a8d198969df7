"""The guard in front of every completion: a prepared snapshot, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from completion.loading import Service
from completion.types import CompletionRequest, Document, Reason, Trigger
from lsp_server.documents import TextDocument
from lsp_server.front import Front
from lsp_server.reasons import AnyReason, FrontReason
from lsp_server.uris import made_up_folder, path_of, workspace_of

_TRIGGERS = {
    types.InlineCompletionTriggerKind.Invoked: Trigger.INVOKED,
    types.InlineCompletionTriggerKind.Automatic: Trigger.AUTOMATIC,
}


@dataclass(frozen=True)
class Hole:
    """What the items replace, and what they repeat.

    Clients show an item only if its text begins with what it replaces, so every item's text is
    ``head`` and the completion.

    Attributes:
        start: Offset of the first replaced character.
        end: Offset behind the last one; on the same line.
        head: Begins with the replaced text.
    """

    start: int
    end: int
    head: str


@dataclass(frozen=True)
class Snapshot:
    """Everything an answer needs; nothing in it changes while the user types on.

    Attributes:
        service: Who is asked.
        request: What.
        document: The version that the cursor was in.
        hole: Where in it the answer goes.
    """

    service: Service
    request: CompletionRequest
    document: TextDocument
    hole: Hole


def prepare(front: Front, params: types.InlineCompletionParams) -> Snapshot | AnyReason:
    """Return the snapshot for a request, or why it gets no text."""
    document = front.documents.get(params.text_document.uri)
    if document is None:
        return FrontReason.DOCUMENT_NOT_OPEN
    if front.load_failed:
        return FrontReason.LOAD_FAILED
    if front.service is None:
        return Reason.MODEL_LOADING
    hole = find_hole(document, params)
    if hole is None:
        return FrontReason.POPUP_NOT_EXTENDED
    trigger = _TRIGGERS[params.context.trigger_kind]
    return Snapshot(front.service, request_at(front, document, hole, trigger), document, hole)


def find_hole(document: TextDocument, params: types.InlineCompletionParams) -> Hole | None:
    """Return where the completion goes.

    Without a popup that is the cursor, and the line before it is replaced by itself: clients
    then keep showing the item when the user deletes a character.  With one, the completion
    follows the selected entry as if it had been accepted, in the entry's own range; None if
    the entry does not begin with what it replaces, because clients would not show the item.
    """
    positions, text = document.positions, document.text
    cursor = positions.offset(params.position)
    selected = params.context.selected_completion_info
    if selected is None:
        return hole_at(document, cursor)
    start, end = positions.offset(selected.range.start), positions.offset(selected.range.end)
    if not start <= cursor <= end or positions.line_start(start) != positions.line_start(end):
        return None
    return Hole(start, end, selected.text) if selected.text.startswith(text[start:end]) else None


def hole_at(document: TextDocument, cursor: int) -> Hole:
    """Return where a completion goes without a popup."""
    start = document.positions.line_start(cursor)
    return Hole(start, cursor, document.text[start:cursor])


def request_at(front: Front, document: TextDocument, hole: Hole, trigger: Trigger) -> CompletionRequest:
    """Return what the service is asked for a hole."""
    folders = front.folders
    path = path_of(document.uri, document.language, made_up_folder(folders))
    text = document.text[: hole.start] + hole.head + document.text[hole.end :]
    return CompletionRequest(
        document=Document(path, text, document.language),
        offset=hole.start + len(hole.head),
        workspace=workspace_of(path, folders),
        trigger=trigger,
        environment=front.environment,
        facts="live",
        strictness=front.strictness,
        candidates=front.settings.invoked_candidates if trigger is Trigger.INVOKED else 1,
    )
