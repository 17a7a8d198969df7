"""Forced chains."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from decoding.drafters.monitor import MonitorDrafter, forced
from decoding.types import Drafter, Tip
from models.vocabulary import Vocabulary
from tests.decoding.drafters.drafter_contract import DrafterContract, tip
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())


class TestMonitorDrafter(DrafterContract):
    """At a tip where two names may follow."""

    def make(self) -> Drafter:
        """Return it."""
        return MonitorDrafter(VOCABULARY)

    def tip(self, emitted: Sequence[int]) -> Tip:
        """Return such a tip."""
        return tip(emitted, demands=[(b"deposit_all", b"deposit_one")])


FORCED = [
    # sets, forced bytes, a whole text
    ([], b"", False),
    ([()], b"", False),
    ([(b"name",)], b"name", True),
    ([(b"name", b"node")], b"n", False),
    ([(b"name", b"other")], b"", False),
    ([(b"get", b"get_all")], b"get", False),
    ([(b"ob",), (b"obj_a", b"obj_b", b"xyz")], b"obj_", False),
    ([(b"obj_a", b"xyz"), (b"ob",)], b"obj_a", True),
    ([(b"ob",), (b"xyz",)], b"", False),
    ([(b"ob",), ()], b"", False),
    ([(b"a", b"b"), (b"c", b"d")], b"", False),
    ([(b"",)], b"", True),
]


@pytest.mark.parametrize(("sets", "data", "certain"), FORCED)
def test_forced(sets: list[tuple[bytes, ...]], data: bytes, certain: bool) -> None:
    """What all allowed texts begin with is forced; a single one left is certain."""
    assert forced(sets) == (data, certain)


def test_a_single_text_is_drafted_whole() -> None:
    """With one text left all its tokens are drafted."""
    draft = MonitorDrafter(VOCABULARY).propose(tip(demands=[(b"balance",)]), 9)
    assert draft.tokens == VOCABULARY.encode("balance")


def test_the_token_at_the_fork_is_left_out() -> None:
    """With several texts left the shared part loses its last token."""
    tokens = VOCABULARY.encode("self.balance_")
    draft = MonitorDrafter(VOCABULARY).propose(tip(demands=[(b"self.balance_a", b"self.balance_b")]), 9)
    assert draft.tokens == tokens[:-1]
    assert len(draft.tokens) >= 2


@pytest.mark.parametrize("demands", [[], [(b"a", b"b")], [(b"",)], [()]])
def test_nothing_forced_drafts_nothing(demands: list[tuple[bytes, ...]]) -> None:
    """Without a forced byte there is no draft."""
    assert MonitorDrafter(VOCABULARY).propose(tip(demands=demands), 9).tokens == ()
