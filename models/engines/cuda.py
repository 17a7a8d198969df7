"""The engine for graphics cards: passes are recorded once and replayed.

``forward`` and ``forward_tree`` pad their tokens to the next recorded size, fill the input buffers by one
copy, and replay.  Prompts, and passes wider than any recorded, run kernel by kernel at their own size.
The same code runs on a CPU, unrecorded, which is how it is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.engines.base import Engine, Pass, Rows, Slab, one_by_one, require_held, require_room
from models.engines.cuda_arena import Arena, CudaSlab
from models.engines.cuda_attention import Bias, attend
from models.engines.cuda_buckets import WIDTHS, bucket, contexts, recordings
from models.engines.cuda_graphs import Graphs, Program, Record
from models.engines.cuda_inputs import Inputs
from models.engines.decoder import Decoder
from models.engines.fused import FusedEngine
from models.engines.rope import RotaryTable
from models.engines.shape import Shape
from models.engines.tree import Tree, require_tree
from models.engines.weights import Weights
from models.errors import first_line

# Tokens that a slab may grow to: more than any prompt here has, and under half a gigabyte for a 7B model.
ROOM = 8192


class CudaEngine:
    """Runs what ``FusedEngine`` runs, by replaying recorded passes."""

    def __init__(self, shape: Shape, weights: Weights, record: Record, room: int = ROOM) -> None:
        """Take a decoder and record passes of all sizes.

        Args:
            shape: Its numbers.
            weights: On the device that it runs on.
            record: Turns a pass into its replay: ``Graphs``, or ``eagerly``.
            room: Tokens that a slab may grow to, if the model can as many.

        Raises:
            RuntimeError: A pass cannot be recorded, or memory is short.
        """
        self.vocabulary_size = weights.vocabulary_size
        self.max_length = min(shape.max_length, room)
        self._shape = shape
        self._weights = weights
        with torch.inference_mode():
            self._decoder = Decoder(shape, weights)
            table = RotaryTable(shape.rope, shape.head_size, weights.wide, weights.device)
            self._turns = table.rows(0, self.max_length)
            self._arena = Arena(shape, self.max_length, WIDTHS[-1], weights.dtype, weights.device)
            size = (WIDTHS[-1], weights.vocabulary_size)
            self._logits = torch.zeros(size, dtype=weights.wide, device=weights.device)
            self._hidden = torch.zeros((WIDTHS[-1], len(weights.norm)), dtype=weights.wide, device=weights.device)
            self._inputs = {width: Inputs(width, weights.device) for width in WIDTHS}
            self._programs = {key: record(self._program(*key)) for key in recordings(self.max_length)}

    def new_slab(self) -> CudaSlab:
        """Return an empty slab."""
        return CudaSlab(self._arena)

    def reserve(self, slab: Slab, length: int) -> None:
        """Do nothing: the arena has room for all that a slab may hold."""

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        slab, rows = self._run(slab, Tree.chain(tokens))
        slab.tokens.extend(tokens)
        return rows

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes, one after the other.

        Raises:
            ValueError: A slab would grow beyond ``max_length``, or is in two passes.
        """
        return one_by_one(self, passes)

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, which the slab holds only once it is committed.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """
        slab, rows = self._run(slab, tree)
        slab.tree = tree
        return rows

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append the tokens of the last tree that ``path`` goes down, and drop the others.

        Raises:
            ValueError: There is no such path, or the last pass was over no tree.
        """
        slab = _own(slab)
        tree = require_tree(slab.tree, path)
        with torch.inference_mode():
            self._arena.bring_in(slab)
            self._arena.move(len(slab.tokens), path)
        slab.tokens.extend(tree.tokens[node] for node in path)
        slab.tree = None

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab without computing their rows.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        tree = Tree.chain(tokens)
        slab = self._made_ready(slab, tree)
        with torch.inference_mode():
            inputs, memory = self._unrecorded(slab, tree)
            self._decoder.fill(inputs.tokens, self._turns[inputs.positions], memory)
        slab.tokens.extend(tokens)

    def fork(self, slab: Slab, length: int) -> CudaSlab:
        """Return a new slab with a copy of the first ``length`` tokens.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab, copy = _own(slab), self.new_slab()
        require_held(slab, length)
        with torch.inference_mode():
            copy.saved = self._arena.copy_of(slab, length)
        copy.tokens = slab.tokens[:length]
        return copy

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        require_held(slab, length)
        del slab.tokens[length:]
        slab.tree = None

    def _run(self, slab: Slab, tree: Tree) -> tuple[CudaSlab, Rows]:
        """Run a tree behind a slab, which does not hold it yet; rows are a copy that the next pass leaves alone."""
        slab, n_tokens, start = self._made_ready(slab, tree), len(tree.tokens), len(slab.tokens)
        with torch.inference_mode():
            if n_tokens > WIDTHS[-1]:
                inputs, memory = self._unrecorded(slab, tree)
                return slab, self._decoder.rows(inputs.tokens, self._turns[inputs.positions], memory)
            width = bucket(n_tokens, WIDTHS)
            self._inputs[width].fill(tree, start, self._arena.scratch)
            self._programs[width, bucket(start, contexts(self.max_length))]()
            return slab, Rows(self._logits[:n_tokens].clone(), self._hidden[:n_tokens].clone())

    def _made_ready(self, slab: Slab, tree: Tree) -> CudaSlab:
        slab = _own(slab)
        require_room(slab, len(tree.tokens), self.max_length)
        with torch.inference_mode():
            self._arena.bring_in(slab)
        slab.tree = None
        return slab

    def _program(self, width: int, context: int) -> Program:
        """Return the pass over ``width`` tokens with up to ``context`` held before them."""
        inputs = self._inputs[width]

        def program() -> None:
            memory = self._memory(inputs, context)
            rows = self._decoder.rows(inputs.tokens, self._turns[inputs.positions], memory)
            assert rows.hidden is not None, "a decoder tells its states"
            self._logits[:width].copy_(rows.logits)
            self._hidden[:width].copy_(rows.hidden)

        return program

    def _unrecorded(self, slab: CudaSlab, tree: Tree) -> tuple[Inputs, _InArena]:
        inputs = Inputs(len(tree.tokens), self._weights.device)
        inputs.fill(tree, len(slab.tokens), self._arena.scratch)
        return inputs, self._memory(inputs, len(slab.tokens))

    def _memory(self, inputs: Inputs, context: int) -> _InArena:
        groups = self._shape.n_heads // self._shape.n_kv_heads
        bias = Bias.of(inputs.length, inputs.seen, context, groups, self._weights.wide)
        return _InArena(self._arena, inputs.slots, context, bias, self._weights.dtype)


@dataclass(frozen=True, slots=True)
class _InArena:
    """The arena as the memory of one pass, which sees ``context`` slots of it and itself."""

    arena: Arena
    slots: Tensor
    context: int
    bias: Bias
    dtype: torch.dtype

    def hold(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Write them to their slots."""
        self._write(layer, *self._laid_out(keys, values))

    def attend(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend to what is held and to the pass's own."""
        own = self._laid_out(keys, values)
        held = self.arena.keys[layer][:, : self.context], self.arena.values[layer][:, : self.context]
        mixed = attend(queries, held, own, self.bias)
        self._write(layer, *own)
        return mixed

    def _laid_out(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        return keys.transpose(0, 1).to(self.dtype), values.transpose(0, 1).to(self.dtype)

    def _write(self, layer: int, keys: Tensor, values: Tensor) -> None:
        self.arena.keys[layer].index_copy_(1, self.slots, keys)
        self.arena.values[layer].index_copy_(1, self.slots, values)


def engine_on_device(shape: Shape, weights: Weights) -> tuple[Engine, str]:
    """Return the engine that suits where the weights are, and a remark if it is not the fastest there."""
    if weights.device.type == "cuda":
        return recorded_if_possible(shape, weights, Graphs(weights.device))
    return FusedEngine(shape, weights), ""


def recorded_if_possible(shape: Shape, weights: Weights, record: Record) -> tuple[Engine, str]:
    """Return the engine that replays passes; where they cannot be recorded, the one that does not, and why."""
    try:
        return CudaEngine(shape, weights, record), ""
    except RuntimeError as error:
        remark = f"without CUDA graphs: {first_line(error)}"
    # Behind the handler, where nothing of the engine that failed is alive any more.
    torch.cuda.empty_cache()
    return FusedEngine(shape, weights), remark


def _own(slab: Slab) -> CudaSlab:
    if not isinstance(slab, CudaSlab):
        raise TypeError(f"slab is a {type(slab).__name__}; take one from this engine's new_slab()")
    return slab
