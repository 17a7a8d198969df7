"""The engine that suits a model."""

from __future__ import annotations

from transformers import PreTrainedModel

from models.engines.base import Engine
from models.engines.fused import FusedEngine
from models.engines.shape import refusal
from models.engines.transformers_engine import TransformersEngine


def engine_for(model: PreTrainedModel) -> Engine:
    """Return the fused engine where it applies (``shape.refusal`` says why it does not), else transformers' own.

    Raises:
        ModelError: The model keeps recurrent state, which cannot be rolled back.
    """
    return TransformersEngine(model) if refusal(model) else FusedEngine.of(model)
