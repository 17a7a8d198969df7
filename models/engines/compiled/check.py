"""Whether compiled passes can be trusted here: a tiny decoder has to give the rows that torch's operations give."""

from __future__ import annotations

from typing import Any

import torch
from numba.core.errors import NumbaError

from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.engines.shape import Shape, weight_sizes
from models.engines.weights import Weights
from models.errors import first_line

_CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 24,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10_000.0,
    "hidden_act": "silu",
}

_TOKENS = (3, 1, 4, 1, 5, 9, 2)

# Torch rounds what goes into products to the precision of the weights; 8 bits are compared with none at all.
_NEAR = {torch.float32: 1e-4, torch.float16: 0.05, torch.bfloat16: 0.2, torch.int8: 0.1}


def require_right_rows(engine: CompiledEngine) -> None:
    """Check passes over numbers stored as an engine's are; this compiles what is not on disk.

    Raises:
        RuntimeError: They cannot be compiled, or give other rows.
    """
    int8 = engine.stored == torch.int8
    kind = torch.int8 if int8 else engine.dtype
    noise = torch.Generator().manual_seed(0)
    state = {
        name: (torch.randn(size, generator=noise) * 0.3).to(engine.dtype if int8 else engine.stored).to(engine.dtype)
        for name, size in weight_sizes(_CONFIG).items()
    }
    shape = Shape.of(_CONFIG)
    with torch.inference_mode():
        both = CompiledEngine(shape, state, int8), FusedEngine(shape, Weights.of(state, shape))
        try:
            ours, theirs = (one.forward(one.new_slab(), _TOKENS).logits for one in both)
        except NumbaError as error:
            raise RuntimeError(first_line(error)) from error
    if not torch.allclose(ours, theirs, rtol=0, atol=_NEAR[kind]):
        raise RuntimeError("they compute something else on this processor")
