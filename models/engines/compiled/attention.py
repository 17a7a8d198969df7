"""Grouped-query attention over slabs: what each token sees is read in the order of its chain.

A token sees the first positions of its slab, then those on which its ancestors in the tree stand.  The scores of
both lie beside each other before they are summed, so that a token of a tree gets bit for bit what it gets in a chain.

Two queries that share keys and values are served at once: reading these takes longer than multiplying.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]

from models.engines.compiled.compiling import compiled, in_place
from models.engines.compiled.exponential import exponential_of
from models.engines.compiled.lanes import LANES, Typed, every, fma, larger, largest, load, nothing, store, total
from models.engines.compiled.tile import ROWS, four_scores

# It has no types.
_pointer_to: Any = types.CPointer

_ONE = np.float32(1)
_NONE = np.float32(-np.inf)


@in_place
def _pointer(_: Any, address: Any, like: Any) -> Typed:
    """Return an address as that of numbers such as an array holds."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return _pointer_to(like.dtype)(types.int64, like), build


@in_place
def _exponential(_: Any, numbers: Any) -> Typed:
    return numbers(numbers), lambda context, builder, signature, values: exponential_of(builder, values[0])


@compiled
def held(address: int, like: Any, size: int) -> Any:
    """Return ``size`` numbers at an address as an array with the type of ``like``."""
    return carray(_pointer(address, like), (size,))


@compiled
def write(row: Any, start: int, size: int, memory: Any, to: int) -> None:
    """Store ``size`` numbers of a row, counted through, in the precision of ``memory``."""
    for unit in range(0, size, LANES):
        store(memory, to + unit, load(row, start + unit))


@compiled
def score(
    queries: Any, start: int, other: int, size: int, keys: Any, first: int, n_first: int, seen: Any, scores: Any
) -> None:
    """Write the products of two queries with the keys of the first positions and of those in ``seen`` to ``scores``.

    Args:
        queries: Any array of float32.
        start: Where the one begins in it, counted through.
        other: Where the other does; may be the same.
        size: Units of a head, a multiple of ``LANES``.
        keys: Of a slab's layer, all heads.
        first: Where the head begins in it.
        n_first: How many first positions are seen.
        seen: ``[any]`` further positions, in order.
        scores: ``[2, any]`` float32.
    """
    by_fours = n_first - n_first % ROWS
    for position in range(0, by_fours, ROWS):
        four_scores(keys, first + position * size, size, queries, start, other, scores, position)
    for index in range(by_fours, n_first + len(seen)):
        position = index if index < n_first else seen[index - n_first]
        sums, others = nothing(), nothing()
        for unit in range(0, size, LANES):
            key = load(keys, first + position * size + unit)
            sums = fma(key, load(queries, start + unit), sums)
            others = fma(key, load(queries, other + unit), others)
        scores[0, index], scores[1, index] = total(sums), total(others)


@compiled
def softmax(scores: Any, length: int) -> Any:
    """Replace scores by their exponentials, the largest by 1, and return what is to multiply them.

    Up to ``LANES - 1`` numbers behind them are written, too.
    """
    end = length + -length % LANES
    for position in range(length, end):
        scores[position] = _NONE
    most = load(scores, 0)
    for position in range(LANES, end, LANES):
        most = larger(load(scores, position), most)
    sums, one, less = nothing(), every(_ONE), every(-largest(most))
    for position in range(0, end, LANES):
        numbers = _exponential(fma(load(scores, position), one, less))
        store(scores, position, numbers)
        sums = fma(numbers, one, sums)
    return _ONE / total(sums)


@compiled
def mix(
    scores: Any, scales: Any, size: int, values: Any, first: int, n_first: int, seen: Any, out: Any, to: int, other: int
) -> None:
    """Write the values of the first positions and of those in ``seen``, weighted for two queries, to ``out``.

    Args:
        scores: ``[2, any]`` float32.
        scales: Of those of each query.
        size: Units of a head, a multiple of ``LANES``.
        values: Of a slab's layer, all heads.
        first: Where the head begins in it.
        n_first: How many first positions are seen.
        seen: ``[any]`` further positions, in order.
        out: Any array of float32.
        to: Where the one's result begins in it, counted through.
        other: Where the other's does; the same only if the queries are.
    """
    by_fours = size - size % (4 * LANES)
    length = n_first + len(seen)
    for unit in range(0, by_fours, 4 * LANES):
        a = b = c = d = e = f = g = h = nothing()
        for index in range(length):
            position = index if index < n_first else seen[index - n_first]
            at, one, two = first + position * size + unit, every(scores[0, index]), every(scores[1, index])
            numbers = load(values, at)
            a, e = fma(one, numbers, a), fma(two, numbers, e)
            numbers = load(values, at + LANES)
            b, f = fma(one, numbers, b), fma(two, numbers, f)
            numbers = load(values, at + 2 * LANES)
            c, g = fma(one, numbers, c), fma(two, numbers, g)
            numbers = load(values, at + 3 * LANES)
            d, h = fma(one, numbers, d), fma(two, numbers, h)
        _store_four(out, to + unit, scales[0], a, b, c, d)
        _store_four(out, other + unit, scales[1], e, f, g, h)
    for unit in range(by_fours, size, LANES):
        a = b = nothing()
        for index in range(length):
            position = index if index < n_first else seen[index - n_first]
            numbers = load(values, first + position * size + unit)
            a, b = fma(every(scores[0, index]), numbers, a), fma(every(scores[1, index]), numbers, b)
        store(out, to + unit, fma(a, every(scales[0]), nothing()))
        store(out, other + unit, fma(b, every(scales[1]), nothing()))


@compiled
def _store_four(out: Any, to: int, scale: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    scales = every(scale)
    store(out, to, fma(a, scales, nothing()))
    store(out, to + LANES, fma(b, scales, nothing()))
    store(out, to + 2 * LANES, fma(c, scales, nothing()))
    store(out, to + 3 * LANES, fma(d, scales, nothing()))
