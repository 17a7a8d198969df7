"""The engine whose passes are one compiled function: for processors, in float32, bfloat16, float16 and 8 bits.

Rows do not depend on how tokens are split into passes, on whether they stand in a tree or a chain, on what else a
pass does, or on the number of threads: they are the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from models.engines.base import Pass, Rows, Slab, require_own_slabs
from models.engines.compiled.inputs import Inputs
from models.engines.compiled.multiplying import way_of
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

    def __init__(self, shape: Shape, state: Mapping[str, Tensor], int8: bool = False) -> None:
        """Read a decoder's weights, all in one of ``packing.STORED``; the state is needed no more.

        With ``int8`` matrices and what they are multiplied with are rounded to 8 bits.
        """
        with torch.inference_mode():
            self._model, self.dtype = pack(state, shape, int8)
            turns = RotaryTable(shape.rope, shape.head_size, torch.float32, _CPU)
        self._width, self._vocabulary = (int(size) for size in self._model.sizes[[5, 7]])
        super().__init__(replace(shape, head_size=padded(shape.head_size)), self._vocabulary, self.dtype, _CPU)
        self._inputs = Inputs(turns, self._vocabulary, shape.max_length)
        self._like = as_numbers(torch.empty(0, dtype=self.dtype))
        numbers = self._model.packed.numbers.dtype
        self.stored = next(dtype for dtype, kind in STORED.items() if kind == numbers)
        columns = int(self._model.places[..., 2].max())
        self._scratch = ScratchMemory(self._model.sizes, columns, way_of(numbers).inputs, shape.max_length)
        self._team = Team()
        self._busy = Lock()

    @classmethod
    def of(cls, model: PreTrainedModel, int8: bool = False) -> CompiledEngine:
        """Take the weights of a transformers model; the model itself is needed no more.

        Raises:
            ValueError: The model is none that this engine runs.
        """
        reason = refusal(model)
        if reason:
            raise ValueError(f"the compiled engine cannot run this model: {reason}")
        return cls(Shape.of(model.config.to_dict()), model.state_dict(), int8)

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
        parts = [(len(slab.tokens), one.tokens) for slab, one in zip(slabs, passes, strict=True)]
        rows = self._rows(slabs, self._inputs.chains(parts))
        for slab, one in zip(slabs, passes, strict=True):
            slab.tokens.extend(one.tokens)
        return rows.split([len(one.tokens) for one in passes]) if len(passes) > 1 else [rows]

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, which the slab holds only once it is committed.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
            IndexError: A token is none of the vocabulary.
        """
        slab = self.with_room(slab, len(tree.tokens))
        rows = self._rows([slab], self._inputs.tree(len(slab.tokens), tree))
        slab.tree = tree
        return rows

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab, without logits and most of the last layer.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
            IndexError: One is none of the vocabulary.
        """
        slab, none = self.with_room(slab, len(tokens)), np.empty((0, 0), np.float32)
        self._run([slab], self._inputs.chains([(len(slab.tokens), tokens)]), none, none)
        slab.tokens.extend(tokens)

    def _rows(self, slabs: Sequence[KVSlab], tokens: Tokens) -> Rows:
        logits = np.empty((len(tokens.ids), padded(self._vocabulary)), np.float32)
        states = np.empty((len(tokens.ids), padded(self._width)), np.float32)
        self._run(slabs, tokens, logits, states)
        return Rows(torch.from_numpy(logits[:, : self._vocabulary]), torch.from_numpy(states[:, : self._width]))

    def _run(self, slabs: Sequence[KVSlab], tokens: Tokens, logits: Floats, states: Floats) -> None:
        memory = Slabs(
            addresses=np.array([slab.addresses for slab in slabs]),
            rooms=np.array([slab.room for slab in slabs]),
            like=self._like,
        )
        ranks = torch.get_num_threads()
        with self._busy:
            scratch = self._scratch.of(len(tokens.ids), ranks)
            scratch.meetings[0] = 0
            self._team.do(partial(run, self._model, tokens, memory, scratch, logits, states), ranks)
