"""Drafters by name."""

from __future__ import annotations

import pytest

from decoding.drafters.registry import BUILDERS, DEFAULT, Material, build
from decoding.types import Prompt
from models.vocabulary import Vocabulary
from tests.decoding.drafters.drafter_contract import tip
from tests.decoding.drafters.test_suffix import Held
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())


FULL = Material(VOCABULARY, b".balance", (Held.of((7, 8, 5, 6, 7, 8)),), b"a = b\n")


@pytest.mark.parametrize(
    ("names", "built"),
    [
        (None, ("heal", "monitor", "edit_copy", "copyspec", "suffix")),
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
    assert len(drafter.propose(tip(() if name == "heal" else (7,), demands=[(b"name",)]), 1).tokens) == 1
    drafter.rewind(1)


def test_drafters_without_anything_to_go_by_are_left_out() -> None:
    """Nothing taken back, no other texts, nothing rewritten: only prompt and monitors are left."""
    assert [drafter.name for drafter in build(None, Material(VOCABULARY))] == ["monitor", "copyspec"]


def test_default_names_exist() -> None:
    """The default ones are registered."""
    assert set(DEFAULT) <= set(BUILDERS)


def test_unknown_names_are_refused() -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(ValueError, match="unknown drafter 'sufix'; known are heal, monitor, copyspec"):
        build(("copyspec", "sufix"), Material(VOCABULARY))
