"""Products with a weight matrix, by the fastest kernel that this machine has for it.

On CPUs a pass over a few tokens takes as long as reading the weights, and torch's plain ``linear``
reads them at half the speed of memory, in float32 with a jump between one token and two.  Both
kernels used instead keep the matrix in a layout of their own:

* FBGEMM multiplies float32 by a matrix stored in half precision, and sums in float32.  It serves
  matrices that half precision holds exactly, as it does those of a checkpoint stored in 16 bits.
* oneDNN serves float32 and bfloat16.

Neither is public interface of torch, so each is probed, and plain ``linear`` is always there.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Linear = Callable[[Tensor], Tensor]

# Half the distance of the smallest numbers of half precision: what a bfloat16 weight can lose in it.
_HALF_ERROR = 2.0**-25

# Numbers that are looked at together: what is computed on the way stays in the cache.
_PART = 1 << 18

# What torch raises where a kernel is not built in, or not for this processor.
_ABSENT = (AttributeError, NotImplementedError, RuntimeError)


def linear(weight: Tensor, bias: Tensor | None = None) -> Linear:
    """Return ``x -> x @ weight.T + bias`` for ``x`` ``[T, columns]`` in the weight's precision."""
    if weight.device.type == "cpu" and weight.dtype == torch.float32:
        return _half_stored(weight, bias) or _onednn(weight, bias) or _plain(weight, bias)
    if weight.device.type == "cpu" and weight.dtype == torch.bfloat16:
        return _onednn(weight, bias) or _plain(weight, bias)
    return _plain(weight, bias)


def head(weight: Tensor) -> Linear:
    """Return ``x -> x @ weight.T`` for float32 or float64 ``x``, whose rows keep that precision.

    Rounded to 16 bits, one row in fifty has two largest logits.
    """
    if weight.dtype in (torch.float32, torch.float64):
        return linear(weight)
    stored = _half_stored(weight.float(), None) if weight.device.type == "cpu" else None
    if stored is not None:
        return stored
    product = linear(weight)
    return lambda x: product(x.to(weight.dtype)).float()


def fits_half(weight: Tensor) -> bool:
    """Say whether half precision holds a matrix as exactly as it holds bfloat16."""
    parts = torch.split(weight.reshape(-1), _PART)
    return all(bool(((part.half().to(part.dtype) - part).abs_() <= _HALF_ERROR).all()) for part in parts)


def _half_stored(weight: Tensor, bias: Tensor | None) -> Linear | None:
    if not fits_half(weight):
        return None
    try:
        stored = torch.ops.quantized.linear_prepack_fp16(weight.contiguous(), bias)
    except _ABSENT:
        return None
    multiply = torch.ops.quantized.linear_dynamic_fp16
    return lambda x: multiply(x, stored)


def _onednn(weight: Tensor, bias: Tensor | None) -> Linear | None:
    try:
        if weight.dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return None
        # Laid out for one token, which suits all small numbers of them.
        stored = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), 1)
        multiply = torch.ops.mkldnn._linear_pointwise
        multiply(weight.new_zeros(1, weight.shape[1]), stored, bias, "none", [], "")
    except _ABSENT:
        return None
    return lambda x: multiply(x, stored, bias, "none", [], "")


def _plain(weight: Tensor, bias: Tensor | None) -> Linear:
    return lambda x: F.linear(x, weight, bias)
