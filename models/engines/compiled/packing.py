"""A decoder's weights as the compiled pass reads them, made from a checkpoint's state dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from operator import mul
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.engines.compiled.lanes import BFLOAT, BYTE, FLOAT, HALF, INPUT_ZERO, LANES
from models.engines.compiled.multiplying import way_of
from models.engines.compiled.passes import Floats, Model
from models.engines.compiled.products import Packed
from models.engines.compiled.tile import ROWS
from models.engines.linear import fits_half
from models.engines.shape import EMBEDDING, HEAD, Shape
from models.engines.weights import head_norms, stacked

# What holds numbers of a precision for compiled functions.
STORED: dict[torch.dtype, np.dtype[Any]] = {
    torch.float32: FLOAT,
    torch.float16: HALF,
    torch.bfloat16: BFLOAT,
    torch.int8: BYTE,
}

_QKV = ("self_attn.q", "self_attn.k", "self_attn.v")
_OUTPUT = ("self_attn.o",)
_GATE = ("mlp.gate",)

# The products of a block, in the order of ``Model.places``.
_PRODUCTS = (_QKV, _OUTPUT, _GATE, ("mlp.up",), ("mlp.down",))


# Of the magnitudes of a row, the largest is this many steps.
_STEPS = 127

# Bytes that come together.
_LINE = 64


class _Stored(NamedTuple):
    """A matrix, and in 8 bits what its rows are multiples of."""

    numbers: Tensor
    scales: Tensor | None = None


def padded(size: int, run: int = LANES) -> int:
    """Return the numbers that a row of so many takes."""
    return size + -size % run


def pack(state: Mapping[str, Tensor], shape: Shape, int8: bool) -> tuple[Model, torch.dtype]:
    """Read a state dict as ``shape.weight_sizes`` describes it; a missing head is the embedding's.

    Each matrix is let go when it is packed: a model is never held twice.

    Returns:
        The model, and the precision that the state has.
    """
    norms = [norm.detach() for norm in _norms(state, shape)]
    matrices = [(_in_8_bits if int8 else _narrow)(matrix) for matrix in _matrices(state, shape)]
    in_blocks = shape.n_layers * len(_PRODUCTS)
    n_rows = [len(matrix.numbers) for matrix in matrices[: len(_PRODUCTS)]]
    vocabulary, width = matrices[in_blocks].numbers.shape
    packed, places = _packed(matrices)
    ends = [places[in_blocks], places[-1], *(len(_PRODUCTS) - 2) * [(0, 0, 0)]]
    inner = n_rows[_PRODUCTS.index(_GATE)]
    model = Model(
        packed=packed,
        places=np.array([*places[:in_blocks], *ends]).reshape(-1, len(_PRODUCTS), 3),
        norms=np.stack([_row(norm, width) for norm in norms]),
        head_norms=_head_norms(state, shape),
        biases=_biases(state, shape, n_rows),
        sizes=np.array(
            [padded(width), shape.n_heads, shape.n_kv_heads, padded(shape.head_size), padded(inner)]
            + [width, shape.head_size, vocabulary, way_of(packed.numbers.dtype).run]
        ),
        epsilon=np.float32(shape.norm_eps),
    )
    return model, norms[0].dtype


def as_numbers(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor's memory as an array that compiled functions read."""
    same_size = {1: torch.int8, 2: torch.int16, 4: torch.float32}[tensor.itemsize]
    numbers: NDArray[Any] = tensor.view(same_size).numpy().view(STORED[tensor.dtype])
    return numbers


def _matrices(state: Mapping[str, Tensor], shape: Shape) -> Iterator[Tensor]:
    """Give all matrices, a block's after the other's, then the embedding, then a head of its own.

    Heads are padded.
    """
    for layer in range(shape.n_layers):
        for names in _PRODUCTS:
            weight = stacked(state, [f"model.layers.{layer}.{name}_proj.weight" for name in names], shape)
            assert weight is not None
            weight = _by_heads(weight, shape) if names == _QKV else weight
            yield _by_heads(weight.t(), shape).t() if names == _OUTPUT else weight
    embedding = state[EMBEDDING].detach()
    yield embedding
    head = state.get(HEAD, embedding).detach()
    if head.data_ptr() != embedding.data_ptr():
        yield head


def _by_heads(rows: Tensor, shape: Shape) -> Tensor:
    """Put zeros behind the rows of each head, or behind its numbers in a single row."""
    heads = rows.reshape(-1, shape.head_size, *rows.shape[1:])
    more = heads.new_zeros(len(heads), -shape.head_size % LANES, *rows.shape[1:])
    return torch.cat((heads, more), dim=1).flatten(0, 1)


def _narrow(matrix: Tensor) -> _Stored:
    """Halve float32 where that loses nothing."""
    return _Stored(matrix.half() if matrix.dtype == torch.float32 and fits_half(matrix) else matrix)


def _in_8_bits(matrix: Tensor) -> _Stored:
    """Round each row to multiples of a scale of its own."""
    matrix = matrix.float()
    scales = matrix.abs().amax(dim=1).clamp_min_(torch.finfo(torch.float32).tiny) / _STEPS
    return _Stored((matrix / scales[:, None]).round_().to(torch.int8), scales)


def _packed(matrices: list[_Stored]) -> tuple[Packed, list[tuple[int, int, int]]]:
    """Pack matrices, which are taken from the list, and return where each is.

    All are stored alike: in half precision only if all fit it.
    """
    dtypes = {matrix.numbers.dtype for matrix in matrices}
    dtype = dtypes.pop() if len(dtypes) == 1 else torch.float32
    run = way_of(STORED[dtype]).run
    rows, columns = zip(*((padded(m.numbers.shape[0]), padded(m.numbers.shape[1], run)) for m in matrices), strict=True)
    firsts = [0, *accumulate(map(mul, rows, columns))]
    first_rows = [0, *accumulate(rows)]
    n_scales = 0 if matrices[0].scales is None else first_rows[-1]
    scales, offsets = np.zeros(n_scales, np.float32), np.zeros(n_scales, np.int32)
    memory = _room(firsts[-1], dtype)
    for (begin, end), first in zip(pairwise(firsts), first_rows, strict=False):
        numbers, scale = matrices.pop(0)
        whole = F.pad(numbers, (0, -numbers.shape[1] % run, 0, -numbers.shape[0] % LANES))
        groups = whole.view(-1, ROWS, whole.shape[1] // run, run).transpose(1, 2)
        memory[begin:end].view(groups.shape).copy_(groups)
        if scale is not None:
            scales[first : first + len(scale)] = scale
            offsets[first : first + len(scale)] = INPUT_ZERO * numbers.sum(dim=1, dtype=torch.int32)
    return Packed(as_numbers(memory), scales, offsets), list(zip(firsts, first_rows, columns, strict=False))


def _room(size: int, dtype: torch.dtype) -> Tensor:
    """Return memory for so many numbers, where a line of the cache begins.

    It is numpy's: that asks Linux for large pages, which are read up to one and a half times as fast.
    """
    memory = np.empty(size * dtype.itemsize + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return torch.from_numpy(memory[start : start + size * dtype.itemsize]).view(dtype)


def _norms(state: Mapping[str, Tensor], shape: Shape) -> Iterator[Tensor]:
    for layer in range(shape.n_layers):
        yield state[f"model.layers.{layer}.input_layernorm.weight"]
        yield state[f"model.layers.{layer}.post_attention_layernorm.weight"]
    yield state["model.norm.weight"]


def _head_norms(state: Mapping[str, Tensor], shape: Shape) -> Floats:
    found = [head_norms(state, f"model.layers.{layer}.", shape, torch.float32) for layer in range(shape.n_layers)]
    rows = [_row(norm, shape.head_size) for norm in found if norm is not None]
    return np.stack(rows) if rows else np.empty((0, 0, 0), np.float32)


def _biases(state: Mapping[str, Tensor], shape: Shape, n_rows: list[int]) -> Floats:
    """Return the biases of each block's products behind each other, zeros for missing ones; no rows if all are."""
    if not any(name.endswith("_proj.bias") for name in state):
        return np.empty((0, 0), np.float32)
    blocks = []
    for layer in range(shape.n_layers):
        parts = []
        for names, rows in zip(_PRODUCTS, n_rows, strict=True):
            bias = stacked(state, [f"model.layers.{layer}.{name}_proj.bias" for name in names], shape)
            if bias is None:
                bias = torch.zeros(rows)
            elif names == _QKV:
                bias = _by_heads(bias, shape)
            parts.append(_row(bias, rows))
        blocks.append(np.concatenate(parts))
    return np.stack(blocks)


def _row(values: Tensor, size: int) -> Floats:
    """Return rows of ``size`` numbers as float32, with their padding."""
    row: Floats = F.pad(values.detach().float(), (0, padded(size) - values.shape[-1])).numpy()
    return row
