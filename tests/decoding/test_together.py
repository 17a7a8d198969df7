"""Generations side by side share forward passes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from decoding.together import computed, together
from decoding.types import Passes, Steps
from models.engines.base import Pass, Rows, Slab
from models.engines.testing import TinyEngine

PROMPT = (3, 1, 4, 1, 5)


class Counted(TinyEngine):
    """Notes how many passes were done at once."""

    def __init__(self) -> None:
        """Note nothing yet."""
        super().__init__()
        self.at_once: list[int] = []

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Note, then run."""
        self.at_once.append(len(passes))
        return super().forward_each(passes)


def writes(engine: TinyEngine, slab: Slab, n_tokens: int, log: list[str], name: str = "") -> Passes[list[int]]:
    """Write the best tokens behind a slab's last."""
    log.append(f"{name} begins")
    yield None
    tokens = [PROMPT[-1]]
    for _ in range(n_tokens):
        computed = yield Pass(slab, (tokens[-1],))
        assert computed is not None
        tokens.append(int(computed.rows.logits[-1].argmax()))
        log.append(name)
    return tokens[1:]


def waits(times: int, log: list[str]) -> Passes[list[int]]:
    """Wait for something, then end."""
    for _ in range(times):
        yield 0.5
        log.append("waits")
    return []


def prompted(engine: TinyEngine, shift: int = 0) -> Slab:
    """Return a slab that holds all of a prompt but its last token."""
    slab = engine.new_slab()
    engine.extend(slab, [token + shift for token in PROMPT[:-1]])
    return slab


def drive(steps: Steps[list[list[int]]]) -> tuple[list[list[int]], list[float | None]]:
    """Run steps out, and return the results and what was yielded."""
    pauses: list[float | None] = []
    while True:
        try:
            pauses.append(next(steps))
        except StopIteration as end:
            return end.value, pauses


def told(n_tokens: int, seconds: float) -> None:
    """Hear of a pass."""


@pytest.mark.parametrize("lengths", [(3,), (4, 4, 4), (1, 5, 3), (0, 2)])
def test_each_writes_what_it_would_write_alone(lengths: tuple[int, ...]) -> None:
    """The texts are the same, and passes are shared as long as there are several."""
    engine, alone = Counted(), TinyEngine()
    works = [writes(engine, prompted(engine, i), n, []) for i, n in enumerate(lengths)]
    results, _ = drive(together(engine, works, told))
    for i, (result, n) in enumerate(zip(results, lengths, strict=True)):
        assert [result] == drive(together(alone, [writes(alone, prompted(alone, i), n, [])], told))[0]
    assert sum(engine.at_once) + sum(n == max(lengths) for n in lengths) >= 0
    counts = [sum(n > step for n in lengths) for step in range(max(lengths))]
    assert engine.at_once == [count for count in counts if count > 1]


def test_a_work_begins_when_the_one_before_has_come_to_its_first_pass() -> None:
    """So that what that one has fed may be copied."""
    engine, log = Counted(), list[str]()
    works = [writes(engine, prompted(engine), 2, log, name) for name in "ab"]
    drive(together(engine, works, told))
    assert log[:2] == ["a begins", "b begins"]
    assert engine.at_once == [2, 2]


def test_who_waits_keeps_nobody_waiting() -> None:
    """Passes are done meanwhile, and only when all wait is there nothing to do."""
    engine, log = Counted(), list[str]()
    works = [writes(engine, prompted(engine), 2, log, "a"), waits(4, log)]
    results, pauses = drive(together(engine, works, told))
    assert (len(results[0]), results[1]) == (2, [])
    assert log.index("waits") < len(log) - 1 - log[::-1].index("a") or log.count("a") == 2
    assert 0.5 in pauses


def test_every_pass_is_told_of() -> None:
    """With its tokens, those of all together."""
    engine, heard = Counted(), list[int]()
    works = [writes(engine, prompted(engine), 3, []) for _ in range(2)]
    drive(together(engine, works, lambda n_tokens, seconds: heard.append(n_tokens)))
    assert heard == [2, 2, 2]


def test_a_tree_beside_a_chain_gets_its_own_rows() -> None:
    """Passes over trees are done beside those over chains, and rows come back in the order of the passes."""
    engine = TinyEngine(max_length=32)
    slabs = [prompted(engine), prompted(engine), prompted(engine)]
    passes = [Pass(slabs[0], (5, 2)), Pass(slabs[1], (5, 2, 7), (-1, 0, 0)), Pass(slabs[2], (5, 7))]
    first, tree, second = (rows.logits for rows in computed(engine, passes))
    assert torch.equal(tree[:2], first)
    assert torch.equal(tree[2], second[1])
    engine.commit(slabs[1], (0, 2))
    assert list(slabs[1].tokens) == list(slabs[2].tokens)
