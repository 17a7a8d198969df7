"""How numbers are multiplied, a register at once: as float32, as pairs of bfloat16, or as four bytes.

Weights in half precision and float32 are widened, and so are the inputs: nothing is rounded.
Weights in bfloat16 are multiplied in pairs where the processor does that, with inputs rounded to bfloat16: twice as
many at once, and no widening.  Elsewhere they are widened, too.
Weights in bytes are multiplied with inputs in bytes, four at once where the processor does that, and summed as
integers, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import from_dtype, types

from models.engines.compiled.lanes import (
    BFLOAT,
    BYTE,
    FLOAT,
    INPUT_BYTE,
    INPUT_ZERO,
    LANES,
    call,
    constant,
    multiply_add,
    widened,
)
from models.engines.compiled.processor import fours_instruction, pairs_instruction, wide_pairs_function

_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTS = ir.VectorType(ir.IntType(32), LANES)
_BYTES = ir.VectorType(ir.IntType(8), 4 * LANES)

_NO_INTS = ir.Constant(_INTS, [0] * LANES)

_PAIRS, _FOURS, _WIDE_PAIRS = pairs_instruction(), fours_instruction(), wide_pairs_function()


@dataclass(frozen=True)
class Way:
    """One way to multiply.

    Attributes:
        run: Numbers of a row that are multiplied at once; in packed matrices they lie together.
        size: Bytes of so many weights.
        inputs: What holds those that a matrix is multiplied with.
        nothing: Sums to begin with.
        weights: Reads a run of weights at an address.
        given: Reads a run of inputs at an address.
        added: Adds the products of both to sums: builder, weights, inputs, sums.
    """

    run: int
    size: int
    inputs: np.dtype[Any]
    nothing: ir.Constant
    weights: Callable[[Any, Any], Any]
    given: Callable[[Any, Any], Any]
    added: Callable[[Any, Any, Any, Any], Any]


def way_of(stored: np.dtype[Any]) -> Way:
    """Return how weights that are stored so are multiplied."""
    if stored == BYTE:
        return _in_fours() if _FOURS else _bytes_widened()
    return _in_pairs() if stored == BFLOAT and _PAIRS else widening(stored)


def widening(stored: np.dtype[Any]) -> Way:
    """Return how numbers that are stored so are multiplied as float32."""
    return Way(
        run=LANES,
        size=LANES * stored.itemsize,
        inputs=FLOAT,
        nothing=constant(0.0),
        weights=lambda builder, address: widened(builder, address, from_dtype(stored)),
        given=lambda builder, address: widened(builder, address, types.float32),
        added=multiply_add,
    )


def _in_pairs() -> Way:
    return Way(
        run=2 * LANES,
        size=4 * LANES,
        inputs=BFLOAT,
        nothing=constant(0.0),
        weights=_register,
        given=_register,
        added=_instruction(_PAIRS, _FLOATS),
    )


def _in_fours() -> Way:
    return Way(
        run=4 * LANES,
        size=4 * LANES,
        inputs=INPUT_BYTE,
        nothing=_NO_INTS,
        weights=_register,
        given=_register,
        added=_instruction(_FOURS, _INTS),
    )


def _bytes_widened() -> Way:
    """Return how bytes are multiplied as integers of 16 bits, in pairs, or else of 32 bits."""

    def pairs_added(builder: Any, weights: Any, given: Any, sums: Any) -> Any:
        return builder.add(call(builder, _WIDE_PAIRS, _INTS, [weights, given]), sums)

    def added(builder: Any, weights: Any, given: Any, sums: Any) -> Any:
        return builder.add(builder.mul(weights, given), sums)

    run, bits = (2 * LANES, 16) if _WIDE_PAIRS else (LANES, 32)
    return Way(
        run=run,
        size=run,
        inputs=INPUT_BYTE,
        nothing=_NO_INTS,
        weights=_integers(run, bits, signed=True),
        given=_integers(run, bits, signed=INPUT_ZERO == 0),
        added=pairs_added if _WIDE_PAIRS else added,
    )


def _instruction(text: str, sums: Any) -> Callable[[Any, Any, Any, Any], Any]:
    """Return what writes an instruction of x86, for which LLVM's names change between versions, or calls LLVM's own."""
    if text.startswith("llvm."):
        return lambda builder, weights, given, addend: call(
            builder, text, sums, [addend, builder.bitcast(weights, _BYTES), builder.bitcast(given, _BYTES)]
        )
    llvm.initialize_native_asmparser()
    kind = ir.FunctionType(sums, [sums, _INTS, _INTS])
    return lambda builder, weights, given, addend: builder.asm(kind, text, "=v,0,v,v", [addend, weights, given], False)


def _register(builder: Any, address: Any) -> Any:
    """Read a register full, whatever numbers are in it."""
    return builder.load(builder.bitcast(address, _INTS.as_pointer()), align=1, typ=_INTS)


def _integers(run: int, bits: int, signed: bool) -> Callable[[Any, Any], Any]:
    """Return what reads so many bytes as integers of so many bits."""
    stored, wide = (ir.VectorType(ir.IntType(size), run) for size in (8, bits))

    def read(builder: Any, address: Any) -> Any:
        found = builder.load(builder.bitcast(address, stored.as_pointer()), align=1, typ=stored)
        return (builder.sext if signed else builder.zext)(found, wide)

    return read
