"""Registers of several numbers, as a type that compiled functions can use.

The compiler's own vectors depend on how it sees a loop, so the order of a sum would, too.  Here it is written:
lane i of a sum takes every ``LANES``-th number, and lanes are added by halves.  A product of two rows is therefore
the same bit for bit whatever else is computed beside it.

Numbers are stored in five ways, told apart by the type of the array: float32; half precision as uint16; bfloat16
as int16; weights in 8 bits as int8; inputs in 8 bits as uint8, which count from ``INPUT_ZERO``.  In registers all
are float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

from models.engines.compiled.compiling import in_place
from models.engines.compiled.processor import input_zero, lanes

LANES, INPUT_ZERO = lanes(), input_zero()

_INT = ir.IntType(32)
_FLOAT = ir.FloatType()
_FLOATS = ir.VectorType(_FLOAT, LANES)
_INTS = ir.VectorType(_INT, LANES)
_SHORTS = ir.VectorType(ir.IntType(16), LANES)
_HALVES = ir.VectorType(ir.HalfType(), LANES)

_BYTES = ir.VectorType(ir.IntType(8), LANES)

HALF, BFLOAT, FLOAT = np.dtype(np.uint16), np.dtype(np.int16), np.dtype(np.float32)
BYTE, INPUT_BYTE = np.dtype(np.int8), np.dtype(np.uint8)

_STORED = {
    types.float32: _FLOATS,
    types.uint16: _HALVES,
    types.int16: _SHORTS,
    types.int8: _BYTES,
    types.uint8: _BYTES,
}

# They have no types.
_helpers: Any = cgutils

Typed = tuple[Any, Callable[..., Any]]


class Lanes(types.Type):
    """A register of ``LANES`` float32."""

    def __init__(self) -> None:
        """Name it."""
        super().__init__(name=f"Lanes({LANES})")


LANES_TYPE = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, own: Any) -> None:
        super().__init__(manager, own, _FLOATS)  # type: ignore[no-untyped-call]


def place(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    """Return the address of a number of a C-contiguous array, counted from its first."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset], inbounds=True)


def widened(builder: Any, address: Any, dtype: Any) -> Any:
    """Return the float32 of ``LANES`` stored numbers."""
    stored = _STORED[dtype]
    numbers = builder.load(builder.bitcast(address, stored.as_pointer()), align=dtype.bitwidth // 8, typ=stored)
    if dtype == types.float32:
        return numbers
    if dtype == types.uint16:
        return builder.fpext(numbers, _FLOATS)
    if dtype == types.int8:
        return builder.sitofp(numbers, _FLOATS)
    return builder.bitcast(builder.shl(builder.zext(numbers, _INTS), _every(16)), _FLOATS)


def narrowed(builder: Any, numbers: Any, dtype: Any) -> Any:
    """Return float32 as they are stored, rounded to the nearest, halfway to even."""
    if dtype == types.float32:
        return numbers
    if dtype == types.uint16:
        return builder.fptrunc(numbers, _HALVES)
    if dtype == types.uint8:
        whole = builder.fptosi(call(builder, f"llvm.rint.v{LANES}f32", _FLOATS, [numbers]), _INTS)
        return builder.trunc(builder.add(whole, _every(INPUT_ZERO)), _BYTES)
    bits = builder.bitcast(numbers, _INTS)
    odd = builder.and_(builder.lshr(bits, _every(16)), _every(1))
    rounded = builder.add(bits, builder.add(odd, _every(0x7FFF)))
    return builder.trunc(builder.lshr(rounded, _every(16)), _SHORTS)


def multiply_add(builder: Any, left: Any, right: Any, addend: Any) -> Any:
    """Return ``left * right + addend``."""
    return call(builder, f"llvm.fma.v{LANES}f32", _FLOATS, [left, right, addend])


def call(builder: Any, name: str, result: Any, values: list[Any]) -> Any:
    """Call a function of LLVM's own."""
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(_helpers.get_or_insert_function(builder.module, kind, name), values)


def constant(number: float) -> Any:
    """Return a register with a number in all lanes."""
    return ir.Constant(_FLOATS, [number] * LANES)


def added_by_halves(builder: Any, numbers: list[Any]) -> Any:
    """Return the sums of one, two or four registers' lanes, float32 or integers, beside each other in a vector.

    Several registers are added together: two become one while there are two, so that four cost little more than one.
    """
    width = LANES
    while len(numbers) > 1:
        numbers = [_halved(builder, *pair, width) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        width //= 2
    (sums,) = numbers
    while width > 1:
        sums = _folded(builder, sums, width)
        width //= 2
    return sums


def _halved(builder: Any, left: Any, right: Any, width: int) -> Any:
    """Add the halves of each run of ``width`` lanes of both registers; what is left of the first stands first."""
    runs = range(0, 2 * LANES, width)
    low = [run + lane for run in runs for lane in range(width // 2)]
    return _added(
        builder, _picked(builder, left, right, low), _picked(builder, left, right, [i + width // 2 for i in low])
    )


def _folded(builder: Any, numbers: Any, width: int) -> Any:
    runs = range(0, numbers.type.count, width)
    low = [run + lane for run in runs for lane in range(width // 2)]
    high = [lane + width // 2 for lane in low]
    return _added(builder, _picked(builder, numbers, numbers, low), _picked(builder, numbers, numbers, high))


def _added(builder: Any, left: Any, right: Any) -> Any:
    return (builder.fadd if left.type.element == _FLOAT else builder.add)(left, right)


def _picked(builder: Any, left: Any, right: Any, lanes_wanted: list[int]) -> Any:
    mask = ir.Constant(ir.VectorType(_INT, len(lanes_wanted)), lanes_wanted)
    return builder.shuffle_vector(left, right, mask)


def _every(number: int) -> Any:
    return ir.Constant(_INTS, [number] * LANES)


@in_place
def load(_: Any, array: Any, offset: Any) -> Typed:
    """Read ``LANES`` numbers of an array from ``offset`` on."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = place(context, builder, signature.args[0], *values)
        return widened(builder, address, signature.args[0].dtype)

    return LANES_TYPE(array, types.intp), build


@in_place
def store(_: Any, array: Any, offset: Any, numbers: Any) -> Typed:
    """Write them."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = signature.args[0]
        address = place(context, builder, kind, *values[:2])
        stored = narrowed(builder, values[2], kind.dtype)
        builder.store(stored, builder.bitcast(address, stored.type.as_pointer()), align=kind.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, numbers), build


@in_place
def nothing(_: Any) -> Typed:
    """Return zeros."""
    return LANES_TYPE(), lambda *_: constant(0.0)


@in_place
def every(_: Any, number: Any) -> Typed:
    """Return a number in all lanes."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), values[0], ir.Constant(_INT, 0))
        return builder.shuffle_vector(one, one, ir.Constant(_INTS, [0] * LANES))

    return LANES_TYPE(types.float32), build


@in_place
def fma(_: Any, left: Any, right: Any, addend: Any) -> Typed:
    """Return ``left * right + addend``, rounded once."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return multiply_add(builder, *values)

    return LANES_TYPE(left, right, addend), build


@in_place
def total(_: Any, numbers: Any) -> Typed:
    """Return the sum of the lanes."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.extract_element(added_by_halves(builder, list(values)), ir.Constant(_INT, 0))

    return types.float32(numbers), build


@in_place
def magnitude(_: Any, numbers: Any) -> Typed:
    """Return numbers without their signs."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return call(builder, f"llvm.fabs.v{LANES}f32", _FLOATS, list(values))

    return LANES_TYPE(numbers), build


@in_place
def larger(_: Any, numbers: Any, than: Any) -> Typed:
    """Return in each lane the larger number."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return call(builder, f"llvm.maxnum.v{LANES}f32", _FLOATS, list(values))

    return LANES_TYPE(numbers, than), build


@in_place
def largest(_: Any, numbers: Any) -> Typed:
    """Return the largest of the lanes."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return call(builder, f"llvm.vector.reduce.fmax.v{LANES}f32", _FLOAT, list(values))

    return types.float32(numbers), build
