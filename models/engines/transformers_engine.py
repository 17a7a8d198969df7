"""Any causal language model of transformers as an engine.

Keys and values live in a ``DynamicCache`` made without the model's configuration: its layers then
keep every position, also those beyond a sliding window, so that any of them can be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel

from models.engines.base import Pass, Rows, Slab, one_by_one, require_held, require_room
from models.engines.tree import Tree, require_tree, rows_by_chains
from models.errors import ModelError

# Layer types whose cache holds one entry a position.  Recurrent ones keep a running state,
# which cannot be taken back to an earlier position.
_ATTENTION = frozenset({"full_attention", "sliding_attention", "chunked_attention"})

# For configurations that name no length; no checkpoint seen so far was trained on less.
_DEFAULT_LENGTH = 2048


class TransformersSlab:
    """Keys and values of one sequence in transformers' own cache.

    Attributes:
        tokens: Ids whose keys and values are held, in order.
        cache: Of those, and behind them of the tree if one mask served it.
        tree: What the last pass was over, until some of it is committed; None if it was no tree.
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self.tokens: list[int] = []
        self.cache = DynamicCache()
        self.tree: Tree | None = None

    @property
    def n_bytes(self) -> int:
        """Memory of all keys and values; there is no room ahead."""
        return sum(part.nbytes for layer in self._filled() for part in (layer.keys, layer.values))

    @property
    def used_bytes(self) -> int:
        """The same: the cache holds nothing else."""
        return self.n_bytes

    def copied(self, length: int) -> TransformersSlab:
        """Return a copy of the first ``length`` tokens."""
        copy = TransformersSlab()
        copy.tokens = self.tokens[:length]
        for index, layer in enumerate(self._filled()):
            copy.cache.update(layer.keys[:, :, :length].clone(), layer.values[:, :, :length].clone(), index)
        return copy

    def crop(self, length: int) -> None:
        """Keep the first ``length`` tokens, and nothing of a tree behind them."""
        dropped = self.cache.get_seq_length() - length
        if not length:
            self.cache = DynamicCache()
        elif dropped:
            # A count to remove, negative, means the same in transformers 4 and 5; a length to keep is gone in 5.
            self.cache.crop(-dropped)
        del self.tokens[length:]
        self.tree = None

    def keep(self, positions: Sequence[int]) -> None:
        """Keep what the cache holds at ``positions``, in their order."""
        for layer in self._filled():
            kept = torch.tensor(positions, dtype=torch.long, device=layer.keys.device)
            layer.keys, layer.values = layer.keys.index_select(2, kept), layer.values.index_select(2, kept)

    def _filled(self) -> list[Any]:
        """Return the layers that hold something; an empty one has no tensors yet."""
        return [layer for layer in self.cache.layers if getattr(layer, "keys", None) is not None]


class TransformersEngine:
    """Runs a transformers model in the precision and on the device it is in."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Take a loaded model; it is switched to inference.

        Raises:
            ModelError: It keeps recurrent state, which cannot be rolled back.
        """
        config = model.config.get_text_config(decoder=True)
        recurrent = set(getattr(config, "layer_types", None) or ()) - _ATTENTION
        if recurrent or getattr(model, "_is_stateful", False):
            kinds = ", ".join(sorted(recurrent)) or type(model).__name__
            raise ModelError(f"model keeps recurrent state ({kinds}); choose one that is attention throughout")
        model.eval()  # type: ignore[no-untyped-call]
        self.model = model
        self.vocabulary_size: int = model.get_output_embeddings().weight.shape[0]  # type: ignore[no-untyped-call]
        self.max_length: int = getattr(config, "max_position_embeddings", None) or _DEFAULT_LENGTH
        self._masks_trees = _masks_trees(config)

    def new_slab(self) -> TransformersSlab:
        """Return an empty slab."""
        return TransformersSlab()

    def reserve(self, slab: Slab, length: int) -> None:
        """Do nothing: transformers' cache takes memory with every pass."""

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        A pass that fails leaves the slab empty: some layers may have grown and others not.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        return _rows(self._run(self.model, slab, tokens, range(len(tokens))))

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
        slab = _own(slab)
        require_room(slab, len(tree.tokens), self.max_length)
        if self._masks_trees:
            rows = _rows(self._run(self.model, slab, tree.tokens, tree.depths, self._mask(slab, tree)))
            del slab.tokens[-len(tree.tokens) :]
        else:
            rows = rows_by_chains(self, slab, tree)
        slab.tree = tree
        return rows

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append the tokens of the last tree that ``path`` goes down, and drop the others.

        Raises:
            ValueError: There is no such path, or the last pass was over no tree.
        """
        slab = _own(slab)
        tree, held = require_tree(slab.tree, path), len(slab.tokens)
        tokens = [tree.tokens[node] for node in path]
        if self._masks_trees:
            with torch.inference_mode():
                slab.keep([*range(held), *(held + node for node in path)])
            slab.tokens += tokens
        elif tokens:
            self.extend(slab, tokens)
        slab.tree = None

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab; the model's head does not run.

        Raises:
            ValueError: As ``forward``.
        """
        self._run(self.model.base_model, slab, tokens, range(len(tokens)))

    def fork(self, slab: Slab, length: int) -> TransformersSlab:
        """Return a new slab with a copy of the first ``length`` tokens.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        require_held(slab, length)
        with torch.inference_mode():
            return slab.copied(length) if length else self.new_slab()

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        require_held(slab, length)
        slab.crop(length)

    def _run(
        self,
        module: torch.nn.Module,
        slab: Slab,
        tokens: Sequence[int],
        depths: Sequence[int],
        mask: torch.Tensor | None = None,
    ) -> Any:
        """Run the model, or what of it stands before the head."""
        slab = _own(slab)
        require_room(slab, len(tokens), self.max_length)
        slab.crop(len(slab.tokens))
        held, cache = slab.tokens, slab.cache
        slab.tokens, slab.cache = [], DynamicCache()
        with torch.inference_mode():
            device = self.model.device
            output = module(
                input_ids=torch.tensor([list(tokens)], device=device),
                position_ids=torch.tensor([[len(held) + depth for depth in depths]], device=device),
                attention_mask=mask,
                past_key_values=cache,
                use_cache=True,
            )
        slab.tokens, slab.cache = [*held, *tokens], cache
        return output

    def _mask(self, slab: TransformersSlab, tree: Tree) -> torch.Tensor:
        """Return what is added to attention scores, ``[1, 1, T, L]``: 0 for the slab and ancestors."""
        seen = torch.cat((torch.ones(len(tree.tokens), len(slab.tokens), dtype=torch.bool), tree.sees()), dim=1)
        mask = torch.full(seen.shape, torch.finfo(self.model.dtype).min, dtype=self.model.dtype)
        return mask.masked_fill_(seen, 0)[None, None].to(self.model.device)


def _masks_trees(config: Any) -> bool:
    """Say whether a mask and positions of our own are all that a pass over a tree needs.

    They are where order is told by rotary positions, and every layer sees everything before it; masks
    that models make for windows and chunks would be lost.
    """
    kinds = set(getattr(config, "layer_types", None) or ())
    windows = kinds - {"full_attention"} or getattr(config, "sliding_window", None) is not None
    rotary = getattr(config, "rope_parameters", None) is not None and not getattr(config, "alibi", False)
    return rotary and not windows and config._attn_implementation in ("sdpa", "eager")


def _rows(output: Any) -> Rows:
    logits = output.logits[0]
    return Rows(logits if logits.dtype == torch.float64 else logits.float())


def _own(slab: Slab) -> TransformersSlab:
    if not isinstance(slab, TransformersSlab):
        raise TypeError(f"slab is a {type(slab).__name__}; take one from this engine's new_slab()")
    return slab
