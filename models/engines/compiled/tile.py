"""The innermost loop of all products: four rows times a few inputs, with all sums in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from models.engines.compiled.compiling import in_place
from models.engines.compiled.lanes import LANES, Typed, added_by_halves, call, constant, multiply_add, place, widened

# They have no types.
_helpers: Any = cgutils

# Rows that are multiplied at once, and that lie together in packed matrices.
ROWS = 4

# How far ahead of the product memory is asked for, in numbers: two pages of half precision.
_AHEAD = 2048

# Bytes that come together.
_LINE = 64


@in_place
def four_rows(_: Any, weights: Any, first: Any, inputs: Any, token: Any, output: Any, row: Any, n_tokens: Any) -> Typed:
    """Write the products of four rows of a packed matrix with a few inputs.

    Args:
        weights: Packed numbers.
        first: Where the matrix begins in them.
        inputs: ``[T, columns]`` float32.
        token: The first row of it to take.
        output: ``[T, rows]`` float32.
        row: The first of the four, a multiple of ``ROWS``.
        n_tokens: How many inputs to take, a literal.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        weights_type, _, inputs_type, _, output_type, _, _ = signature.args
        weights, first, inputs, token, output, row, _ = values
        columns = _row_length(context, builder, inputs_type, inputs)
        packed = place(context, builder, weights_type, weights, builder.add(first, builder.mul(row, columns)))
        factors = [builder.gep(packed, [row.type(r * LANES)]) for r in range(ROWS)]
        tokens = [builder.add(token, row.type(t)) for t in range(n_tokens.literal_value)]
        lines = [place(context, builder, inputs_type, inputs, builder.mul(t, columns)) for t in tokens]
        sums = _tile(builder, factors, weights_type.dtype, ROWS, lines, columns)
        length = _row_length(context, builder, output_type, output)
        for t, four in zip(tokens, sums, strict=True):
            _write(
                builder, four, place(context, builder, output_type, output, builder.add(builder.mul(t, length), row))
            )
        return context.get_dummy_value()

    return types.void(weights, types.intp, inputs, types.intp, output, types.intp, n_tokens), build


@in_place
def four_scores(_: Any, keys: Any, first: Any, size: Any, queries: Any, start: Any, scores: Any, to: Any) -> Typed:
    """Write the products of four keys behind each other with one query.

    Args:
        keys: Stored numbers.
        first: Where the keys begin in them.
        size: Numbers of each.
        queries: Any array of float32.
        start: Where the query begins in it.
        scores: ``[any]`` float32.
        to: Where the products go in it.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        keys_type, _, _, queries_type, _, scores_type, _ = signature.args
        keys, first, size, queries, start, scores, to = values
        nearest = place(context, builder, keys_type, keys, first)
        factors = [builder.gep(nearest, [builder.mul(size, size.type(r))]) for r in range(ROWS)]
        query = place(context, builder, queries_type, queries, start)
        (four,) = _tile(builder, factors, keys_type.dtype, 1, [query], size)
        _write(builder, four, place(context, builder, scores_type, scores, to))
        return context.get_dummy_value()

    integer = types.intp
    return types.void(keys, integer, integer, queries, integer, scores, integer), build


def _tile(builder: Any, factors: list[Any], dtype: Any, stride: int, lines: list[Any], columns: Any) -> list[Any]:
    """Return for each line of inputs a vector of its products with all factors.

    Args:
        builder: Of the function.
        factors: Addresses of stored numbers.
        dtype: How they are stored.
        stride: Registers from one of a factor's to its next; if there are others between, memory is asked for ahead.
        lines: Addresses of float32.
        columns: Numbers in each, a multiple of ``LANES``.
    """
    sums = [[_helpers.alloca_once_value(builder, constant(0.0)) for _ in factors] for _ in lines]
    integer = columns.type
    with _helpers.for_range_slice(builder, integer(0), columns, integer(LANES), integer) as (column, _):
        offset = builder.mul(column, integer(stride))
        if stride > 1:
            _ask_ahead(builder, builder.gep(factors[0], [offset]), dtype.bitwidth // 8)
        numbers = [widened(builder, builder.gep(factor, [offset]), dtype) for factor in factors]
        for line, held in zip(lines, sums, strict=True):
            given = widened(builder, builder.gep(line, [column]), types.float32)
            for number, place_of_sum in zip(numbers, held, strict=True):
                builder.store(multiply_add(builder, number, given, builder.load(place_of_sum)), place_of_sum)
    return [added_by_halves(builder, [builder.load(one) for one in held]) for held in sums]


def _row_length(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return _helpers.unpack_tuple(builder, context.make_array(kind)(context, builder, array).shape)[1]


def _write(builder: Any, numbers: Any, address: Any) -> None:
    builder.store(numbers, builder.bitcast(address, numbers.type.as_pointer()), align=4)


def _ask_ahead(builder: Any, address: Any, size: int) -> None:
    """Prefetch what will take the place of a register of each row; an address beyond the end does no harm."""
    integer, byte = ir.IntType(32), ir.IntType(8).as_pointer()
    for line in range(0, ROWS * LANES * size, _LINE):
        ahead = builder.bitcast(builder.gep(address, [ir.IntType(64)(_AHEAD + line // size)]), byte)
        call(builder, "llvm.prefetch.p0", ir.VoidType(), [ahead, integer(0), integer(3), integer(1)])
