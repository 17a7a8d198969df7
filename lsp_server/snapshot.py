"""The guard in front of every completion: a prepared snapshot, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsprotocol import types

from completion.context.sources import DEFAULT_SOURCES, OPEN_FILES
from completion.loading import Service
from completion.privacy import no_context, no_suggestions
from completion.settings.model import Settings
from completion.types import CompletionRequest, Document, Reason, Snippet, Trigger
from lsp_server.documents import TextDocument
from lsp_server.front import Front
from lsp_server.reasons import AnyReason, FrontReason
from lsp_server.unsaved import unsaved_beside
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

    @property
    def replaced(self) -> str:
        """The text in the hole."""
        return self.document.text[self.hole.start : self.hole.end]


def prepare(front: Front, params: types.InlineCompletionParams) -> Snapshot | AnyReason:
    """Return the snapshot for a request, or why it gets no text."""
    trigger = _TRIGGERS[params.context.trigger_kind]
    found = guarded(front, params.text_document.uri, trigger)
    if not isinstance(found, tuple):
        return found
    document, service = found
    hole = find_hole(document, params)
    if hole is None:
        return FrontReason.POPUP_NOT_EXTENDED
    return Snapshot(service, request_at(front, document, hole, trigger), document, hole)


def guarded(front: Front, uri: str, trigger: Trigger) -> tuple[TextDocument, Service] | AnyReason:
    """Return a document and who is asked about it, or why nobody is."""
    document = front.documents.get(uri)
    if document is None:
        return FrontReason.DOCUMENT_NOT_OPEN
    if (reason := unwanted(front, document, trigger)) is not None:
        return reason
    if front.load_failed:
        return FrontReason.LOAD_FAILED
    return Reason.MODEL_LOADING if front.service is None else (document, front.service)


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


def unwanted(front: Front, document: TextDocument, trigger: Trigger) -> AnyReason | None:
    """Return why the user wants nothing to be suggested in a document, or None."""
    path, workspace = whereabouts(front, document)
    settings = front.configuration.at(workspace).settings
    if no_suggestions(path, settings.exclude):
        return Reason.EXCLUDED_FILE
    if trigger is Trigger.AUTOMATIC and not settings.languages.is_on(document.language):
        return FrontReason.LANGUAGE_OFF
    return None


def whereabouts(front: Front, document: TextDocument) -> tuple[str, str]:
    """Return the path of a document and its workspace folder."""
    folders = front.folders
    path = path_of(document.uri, document.language, made_up_folder(folders))
    return path, workspace_of(path, folders)


def request_at(front: Front, document: TextDocument, hole: Hole, trigger: Trigger) -> CompletionRequest:
    """Return what the service is asked for a hole."""
    path, workspace = whereabouts(front, document)
    held = front.configuration.at(workspace)
    settings = held.settings
    text = document.text[: hole.start] + hole.head + document.text[hole.end :]
    request = CompletionRequest(
        document=Document(path, text, document.language),
        offset=hole.start + len(hole.head),
        workspace=workspace,
        trigger=trigger,
        facts="live",
        context=context_at(front, document, settings),
        candidates=settings.candidates if trigger is Trigger.INVOKED else 1,
    )
    asked = held.asked(request)
    if not asked.trusted:
        return asked
    others = unsaved_beside(document, front.documents.unsaved(), lambda other: whereabouts(front, other))
    return replace(asked, unsaved=others)


def context_at(front: Front, document: TextDocument, settings: Settings) -> tuple[Snippet, ...]:
    """Return what the model may read of the other open documents."""
    if OPEN_FILES not in (DEFAULT_SOURCES if settings.context is None else settings.context):
        return ()

    def path_of_other(other: TextDocument) -> str | None:
        path, _ = whereabouts(front, other)
        alike = other.language == document.language
        return path if alike and not no_context(path, settings.exclude_context) else None

    return front.elsewhere.regions(document.uri, front.documents.get, path_of_other)
