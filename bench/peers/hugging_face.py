"""Transformers' ``generate``: greedy, by prompt lookup, and with a small model that guesses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, DynamicCache, PreTrainedModel

from bench.peers.peer import Written
from models.engines.prefill import common_length

# As its documentation advises.
LOOKED_UP = 10


def read(folder: Path, dtype: str) -> PreTrainedModel:
    """Return a checkpoint's model."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
    return model


class Greedy:
    """Plain, with the keys and values of the last request as far as the prompts agree."""

    def __init__(self, model: PreTrainedModel, end_ids: frozenset[int]) -> None:
        """Write with ``model`` up to one of ``end_ids``."""
        self._model = model
        self._ends = sorted(end_ids)
        self._cache = DynamicCache(config=model.config)
        self._held: tuple[int, ...] = ()

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write behind a prompt."""
        begin = time.perf_counter()
        kept = common_length(self._held, prompt[:-1])
        if len(self._held) > kept:
            self._cache.crop(kept - len(self._held))
        tokens = generated(self._model, prompt, most, self._ends, past_key_values=self._cache)
        self._held = (*prompt, *tokens)[: self._cache.get_seq_length()]
        return Written(tokens, time.perf_counter() - begin)


class Assisted:
    """With guesses, from nothing: ``generate`` writes other texts if it is to guess behind keys and values held."""

    def __init__(self, model: PreTrainedModel, end_ids: frozenset[int], **guessing: Any) -> None:
        """Write with ``model``; ``guessing`` are the arguments of ``generate`` that say how guesses are made."""
        self._model = model
        self._ends = sorted(end_ids)
        self._guessing = guessing

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write behind a prompt."""
        begin = time.perf_counter()
        tokens = generated(self._model, prompt, most, self._ends, **self._guessing)
        return Written(tokens, time.perf_counter() - begin)


def generated(
    model: PreTrainedModel, prompt: Sequence[int], most: int, ends: Sequence[int], **more: Any
) -> tuple[int, ...]:
    """Return what ``generate`` writes."""
    ids = torch.tensor([list(prompt)])
    with torch.inference_mode():
        out = model.generate(  # type: ignore[operator]
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=most,
            do_sample=False,
            eos_token_id=list(ends),
            pad_token_id=ends[0],
            **more,
        )
    return tuple(out[0, len(prompt) :].tolist())
