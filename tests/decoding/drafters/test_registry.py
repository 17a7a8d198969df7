"""Drafters by name."""

from __future__ import annotations

import pytest

from decoding.drafters.registry import BUILDERS, DEFAULT, build
from decoding.types import Prompt
from models.vocabulary import Vocabulary
from tests.decoding.drafters.drafter_contract import tip
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())


@pytest.mark.parametrize(
    ("names", "built"),
    [
        (None, ("heal", "monitor", "copyspec")),
        ((), ()),
        (("copyspec-paper",), ("copyspec-paper",)),
        (("copyspec", "heal"),) * 2,
    ],
)
def test_build(names: tuple[str, ...] | None, built: tuple[str, ...]) -> None:
    """Names give drafters in their order; None gives the default ones."""
    assert tuple(drafter.name for drafter in build(names, VOCABULARY)) == built


@pytest.mark.parametrize("name", BUILDERS)
def test_every_name_builds_a_working_drafter(name: str) -> None:
    """Each registered drafter goes through a request."""
    (drafter,) = build((name,), VOCABULARY, b".balance")
    drafter.begin(Prompt((5, 6, 7, 8, 5, 6), frozenset({0})))
    drafter.observe((7,))
    assert len(drafter.propose(tip(demands=[(b"name",)]), 1).tokens) == 1
    drafter.rewind(1)


def test_default_names_exist() -> None:
    """The default ones are registered."""
    assert set(DEFAULT) <= set(BUILDERS)


def test_unknown_names_are_refused() -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(ValueError, match="unknown drafter 'sufix'; known are heal, monitor, copyspec"):
        build(("copyspec", "sufix"), VOCABULARY)
