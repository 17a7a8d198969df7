"""Any causal language model of transformers as an engine.

Keys and values live in a ``DynamicCache`` made without the model's configuration: its layers then
keep every position, also those beyond a sliding window, so that any of them can be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel

from models.engines.base import Rows, Slab
from models.errors import ModelError

# Layer types whose cache holds one entry a position.  Recurrent ones keep a running state,
# which cannot be taken back to an earlier position.
_ATTENTION = frozenset({"full_attention", "sliding_attention", "chunked_attention"})

# For configurations that name no length; no checkpoint seen so far was trained on less.
_DEFAULT_LENGTH = 2048


class TransformersSlab:
    """Keys and values of one sequence in transformers' own cache."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.tokens: list[int] = []
        self.cache = DynamicCache()


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

    def new_slab(self) -> TransformersSlab:
        """Return an empty slab."""
        return TransformersSlab()

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        A pass that fails leaves the slab empty: some layers may have grown and others not.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        logits = self._run(self.model, slab, tokens).logits[0]
        return Rows(logits if logits.dtype == torch.float64 else logits.float())

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab; the model's head does not run.

        Raises:
            ValueError: As ``forward``.
        """
        self._run(self.model.base_model, slab, tokens)

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        if not 0 <= length <= len(slab.tokens):
            raise ValueError(f"cannot cut a slab of {len(slab.tokens)} tokens to {length}")
        dropped = len(slab.tokens) - length
        if not length:
            slab.cache = DynamicCache()
        elif dropped:
            # A count to remove, negative, means the same in transformers 4 and 5; a length to keep is gone in 5.
            slab.cache.crop(-dropped)
        del slab.tokens[length:]

    def _run(self, module: torch.nn.Module, slab: Slab, tokens: Sequence[int]) -> Any:
        """Run the model, or what of it stands before the head."""
        slab = _own(slab)
        start, end = len(slab.tokens), len(slab.tokens) + len(tokens)
        if not tokens:
            raise ValueError("a forward pass needs at least one token")
        if end > self.max_length:
            raise ValueError(f"{end} tokens are more than the model's {self.max_length}")
        held, cache = slab.tokens, slab.cache
        slab.tokens, slab.cache = [], DynamicCache()
        with torch.inference_mode():
            device = self.model.device
            output = module(
                input_ids=torch.tensor([list(tokens)], device=device),
                position_ids=torch.arange(start, end, device=device)[None],
                past_key_values=cache,
                use_cache=True,
            )
        slab.tokens, slab.cache = [*held, *tokens], cache
        return output


def _own(slab: Slab) -> TransformersSlab:
    if not isinstance(slab, TransformersSlab):
        raise TypeError(f"slab is a {type(slab).__name__}; take one from this engine's new_slab()")
    return slab
