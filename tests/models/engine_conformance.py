"""What every engine promises; a test module of an engine subclasses ``EngineConformance``.

Laws: rows do not depend on how the tokens were split into passes; taking back and feeding again
equals feeding afresh; slabs know their tokens and share nothing; the length has an end.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.engines.base import Engine, Slab

# One law runs for several engines, so examples are kept under one name: they suit every engine.
law = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])

PROMPT = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9)


class EngineConformance:
    """Subclasses say which engine and how exact it is."""

    engine: Engine
    tolerance: float

    def feed(self, tokens: tuple[int, ...], *cuts: int) -> tuple[Slab, torch.Tensor]:
        """Run ``tokens`` in passes that end at ``cuts``; return the slab and all rows."""
        slab = self.engine.new_slab()
        borders = [0, *sorted(set(cuts)), len(tokens)]
        parts = [tokens[a:b] for a, b in zip(borders, borders[1:], strict=False) if a < b]
        return slab, torch.cat([self.engine.forward(slab, part).logits for part in parts])

    def check_same(self, left: torch.Tensor, right: torch.Tensor) -> None:
        """Compare rows with the engine's own tolerance, and what they would choose exactly."""
        torch.testing.assert_close(left, right, rtol=0, atol=self.tolerance)
        assert torch.equal(left.argmax(dim=-1), right.argmax(dim=-1))

    def test_rows_have_the_promised_shape(self) -> None:
        """A pass over T tokens returns T rows over the vocabulary."""
        _, rows = self.feed(PROMPT)
        assert rows.shape == (len(PROMPT), self.engine.vocabulary_size)
        assert rows.dtype in (torch.float32, torch.float64)

    @given(cuts=st.lists(st.integers(1, len(PROMPT) - 1)))
    @law
    def test_splits_do_not_matter(self, cuts: list[int]) -> None:
        """However a prompt is cut into passes, its rows are the same."""
        self.check_same(self.feed(PROMPT, *cuts)[1], self.feed(PROMPT)[1])

    @given(data=st.data())
    @law
    def test_any_accept_and_reject_equals_a_fresh_run(self, data: st.DataObject) -> None:
        """After any feeding and taking back, the next row is that of a fresh slab."""
        slab = self.engine.new_slab()
        for _ in range(4):
            tokens = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=6))
            self.engine.forward(slab, tokens)
            self.engine.truncate(slab, data.draw(st.integers(0, len(slab.tokens))))
        held = tuple(slab.tokens)
        self.check_same(self.engine.forward(slab, (11,)).logits, self.feed((*held, 11))[1][-1:])

    @given(cuts=st.lists(st.integers(1, len(PROMPT) - 1)))
    @law
    def test_feeding_without_rows_is_feeding(self, cuts: list[int]) -> None:
        """A slab that was extended by any pieces gives the next row that one fed in a pass gives."""
        slab = self.engine.new_slab()
        borders = [0, *sorted(set(cuts)), len(PROMPT)]
        for a, b in zip(borders, borders[1:], strict=False):
            self.engine.extend(slab, PROMPT[a:b])
        assert tuple(slab.tokens) == PROMPT
        self.check_same(self.engine.forward(slab, (2,)).logits, self.feed((*PROMPT, 2))[1][-1:])

    def test_tokens_are_those_held(self) -> None:
        """The slab tells its tokens after feeding and after taking back."""
        slab, _ = self.feed(PROMPT, 4)
        assert tuple(slab.tokens) == PROMPT
        self.engine.truncate(slab, 6)
        assert tuple(slab.tokens) == PROMPT[:6]
        self.engine.truncate(slab, 6)
        self.engine.truncate(slab, 0)
        assert tuple(slab.tokens) == ()

    def test_slabs_share_nothing(self) -> None:
        """Feeding one slab leaves another alone."""
        one, _ = self.feed(PROMPT)
        self.feed(PROMPT[::-1])
        self.check_same(self.engine.forward(one, (2,)).logits, self.feed((*PROMPT, 2))[1][-1:])

    def test_too_long_is_refused_and_harms_nothing(self) -> None:
        """One token beyond the length raises; the slab stays as it was."""
        slab, _ = self.feed((1,) * self.engine.max_length)
        for append in (self.engine.forward, self.engine.extend):
            with pytest.raises(ValueError, match=f"more than the model's {self.engine.max_length}"):
                append(slab, (1,))
        assert len(slab.tokens) == self.engine.max_length

    def test_no_tokens_is_refused(self) -> None:
        """A pass needs a token."""
        for append in (self.engine.forward, self.engine.extend):
            with pytest.raises(ValueError, match="at least one"):
                append(self.engine.new_slab(), ())

    @pytest.mark.parametrize("length", [-1, len(PROMPT) + 1])
    def test_impossible_cuts_are_refused(self, length: int) -> None:
        """A slab cannot be cut to what it does not hold."""
        slab, _ = self.feed(PROMPT)
        with pytest.raises(ValueError, match=f"to {length}"):
            self.engine.truncate(slab, length)
        assert tuple(slab.tokens) == PROMPT
