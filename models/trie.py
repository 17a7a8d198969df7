"""A byte trie over the vocabulary that exists only where somebody looks.

The tokens are sorted by their bytes once; a node is a range of that order, because tokens
with a common prefix are neighbours.  Children are found by bisection when first asked for:
151,000 tokens cost one sort, not half a million nodes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]


class Node:
    """All tokens that begin with the same bytes."""

    __slots__ = ("_children", "_depth", "_first", "_last", "_order")

    def __init__(self, order: _Order, first: int, last: int, depth: int) -> None:
        """Stand for the tokens ``first`` to ``last`` (exclusive) of the order, alike in ``depth`` bytes."""
        self._order = order
        self._first = first
        self._last = last
        self._depth = depth
        self._children: dict[int, Node] | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """Tokens that end here, ascending; several when tokens share their bytes."""
        return tuple(self._order.ids[self._first : self._inner_first()])

    @property
    def below(self) -> Sequence[int]:
        """Tokens that end here or further down."""
        return self._order.ids[self._first : self._last]

    @property
    def own_array(self) -> Ids:
        """``ids`` as an array, ``[n]``; a view."""
        return self._order.array[self._first : self._inner_first()]

    @property
    def below_array(self) -> Ids:
        """``below`` as an array, ``[n]``; a view."""
        return self._order.array[self._first : self._last]

    @property
    def children(self) -> dict[int, Node]:
        """Node for each byte that may follow, ascending by byte."""
        if self._children is None:
            self._children = self._find_children()
        return self._children

    def _inner_first(self) -> int:
        """Return where longer tokens begin: those that end here sort before their extensions."""
        texts, index = self._order.texts, self._first
        while index < self._last and len(texts[index]) == self._depth:
            index += 1
        return index

    def _find_children(self) -> dict[int, Node]:
        texts = self._order.texts
        found: dict[int, Node] = {}
        start = self._inner_first()
        while start < self._last:
            byte = texts[start][self._depth]
            beyond = texts[start][: self._depth] + bytes((byte + 1,)) if byte < 255 else None
            end = self._last if beyond is None else bisect_left(texts, beyond, start, self._last)
            found[byte] = Node(self._order, start, end, self._depth + 1)
            start = end
        return found


def build_trie(table: Sequence[bytes | None]) -> Node:
    """Return the root of the trie over ``table``.

    Args:
        table: Bytes of each id, never empty; None for ids that stand for no text.
    """
    import numpy as np  # fronts know of tries, and do without it

    pairs = sorted((data, token) for token, data in enumerate(table) if data is not None)
    ids = [token for _, token in pairs]
    order = _Order([data for data, _ in pairs], ids, np.array(ids, dtype=np.int64))
    return Node(order, 0, len(pairs), 0)


@dataclass(frozen=True, slots=True)
class _Order:
    """Tokens by their bytes, equal ones by id."""

    texts: list[bytes]
    ids: list[int]
    array: Ids
