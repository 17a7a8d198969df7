"""What this processor's registers hold, what it multiplies, and whether the compiled pass suits it.

Where numba is told which features to use (``NUMBA_CPU_FEATURES``), a processor with no others is what counts.
"""

from __future__ import annotations

import platform
from functools import cache

import llvmlite.binding as llvm
from numba.core import config

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


def pairs_instruction() -> str:
    """Return what adds the products of pairs of bfloat16 to the float32 of a register; empty if nothing does.

    It takes what ``multiplying`` gives it: ``$0`` is the sums, ``$2`` and ``$3`` are weights and inputs.
    """
    return "vdpbf16ps $3, $2, $0" if lanes() == 16 and _features().get("avx512bf16") else ""


def fours_instruction() -> str:
    """Return what adds the products of four signed bytes with four others to the int32 of a register, likewise.

    On ARM it is LLVM's name of it.  The inputs' bytes are as ``input_zero`` says.
    """
    found = _features()
    if platform.machine() in _ARM:
        return "llvm.aarch64.neon.sdot.v4i32.v16i8" if found.get("dotprod") else ""
    if lanes() == 16:
        return "vpdpbusd $2, $3, $0" if found.get("avx512vnni") else ""
    return "{vex} vpdpbusd $2, $3, $0" if found.get("avxvnni") else ""


def wide_pairs_function() -> str:
    """Return LLVM's name of what adds the products of pairs of 16 bits to one of 32, in a register; empty on ARM."""
    if platform.machine() not in _X86:
        return ""
    if lanes() == 16:
        return "llvm.x86.avx512.pmaddw.d.512" if _features().get("avx512bw") else ""
    return "llvm.x86.avx2.pmadd.wd"


def input_zero() -> int:
    """Return which byte is an input's zero: x86 multiplies signed weights with unsigned inputs, ARM signed ones."""
    return 128 if platform.machine() in _X86 else 0


@cache
def _features() -> dict[str, bool]:
    told = getattr(config, "CPU_FEATURES", None)
    if told is None:
        return dict(llvm.get_host_cpu_features())
    return {name[1:]: name.startswith("+") for name in told.split(",") if name}
