"""One tiny random decoder for each thing in which decoders of Llama's kind differ."""

from __future__ import annotations

import torch
from torch import nn
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tests.models.tiny_checkpoints import SHAPE

CLASSES: dict[str, tuple[type, type]] = {
    "llama": (LlamaForCausalLM, LlamaConfig),
    "mistral": (MistralForCausalLM, MistralConfig),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config),
}

_SHAPE = SHAPE | {"vocab_size": 60}

_LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
_YARN = {"factor": 4.0, "original_max_position_embeddings": 64}

VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
    "llama": ("llama", {}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "llama, a key head for each query head": ("llama", {"num_key_value_heads": 4}),
    "llama, one key head": ("llama", {"num_key_value_heads": 1}),
    "llama, heads of their own size": ("llama", {"head_dim": 16}),
    "llama, biased throughout": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama, linear": ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10_000.0}}),
    "llama, llama3": (
        "llama",
        {"rope_parameters": {"rope_type": "llama3", "factor": 8.0, "rope_theta": 500_000.0, **_LLAMA3}},
    ),
    "mistral": ("mistral", {"sliding_window": None}),
    "qwen2": ("qwen2", {}),
    "qwen2, tied": ("qwen2", {"tie_word_embeddings": True}),
    "qwen2, yarn": ("qwen2", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10_000.0, **_YARN}}),
    "qwen2, yarn with all settings": (
        "qwen2",
        {
            "rope_parameters": {
                **_YARN,
                "rope_type": "yarn",
                "rope_theta": 10_000.0,
                "beta_fast": 16,
                "beta_slow": 2,
                "mscale": 0.8,
                "mscale_all_dim": 0.5,
                "truncate": False,
            }
        },
    ),
    "qwen2, yarn with given attention": (
        "qwen2",
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10_000.0, "attention_factor": 1.3, **_YARN}},
    ),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "qwen3, tied and biased": ("qwen3", {"head_dim": 16, "tie_word_embeddings": True, "attention_bias": True}),
}


def decoder(variant: str, dtype: torch.dtype = torch.float32, stored: torch.dtype = torch.float32) -> PreTrainedModel:
    """Return a random model, always the same, of a variant.

    Args:
        variant: A key of ``VARIANTS``.
        dtype: What it computes in.
        stored: Precision to which its weights are rounded first, as checkpoints are.
    """
    family, changes = VARIANTS[variant]
    return custom(family, dtype, stored, **changes)


def custom(
    family: str, dtype: torch.dtype = torch.float32, stored: torch.dtype = torch.float32, **changes: object
) -> PreTrainedModel:
    """Return a random model of a family with other settings."""
    model_class, config_class = CLASSES[family]
    torch.manual_seed(11)
    model: PreTrainedModel = model_class(config_class(**(_SHAPE | changes)))
    for weight in model.parameters():
        if weight.ndim == 1:
            # Norms of ones and biases of zeros would hide whether they are used.
            nn.init.normal_(weight.data, 1.0, 0.3)
        # Not model.to(): that would round the frequencies of rotary positions, too.
        weight.data = weight.data.to(stored).to(dtype)
    return model.eval()
