"""Telling that memory ended from whatever else an engine may raise."""

from __future__ import annotations

import torch

# What torch's allocators say; on a CPU there is no class of its own for it.
_SAID = ("out of memory", "not enough memory", "can't allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an allocation failed, on a processor or a graphics card."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID)
