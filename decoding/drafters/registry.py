"""Drafters by name.  A new one is added here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decoding.drafters.copyspec import PAPER, CopySpec
from decoding.drafters.draft_model import DraftModelDrafter
from decoding.drafters.edit_copy import EditCopy
from decoding.drafters.heads import HeadsDrafter
from decoding.drafters.heal import Heal
from decoding.drafters.monitor import MonitorDrafter
from decoding.drafters.recycling import Recycling
from decoding.drafters.suffix import Suffix
from decoding.types import Corpus, Drafter
from models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from models.draft_model import DraftModel
    from models.heads import Heads


@dataclass(frozen=True)
class Material:
    """What drafters of one request are made of.

    Attributes:
        vocabulary: The model's.
        healed: Bytes that token healing took back.
        corpora: Texts outside the prompt, the nearest first.
        replaced: What stood in the middle's place, when that is rewritten.
        previous: Ids of what was written there the last time, from the beginning of the middle on.
        heads: The model's extra heads.
        draft: A smaller model.
    """

    vocabulary: Vocabulary
    healed: bytes = b""
    corpora: tuple[Corpus, ...] = ()
    replaced: bytes = b""
    previous: tuple[int, ...] = ()
    heads: Heads | None = None
    draft: DraftModel | None = None


# A builder returns None where its drafter has nothing to go by.
BUILDERS: Mapping[str, Callable[[Material], Drafter | None]] = {
    "heal": lambda material: Heal(material.vocabulary, material.healed) if material.healed else None,
    "monitor": lambda material: MonitorDrafter(material.vocabulary),
    "copyspec": lambda material: CopySpec(),
    "copyspec-paper": lambda material: CopySpec(PAPER, "copyspec-paper"),
    "edit_copy": lambda m: EditCopy(m.vocabulary.encode_bytes(m.replaced)) if m.replaced else None,
    "previous": lambda m: EditCopy(m.previous, "previous") if m.previous else None,
    "suffix": lambda material: Suffix(material.corpora) if material.corpora else None,
    "draft_model": lambda material: DraftModelDrafter(material.draft) if material.draft else None,
    "recycling": lambda material: Recycling(),
    "heads": lambda material: HeadsDrafter(material.heads) if material.heads else None,
}

# Of drafts that promise as much the first one's is taken, so the surest stand first.
DEFAULT = ("heal", "monitor", "edit_copy", "previous", "copyspec", "suffix", "draft_model", "recycling")


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
    made = (BUILDERS[name](material) for name in wanted)
    return tuple(drafter for drafter in made if drafter is not None)
