"""Memory for slabs, in blocks of a few sizes: what one slab gives back fits another.

malloc would cut what it gets back into pieces that fit no later slab, and put small things that stay into these: half
as much memory again as the slabs of a busy engine took was lost in such holes, and more with every minute.
"""

from __future__ import annotations

from mmap import ACCESS_COPY, mmap
from queue import SimpleQueue
from threading import Lock
from weakref import finalize

import numpy as np
import torch
from torch import Tensor

# Of what was given back, at most so many bytes are kept; the system takes half a millisecond to hand out a megabyte.
MOST_SPARE = 32 * 2**20


class Blocks:
    """Hands out blocks of memory, and takes back what nobody looks at any more; for any thread."""

    def __init__(self, device: torch.device, most_spare: int = MOST_SPARE) -> None:
        """Keep at most ``most_spare`` bytes ready.

        Args:
            device: Where the blocks are; those of graphics cards come from torch, which keeps its own.
            most_spare: Of memory that is not in use.
        """
        self._device = device
        self._most_spare = most_spare
        self._spare: list[mmap] = []
        self._returned: SimpleQueue[mmap] = SimpleQueue()  # filled by finalizers, which may run anywhere
        self._lock = Lock()

    @property
    def spare_bytes(self) -> int:
        """Memory that is ready for another block."""
        with self._lock:
            self._take_back()
            return self._spare_bytes()

    def take(self, n_bytes: int) -> Tensor:
        """Return ``[n_bytes]`` uint8, at least one, with anything in it; free again when no tensor looks at it.

        Raises:
            MemoryError: There is not so much.
        """
        if self._device.type != "cpu":
            return torch.empty(n_bytes, dtype=torch.uint8, device=self._device)
        memory = self._spare_of(n_bytes) or _of_the_system(n_bytes)
        block = np.frombuffer(memory, np.uint8)
        finalize(block, self._returned.put, memory).atexit = False
        return torch.from_numpy(block)

    def _spare_of(self, n_bytes: int) -> mmap | None:
        """Return the block of this size that was given back last, None if there is none."""
        with self._lock:
            self._take_back()
            found = next((memory for memory in reversed(self._spare) if len(memory) == n_bytes), None)
            if found is not None:
                self._spare.remove(found)
            return found

    def _take_back(self) -> None:
        """Look through what was given back, and leave the oldest to the system where it is too much."""
        while not self._returned.empty():
            self._spare.append(self._returned.get())
        while self._spare_bytes() > self._most_spare:
            del self._spare[0]

    def _spare_bytes(self) -> int:
        return sum(map(len, self._spare))


def _of_the_system(n_bytes: int) -> mmap:
    try:
        return mmap(-1, n_bytes, access=ACCESS_COPY)
    except OSError as error:
        raise MemoryError(f"not enough memory for {n_bytes} bytes of keys and values") from error
