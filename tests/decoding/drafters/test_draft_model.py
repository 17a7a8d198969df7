"""Drafting by a smaller model."""

from __future__ import annotations

from decoding.drafters import draft_model
from decoding.drafters.draft_model import BLOCK, DraftModelDrafter
from decoding.types import Drafter, Prompt
from models.draft_model import DraftModel
from models.engines.testing import TinyEngine
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip

PROMPT = Prompt((0, 5, 3, 1, 4), SEPARATORS)


class TestDraftModel(DrafterContract):
    """Over seven tokens."""

    def make(self) -> Drafter:
        """Return it."""
        return DraftModelDrafter(DraftModel(TinyEngine(7, 64)))


def test_it_drafts_what_the_model_is_sure_of() -> None:
    """As long as it is sure, up to a block; the text is prompt and middle."""
    model = DraftModel(TinyEngine(60, 256))
    drafter = DraftModelDrafter(model)
    drafter.begin(PROMPT)
    draft = drafter.propose(tip((2, 6)), 99)
    sure = model.guess((*PROMPT.tokens, 2, 6), BLOCK, draft_model.LEAST)
    assert draft.tokens == tuple(token for token, _ in sure)
    assert 0 < len(draft.tokens) <= BLOCK
    assert draft.match_length > 0


def test_the_request_that_began_last_has_the_model() -> None:
    """Another one goes on without it."""
    model = DraftModel(TinyEngine(60, 256))
    first, second = DraftModelDrafter(model), DraftModelDrafter(model)
    first.begin(PROMPT)
    assert first.propose(tip((2, 6)), 9).tokens
    second.begin(Prompt((2,), SEPARATORS))
    assert first.propose(tip((2, 6)), 9).tokens == ()
