"""Products with matrices that are packed for reading in one stream.

Four rows lie together: ``LANES`` numbers of the first, as many of each of the others, then the next of all four.
A pass over few tokens takes as long as reading the matrix; over many, parts of it that fit the cache are read for
all tokens in turn.  How tokens are grouped changes no sum: each is one register's, over the columns in order.
"""

from __future__ import annotations

from typing import Any

from models.engines.compiled.compiling import compiled
from models.engines.compiled.lanes import LANES
from models.engines.compiled.processor import wide_file
from models.engines.compiled.tile import ROWS, four_rows

# Tokens for which rows are multiplied at once: sums and factors stay in registers.
_MOST = 4 if wide_file() else 2

# Numbers of a matrix that are gone through for all tokens before the next: in 16 bits half of a small second cache.
_PART = 1 << 16


@compiled
def share(size: int, rank: int, ranks: int) -> tuple[int, int]:
    """Return from where to where of so many numbers, a multiple of ``LANES``, a thread has its share."""
    registers = size // LANES
    return registers * rank // ranks * LANES, registers * (rank + 1) // ranks * LANES


@compiled
def product(weights: Any, first: int, inputs: Any, output: Any, rank: int, ranks: int) -> None:
    """Write ``inputs @ matrix.T`` to ``output``, of its rows this thread's share.

    Args:
        weights: Packed numbers.
        first: Where the matrix begins in them.
        inputs: ``[T, columns]`` float32; columns are a multiple of ``LANES``.
        output: ``[T, rows]`` float32; so are rows.
        rank: Of so many threads which.
        ranks: How many there are.
    """
    n_tokens, columns = inputs.shape
    begin, end = share(output.shape[1], rank, ranks)
    step = max(1, _PART // (columns * ROWS)) * ROWS
    for low in range(begin, end, step):
        high = min(low + step, end)
        token = 0
        while n_tokens - token >= _MOST:
            for row in range(low, high, ROWS):
                four_rows(weights, first, inputs, token, output, row, _MOST)
            token += _MOST
        if n_tokens - token >= 2:
            for row in range(low, high, ROWS):
                four_rows(weights, first, inputs, token, output, row, 2)
            token += 2
        if n_tokens > token:
            for row in range(low, high, ROWS):
                four_rows(weights, first, inputs, token, output, row, 1)
