"""Drafters that misbehave are asked no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from decoding.drafting import DEADLINE_S, MOST_LATE, Guarded
from decoding.types import Draft, Prompt, Tip
from tests.decoding.drafters.drafter_contract import tip

FINE = Draft((1, 2, 3), "odd", 2)


@dataclass
class Odd:
    """A drafter that does what it is told to.

    Attributes:
        draft: Makes its drafts.
        fails_at: What it raises at.
        seen: What it was told.
    """

    draft: Callable[[], Draft] = lambda: FINE
    fails_at: str = ""
    seen: list[str] = field(default_factory=list)
    name: str = "odd"

    def _do(self, what: str) -> None:
        self.seen.append(what)
        if what == self.fails_at:
            raise KeyError(what)

    def begin(self, prompt: Prompt) -> None:
        """Begin."""
        self._do("begin")

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Propose."""
        self._do("propose")
        return self.draft()

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Observe."""
        self._do("observe")

    def rewind(self, count: int) -> None:
        """Rewind."""
        self._do("rewind")


def asked(guarded: Guarded) -> tuple[int, ...]:
    """Let a drafter live through a request, and return its last draft."""
    guarded.begin(Prompt((1,), frozenset()))
    guarded.propose(tip(), 9)
    guarded.observe((1,))
    guarded.rewind(1)
    return guarded.propose(tip(), 9).tokens


def test_a_good_drafter_is_asked() -> None:
    """Everything reaches it, and its draft comes back, no longer than was asked for."""
    dropped: list[str] = []
    odd = Odd()
    guarded = Guarded(odd, 10, dropped.append)
    assert asked(guarded) == (1, 2, 3)
    assert odd.seen == ["begin", "propose", "observe", "rewind", "propose"]
    assert guarded.propose(tip(), 2).tokens == (1, 2)
    assert (dropped, guarded.name) == ([], "odd")


@pytest.mark.parametrize("place", ["begin", "propose", "observe", "rewind"])
def test_one_that_raises_is_dropped(place: str) -> None:
    """Wherever it raises, it is asked nothing more, and counted once."""
    dropped: list[str] = []
    odd = Odd(fails_at=place)
    assert asked(Guarded(odd, 10, dropped.append)) == ()
    assert odd.seen[-1] == place
    assert dropped == ["odd"]


NONSENSE = [
    Draft((1, 10), "odd"),
    Draft((-1,), "odd"),
    Draft((1, 2), "odd", 0, (1, 0)),
    Draft((1, 2), "odd", 0, (-1, 1)),
    Draft((1, 2), "odd", 0, (-2, 0)),
    Draft((1, 2), "odd", 0, (-1,)),
]


@pytest.mark.parametrize("draft", NONSENSE)
def test_nonsense_is_not_verified(draft: Draft) -> None:
    """Ids that do not exist and parents that are no tree end a drafter."""
    dropped: list[str] = []
    assert asked(Guarded(Odd(lambda: draft), 10, dropped.append)) == ()
    assert dropped == ["odd"]


def test_a_tree_is_cut_with_its_parents() -> None:
    """The budget counts nodes."""
    tree = Draft((1, 2, 3), "odd", 0, (-1, -1, 0))
    assert Guarded(Odd(lambda: tree), 10, lambda name: None).propose(tip(), 2) == Draft((1, 2), "odd", 0, (-1, -1))


def test_one_that_takes_too_long_is_dropped() -> None:
    """Once may be the machine's fault; not again and again."""
    dropped: list[str] = []
    now = [0.0]

    def slow() -> Draft:
        now[0] += 2 * DEADLINE_S
        return FINE

    guarded = Guarded(Odd(slow), 10, dropped.append, clock=lambda: now[0])
    drafts = [guarded.propose(tip(), 9) for _ in range(MOST_LATE + 1)]
    assert drafts == [FINE] * (MOST_LATE - 1) + [Draft()] * 2
    assert dropped == ["odd"]
