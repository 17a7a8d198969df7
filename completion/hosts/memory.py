"""How much memory this process takes, and what it gives back."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

LARGE_BYTES = 65_536
"""Blocks of so many bytes, such as documents, can be had from the system one by one."""

# The parameter's number in glibc's malloc.h.
_M_MMAP_THRESHOLD = -3


def resident_bytes() -> int | None:
    """Return the bytes in main memory now; where the system does not tell, the most so far, or None."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def give_large_blocks_back() -> bool:
    """Have large blocks go back to the system as soon as they are freed, and return whether they will.

    For a process that holds documents for a moment each.  glibc does that with blocks from 128 kB on, but only until
    the first of them is freed: that raises the limit to its size, up to 32 MB (mallopt(3)).  From then on a heap keeps
    as much as was ever needed at once.  Other allocators are left alone.
    """
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))
    except AttributeError:  # musl's malloc has no such settings
        return False
