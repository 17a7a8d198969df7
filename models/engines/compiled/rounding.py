"""What a matrix is multiplied with, in the precision in which it is multiplied."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from models.engines.compiled.compiling import by_types, compiled
from models.engines.compiled.lanes import LANES, every, fma, larger, largest, load, magnitude, nothing, store

_ONE, _LEAST, _MOST = np.float32(1), np.float32(1e-30), np.float32(127)


class Given(NamedTuple):
    """Inputs of products.

    Attributes:
        numbers: ``[any]`` those of a token behind those of the other, as ``multiplying.Way.inputs`` says.
        scales: ``[T]`` float32 of which a token's bytes are multiples; unused but in 8 bits.
    """

    numbers: NDArray[Any]
    scales: NDArray[np.float32]


def given(inputs: Any, columns: int, room: Any) -> Any:
    """Return ``[T, any]`` float32 as products take them, each with zeros up to ``columns``; perhaps in ``room``.

    In 8 bits each token has its own scale, so that it does not depend on what else is in a pass (LLM.int8, Dettmers
    et al. 2022, without its outliers).
    """
    raise NotImplementedError("for compiled functions only")


@by_types(given)
def _given(inputs: Any, columns: int, room: Any) -> Any:
    ways = {types.float32: _unrounded, types.int16: _in_16_bits, types.uint8: _in_8_bits}
    return ways[room.types[0].dtype]


def _unrounded(inputs: Any, columns: int, room: Any) -> Any:
    return Given(inputs.reshape(-1), room.scales)


def _in_16_bits(inputs: Any, columns: int, room: Any) -> Any:
    for token in range(inputs.shape[0]):
        _scaled(inputs, token, _ONE, columns, room.numbers)
    return room


def _in_8_bits(inputs: Any, columns: int, room: Any) -> Any:
    size = inputs.shape[1]
    for token in range(inputs.shape[0]):
        most = nothing()
        for column in range(0, size, LANES):
            most = larger(magnitude(load(inputs, token * size + column)), most)
        scale = max(largest(most), _LEAST) / _MOST
        room.scales[token] = scale
        _scaled(inputs, token, _ONE / scale, columns, room.numbers)
    return room


@compiled
def _scaled(inputs: Any, token: int, scale: Any, columns: int, out: Any) -> None:
    """Write a token's inputs times ``scale`` to ``out``, and zeros behind them."""
    size, scales = inputs.shape[1], every(scale)
    for column in range(0, size, LANES):
        store(out, token * columns + column, fma(load(inputs, token * size + column), scales, nothing()))
    for column in range(size, columns, LANES):
        store(out, token * columns + column, nothing())
