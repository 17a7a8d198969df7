"""Products with matrices that are packed for reading in one stream.

Four rows lie together: a run of numbers of the first (``multiplying``), as many of each of the others, then the next
of all four.  A pass over few tokens takes as long as reading the matrix; over many, parts of it that fit the cache are
read for all tokens in turn.  How tokens are grouped changes no sum: each is one register's, over the columns in order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.engines.compiled.compiling import compiled
from models.engines.compiled.lanes import LANES
from models.engines.compiled.processor import wide_file
from models.engines.compiled.rounding import Given
from models.engines.compiled.tile import ROWS, four_rows

# Tokens for which rows are multiplied at once: sums and factors stay in registers.
_MOST = 4 if wide_file() else 2

# Bytes of a matrix that are gone through for all tokens before the next: an eighth of a usual second cache.
_PART = 1 << 17


class Packed(NamedTuple):
    """Matrices behind each other.

    Attributes:
        numbers: ``[any]`` stored as ``lanes`` says.
        scales: ``[rows of all]`` float32 of which a row's bytes are multiples; none but in 8 bits.
        offsets: ``[rows of all]`` int32 that a row's sums are too large by, as the inputs' bytes do not count from 0.
    """

    numbers: NDArray[Any]
    scales: NDArray[np.float32]
    offsets: NDArray[np.int32]


@compiled
def share(size: int, rank: int, ranks: int) -> tuple[int, int]:
    """Return from where to where of so many numbers, a multiple of ``LANES``, a thread has its share."""
    registers = size // LANES
    return registers * rank // ranks * LANES, registers * (rank + 1) // ranks * LANES


@compiled
def product(packed: Packed, place: Any, inputs: Given, output: Any, rank: int, ranks: int) -> None:
    """Write ``inputs @ matrix.T`` to ``output``, of its rows this thread's share.

    Args:
        packed: Matrices.
        place: ``[3]`` where this one begins in the numbers, and among all rows; numbers in each row.
        inputs: For each token as many.
        output: ``[T, rows]`` float32; rows are a multiple of ``LANES``.
        rank: Of so many threads which.
        ranks: How many there are.
    """
    first, first_row, columns = place[0], place[1], place[2]
    begin, end = share(output.shape[1], rank, ranks)
    step = max(1, _PART // (columns * packed.numbers.itemsize * ROWS)) * ROWS
    for low in range(begin, end, step):
        high = min(low + step, end)
        token, n_tokens = 0, len(output)
        while n_tokens - token >= _MOST:
            for row in range(low, high, ROWS):
                four_rows(packed, first + row * columns, first_row + row, inputs, token, columns, output, row, _MOST)
            token += _MOST
        left = n_tokens - token
        if left == 3:
            for row in range(low, high, ROWS):
                four_rows(packed, first + row * columns, first_row + row, inputs, token, columns, output, row, 3)
        elif left == 2:
            for row in range(low, high, ROWS):
                four_rows(packed, first + row * columns, first_row + row, inputs, token, columns, output, row, 2)
        elif left == 1:
            for row in range(low, high, ROWS):
                four_rows(packed, first + row * columns, first_row + row, inputs, token, columns, output, row, 1)
