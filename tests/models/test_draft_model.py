"""A small model that guesses for a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoints import load
from models.draft_model import DraftModel
from models.engines.base import Rows, Slab
from models.engines.prefill import CHUNK_TOKENS
from models.engines.testing import TinyEngine
from models.errors import ModelError
from tests.models import tiny_checkpoints
from tests.models.engine_conformance import law


class Watched(TinyEngine):
    """Notes the texts that it was asked about and the slab that it was asked with."""

    def __init__(self) -> None:
        """Have seen nothing."""
        super().__init__(60, 256)
        self.passes: list[tuple[int, ...]] = []
        self.slab: Slab = super().new_slab()

    def new_slab(self) -> Slab:  # type: ignore[override]
        """Return the one slab."""
        return self.slab

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Note the tokens."""
        self.passes.append(tuple(tokens))
        return super().forward(slab, tokens)


def greedy(tokens: Sequence[int], count: int) -> list[int]:
    """Return what the engine writes by itself."""
    engine = TinyEngine(60, 256)
    slab, written = engine.new_slab(), list(tokens)
    for _ in range(count):
        written.append(int(engine.forward(slab, written[len(slab.tokens) :]).logits[-1].argmax()))
    return written[len(tokens) :]


def test_it_guesses_what_it_would_write() -> None:
    """With no doubt allowed for, the guess is its own greedy text."""
    guess = DraftModel(TinyEngine(60, 256)).guess((3, 1, 4), 6, 0.0)
    assert [token for token, _ in guess] == greedy((3, 1, 4), 6)
    assert all(0 < likely <= 1 for _, likely in guess)


def test_it_stops_where_it_grows_unsure() -> None:
    """The guess ends before the token with which all of it is too unlikely."""
    model = DraftModel(TinyEngine(60, 256))
    every = model.guess((3, 1, 4), 6, 0.0)
    least = every[0][1] * every[1][1]
    assert model.guess((3, 1, 4), 6, least * 0.999) == every[:2]
    assert model.guess((3, 1, 4), 6, 1.0) == []


@given(texts=st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=12), min_size=1, max_size=5))
@law
def test_its_slab_holds_the_text_and_nothing_of_a_guess(texts: list[list[int]]) -> None:
    """After any texts, one after the other, it guesses as a new one does, and holds exactly the last text."""
    engine = Watched()
    model = DraftModel(engine)
    for text in texts:
        assert [token for token, _ in model.guess(text, 3, 0.0)] == greedy(text, 3)
        assert list(engine.slab.tokens) == text


def test_what_it_holds_is_not_read_again() -> None:
    """The next question reads what was written since, the last token of the text at least."""
    engine = Watched()
    model = DraftModel(engine)
    model.guess((3, 1, 4, 1), 1, 0.0)
    engine.passes.clear()
    model.guess((3, 1, 4, 1, 5, 9), 1, 0.0)
    model.guess((3, 1, 4, 1, 5, 9), 1, 0.0)
    assert engine.passes == [(5, 9), (9,)]


def test_a_long_text_is_read_by_chunks() -> None:
    """Each question reads one, and there is no guess before the last."""
    engine = Watched()
    model, text = DraftModel(engine), tuple(range(20)) * 10
    assert model.guess(text, 4, 0.0) == []
    assert len(engine.slab.tokens) == CHUNK_TOKENS
    assert len(model.guess(text, 4, 0.0)) == 4


@pytest.mark.parametrize(("length", "count"), [(254, 4), (300, 1), (4, 0)])
def test_no_guess_without_room(length: int, count: int) -> None:
    """A text that does not fit into the small model is no error."""
    assert DraftModel(TinyEngine(60, 256)).guess((1,) * length, count, 0.0) == []


def test_it_is_held_by_who_came_last() -> None:
    """Two texts by turns would be read again and again."""
    model, first, second = DraftModel(TinyEngine(60)), object(), object()
    model.hand_to(first)
    model.hand_to(second)
    assert (model.is_held_by(first), model.is_held_by(second)) == (False, True)


def test_it_is_loaded_beside_the_model(tmp_path: Path) -> None:
    """Only if it is named."""
    large = tiny_checkpoints.save(tmp_path / "large")
    small = tiny_checkpoints.save(tmp_path / "small", tiny_checkpoints.llama(num_hidden_layers=1))
    model = load(str(large), draft=str(small))
    assert model.name == "large"
    assert model.draft is not None
    assert len(model.draft.guess((5, 6, 7), 2, 0.0)) == 2
    assert load(str(large)).draft is None


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    """One line names both models and what to do."""
    large = tiny_checkpoints.save(tmp_path / "large")
    with pytest.raises(
        ModelError, match="^draft model embedded counts other tokens than model large; name one of the same tokenizer$"
    ):
        load(str(large), draft=str(Path("models/embedded").resolve()))
