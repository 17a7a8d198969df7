"""What a forward pass over T tokens costs on this machine: the curve from which draft lengths follow.

On a CPU a pass takes as long as reading the weights until the arithmetic takes longer; where that
happens depends on the processor, the precision and the model, so it is measured and never assumed.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Generator
from dataclasses import dataclass

from models.engines.base import Engine

# Numbers of tokens that are measured; between them the curve is straight.
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)

# Tokens in the slab meanwhile, where the model has room: about a prompt's half.
CONTEXT = 512

# The least of so many is taken: what disturbs a pass only makes it longer.
REPEATS = 5


@dataclass(frozen=True)
class CostCurve:
    """Seconds of a forward pass by number of tokens.

    Attributes:
        tokens: Ascending, beginning with 1.
        seconds: For each, at least as much as for the one before.
    """

    tokens: tuple[int, ...]
    seconds: tuple[float, ...]

    def at(self, n_tokens: int) -> float:
        """Return the seconds of a pass over ``n_tokens``, at least 1; beyond the measured ones, in proportion."""
        index = bisect_left(self.tokens, n_tokens)
        if index == len(self.tokens):
            return self.seconds[-1] * n_tokens / self.tokens[-1]
        if self.tokens[index] == n_tokens:
            return self.seconds[index]
        low, high = self.tokens[index - 1], self.tokens[index]
        share = (n_tokens - low) / (high - low)
        return self.seconds[index - 1] + share * (self.seconds[index] - self.seconds[index - 1])

    def most_within(self, seconds: float) -> int:
        """Return the largest measured number of tokens whose pass takes at most ``seconds``; at least 1."""
        return max((n for n, taken in zip(self.tokens, self.seconds, strict=True) if taken <= seconds), default=1)


def measuring(
    engine: Engine, repeats: int = REPEATS, clock: Callable[[], float] = time.perf_counter
) -> Generator[None, None, CostCurve]:
    """Measure an engine, and yield before each pass, so that something more urgent may run meanwhile."""
    sizes = tuple(size for size in SIZES if size < engine.max_length // 2)
    context = min(CONTEXT, engine.max_length - max(sizes))
    slab = engine.new_slab()
    while len(slab.tokens) < context:
        yield
        engine.extend(slab, (0,) * min(128, context - len(slab.tokens)))
    best = dict.fromkeys(sizes, float("inf"))
    for _ in range(repeats):
        for size in sizes:
            yield
            start = clock()
            # A graphics card is done when there is a number of the result, not when it was asked for.
            engine.forward(slab, (0,) * size).logits[-1, :1].tolist()
            best[size] = min(best[size], clock() - start)
            engine.truncate(slab, context)
    return CostCurve(sizes, _rising(tuple(best.values())))


def _rising(seconds: tuple[float, ...]) -> tuple[float, ...]:
    """Return the times with none below the one before: what looks cheaper for more tokens is noise or a better size."""
    rising: list[float] = []
    for value in seconds:
        rising.append(max([value, *rising[-1:]]))
    return tuple(rising)
