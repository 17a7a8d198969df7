"""Drafters by name.  A new one is added here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from decoding.drafters.copyspec import PAPER, CopySpec
from decoding.drafters.edit_copy import EditCopy
from decoding.drafters.heal import Heal
from decoding.drafters.monitor import MonitorDrafter
from decoding.drafters.suffix import Suffix
from decoding.types import Corpus, Drafter
from models.vocabulary import Vocabulary


@dataclass(frozen=True)
class Material:
    """What drafters of one request are made of.

    Attributes:
        vocabulary: The model's.
        healed: Bytes that token healing took back.
        corpora: Texts outside the prompt, the nearest first.
        replaced: What stood in the middle's place, when that is rewritten.
    """

    vocabulary: Vocabulary
    healed: bytes = b""
    corpora: tuple[Corpus, ...] = ()
    replaced: bytes = b""


BUILDERS: Mapping[str, Callable[[Material], Drafter]] = {
    "heal": lambda material: Heal(material.vocabulary, material.healed),
    "monitor": lambda material: MonitorDrafter(material.vocabulary),
    "copyspec": lambda material: CopySpec(),
    "copyspec-paper": lambda material: CopySpec(PAPER, "copyspec-paper"),
    "edit_copy": lambda material: EditCopy(material.vocabulary.encode_bytes(material.replaced)),
    "suffix": lambda material: Suffix(material.corpora),
}

# What a drafter cannot do without: it is not made where there is none.
NEEDS: Mapping[str, Callable[[Material], object]] = {
    "heal": lambda material: material.healed,
    "edit_copy": lambda material: material.replaced,
    "suffix": lambda material: material.corpora,
}

# Of drafts that promise as much the first one's is taken, so the surest stand first.
DEFAULT = ("heal", "monitor", "edit_copy", "copyspec", "suffix")


def build(names: Iterable[str] | None, material: Material) -> tuple[Drafter, ...]:
    """Make the drafters of one request, those that have something to go by.

    Args:
        names: In order of priority; None for the default ones, none at all for plain decoding.
        material: What to make them of.

    Raises:
        ValueError: A name is unknown.
    """
    wanted = DEFAULT if names is None else tuple(names)
    for name in wanted:
        if name not in BUILDERS:
            raise ValueError(f"unknown drafter {name!r}; known are {', '.join(BUILDERS)}")
    return tuple(BUILDERS[name](material) for name in wanted if name not in NEEDS or NEEDS[name](material))
