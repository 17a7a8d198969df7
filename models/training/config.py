"""Sizes of the embedded models and the settings they are trained with."""

from __future__ import annotations

from dataclasses import dataclass

VOCABULARY_SIZE = 16_384


@dataclass(frozen=True)
class ModelConfig:
    """Shape of a Llama-type decoder with tied embeddings. Widths are in units of the hidden vector."""

    hidden_size: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    intermediate_size: int
    vocab_size: int = VOCABULARY_SIZE
    head_dim: int = 64
    rope_theta: float = 10_000.0
    max_positions: int = 2_048
    norm_eps: float = 1e-6

    @property
    def n_parameters(self) -> int:
        """Number of weights, the tied embedding counted once."""
        attention = 2 * self.hidden_size * self.head_dim * (self.n_heads + self.n_kv_heads)
        block = attention + 3 * self.hidden_size * self.intermediate_size + 2 * self.hidden_size
        return self.vocab_size * self.hidden_size + self.n_layers * block + self.hidden_size


@dataclass(frozen=True)
class Stage:
    """A part of training with rows of one length.

    `share` is its part of the budget (all shares add up to 1), `batch_rows` the rows of a step.
    """

    row_tokens: int
    share: float
    batch_rows: int


@dataclass(frozen=True)
class TrainConfig:
    """Everything that shapes a training run apart from its data and its budget."""

    model: ModelConfig
    stages: tuple[Stage, ...]
    muon_lr: float = 0.02
    adam_lr: float = 4e-3
    muon_momentum: float = 0.95
    adam_betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.0
    warmup_steps: int = 60
    decay_share: float = 0.5
    grad_clip: float = 1.0
    middle_weight: float = 3.0
    micro_rows: int = 64
    seed: int = 1234


CONFIGS: dict[str, TrainConfig] = {
    "tiny": TrainConfig(
        model=ModelConfig(
            hidden_size=64, n_layers=2, n_heads=2, n_kv_heads=1, intermediate_size=128, vocab_size=1_024, head_dim=32
        ),
        stages=(Stage(64, 0.6, 8), Stage(128, 0.4, 4)),
        warmup_steps=2,
    ),
    "nano": TrainConfig(
        model=ModelConfig(hidden_size=256, n_layers=6, n_heads=4, n_kv_heads=2, intermediate_size=704),
        stages=(Stage(256, 0.55, 12), Stage(512, 0.27, 6), Stage(1_024, 0.18, 3)),
        muon_lr=0.01,
        adam_lr=2e-3,
        decay_share=0.7,
    ),
    "small": TrainConfig(
        model=ModelConfig(hidden_size=448, n_layers=10, n_heads=7, n_kv_heads=1, intermediate_size=1_216),
        stages=(Stage(512, 0.5, 256), Stage(1_024, 0.3, 128), Stage(2_048, 0.2, 64)),
        weight_decay=0.01,
        warmup_steps=200,
    ),
}
