"""Noise that depends on where it is used and on nothing else.

Gumbel noise is a function of (seed, candidate, position, token id), so the draw at a
position is the same however many positions one forward pass covered: speculative and plain
decoding give the same *sample*, not just the same distribution.  The generator is the
splitmix64 finalizer (Steele, Lea, Flood 2014) used as a counter-based hash.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def gumbel(seed: int, candidate: int, position: int, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return standard Gumbel noise for each token id.

    Args:
        seed: Key of the request.
        candidate: Number of the alternative text.
        position: Index in the middle, 0 for its first token.
        tokens: ``[n]`` vocabulary ids.

    Returns:
        ``[n]`` finite draws.
    """
    key = _mix_int(_mix_int(_mix_int(seed) ^ candidate) ^ position)
    bits = _mix(tokens.astype(np.uint64) * np.uint64(_GOLDEN) ^ np.uint64(key))
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    noise: npt.NDArray[np.float64] = -np.log(-np.log(uniform))
    return noise


def _mix_int(value: int) -> int:
    return int(_mix(np.array([(value * _GOLDEN + _GOLDEN) & _MASK], dtype=np.uint64))[0])


def _mix(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
