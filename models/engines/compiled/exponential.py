"""exp(x) of a register, by a polynomial: a unit in the last place is all that it may miss."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from models.engines.compiled.lanes import LANES, call, constant, multiply_add

# exp(x) = 2**n * exp(r): n is nearest to x / ln 2, which is taken off in two parts, the first of few digits.
_PER_LN2 = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4

# exp(r) for |r| <= ln 2 / 2, highest power first (Cephes, Moshier 1989: expf).
_POWERS = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5, 1.0, 1.0)

# Beyond these, 2**n is no number of float32; what is not a number passes through.
_MOST = 87.0


def exponential_of(builder: Any, x: Any) -> Any:
    """Return exp of a register; beyond -87 and 87, that of these."""
    x = _bounded(builder, x)
    nearest = multiply_add(builder, x, constant(_PER_LN2), constant(0.5))
    n = call(builder, f"llvm.floor.v{LANES}f32", x.type, [nearest])
    r = multiply_add(builder, n, constant(-_LN2_HIGH), x)
    r = multiply_add(builder, n, constant(-_LN2_LOW), r)
    power = constant(_POWERS[0])
    for factor in _POWERS[1:]:
        power = multiply_add(builder, power, r, constant(factor))
    return builder.fmul(power, _power_of_two(builder, n))


def _bounded(builder: Any, x: Any) -> Any:
    x = builder.select(builder.fcmp_ordered("<", x, constant(-_MOST)), constant(-_MOST), x)
    return builder.select(builder.fcmp_ordered(">", x, constant(_MOST)), constant(_MOST), x)


def _power_of_two(builder: Any, exponent: Any) -> Any:
    """Return 2 to the power of whole numbers, by writing them where float32 has its exponent."""
    integers = ir.VectorType(ir.IntType(32), LANES)
    shifted = builder.add(builder.fptosi(exponent, integers), ir.Constant(integers, [127] * LANES))
    return builder.bitcast(builder.shl(shifted, ir.Constant(integers, [23] * LANES)), exponent.type)
