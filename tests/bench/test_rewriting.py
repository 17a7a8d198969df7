"""Texts that are forced come out, whichever way their tokens are passed."""

from __future__ import annotations

from bench.rewriting import ForcedEngine
from models.engines.base import Pass, Rows
from models.engines.testing import TinyEngine
from models.engines.tree import Tree

PROMPT, TARGET = (1, 2, 3), (40, 50, 60, 70)


def written(rows: Rows) -> list[int]:
    """Return the likeliest token of each row."""
    return [int(row.argmax()) for row in rows.logits]


def test_rows_point_at_the_target_from_the_prompts_end_on() -> None:
    """In chains, alone and several, and in trees, where siblings share a target; before and behind it nothing is."""
    engine, alone = ForcedEngine(TinyEngine(), len(PROMPT), TARGET), TinyEngine()
    slab = engine.new_slab()
    before, *own = written(alone.forward(alone.new_slab(), PROMPT))
    assert written(engine.forward(slab, PROMPT)) == [before, own[0], TARGET[0]]
    tree = Tree((40, 41, 50, 51), (-1, -1, 0, 0))
    assert written(engine.forward_tree(slab, tree)) == [50, 50, 60, 60]
    engine.commit(slab, (0, 2))
    assert [*slab.tokens] == [*PROMPT, 40, 50]
    fork = engine.fork(slab, 4)
    assert [written(rows) for rows in engine.forward_each([Pass(slab, (60,)), Pass(fork, (50,))])] == [[70], [60]]
    engine.truncate(slab, 5)
    engine.extend(slab, (60, 70))
    (behind,) = alone.forward(alone.new_slab(), (*PROMPT, 40, 50, 60, 70, 5)).logits[-1:].argmax(-1).tolist()
    assert written(engine.forward(slab, (5,))) == [behind]
