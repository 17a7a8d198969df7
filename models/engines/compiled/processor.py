"""What this processor's registers hold, and whether the compiled pass suits it."""

from __future__ import annotations

import platform
from functools import cache

import llvmlite.binding as llvm

# What reads half precision and multiplies and adds at once on x86; all processors with AVX2 have it.
_NEEDED = ("avx2", "fma", "f16c")

_X86 = ("x86_64", "AMD64")
_ARM = ("arm64", "aarch64")


def refusal() -> str:
    """Return why passes cannot be compiled for this processor; empty if they can."""
    machine = platform.machine()
    if machine in _ARM:
        return ""
    if machine not in _X86:
        return f"no compiled pass for {machine}"
    lacking = [name for name in _NEEDED if not _features().get(name)]
    return f"the processor lacks {lacking[0]}" if lacking else ""


def lanes() -> int:
    """Return how many float32 a register holds."""
    if platform.machine() in _X86:
        return 16 if _features().get("avx512f") else 8
    return 4


def wide_file() -> bool:
    """Say whether there are 32 such registers, not 16."""
    return lanes() != 8


@cache
def _features() -> dict[str, bool]:
    return dict(llvm.get_host_cpu_features())
