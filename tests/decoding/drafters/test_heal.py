"""Drafting what token healing took back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from decoding.drafters.heal import Heal
from decoding.types import Drafter, Prompt, Tip
from models.vocabulary import Vocabulary
from tests.decoding.drafters.drafter_contract import DrafterContract, tip
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())


class TestHeal(DrafterContract):
    """Its tips are of its own vocabulary."""

    def make(self) -> Drafter:
        """Return it."""
        return Heal(VOCABULARY, b".balance")

    def tip(self, emitted: Sequence[int]) -> Tip:
        """Return a tip after these tokens of the vocabulary."""
        return tip(emitted, b"self" + VOCABULARY.decode(emitted))


DRAFTS = [
    # taken back, written since, what the draft writes
    (b".balance", b"", b".balance"),
    (b".balance", b".", b"balance"),
    (b".balance", b".bal", b"ance"),
    (b".balance", b".balance", b""),
    (b".bal", b".balance", b""),
    (b".balance", b".x", b""),
    (b"", b"", b""),
    (b"\xf0\x9f", b"", b"\xf0\x9f"),
]


@pytest.mark.parametrize(("healed", "written", "expected"), DRAFTS)
def test_the_rest_is_drafted(healed: bytes, written: bytes, expected: bytes) -> None:
    """What is left of the taken-back bytes is drafted as its canonical tokens."""
    drafter = Heal(VOCABULARY, healed)
    drafter.begin(Prompt((), frozenset()))
    emitted = VOCABULARY.encode_bytes(written)
    draft = drafter.propose(tip(emitted, b"self" + written), 9)
    assert draft.tokens == VOCABULARY.encode_bytes(expected)


def test_kept_text_does_not_count() -> None:
    """The typed part before the taken-back bytes is not mistaken for them."""
    drafter = Heal(VOCABULARY, b"ba")
    assert VOCABULARY.decode(drafter.propose(tip((), b"ba"), 9).tokens) == b"ba"
