"""A decoder's weights as the compiled pass reads them, made from a checkpoint's state dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.engines.compiled.lanes import BFLOAT, FLOAT, HALF, LANES
from models.engines.compiled.passes import Floats, Model
from models.engines.compiled.tile import ROWS
from models.engines.linear import fits_half
from models.engines.shape import EMBEDDING, HEAD, Shape
from models.engines.weights import head_norms, stacked

# What holds numbers of a precision for compiled functions.
STORED: dict[torch.dtype, np.dtype[Any]] = {torch.float32: FLOAT, torch.float16: HALF, torch.bfloat16: BFLOAT}

_QKV = ("self_attn.q", "self_attn.k", "self_attn.v")
_OUTPUT = ("self_attn.o",)
_GATE = ("mlp.gate",)

# The products of a block, in the order of ``Model.places``.
_PRODUCTS = (_QKV, _OUTPUT, _GATE, ("mlp.up",), ("mlp.down",))


def padded(size: int) -> int:
    """Return the numbers that a row of so many takes."""
    return size + -size % LANES


def pack(state: Mapping[str, Tensor], shape: Shape) -> tuple[Model, torch.dtype]:
    """Read a state dict as ``shape.weight_sizes`` describes it; a missing head is the embedding's.

    Each matrix is let go when it is packed: a model is never held twice.

    Returns:
        The model, and the precision that the state has.
    """
    norms = [norm.detach() for norm in _norms(state, shape)]
    matrices = list(_matrices(state, shape))
    in_blocks = shape.n_layers * len(_PRODUCTS)
    n_rows, (vocabulary, width) = [len(matrix) for matrix in matrices[: len(_PRODUCTS)]], matrices[in_blocks].shape
    weights, places = _packed(matrices)
    ends = [places[in_blocks], places[-1], *(len(_PRODUCTS) - 2) * [0]]
    inner = n_rows[_PRODUCTS.index(_GATE)]
    model = Model(
        weights=weights,
        places=np.array([*places[:in_blocks], *ends]).reshape(-1, len(_PRODUCTS)),
        norms=np.stack([_row(norm, width) for norm in norms]),
        head_norms=_head_norms(state, shape),
        biases=_biases(state, shape, n_rows),
        sizes=np.array(
            [padded(width), shape.n_heads, shape.n_kv_heads, padded(shape.head_size), padded(inner)]
            + [width, shape.head_size, vocabulary]
        ),
        epsilon=np.float32(shape.norm_eps),
    )
    return model, norms[0].dtype


def as_numbers(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor's memory as an array that compiled functions read."""
    whole = tensor if tensor.dtype == torch.float32 else tensor.view(torch.int16)
    numbers: NDArray[Any] = whole.numpy().view(STORED[tensor.dtype])
    return numbers


def _matrices(state: Mapping[str, Tensor], shape: Shape) -> Iterator[Tensor]:
    """Give all matrices, a block's after the other's, then the embedding, then a head of its own.

    Heads are padded.  Float32 is halved where that loses nothing.
    """
    for layer in range(shape.n_layers):
        for names in _PRODUCTS:
            weight = stacked(state, [f"model.layers.{layer}.{name}_proj.weight" for name in names], shape)
            assert weight is not None
            weight = _by_heads(weight, shape) if names == _QKV else weight
            yield _narrow(_by_heads(weight.t(), shape).t() if names == _OUTPUT else weight)
    embedding = state[EMBEDDING].detach()
    yield _narrow(embedding)
    head = state.get(HEAD, embedding).detach()
    if head.data_ptr() != embedding.data_ptr():
        yield _narrow(head)


def _by_heads(rows: Tensor, shape: Shape) -> Tensor:
    """Put zeros behind the rows of each head, or behind its numbers in a single row."""
    heads = rows.reshape(-1, shape.head_size, *rows.shape[1:])
    more = heads.new_zeros(len(heads), -shape.head_size % LANES, *rows.shape[1:])
    return torch.cat((heads, more), dim=1).flatten(0, 1)


def _narrow(matrix: Tensor) -> Tensor:
    return matrix.half() if matrix.dtype == torch.float32 and fits_half(matrix) else matrix


def _packed(matrices: list[Tensor]) -> tuple[NDArray[Any], list[int]]:
    """Pack matrices, which are taken from the list, and return where each begins.

    All are stored alike: in half precision only if all fit it.
    """
    dtypes = {matrix.dtype for matrix in matrices}
    dtype = dtypes.pop() if len(dtypes) == 1 else torch.float32
    ends = [0, *accumulate(padded(matrix.shape[0]) * padded(matrix.shape[1]) for matrix in matrices)]
    memory = torch.empty(ends[-1], dtype=dtype)
    for begin, end in pairwise(ends):
        matrix = matrices.pop(0)
        whole = F.pad(matrix, (0, -matrix.shape[1] % LANES, 0, -matrix.shape[0] % LANES))
        groups = whole.view(-1, ROWS, whole.shape[1] // LANES, LANES).transpose(1, 2)
        memory[begin:end].view(groups.shape).copy_(groups)
    return as_numbers(memory), ends[:-1]


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
