"""The forward pass of a decoder of Llama's kind as one compiled function.

Letters in shapes: T tokens of the pass, S slabs, W units between blocks, H query heads, K key and value heads,
D units of a head, I units inside a block, V tokens of the vocabulary; all but T and S with their padding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.engines.compiled.attention import held, mix, score, softmax, write
from models.engines.compiled.compiling import compiled, compiled_once
from models.engines.compiled.lanes import LANES, every, fma, load, nothing, store
from models.engines.compiled.pointwise import add, add_bias, norm, swiglu, turn
from models.engines.compiled.products import Packed, product, share
from models.engines.compiled.rounding import Given, given
from models.engines.compiled.team import meet
from models.engines.compiled.tile import ROWS

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Model(NamedTuple):
    """A decoder's numbers; every matrix is packed (``products``).

    Attributes:
        packed: All matrices.
        places: ``[layers + 1, 5, 3]`` where those of a block are (``products.product``): qkv, output, gate, up, down;
            in the last row those of the embedding and the head.
        norms: ``[2 * layers + 1, W]``: of each block's attention and MLP; the last one's.
        head_norms: ``[layers, H + K, D]``, or no rows.
        biases: ``[layers, (H + 2 K) D + W + 2 I + W]`` in the order of ``places``, or no rows.
        sizes: W, H, K, D and I with padding, then W, D and V without, and the numbers of a packed run.
        epsilon: Added to mean squares.
    """

    packed: Packed
    places: Integers
    norms: Floats
    head_norms: Floats
    biases: Floats
    sizes: Integers
    epsilon: np.float32


class Tokens(NamedTuple):
    """What goes through.

    Attributes:
        ids: ``[T]``.
        slabs: ``[T]`` index of each one's slab.
        places: ``[T]`` where its keys and values go in the slab.
        firsts: ``[T]`` how many of the slab's first positions it sees, its own among them in a chain.
        parents: ``[T]`` index of the token before it; -1 where the slab's are; all of a chain count as that.
        turns: ``[T, D / 2, 2]`` cosine and sine of its position.
    """

    ids: Integers
    slabs: Integers
    places: Integers
    firsts: Integers
    parents: Integers
    turns: Floats


class Slabs(NamedTuple):
    """Keys and values.

    Attributes:
        addresses: ``[S, 2, layers]`` of ``[K, room, D]`` keys, and of values.
        rooms: ``[S]``.
        like: An empty array of their type.
    """

    addresses: Integers
    rooms: Integers
    like: NDArray[Any]


class Scratch(NamedTuple):
    """Room for what is computed on the way; shared but where ``ranks``, the number of threads, is named.

    Attributes:
        hidden: ``[T, W]``.
        qkv: ``[T, (H + 2 K) D]``.
        mixed: ``[T, H D]``.
        gate: ``[T, I]``.
        up: ``[T, I]``.
        out: ``[T, W]``.
        normed: ``[ranks, T, W]``.
        given: ``[ranks, any]`` inputs of a product, as they are multiplied.
        scales: ``[ranks, T]`` of them.
        scores: ``[ranks, 2, positions + LANES]``.
        seen: ``[ranks, T]``.
        meetings: ``[1]`` how often a thread has come to where all wait for each other.
    """

    hidden: Floats
    qkv: Floats
    mixed: Floats
    gate: Floats
    up: Floats
    out: Floats
    normed: Floats
    given: NDArray[Any]
    scales: Floats
    scores: Floats
    seen: Integers
    meetings: Integers


@compiled_once
def run(
    model: Model, tokens: Tokens, slabs: Slabs, scratch: Scratch, logits: Floats, states: Floats, rank: int, ranks: int
) -> None:
    """Write the keys and values of all tokens to their slabs, and, if there are rows for them, logits and states.

    Args:
        model: Whose.
        tokens: Which.
        slabs: With room for them.
        scratch: For so many tokens.
        logits: ``[T, V]``, or no rows: then the last block does only keys and values.
        states: ``[T, W]`` normalised, that the logits are made of, or no rows.
        rank: Which of the threads this is; each does its share of all that is large.
        ranks: How many there are.
    """
    n_layers = len(model.places) - 1
    if rank == 0:
        _embed(model, tokens.ids, scratch.hidden)
    meet(scratch.meetings, ranks)
    for layer in range(n_layers):
        wanted = layer + 1 < n_layers or len(logits) > 0
        _norms(model, 2 * layer, scratch.hidden, scratch.normed[rank])
        _product(model, layer, 0, scratch.normed[rank], scratch, scratch.qkv, rank, ranks)
        add_bias(model.biases, layer, 0, scratch.qkv, *share(scratch.qkv.shape[1], rank, ranks))
        meet(scratch.meetings, ranks)
        _attention(model, tokens, slabs, scratch, layer, wanted, rank, ranks)
        if not wanted:
            return
        meet(scratch.meetings, ranks)
        _rest(model, scratch, layer, rank, ranks)
    if rank == 0:
        _norms(model, 2 * n_layers, scratch.hidden, states)
    meet(scratch.meetings, ranks)
    _product(model, n_layers, 1, states, scratch, logits, rank, ranks)


@compiled
def _product(
    model: Model, layer: int, which: int, inputs: Floats, scratch: Scratch, output: Floats, rank: int, ranks: int
) -> None:
    place = model.places[layer, which]
    rounded = given(inputs, place[2], Given(scratch.given[rank], scratch.scales[rank]))
    product(model.packed, place, rounded, output, rank, ranks)


@compiled
def _embed(model: Model, ids: Integers, hidden: Floats) -> None:
    """Read the rows of the embedding, which is packed."""
    first, first_row, columns = model.places[-1, 0]
    run, width = model.sizes[8], hidden.shape[1]
    for token in range(len(ids)):
        row = ids[token]
        start = first + (row - row % ROWS) * columns + row % ROWS * run
        scale = every(model.packed.scales[first_row + row] if len(model.packed.scales) > 0 else np.float32(1))
        for column in range(0, width, LANES):
            numbers = load(model.packed.numbers, start + (column - column % run) * ROWS + column % run)
            store(hidden, token * width + column, fma(numbers, scale, nothing()))


@compiled
def _norms(model: Model, which: int, hidden: Floats, out: Floats) -> None:
    width, real = hidden.shape[1], model.sizes[5]
    for token in range(len(hidden)):
        start = token * width
        norm(hidden, start, width, real, model.norms, which * width, model.epsilon, out, start)


@compiled
def _attention(
    model: Model, tokens: Tokens, slabs: Slabs, scratch: Scratch, layer: int, wanted: bool, rank: int, ranks: int
) -> None:
    """Hold keys and values, and write what the queries find to ``scratch.mixed``, if wanted; a thread has heads."""
    qkv, mixed, scores = scratch.qkv, scratch.mixed, scratch.scores[rank]
    n_heads, n_kv_heads, size = model.sizes[1], model.sizes[2], model.sizes[3]
    group = n_heads // n_kv_heads
    begin, end = n_kv_heads * rank // ranks, n_kv_heads * (rank + 1) // ranks
    scale = np.float32(1) / np.sqrt(np.float32(model.sizes[6]))
    for token in range(len(tokens.ids)):
        for head in range(begin * group, end * group):
            _head(model, qkv, tokens.turns, layer, head, token, scale)
        for head in range(n_heads + begin, n_heads + end):
            _head(model, qkv, tokens.turns, layer, head, token, np.float32(1))
        room = slabs.rooms[tokens.slabs[token]]
        keys = held(slabs.addresses[tokens.slabs[token], 0, layer], slabs.like, n_kv_heads * room * size)
        values = held(slabs.addresses[tokens.slabs[token], 1, layer], slabs.like, n_kv_heads * room * size)
        seen = _path(tokens, token, scratch.seen[rank])
        n_first = tokens.firsts[token]
        for head in range(begin, end):
            first, start = head * room * size, token * qkv.shape[1]
            at = first + tokens.places[token] * size
            write(qkv, start + (n_heads + head) * size, size, keys, at)
            write(qkv, start + (n_heads + n_kv_heads + head) * size, size, values, at)
            for query in range(head * group, (head + 1) * group if wanted else head * group, 2):
                other = min(query + 1, (head + 1) * group - 1)
                score(qkv, start + query * size, start + other * size, size, keys, first, n_first, seen, scores)
                scales = softmax(scores[0], n_first + len(seen)), softmax(scores[1], n_first + len(seen))
                to = token * mixed.shape[1]
                mix(scores, scales, size, values, first, n_first, seen, mixed, to + query * size, to + other * size)


@compiled
def _head(model: Model, qkv: Floats, turns: Floats, layer: int, head: int, token: int, scale: Any) -> None:
    """Normalise a head of queries or keys, if the model does, and turn it."""
    size = model.sizes[3]
    if len(model.head_norms) > 0:
        start = token * qkv.shape[1] + head * size
        first = (layer * model.head_norms.shape[1] + head) * size
        norm(qkv, start, size, model.sizes[6], model.head_norms, first, model.epsilon, qkv, start)
    turn(qkv, head * size, turns, token, turns.shape[1], scale)


@compiled
def _path(tokens: Tokens, token: int, seen: Integers) -> Any:
    """Return the positions of a token's ancestors in the tree and its own, topmost first; none in a chain."""
    start = len(seen)
    node = token if tokens.places[token] >= tokens.firsts[token] else -1
    while node >= 0:
        start -= 1
        seen[start] = tokens.places[node]
        node = tokens.parents[node]
    return seen[start:]


@compiled
def _rest(model: Model, scratch: Scratch, layer: int, rank: int, ranks: int) -> None:
    """Do a block's products behind its attention, onto ``scratch.hidden``."""
    hidden, normed, gate, up, out = scratch.hidden, scratch.normed[rank], scratch.gate, scratch.up, scratch.out
    biases, at = model.biases, scratch.qkv.shape[1]
    begin, end = share(hidden.shape[1], rank, ranks)
    _product(model, layer, 1, scratch.mixed, scratch, out, rank, ranks)
    add(out, hidden, begin, end)
    add_bias(biases, layer, at, hidden, begin, end)
    meet(scratch.meetings, ranks)
    _norms(model, 2 * layer + 1, hidden, normed)
    _product(model, layer, 2, normed, scratch, gate, rank, ranks)
    _product(model, layer, 3, normed, scratch, up, rank, ranks)
    at += hidden.shape[1]
    first, last = share(gate.shape[1], rank, ranks)
    add_bias(biases, layer, at, gate, first, last)
    add_bias(biases, layer, at + gate.shape[1], up, first, last)
    swiglu(gate, up, first, last)
    meet(scratch.meetings, ranks)
    _product(model, layer, 4, gate, scratch, out, rank, ranks)
    add(out, hidden, begin, end)
    add_bias(biases, layer, at + 2 * gate.shape[1], hidden, begin, end)
    meet(scratch.meetings, ranks)
