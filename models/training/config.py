"""Sizes of the embedded models and the settings they are trained with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Recipe:
    """What to make, and of what.

    `minutes` is the time for training itself, stops not counted. Without `archives` (folders of
    wheels, sdists, npm archives) the text comes from the standard library and the packages
    installed beside this program. `held_out` is a folder of archives that nothing may resemble and
    that progress is measured on, else those of the held-out packages that are installed;
    `benchmarks` a folder of public benchmarks to stay clear of. `corpus` and `tokenizer` are
    finished ones to use, `init_from` an exported model to start from, with its tokenizer.
    """

    config: str
    minutes: float
    out: Path
    archives: tuple[Path, ...] = ()
    held_out: Path | None = None
    benchmarks: Path | None = None
    corpus: Path | None = None
    tokenizer: Path | None = None
    init_from: Path | None = None


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
        stages=(Stage(256, 0.5, 16), Stage(512, 0.3, 8), Stage(1_024, 0.2, 4)),
        muon_lr=0.01,
        adam_lr=2e-3,
        decay_share=1.0,
        middle_weight=1.0,
    ),
    "small": TrainConfig(
        model=ModelConfig(hidden_size=448, n_layers=10, n_heads=7, n_kv_heads=1, intermediate_size=1_216),
        stages=(Stage(512, 0.5, 256), Stage(1_024, 0.3, 128), Stage(2_048, 0.2, 64)),
        weight_decay=0.01,
        warmup_steps=200,
    ),
}
