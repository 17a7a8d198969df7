"""What happens between products, number by number: norms, rotary turns, SwiGLU.

All in float32.  Rows are padded with zeros to a multiple of ``LANES``, and stay so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.engines.compiled.compiling import compiled, in_place
from models.engines.compiled.exponential import exponential_of
from models.engines.compiled.lanes import LANES, Typed, constant, every, fma, load, nothing, store, total

_ONE = np.float32(1)


@compiled
def add(row: Any, to: Any, begin: int, end: int) -> None:
    """Add columns ``begin`` to ``end`` of ``[T, any]`` to those of another; both are multiples of ``LANES``."""
    one = every(_ONE)
    for token in range(row.shape[0]):
        for column in range(token * row.shape[1] + begin, token * row.shape[1] + end, LANES):
            store(to, column, fma(load(row, column), one, load(to, column)))


@compiled
def add_bias(biases: Any, layer: int, first: int, to: Any, begin: int, end: int) -> None:
    """Add ``biases[layer, first + column]`` to columns ``begin`` to ``end`` of ``[T, any]``, if there are biases."""
    if len(biases) == 0:
        return
    for token in range(to.shape[0]):
        for column in range(begin, end):
            to[token, column] += biases[layer, first + column]


@compiled
def norm(row: Any, start: int, size: int, real: int, weight: Any, first: int, epsilon: Any, out: Any, to: int) -> None:
    """RMSNorm (Zhang and Sennrich 2019) of ``size`` numbers of ``row``, of which ``real`` are no padding.

    Args:
        row: Any array of float32.
        start: Where they begin in it, counted through.
        size: A multiple of ``LANES``.
        real: Numbers that the mean is over.
        weight: Any array of float32.
        first: Where the weights begin in it.
        epsilon: Added to the mean square.
        out: Where it goes; may be ``row``.
        to: From where on.
    """
    squares = nothing()
    for column in range(0, size, LANES):
        numbers = load(row, start + column)
        squares = fma(numbers, numbers, squares)
    scale = every(_ONE / np.sqrt(total(squares) / np.float32(real) + epsilon))
    for column in range(0, size, LANES):
        scaled = fma(load(row, start + column), scale, nothing())
        store(out, to + column, fma(scaled, load(weight, first + column), nothing()))


@compiled
def turn(row: Any, start: int, turns: Any, token: int, n_pairs: int, scale: Any) -> None:
    """Turn the pairs of one head, side by side from ``start`` on in ``[T, any]``, by ``turns`` ``[T, pairs, 2]``."""
    for pair in range(n_pairs):
        cosine, sine = turns[token, pair, 0], turns[token, pair, 1]
        real, imaginary = row[token, start + 2 * pair], row[token, start + 2 * pair + 1]
        row[token, start + 2 * pair] = (real * cosine - imaginary * sine) * scale
        row[token, start + 2 * pair + 1] = (real * sine + imaginary * cosine) * scale


@compiled
def swiglu(gate: Any, up: Any, begin: int, end: int) -> None:
    """Replace columns of ``gate`` ``[T, inner]`` by ``silu(gate) * up`` (Shazeer 2020); multiples of ``LANES``."""
    for token in range(gate.shape[0]):
        for column in range(token * gate.shape[1] + begin, token * gate.shape[1] + end, LANES):
            store(gate, column, fma(_silu(load(gate, column)), load(up, column), nothing()))


@in_place
def _silu(_: Any, numbers: Any) -> Typed:
    """Return ``x / (1 + exp(-x))``."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        (x,) = values
        return builder.fdiv(x, builder.fadd(constant(1.0), exponential_of(builder, builder.fneg(x))))

    return numbers(numbers), build
