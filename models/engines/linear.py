"""Products with a weight matrix, by the fastest kernel that this machine has for it.

On CPUs a pass over a few tokens takes as long as reading the weights, and torch's plain ``linear``
reads them at half the speed of memory, in float32 with a jump between one token and two.  Both
kernels used instead keep the matrix in a layout of their own:

* FBGEMM multiplies float32 by a matrix stored in half precision, and sums in float32.  It serves
  matrices that half precision holds exactly, as it does those of a checkpoint stored in 16 bits.
* oneDNN serves float32 and bfloat16.

Where asked for, FBGEMM also multiplies in 8 bits, which reads half as much again and counts in integers.

Neither is public interface of torch, so each is probed, and plain ``linear`` is always there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

Linear = Callable[[Tensor], Tensor]

# Half the distance of the smallest numbers of half precision: what a bfloat16 weight can lose in it.
_HALF_ERROR = 2.0**-25

# Numbers that are looked at together: what is computed on the way stays in the cache.
_PART = 1 << 18

# Columns added to a matrix in 8 bits: two are needed, and so many keep the rows aligned.
_PADDING = 16

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
    if weight.is_cuda:
        return lambda x: torch.mm(x.to(weight.dtype), weight.t(), out_dtype=torch.float32)
    stored = _half_stored(weight.float(), None) if weight.device.type == "cpu" else None
    if stored is not None:
        return stored
    product = linear(weight)
    return lambda x: product(x.to(weight.dtype)).float()


def linear_in_int8(weight: Tensor, bias: Tensor | None = None) -> Linear:
    """Return ``x -> x @ weight.T + bias`` for float32 ``x``, with both factors rounded to 8 bits.

    Each row of the matrix and each row of ``x`` has a scale of its own (LLM.int8, Dettmers et al. 2022, without
    its outliers), so a token's product does not depend on what else is in the pass.  The kernel takes one
    range for all of ``x``: rows are divided by their largest magnitude, and two more columns, 1 and -1, whose
    weights are 0, make that range the same in every pass.  Sums are exact.
    """
    scale = weight.abs().amax(dim=1).clamp_min_(torch.finfo(torch.float32).tiny) / 127
    padded = F.pad(weight.contiguous(), (0, _PADDING))
    zeros = torch.zeros(len(weight), dtype=torch.int64)
    with warnings.catch_warnings():
        # Torch means to drop its quantised tensors; the kernel takes no other.
        warnings.simplefilter("ignore", UserWarning)
        rounded = torch.quantize_per_channel(padded, scale.double(), zeros, 0, torch.qint8)
    stored = torch.ops.quantized.linear_prepack(rounded, None)
    ends = F.pad(weight.new_tensor([[1.0, -1.0]]), (0, _PADDING - 2))
    multiply = torch.ops.quantized.linear_dynamic

    def product(x: Tensor) -> Tensor:
        size = torch.linalg.vector_norm(x, ord=torch.inf, dim=-1, keepdim=True).clamp_min_(1e-30)
        scaled: Tensor = multiply(torch.cat((x / size, ends.expand(len(x), -1)), dim=1), stored).mul_(size)
        return scaled if bias is None else scaled.add_(bias)

    return product


@cache
def int8_works() -> bool:
    """Say whether torch has the kernel, and this processor multiplies without losing large sums, as older ones do."""
    largest = torch.ones(2, 64)
    try:
        found = linear_in_int8(largest)(largest)
    except _ABSENT:
        return False
    return bool(torch.allclose(found, torch.full((2, 2), 64.0), rtol=0.01))


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
