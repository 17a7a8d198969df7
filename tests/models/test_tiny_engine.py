"""The reference engine of the identity tests."""

from __future__ import annotations

import torch

from models.engines.testing import TinyEngine
from tests.models.engine_conformance import PROMPT, EngineConformance


class TestTinyEngine(EngineConformance):
    """Strict: no tolerance at all."""

    engine = TinyEngine(vocabulary_size=60, max_length=64)
    tolerance = 0.0

    def check_same(self, left: torch.Tensor, right: torch.Tensor) -> None:
        """Compare bit by bit."""
        assert torch.equal(left, right)


def test_equal_seeds_give_equal_models() -> None:
    """Weights follow from the seed alone."""
    rows = [(engine := TinyEngine(seed=seed)).forward(engine.new_slab(), PROMPT).logits for seed in (1, 1, 2)]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])


def test_greedy_text_varies() -> None:
    """The model is no constant: greedy texts of ten seeds hold many different tokens."""
    for seed in range(10):
        engine = TinyEngine(seed=seed)
        slab = engine.new_slab()
        token, text = 5, []
        for _ in range(60):
            token = int(engine.forward(slab, (token,)).logits[-1].argmax())
            text.append(token)
        assert len(set(text)) >= 5
