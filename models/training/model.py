"""A Llama decoder whose parameter names are Hugging Face's, so that a checkpoint needs no conversion.

Shapes below use B rows, T positions, H hidden units, N heads, K key-value heads, D units a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.config import ModelConfig

INIT_STD = 0.02


class Decoder(nn.Module):
    """Token ids in, normalised hidden states out; the head is the embedding (see `logits`)."""

    def __init__(self, config: ModelConfig) -> None:
        """Draw random weights; the last matrix of every branch starts at zero."""
        super().__init__()
        self.config = config
        self.model = _Trunk(config)
        self.apply(_initialise)
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.embed_tokens.weight.device

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids [B, T] to hidden states [B, T, H]."""
        hidden: Tensor = self.model(ids)
        return hidden

    def logits(self, ids: Tensor) -> Tensor:
        """Map ids [B, T] to next-token logits [B, T, vocabulary]."""
        return F.linear(self(ids), self.model.embed_tokens.weight)


class _Trunk(nn.Module):
    rope_cos: Tensor
    rope_sin: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(_Block(config) for _ in range(config.n_layers))
        self.norm = RMSNorm(config.hidden_size, config.norm_eps)
        cos, sin = _rotations(config)
        self.register_buffer("rope_cos", cos, persistent=False)
        self.register_buffer("rope_sin", sin, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        hidden = self.embed_tokens(ids)
        n_positions = ids.shape[1]
        rotation = self.rope_cos[:n_positions], self.rope_sin[:n_positions]
        for layer in self.layers:
            hidden = layer(hidden, rotation)
        normalised: Tensor = self.norm(hidden)
        return normalised


class _Block(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.norm_eps)
        self.self_attn = _Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.norm_eps)
        self.mlp = _SwiGLU(config)

    def forward(self, hidden: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        attended: Tensor = hidden + self.self_attn(self.input_layernorm(hidden), rotation)
        widened: Tensor = self.mlp(self.post_attention_layernorm(attended))
        return attended + widened


class _Attention(nn.Module):
    """Causal attention with grouped key-value heads and rotary positions."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        self.n_groups = config.n_heads // config.n_kv_heads
        q_size, kv_size = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
        self.q_proj = nn.Linear(config.hidden_size, q_size, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, kv_size, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, kv_size, bias=False)
        self.o_proj = nn.Linear(q_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        queries = _rotate(self._heads(self.q_proj(hidden)), rotation)
        keys = _rotate(self._heads(self.k_proj(hidden)), rotation)
        values = self._heads(self.v_proj(hidden))
        keys = keys.repeat_interleave(self.n_groups, dim=1)
        values = values.repeat_interleave(self.n_groups, dim=1)
        mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        projected: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return projected

    def _heads(self, projected: Tensor) -> Tensor:
        """[B, T, N*D] -> [B, N, T, D]."""
        return projected.view(*projected.shape[:2], -1, self.head_dim).transpose(1, 2)


class _SwiGLU(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        mapped: Tensor = self.down_proj(F.silu(self.gate_proj(hidden)) * self.up_proj(hidden))
        return mapped


class RMSNorm(nn.Module):
    """Root mean square normalisation with a learnt scale."""

    def __init__(self, size: int, eps: float) -> None:
        """`size` is the width of the last dimension, `eps` keeps zeros from dividing."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, hidden: Tensor) -> Tensor:
        """Normalise the last dimension; the shape stays."""
        return F.rms_norm(hidden, self.weight.shape, self.weight, self.eps)


def _rotations(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """Cosine and sine tables [positions, D] of rotary embeddings (Su et al. 2021), halves layout."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
    angles = torch.outer(torch.arange(config.max_positions, dtype=torch.float32), config.rope_theta**-exponents)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def _rotate(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = (table.to(heads.dtype) for table in rotation)
    first, second = heads.chunk(2, dim=-1)
    return heads * cos + torch.cat([-second, first], dim=-1) * sin


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=INIT_STD)
