"""Listed names in ranks: which of the names that may all stand at a place are hardly meant there.

Two things speak against a name.  It is *hidden*: everything has it and hardly anybody means it (``__this__``; on
other objects than a method's own, ``_this``).  Or names that are used otherwise elsewhere are likelier
(``monitors.likeness``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.facts import Fact
from monitors.likeness import Likeness
from monitors.words import AnyOf, Words, encoded, open_names

HIDDEN: Final = "hidden"


@dataclass(frozen=True, slots=True)
class Rank:
    """Listed names that are equally likely as far as a monitor can tell.

    Attributes:
        words: The names.
        price: What one costs, nats, 0 or less.
        row: Row of the fact's class that one is charged by, ``hidden``; "" for what is listed like any other.
    """

    words: AnyOf
    price: float = 0.0
    row: str = ""


class Ranked(NamedTuple):
    """The names of a fact.

    Attributes:
        ranks: The likeliest first; no name is in two.
        others: What a name costs of which nothing is known, nats: less than 0 where a listed one is likelier.
    """

    ranks: tuple[Rank, ...]
    others: float


def all_alike(*words: Words) -> tuple[Rank, ...]:
    """Return names in one rank: they cost nothing."""
    return (Rank(AnyOf(words)),)


@lru_cache(maxsize=64)
def ranked(fact: Fact, banned: frozenset[str], hidden: float, likeness: Likeness) -> Ranked:
    """Put the names of a fact in ranks; the likeliest that is not hidden costs nothing.

    That a hidden name is never used like this says nothing: it is hardly used.

    Args:
        fact: Lists them.
        banned: Those that are not to be listed.
        hidden: What a hidden name costs, nats.
        likeness: What their uses elsewhere say.
    """
    plain = open_names(fact)
    groups: dict[tuple[str, float], set[str]] = {}
    for name in fact.names - banned:
        if name in plain:
            groups.setdefault(("", likeness.of(name)), set()).add(name)
        else:
            groups.setdefault((HIDDEN, hidden + max(0.0, likeness.of(name))), set()).add(name)
    best = max((value for _, value in groups), default=0.0) if likeness.values else 0.0
    ranks = (
        Rank(AnyOf((encoded(frozenset(names)),)), min(0.0, value - best), row) for (row, value), names in groups.items()
    )
    return Ranked(tuple(sorted(ranks, key=lambda rank: (-rank.price, rank.row))), min(0.0, -best))
