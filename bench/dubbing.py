"""A large model with random weights that says what a trained small one says: real passes, real text.

Both run on every token, and the time of the small one is counted, so that whoever measures can take it off.  What
comes out is what a completion would cost if the large model wrote this text: drafting, monitors, refusals and lines
that are written again included.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from models.engines.base import Engine, Pass, Rows, Slab, one_by_one
from models.engines.tree import Tree

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Pair:
    """The slabs of both.

    Attributes:
        large: Of the one that is measured.
        small: Of the one that is heard.
    """

    large: Slab
    small: Slab

    @property
    def tokens(self) -> tuple[int, ...] | list[int]:
        """Those of either."""
        return self.large.tokens

    @property
    def n_bytes(self) -> int:
        """Of both."""
        return self.large.n_bytes + self.small.n_bytes

    @property
    def used_bytes(self) -> int:
        """Of both."""
        return self.large.used_bytes + self.small.used_bytes


class DubbedEngine:
    """Runs two engines over the same tokens, and returns the rows of the small one.

    Attributes:
        seconds: That the small one has taken.
    """

    def __init__(self, large: Engine, small: Engine) -> None:
        """Take two engines of one vocabulary."""
        self._large, self._small = large, small
        self.vocabulary_size = small.vocabulary_size
        self.max_length = min(large.max_length, small.max_length)
        self.seconds = 0.0

    def new_slab(self) -> Slab:
        """Return an empty slab of both."""
        return Pair(self._large.new_slab(), self._small.new_slab())

    def reserve(self, slab: Slab, length: int) -> None:
        """Take memory in both."""
        pair = both(slab)
        self._large.reserve(pair.large, length)
        self._small.reserve(pair.small, length)

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Run both."""
        pair = both(slab)
        self._large.forward(pair.large, tokens)
        return self._aside(lambda: self._small.forward(pair.small, tokens))

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Run both for each."""
        return one_by_one(self, passes)

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Run both."""
        pair = both(slab)
        self._large.forward_tree(pair.large, tree)
        return self._aside(lambda: self._small.forward_tree(pair.small, tree))

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append a tree's tokens in both."""
        pair = both(slab)
        self._large.commit(pair.large, path)
        self._aside(lambda: self._small.commit(pair.small, path))

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Feed both."""
        pair = both(slab)
        self._large.extend(pair.large, tokens)
        self._aside(lambda: self._small.extend(pair.small, tokens))

    def fork(self, slab: Slab, length: int) -> Slab:
        """Copy both slabs."""
        pair = both(slab)
        return Pair(self._large.fork(pair.large, length), self._small.fork(pair.small, length))

    def truncate(self, slab: Slab, length: int) -> None:
        """Shorten both slabs."""
        pair = both(slab)
        self._large.truncate(pair.large, length)
        self._small.truncate(pair.small, length)

    def _aside(self, run: Callable[[], Answer]) -> Answer:
        """Run something of the small one, and count its time."""
        begin = time.perf_counter()
        try:
            return run()
        finally:
            self.seconds += time.perf_counter() - begin


def both(slab: Slab) -> Pair:
    """Return the slabs of a pair."""
    assert isinstance(slab, Pair)
    return slab
