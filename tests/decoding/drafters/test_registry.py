"""Drafters by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from decoding.drafters.registry import BUILDERS, DEFAULT, Material, build
from decoding.types import Prompt
from models.draft_model import DraftModel
from models.engines.testing import TinyEngine
from models.heads import Heads
from models.vocabulary import Vocabulary
from tests.decoding.drafters.drafter_contract import tip
from tests.decoding.drafters.test_suffix import Held
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())


FULL = Material(
    VOCABULARY,
    b".balance",
    (Held.of((7, 8, 5, 6, 7, 8)),),
    b"a = b\n",
    (5, 6, 7, 8, 5, 6, 7, 8),
    Heads(torch.zeros(2, 4, 4), torch.eye(4)),
    DraftModel(TinyEngine(9)),
)


@pytest.mark.parametrize(
    ("names", "built"),
    [
        (None, ("heal", "monitor", "edit_copy", "previous", "copyspec", "suffix", "draft_model", "recycling")),
        ((), ()),
        (("copyspec-paper",), ("copyspec-paper",)),
        (("copyspec", "heal"),) * 2,
    ],
)
def test_build(names: tuple[str, ...] | None, built: tuple[str, ...]) -> None:
    """Names give drafters in their order; None gives the default ones."""
    assert tuple(drafter.name for drafter in build(names, FULL)) == built


@pytest.mark.parametrize("name", BUILDERS)
def test_every_name_builds_a_working_drafter(name: str) -> None:
    """Each registered drafter goes through a request."""
    (drafter,) = build((name,), FULL)
    drafter.begin(Prompt((5, 6, 7, 8, 5, 6), frozenset({0})))
    drafter.observe((7,))
    emitted = () if name == "heal" else (7,)
    here = replace(tip(emitted, demands=[(b"name",)]), hidden=9 * torch.eye(4)[2], successors={7: 8})
    assert len(drafter.propose(here, 1).tokens) == 1
    drafter.rewind(1)


def test_drafters_without_anything_to_go_by_are_left_out() -> None:
    """No bytes taken back, no other texts, nothing there before, no other model: only prompt and monitors are left."""
    assert [drafter.name for drafter in build(None, Material(VOCABULARY))] == ["monitor", "copyspec", "recycling"]


def test_default_names_exist() -> None:
    """The default ones are registered."""
    assert set(DEFAULT) <= set(BUILDERS)


def test_unknown_names_are_refused() -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(ValueError, match="unknown drafter 'sufix'; known are heal, monitor, copyspec"):
        build(("copyspec", "sufix"), Material(VOCABULARY))
