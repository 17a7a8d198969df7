"""Threads that do one pass together: each its share, meeting where one needs what the others have written."""

from __future__ import annotations

import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from numba import types

from models.engines.compiled.compiling import compiled, in_place
from models.engines.compiled.lanes import Typed, place

# How often one looks whether all have come before it lets other programs run.
_LOOKS = 2000

_let_others_run = types.ExternalFunction(
    "SwitchToThread" if platform.system() == "Windows" else "sched_yield", types.int32()
)


class Team:
    """As many threads as torch computes on; one of them is the caller's."""

    def __init__(self) -> None:
        """Start none yet."""
        self._others: ThreadPoolExecutor | None = None
        self._size = 1

    def do(self, work: Callable[[int, int], None], size: int) -> None:
        """Call ``work`` with each rank below ``size`` and with ``size``, all at the same time."""
        if size != self._size:
            self._resize(size)
        others = [self._others.submit(work, rank, size) for rank in range(1, size)] if self._others else []
        work(0, size)
        for other in others:
            other.result()

    def _resize(self, size: int) -> None:
        """Have so many threads, all there: one that could not be started would be waited for without end."""
        if self._others is not None:
            self._others.shutdown()
        self._others, self._size = None, 1
        if size > 1:
            others, all_here = ThreadPoolExecutor(size - 1, "verifill-pass"), Barrier(size - 1)
            for started in [others.submit(all_here.wait) for _ in range(size - 1)]:
                started.result()
            self._others, self._size = others, size


@compiled
def meet(meetings: Any, ranks: int) -> None:
    """Wait until all threads have come here.

    Args:
        meetings: ``[1]`` how often one has come, in all passes together; the same for all threads.
        ranks: How many there are.
    """
    if ranks == 1:
        return
    before = _come(meetings)
    looks, all_here = 0, before - before % ranks + ranks
    while _come_so_far(meetings) < all_here:
        looks += 1
        if looks % _LOOKS == 0:
            _let_others_run()


@in_place
def _come(_: Any, meetings: Any) -> Typed:
    """Count one more, and return how many had come before."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = place(context, builder, signature.args[0], values[0], context.get_constant(types.intp, 0))
        return builder.atomic_rmw("add", address, context.get_constant(types.int64, 1), "seq_cst")

    return types.int64(meetings), build


@in_place
def _come_so_far(_: Any, meetings: Any) -> Typed:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = place(context, builder, signature.args[0], values[0], context.get_constant(types.intp, 0))
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(meetings), build
