"""The innermost loop of all products: four rows times a few inputs, with all sums in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.np.numpy_support import as_dtype

from models.engines.compiled.compiling import in_place
from models.engines.compiled.lanes import Typed, added_by_halves, call, place
from models.engines.compiled.multiplying import Way, way_of, widening

# They have no types.
_helpers: Any = cgutils

# Rows that are multiplied at once, and that lie together in packed matrices.
ROWS = 4

# How far ahead of the product memory is asked for, in bytes.  It goes to the second cache: in the first, which the
# inputs are in, it would be dropped again before it is used.
_AHEAD = 1 << 14

# Bytes that come together.
_LINE = 64

# From so many multiplications a line on, memory is asked for.  Below that asking is in the way of what the processor
# fetches by itself: with four bytes at once, a pass over four tokens takes as long as one over one, and with it 1.4
# times as long.  Above it nothing came while there was so much to multiply, and four tokens took 1.8 times as long.
_BUSY = 6


@in_place
def four_rows(
    _: Any, packed: Any, first: Any, row: Any, given: Any, token: Any, columns: Any, output: Any, to: Any, n_tokens: Any
) -> Typed:
    """Write the products of four rows of a packed matrix with a few inputs.

    Args:
        packed: As ``products.Packed``.
        first: Where the four begin in its numbers.
        row: Which the first of them is, of all.
        given: As ``products.Given``.
        token: The first of them to take.
        columns: Numbers in each, and in each row.
        output: ``[T, rows]`` float32.
        to: Its column that the first row's products go to.
        n_tokens: How many inputs to take, a literal.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        packed_type, _, _, given_type, _, _, output_type, _, _ = signature.args
        packed, first, row, given, token, columns, output, to, _ = values
        weights, scales, offsets = _members(context, builder, packed_type, packed)
        inputs, input_scales = _members(context, builder, given_type, given)
        stored = packed_type.types[0].dtype
        nearest = builder.gep(weights, [first])
        way = way_of(as_dtype(stored))
        factors = [builder.gep(nearest, [row.type(r * way.run)]) for r in range(ROWS)]
        tokens = [builder.add(token, row.type(t)) for t in range(n_tokens.literal_value)]
        lines = [builder.gep(inputs, [builder.mul(t, columns)]) for t in tokens]
        ahead = _AHEAD if len(tokens) * _LINE >= _BUSY * way.size else 0
        sums = _tile(builder, way, factors, ROWS, lines, columns, ahead)
        length = _row_length(context, builder, output_type, output)
        for t, four in zip(tokens, sums, strict=True):
            products = four
            if four.type.element != ir.FloatType():
                size = builder.load(builder.gep(input_scales, [t]))
                products = _scaled(builder, four, builder.gep(scales, [row]), builder.gep(offsets, [row]), size)
            at = builder.add(builder.mul(t, length), to)
            _write(builder, products, place(context, builder, output_type, output, at))
        return context.get_dummy_value()

    integer = types.intp
    return types.void(packed, integer, integer, given, integer, integer, output, integer, n_tokens), build


@in_place
def four_scores(
    _: Any, keys: Any, first: Any, size: Any, queries: Any, start: Any, other: Any, scores: Any, to: Any
) -> Typed:
    """Write the products of four keys behind each other with two queries.

    Args:
        keys: Stored numbers.
        first: Where the keys begin in them.
        size: Numbers of each.
        queries: Any array of float32.
        start: Where the one query begins in it.
        other: Where the other does.
        scores: ``[2, any]`` float32.
        to: The first key's column in it.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        keys_type, _, _, queries_type, _, _, scores_type, _ = signature.args
        keys, first, size, queries, start, other, scores, to = values
        nearest = place(context, builder, keys_type, keys, first)
        factors = [builder.gep(nearest, [builder.mul(size, size.type(r))]) for r in range(ROWS)]
        lines = [place(context, builder, queries_type, queries, query) for query in (start, other)]
        one, two = _tile(builder, widening(as_dtype(keys_type.dtype)), factors, 1, lines, size)
        second = builder.add(to, _row_length(context, builder, scores_type, scores))
        _write(builder, one, place(context, builder, scores_type, scores, to))
        _write(builder, two, place(context, builder, scores_type, scores, second))
        return context.get_dummy_value()

    integer = types.intp
    return types.void(keys, integer, integer, queries, integer, integer, scores, integer), build


def _tile(
    builder: Any, way: Way, factors: list[Any], stride: int, lines: list[Any], columns: Any, ahead: int = 0
) -> list[Any]:
    """Return for each line of inputs a vector of its products with all factors.

    Args:
        builder: Of the function.
        way: How they are multiplied.
        factors: Addresses of stored numbers.
        stride: Runs from one of a factor's to its next.
        lines: Addresses of inputs.
        columns: Numbers in each, a multiple of a run.
        ahead: How far ahead of the first factor memory is asked for, in bytes; 0 for not at all.
    """
    sums = [[_helpers.alloca_once_value(builder, way.nothing) for _ in factors] for _ in lines]
    integer = columns.type
    with _helpers.for_range_slice(builder, integer(0), columns, integer(way.run), integer) as (column, _):
        offset = builder.mul(column, integer(stride))
        if ahead:
            _ask(builder, builder.gep(factors[0], [offset]), ahead, stride * way.size)
        numbers = [way.weights(builder, builder.gep(factor, [offset])) for factor in factors]
        for line, held in zip(lines, sums, strict=True):
            given = way.given(builder, builder.gep(line, [column]))
            for number, place_of_sum in zip(numbers, held, strict=True):
                builder.store(way.added(builder, number, given, builder.load(place_of_sum)), place_of_sum)
    return [added_by_halves(builder, [builder.load(one) for one in held]) for held in sums]


def _scaled(builder: Any, sums: Any, scales: Any, offsets: Any, size: Any) -> Any:
    """Return as float32 what sums of products in bytes stand for.

    Args:
        builder: Of the function.
        sums: Of the products of the rows with one input.
        scales: Address of the rows' scales.
        offsets: Address of what their sums are too large by.
        size: The input's scale.
    """
    floats = ir.VectorType(ir.FloatType(), ROWS)
    right = builder.sub(sums, _read(builder, offsets, sums.type))
    one = builder.insert_element(ir.Constant(floats, ir.Undefined), size, ir.IntType(32)(0))
    sizes = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), ROWS), [0] * ROWS))
    return builder.fmul(builder.sitofp(right, floats), builder.fmul(_read(builder, scales, floats), sizes))


def _members(context: Any, builder: Any, kind: Any, arrays: Any) -> list[Any]:
    """Return the addresses of the arrays that a tuple holds."""
    return [
        context.make_array(member)(context, builder, builder.extract_value(arrays, index)).data
        for index, member in enumerate(kind.types)
    ]


def _row_length(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return _helpers.unpack_tuple(builder, context.make_array(kind)(context, builder, array).shape)[1]


def _read(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.bitcast(address, kind.as_pointer()), align=4, typ=kind)


def _write(builder: Any, numbers: Any, address: Any) -> None:
    builder.store(numbers, builder.bitcast(address, numbers.type.as_pointer()), align=4)


def _ask(builder: Any, address: Any, ahead: int, size: int) -> None:
    """Ask for ``size`` bytes, so many behind an address; if they are beyond the end, it does no harm."""
    integer, byte = ir.IntType(32), ir.IntType(8).as_pointer()
    begin = builder.bitcast(address, byte)
    for line in range(ahead, ahead + size, _LINE):
        at = builder.gep(begin, [ir.IntType(64)(line)])
        call(builder, "llvm.prefetch.p0", ir.VoidType(), [at, integer(0), integer(2), integer(1)])
