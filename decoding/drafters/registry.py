"""Drafters by name.  A new one is added here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from decoding.drafters.copyspec import PAPER, CopySpec
from decoding.drafters.heal import Heal
from decoding.drafters.monitor import MonitorDrafter
from decoding.types import Drafter
from models.vocabulary import Vocabulary

Builder = Callable[[Vocabulary, bytes], Drafter]

BUILDERS: Mapping[str, Builder] = {
    "heal": Heal,
    "monitor": lambda vocabulary, healed: MonitorDrafter(vocabulary),
    "copyspec": lambda vocabulary, healed: CopySpec(),
    "copyspec-paper": lambda vocabulary, healed: CopySpec(PAPER, "copyspec-paper"),
}

# The first that has a draft is heard, so the surest stand first.
DEFAULT = ("heal", "monitor", "copyspec")


def build(names: Iterable[str] | None, vocabulary: Vocabulary, healed: bytes = b"") -> tuple[Drafter, ...]:
    """Make the drafters of one request.

    Args:
        names: In order of priority; None for the default ones, none at all for plain decoding.
        vocabulary: The model's.
        healed: Bytes that token healing took back.

    Raises:
        ValueError: A name is unknown.
    """
    wanted = DEFAULT if names is None else tuple(names)
    for name in wanted:
        if name not in BUILDERS:
            raise ValueError(f"unknown drafter {name!r}; known are {', '.join(BUILDERS)}")
    return tuple(BUILDERS[name](vocabulary, healed) for name in wanted)
