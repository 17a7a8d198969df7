"""The suggestions of the last minutes: what a window can answer without the engine.

A suggestion belongs to a place: a text before the cursor, a text behind it, and everything else that determined it.
It answers there again, and wherever the user has typed its beginning since.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

from completion.types import CompletionRequest, Document, Reason, Trigger
from lsp_server.answer_kinds import AnswerKind
from lsp_server.typed_through import closed_by_editor, rest_of

# The texts before the cursor are held whole, so that nothing is ever shown where it does not belong.
MOST_SUGGESTIONS = 200
MOST_CHARACTERS = 4_000_000


@dataclass(frozen=True)
class Place:
    """A cursor, with everything that determines what is written there.

    Attributes:
        settings: The request without its texts: path, interpreter, strictness and whatever else is asked for.
        before: Text before the cursor.
        behind: Text behind it.
        around: What the rest of the workspace is like: parts of other files, and how often those have changed.
    """

    settings: CompletionRequest
    before: str
    behind: str
    around: Hashable = ()

    @property
    def size(self) -> int:
        """Characters held."""
        return len(self.before) + len(self.behind)


@dataclass(frozen=True)
class Suggestion:
    """What the model wrote at a place, or what is left of it.

    Attributes:
        number: Of the model's answer.
        texts: What to insert, best first, with the document's line ends.
        reason: Why there are none; answers at its place alone.
        certificate: One line on what was checked, or None.
        candidates: How many texts were asked for.
        settled: Whether nothing came too late for it, so that every name in it could be checked.  If not, asking
            again may bring a better one.
        ahead: Whether it was written before anybody asked.
        whole: Whether the engine came to its end.  What was cut short is never shown, and still a good guess.
    """

    number: int
    texts: tuple[str, ...]
    reason: Reason | None = None
    certificate: str | None = None
    candidates: int = 1
    settled: bool = True
    ahead: bool = False
    whole: bool = True

    @property
    def size(self) -> int:
        """Characters held."""
        return sum(map(len, self.texts))


def place_of(request: CompletionRequest, elsewhere: int) -> Place:
    """Return the place that a request is about.

    Args:
        request: Whatever its trigger.
        elsewhere: Number of changes so far to anything but the request's document.
    """
    document = request.document
    settings = replace(
        request,
        document=Document(document.path, "", document.language),
        offset=0,
        trigger=Trigger.AUTOMATIC,
        candidates=1,
        context=(),
        replaced="",
    )
    before, behind = document.text[: request.offset], document.text[request.offset :]
    return Place(settings, before, behind, (elsewhere, request.context))


class Suggestions:
    """A bounded number of them; the ones that answered last stay longest."""

    def __init__(self, most: int = MOST_SUGGESTIONS, most_characters: int = MOST_CHARACTERS) -> None:
        """Start with none."""
        self._most = most
        self._most_characters = most_characters
        # By settings and the text behind the cursor, which stay when the user types; oldest first.
        self._kept: dict[tuple[CompletionRequest, str], OrderedDict[Place, Suggestion]] = {}
        self._order: OrderedDict[Place, None] = OrderedDict()
        self._shown: Place | None = None
        self.characters = 0

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._order)

    def find(self, place: Place, candidates: int = 1) -> tuple[AnswerKind, Suggestion] | None:
        """Return what answers a request, and how, or None.

        The latest shown comes first: while it is being typed through it stays what it was, whatever the analysis
        has learnt meanwhile, rather than change under the user's fingers.  Others must still be what the engine
        would write: at their very place, where it could be asked instead, to the last fact.
        """
        for closers in closed_by_editor(place.behind):
            kept = self._kept.get((place.settings, place.behind[len(closers) :]))
            for origin, suggestion in reversed(kept.items()) if kept else ():
                usable = suggestion.whole and suggestion.candidates >= candidates
                if not usable or not place.before.startswith(origin.before):
                    continue
                typed = place.before[len(origin.before) :]
                if not typed and (closers or not suggestion.settled):
                    continue
                if origin.around != place.around and not (typed and origin == self._shown):
                    continue
                texts = tuple(dict.fromkeys(filter(None, (rest_of(text, typed, closers) for text in suggestion.texts))))
                if texts or (suggestion.reason and not typed):
                    self._touch(origin)
                    return _kind_of(typed, suggestion), replace(suggestion, texts=texts)
        return None

    def guess(self, place: Place) -> str:
        """Return what the engine will most likely write at a place, "" for no idea.

        It is what was written there or shortly before, unverified, cut short or out of date as it may be.
        """
        kept = self._kept.get((place.settings, place.behind))
        for origin, suggestion in reversed(kept.items()) if kept else ():
            if suggestion.texts and place.before.startswith(origin.before):
                if rest := rest_of(suggestion.texts[0], place.before[len(origin.before) :]):
                    return rest
        return ""

    def add(self, place: Place, suggestion: Suggestion) -> None:
        """Keep a suggestion; one of the same place is replaced, unless it is whole and the new one is not."""
        if not suggestion.whole and place in self._order:
            return
        self._drop(place)
        self._kept.setdefault((place.settings, place.behind), OrderedDict())[place] = suggestion
        self._order[place] = None
        if suggestion.whole and not suggestion.ahead:
            self._shown = place
        self.characters += place.size + suggestion.size
        while len(self._order) > self._most or self.characters > self._most_characters:
            self._drop(next(iter(self._order)))

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._order.clear()
        self._shown = None
        self.characters = 0

    def _touch(self, place: Place) -> None:
        self._shown = place
        self._order.move_to_end(place)
        self._kept[place.settings, place.behind].move_to_end(place)

    def _drop(self, place: Place) -> None:
        if place not in self._order:
            return
        del self._order[place]
        kept = self._kept[place.settings, place.behind]
        self.characters -= place.size + kept.pop(place).size
        if not kept:
            del self._kept[place.settings, place.behind]


def _kind_of(typed: str, suggestion: Suggestion) -> AnswerKind:
    if typed:
        return AnswerKind.TYPED
    return AnswerKind.AHEAD if suggestion.ahead else AnswerKind.CACHED
