"""Where the speculation benchmark puts its cursors, and how it sums up."""

from __future__ import annotations

import time
from itertools import count

import pytest
import torch

from bench.dubbing import DubbedEngine
from bench.forced import WAYS, Measured, in_turns
from bench.speculation import member_places, statement_places
from bench.speculation_report import as_chart, as_table, summary
from models.engines.base import Pass
from models.engines.testing import TinyEngine
from models.engines.tree import Tree

CODE = '''class Account:
    def deposit(self, amount):
        """Say nothing."""
        self.balance += amount
        # a comment that is long enough
        print(self.balance, self.owner)
        x = 1
'''


def cut(places: list[tuple[int, int]]) -> list[str]:
    """Return what stands at places."""
    return [CODE[start:end] for start, end in places]


def test_lines_are_statements_inside_functions() -> None:
    """Whole lines without their indentation; no comments, texts and trifles."""
    assert cut(statement_places(CODE)) == ["self.balance += amount", "print(self.balance, self.owner)"]


def test_members_are_what_is_read_of_self() -> None:
    """From behind the dot to the end of the line; attributes that are assigned may be new."""
    assert cut(member_places(CODE)) == ["balance, self.owner)", "owner)"]


def test_both_ways_take_turns() -> None:
    """Each goes first as often as the other, and the fastest time counts."""
    calls: list[str] = []

    def noted(way: str) -> str:
        calls.append(way)
        return way.upper()

    seconds, results = in_turns(noted, WAYS, 2)
    assert calls == ["drafted", "plain", "plain", "drafted"]
    assert results == {way: way.upper() for way in WAYS}
    assert all(taken > 0 for taken in seconds.values())


def test_what_does_not_count_is_taken_off() -> None:
    """A large model that is dubbed is not charged with the small one's time."""
    seconds, _ = in_turns(lambda way: time.sleep(0.01), ["one"], 1, count(0.0, 5.0).__next__)
    assert -5 < seconds["one"] < 0


def row(group: str, plain: float, drafted: float, same: bool = True) -> Measured:
    """Return a case of four tokens."""
    passes, predicted = {"plain": 4, "drafted": 2}, {"plain": 0.4, "drafted": 0.32}
    return Measured(group, "a.py", (1, 2, 3, 4), passes, {"plain": plain, "drafted": drafted}, predicted, same)


def test_times_are_summed_up_by_group() -> None:
    """The ratio is that of total times, and what differs is counted."""
    numbers = summary([
        row("lines, embedded, float32", 1.0, 0.5),
        row("lines, embedded, float32", 1.0, 1.5, same=False),
        row("lines, 100M, float32", 3.0, 1.0),
        row("members, monitors, embedded, float32", 1.0, 0.5),
        row("members, no monitors, embedded, float32", 1.0, 0.4),
    ])  # fmt: skip
    lines = numbers["groups"]["lines, embedded, float32"]
    assert (lines["cases"], lines["same"], lines["tokens"], lines["faster"]) == (2, 1, 8, 1.0)
    assert lines["passes_per_token"] == {"plain": 1.0, "drafted": 0.5}
    table = as_table(numbers)
    assert "| lines, embedded, float32 | 1 of 2 | 1.00 / 0.50 | 4 / 4 | **1.00x** (" in table
    assert lines["predicted"] == pytest.approx(1.25)
    assert table.endswith(
        "tokens per second with monitors are 0.80x (0.80 to 0.80) for embedded, float32 of those without."
    )
    assert numbers["monitors_on_to_off"]["embedded, float32"]["ratio"] == pytest.approx(0.8)
    chart = as_chart(numbers)
    assert "300.0 %" in chart
    assert "100M, float32" in chart
    assert "80.0 %" in chart


def test_a_dubbed_model_says_what_the_small_one_says() -> None:
    """Both read every token, trees included; rows are the small one's, whose time is counted."""
    large, small = TinyEngine(seed=1), TinyEngine(seed=2)
    engine, alone = DubbedEngine(large, small), small.new_slab()
    slab = engine.new_slab()
    engine.extend(slab, (1, 2, 3))
    small.extend(alone, (1, 2, 3))
    tree = Tree((4, 5, 6), (-1, -1, 0))
    assert torch.equal(engine.forward_tree(slab, tree).logits, small.forward_tree(alone, tree).logits)
    engine.commit(slab, (0, 2))
    small.commit(alone, (0, 2))
    fork = engine.fork(slab, 4)
    rows = engine.forward_each([Pass(slab, (7,)), Pass(fork, (8,))])
    assert torch.equal(rows[0].logits, small.forward(alone, (7,)).logits)
    engine.truncate(slab, 5)
    assert [*slab.tokens] == [1, 2, 3, 4, 6]
    assert [*fork.tokens] == [1, 2, 3, 4, 8]
    assert engine.seconds > 0
