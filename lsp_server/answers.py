"""How a request is answered, the cheapest way first.

1. typed: a suggestion whose beginning the user has typed (``suggestions``)
2. cached: a suggestion for the same place; ahead: one that was written before anybody asked (``ahead``)
3. joined: what the engine has been asked already and works on (``flights``)
4. the wait for the next keystroke, where typing outruns the engine (``debounce``)
5. model: the engine

The first two ask nobody, so they take no time.  A running request is not joined by one whose cursor has moved on:
whether its text will go on as the user has typed is only known when it is there.  It ends; what it has fed to the
model stays for the next one, and what it has written goes along as a first guess, which one forward pass verifies.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from completion.cursor import LINE_END
from completion.types import CancelToken, CompletionResult, Reason, Trigger
from lsp_server.answer_kinds import AnswerKind
from lsp_server.front import Front
from lsp_server.items import with_line_ends
from lsp_server.snapshot import Snapshot
from lsp_server.suggestions import Place, Suggestion, place_of

# Reasons that say nothing about the place: asked again, there may be a text.
_PASSING = frozenset({Reason.CANCELLED, Reason.SUPERSEDED, Reason.MODEL_LOADING, Reason.OUT_OF_MEMORY})


@dataclass(frozen=True)
class Answer:
    """A suggestion, and where it comes from."""

    kind: AnswerKind
    suggestion: Suggestion


async def answer(front: Front, snapshot: Snapshot) -> Answer | Reason:
    """Answer a request, or say why there is nothing to show.

    Raises:
        asyncio.CancelledError: The client gave the request up.
        Exception: Whatever the engine raised.
    """
    if (found := answer_at_hand(front, snapshot)) is not None:
        front.flights.supersede(snapshot.document.uri)
        return found
    place, candidates = place_at(front, snapshot), snapshot.request.candidates
    ask = partial(_ask_in_time, front, snapshot, place)
    outcome, joined = await front.flights.run(snapshot.document.uri, (place, candidates), ask)
    if isinstance(outcome, Reason):
        return outcome
    return Answer(AnswerKind.JOINED if joined else AnswerKind.MODEL, outcome)


def answer_at_hand(front: Front, snapshot: Snapshot) -> Answer | Reason | None:
    """Return an answer that involves nobody else, or that the engine had none here, or None."""
    found = front.suggestions.find(place_at(front, snapshot), snapshot.request.candidates)
    if found is None:
        return None
    kind, suggestion = found
    return suggestion.reason or Answer(kind, suggestion)


def place_at(front: Front, snapshot: Snapshot) -> Place:
    """Return the place that a snapshot is about."""
    return place_of(snapshot.request, front.documents.changes_elsewhere(snapshot.document.uri))


async def ask_engine(front: Front, snapshot: Snapshot, place: Place, cancel: CancelToken) -> Suggestion | Reason:
    """Have the engine write, and keep what it wrote.

    Raises:
        Exception: Whatever the engine raised.
    """
    request = replace(snapshot.request, replaced=_first_guess(front, place), remembered=True)
    result = await snapshot.service.complete(request, cancel)
    line_end = snapshot.document.line_end
    texts = tuple(dict.fromkeys(with_line_ends(c.text, line_end) for c in result.candidates if c.text))
    whole = all(candidate.finish_reason != "cancelled" for candidate in result.candidates)
    reason = None if texts else result.reason or Reason.EMPTY
    suggestion = Suggestion(
        number=front.next_number(),
        texts=texts,
        reason=reason,
        certificate=result.certificate,
        candidates=request.candidates,
        settled=_is_settled(result),
        ahead=request.trigger is Trigger.AHEAD,
        whole=whole,
    )
    if texts or (whole and reason not in _PASSING):
        front.suggestions.add(place, suggestion)
    if not whole:
        return result.reason or Reason.CANCELLED
    if reason is None:
        front.offers.written(suggestion.number, request, result)
    elif request.trigger is not Trigger.AHEAD:
        front.offers.withheld(request, result)
    return reason or suggestion


def _first_guess(front: Front, place: Place) -> str:
    """Return the cursor's line as it may become; "" for no idea.  A wrong guess costs a little time, nothing else."""
    guess = front.suggestions.guess(place)
    line = LINE_END.split(place.before)[-1]
    return line + with_line_ends(guess, "\n") if guess else ""


async def _ask_in_time(front: Front, snapshot: Snapshot, place: Place, cancel: CancelToken) -> Suggestion | Reason:
    """Ask the engine; while typing outruns it, only when the next keystroke is due and has not come."""
    longest = front.configuration.at(snapshot.request.workspace).settings.debounce_ms
    wait = front.debounce.wait(place.before, longest / 1000)
    if wait and snapshot.request.trigger is Trigger.AUTOMATIC:
        await asyncio.sleep(wait)
        if cancel.cancelled:
            return Reason.CANCELLED
    outcome = await ask_engine(front, snapshot, place, cancel)
    if not cancel.cancelled:
        front.debounce.answered()
    return outcome


def _is_settled(result: CompletionResult) -> bool:
    """Whether nothing came too late for it, neither facts nor parts of other files: asked again, it would be equal."""
    return not result.counters.get("unknown") and not result.counters.get("context", {}).get("late")
