"""Checkpoints of a few thousand random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from tests.models import tiny_tokenizers

SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
    "bos_token_id": None,
    "eos_token_id": 0,
}


def qwen2(vocabulary_size: int = 330, **changes: object) -> PreTrainedModel:
    """Return a random Qwen2 model, always the same."""
    torch.manual_seed(7)
    return Qwen2ForCausalLM(Qwen2Config(vocab_size=vocabulary_size, **(SHAPE | changes))).eval()


def llama(vocabulary_size: int = 330, **changes: object) -> PreTrainedModel:
    """Return a random Llama model, always the same."""
    torch.manual_seed(8)
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary_size, **(SHAPE | changes))).eval()


def save(folder: Path, model: PreTrainedModel | None = None) -> Path:
    """Write a checkpoint with a Qwen-like tokenizer into ``folder``."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tiny_tokenizers.qwen(), eos_token="<|endoftext|>")
    tokenizer.save_pretrained(folder)
    (model or qwen2()).save_pretrained(folder)
    return folder
