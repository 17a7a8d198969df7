"""The engine whose passes are one compiled function: for processors, in float32, bfloat16 and float16.

Rows do not depend on how tokens are split into passes, on whether they stand in a tree or a chain, on what else a
pass does, or on the number of threads: they are the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.engines.base import Pass, Rows, Slab, require_own_slabs
from models.engines.compiled.packing import STORED, as_numbers, pack, padded
from models.engines.compiled.passes import Floats, Slabs, Tokens, run
from models.engines.compiled.scratch import ScratchMemory
from models.engines.compiled.team import Team
from models.engines.kv_slab import KVSlab
from models.engines.rope import RotaryTable
from models.engines.shape import Shape, refusal
from models.engines.slab_engine import SlabEngine
from models.engines.tree import Tree

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_CPU = torch.device("cpu")


class CompiledEngine(SlabEngine):
    """Runs Llama, Mistral, Qwen2 and Qwen3 decoders on a processor, on as many threads as torch may use.

    Attributes:
        dtype: Precision of keys and values.
        stored: Precision of the matrices: half for float32 ones that it holds exactly.
    """

    def __init__(self, shape: Shape, state: Mapping[str, Tensor]) -> None:
        """Read a decoder's weights, all in one of ``packing.STORED``; the state is needed no more."""
        with torch.inference_mode():
            self._model, self.dtype = pack(state, shape)
            self._turns = RotaryTable(shape.rope, shape.head_size, torch.float32, _CPU)
        self._width, self._vocabulary = (int(size) for size in self._model.sizes[[5, 7]])
        super().__init__(replace(shape, head_size=padded(shape.head_size)), self._vocabulary, self.dtype, _CPU)
        self._like = as_numbers(torch.empty(0, dtype=self.dtype))
        self.stored = next(dtype for dtype, kind in STORED.items() if kind == self._model.weights.dtype)
        self._scratch = ScratchMemory(self._model.sizes, shape.max_length)
        self._team = Team()
        self._busy = Lock()

    @classmethod
    def of(cls, model: PreTrainedModel) -> CompiledEngine:
        """Take the weights of a transformers model; the model itself is needed no more.

        Raises:
            ValueError: The model is none that this engine runs.
        """
        reason = refusal(model)
        if reason:
            raise ValueError(f"the compiled engine cannot run this model: {reason}")
        return cls(Shape.of(model.config.to_dict()), model.state_dict())

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
            IndexError: One is none of the vocabulary.
        """
        (rows,) = self.forward_each([Pass(slab, tuple(tokens))])
        return rows

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes at once.

        Raises:
            ValueError: A slab would grow beyond ``max_length``, or is in two passes.
            IndexError: A token is none of the vocabulary.
        """
        require_own_slabs(passes)
        slabs = [self.with_room(one.slab, len(one.tokens)) for one in passes]
        rows = self._rows(slabs, self._chains(slabs, [one.tokens for one in passes]))
        for slab, one in zip(slabs, passes, strict=True):
            slab.tokens.extend(one.tokens)
        return rows.split([len(one.tokens) for one in passes])

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, which the slab holds only once it is committed.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
            IndexError: A token is none of the vocabulary.
        """
        slab = self.with_room(slab, len(tree.tokens))
        start, n_tokens, depths = len(slab.tokens), len(tree.tokens), np.array(tree.depths)
        tokens = Tokens(
            ids=self._ids(tree.tokens),
            slabs=np.zeros(n_tokens, np.int64),
            places=np.arange(start, start + n_tokens),
            firsts=np.full(n_tokens, start),
            parents=np.array(tree.parents),
            turns=self._turned(start, start + int(depths.max()) + 1)[depths],
        )
        rows = self._rows([slab], tokens)
        slab.tree = tree
        return rows

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab, without logits and most of the last layer.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
            IndexError: One is none of the vocabulary.
        """
        slab, none = self.with_room(slab, len(tokens)), np.empty((0, 0), np.float32)
        self._run([slab], self._chains([slab], [tokens]), none, none)
        slab.tokens.extend(tokens)

    def _rows(self, slabs: Sequence[KVSlab], tokens: Tokens) -> Rows:
        logits = np.empty((len(tokens.ids), padded(self._vocabulary)), np.float32)
        states = np.empty((len(tokens.ids), padded(self._width)), np.float32)
        self._run(slabs, tokens, logits, states)
        return Rows(torch.from_numpy(logits)[:, : self._vocabulary], torch.from_numpy(states)[:, : self._width])

    def _run(self, slabs: Sequence[KVSlab], tokens: Tokens, logits: Floats, states: Floats) -> None:
        memory = Slabs(
            addresses=np.array([[[part.data_ptr() for part in parts] for parts in (s.keys, s.values)] for s in slabs]),
            rooms=np.array([slab.room for slab in slabs]),
            like=self._like,
        )
        ranks = torch.get_num_threads()
        with self._busy:
            scratch = self._scratch.of(len(tokens.ids), ranks)
            scratch.meetings[0] = 0
            self._team.do(partial(run, self._model, tokens, memory, scratch, logits, states), ranks)

    def _chains(self, slabs: Sequence[KVSlab], parts: Sequence[Sequence[int]]) -> Tokens:
        """Return tokens that each follow the one before, behind a slab for each part."""
        starts = [len(slab.tokens) for slab in slabs]
        ends = [start + len(part) for start, part in zip(starts, parts, strict=True)]
        places = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        return Tokens(
            ids=self._ids([token for part in parts for token in part]),
            slabs=np.repeat(np.arange(len(slabs)), [len(part) for part in parts]),
            places=places,
            firsts=places + 1,
            parents=np.full(len(places), -1),
            turns=np.concatenate([self._turned(start, end) for start, end in zip(starts, ends, strict=True)]),
        )

    def _ids(self, tokens: Sequence[int]) -> NDArray[np.int64]:
        ids = np.array(tokens, np.int64)
        if not 0 <= ids.min() <= ids.max() < self._vocabulary:
            raise IndexError(f"tokens from {ids.min()} to {ids.max()} are not all among {self._vocabulary}")
        return ids

    def _turned(self, start: int, end: int) -> NDArray[Any]:
        return torch.view_as_real(self._turns.rows(start, end))[:, 0].numpy()
