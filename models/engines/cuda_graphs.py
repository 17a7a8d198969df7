"""Recording passes as CUDA graphs.

At batch size one a small model spends its time on launching kernels, some thousand a pass.  A graph
launches all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

# Runs one pass over buffers that it knows.
Program = Callable[[], None]
Record = Callable[[Program], Program]


def eagerly(program: Program) -> Program:
    """Record nothing: run each kernel by itself, on any device."""
    return program


class Graphs:
    """Records programs into one pool of memory: one pass runs at a time, and keeps nothing in it."""

    def __init__(self, device: torch.device) -> None:
        """Open the pool."""
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, program: Program) -> Program:
        """Record a program, which asks no tensor for its value, and return what replays it.

        Raises:
            RuntimeError: It cannot be recorded, or memory is short.
        """
        with torch.cuda.device(self._device):
            # A first run, on a stream of its own, lets libraries set themselves up outside the recording.
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                program()
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool):
                program()
        return graph.replay
