"""The engine that suits a model of transformers."""

from __future__ import annotations

from transformers import PreTrainedModel

from models.engines.base import Engine
from models.engines.own import own_engine
from models.engines.shape import Shape, refusal
from models.engines.transformers_engine import TransformersEngine
from models.errors import ModelError


def engine_for(model: PreTrainedModel, int8: bool = False) -> tuple[Engine, str]:
    """Return an engine of our own where one applies (``shape.refusal`` says why none does), else transformers'.

    The second part is a remark if it is not the fastest engine for the device.

    Raises:
        ModelError: The model keeps recurrent state, which cannot be rolled back, or only our own engine has ``int8``.
    """
    if reason := refusal(model):
        if int8:
            raise ModelError(f"the model does not run in 8 bits ({reason}); choose --dtype float32")
        return TransformersEngine(model), ""
    return own_engine(Shape.of(model.config.to_dict()), model.state_dict(), model.dtype, model.device, int8)
