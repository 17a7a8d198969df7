"""Sizes for which passes are recorded ahead.

A CUDA graph replays kernels of fixed sizes on fixed addresses, so a pass is padded to the next size
for which there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

# Tokens of a pass.  Up to the last of them a pass costs little more than one over a single token: reading
# the weights is most of it.
WIDTHS = (1, 2, 4, 8, 16, 32, 64)

_SMALLEST_CONTEXT = 512


def contexts(room: int) -> tuple[int, ...]:
    """Return numbers of held tokens for which passes are recorded: doubling ones, and ``room`` itself."""
    found = []
    context = _SMALLEST_CONTEXT
    while context < room:
        found.append(context)
        context *= 2
    return (*found, room)


def bucket(size: int, buckets: Sequence[int]) -> int:
    """Return the smallest of ``buckets``, which ascend, that is not below ``size``.

    Raises:
        ValueError: ``size`` is beyond the last.
    """
    for found in buckets:
        if size <= found:
            return found
    raise ValueError(f"{size} is more than {buckets[-1]}")


def recordings(room: int) -> tuple[tuple[int, int], ...]:
    """Return all (width, context), the largest first: what is recorded later finds room in its memory."""
    keys = product(WIDTHS, contexts(room))
    return tuple(sorted(keys, key=lambda key: (key[0] * key[1], key), reverse=True))
