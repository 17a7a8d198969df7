"""Rows with n-grams mixed in: the probabilities are those of the mixture, and drafters change no token of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
import torch

from decoding.blending import Blend, unblended
from decoding.run import Run
from models.engines.base import Row
from models.engines.cost import CostCurve
from models.ngrams import ORDERS, DocumentNgrams
from monitors.brackets import Brackets
from tests.decoding.test_identity import (
    REAL,
    SITE,
    WIDE,
    ArrivingFacts,
    FinalFacts,
    engine_of,
    watchers,
    write,
    written,
)
from tests.decoding.toys import END

SHARES = (0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.4)


def blend_of(texts: Sequence[Sequence[int]], before: tuple[int, ...] = ()) -> Blend:
    """Return what mixes n-grams of texts in."""
    return Blend(DocumentNgrams(texts, SHARES), (END,), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_becomes_the_mixture(dtype: torch.dtype) -> None:
    """Behind 1 stand 2, twice, and 3: they get a tenth of what does not end the middle, which stays as likely."""
    row = Row(torch.tensor([1.0, 3.0, 0.5, -2.0], dtype=dtype), torch.ones(2))
    mixed = blend_of([(1, 2, 4, 1, 2), (1, 3)])(row, (1,))
    network = row.logits.softmax(-1)
    share = torch.tensor([0.0, 0.1, 0.1, 0.1], dtype=dtype)
    expected = (1 - share) * network + share * (1 - network[END]) * torch.tensor([0, 0, 2 / 3, 1 / 3], dtype=dtype)
    torch.testing.assert_close(mixed.logits.softmax(-1), expected)
    assert mixed.logits.dtype == dtype
    assert mixed.hidden is row.hidden


def test_the_row_of_the_model_is_left_alone() -> None:
    """It may be a part of what an engine holds; logits of tokens that nothing offers stay the same ones."""
    row = Row(torch.tensor([3.0, 1.0, 0.5, -2.0]), None)
    mixed = blend_of([(1, 2)])(row, (1,))
    assert row.logits.tolist() == [3.0, 1.0, 0.5, -2.0]
    assert mixed.logits[[1, 3]].tolist() == [1.0, -2.0]
    assert blend_of([(1, 2)])(row, (3,)) is row
    assert unblended(row, (1,)) is row


def test_the_context_goes_on_from_before_the_middle() -> None:
    """The last tokens before it and what is written are one text."""
    row = Row(torch.zeros(6), None)
    followed = blend_of([(1, 2, 3, 4), (5, 3, 0)], before=(1, 2))(row, (3,))
    assert int(followed.logits.argmax()) == 4
    shorter = blend_of([(1, 2, 3, 4), (5, 3, 0)], before=(1, 5))(row, (3,))
    assert int(shorter.logits.argmax()) == 0


def test_only_the_last_tokens_count() -> None:
    """However much is written, a row depends on as many tokens as there are orders."""
    row, text = Row(torch.zeros(30), None), tuple(range(20))
    blend = blend_of([text])
    mixed = [blend(row, (*lead, *text[4 : 4 + ORDERS])).logits.tolist() for lead in ((), (3,), (7, 7, 7))]
    assert mixed[0] == mixed[1] == mixed[2]


@cache
def blended(seed: int, temperature: float) -> tuple[Blend, Run]:
    """Return a mixture with what other seeds write, and what plain decoding writes with it."""
    texts = [written(other, temperature).tokens for other in (seed, seed + 1, seed + 2)]
    blend = blend_of([text[5:] for text in texts])
    return blend, write(seed, (), None, (Brackets(SITE),), temperature, blend=blend)


@pytest.mark.parametrize("curve", [None, WIDE], ids=["chains", "trees"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("name", REAL)
def test_no_drafter_changes_a_token_of_the_mixture(name: str, temperature: float, curve: CostCurve | None) -> None:
    """As without n-grams."""
    for seed in range(3):
        blend, plain = blended(seed, temperature)
        drafters = REAL[name](seed, temperature)
        drafted = write(seed, drafters, None, (Brackets(SITE),), temperature, curve=curve, blend=blend)
        assert drafted.tokens == plain.tokens
        assert all(torch.equal(a.row, b.row) for a, b in zip(drafted.emitted, plain.emitted, strict=True))


def test_n_grams_change_texts() -> None:
    """Else nothing above would be tested."""
    assert sum(blended(seed, 0.0)[1].tokens != write(seed, (), None, (Brackets(SITE),)).tokens for seed in range(9)) > 5


def test_late_facts_change_no_token_of_the_mixture() -> None:
    """Tokens are chosen again from the rows that they were chosen from."""
    changed = 0
    for seed in range(6):
        blend = blended(seed, 0.0)[0]
        early = write(seed, (), FinalFacts([0]), watchers(), blend=blend)
        for delays in ([1], [5, 0, 2], [3, 8]):
            facts = ArrivingFacts(delays)
            late = write(seed, REAL["all"](seed, 0.0), facts, watchers(), blend=blend)
            changed += late.recorder.late_changes
            if all(due <= facts.views for due in facts.due.values()):
                assert late.text[: late.keep] == early.text[: early.keep]
    assert changed > 2, "the arrivals must matter for the test to mean anything"


def test_rows_are_what_the_model_says_of_the_text_with_n_grams() -> None:
    """Computed apart, in one pass, each row is the one that its token was drawn from."""
    blend, run = blended(1, 0.0)
    engine, prompt = engine_of(1), run.job.prompt
    rows = engine.forward(engine.new_slab(), (*prompt, *run.tokens[:-1]))
    for place, emitted in enumerate(run.emitted):
        alone = blend(rows.at(len(prompt) - 1 + place), run.tokens[:place])
        np.testing.assert_array_equal(alone.logits.numpy(), emitted.row.numpy())
