"""Which engine of our own runs a decoder fastest where it is."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from models.engines.base import Engine
from models.engines.cuda import engine_on_device
from models.engines.memory import is_out_of_memory
from models.engines.shape import Shape
from models.engines.weights import Weights
from models.errors import first_line
from models.progress import Say, silent

# What the compiled pass multiplies.
_COMPILED = (torch.float32, torch.bfloat16, torch.float16)

# What is raised where the compiler is missing, cannot be loaded, or cannot serve this machine.
_REFUSALS = (ImportError, OSError, RuntimeError)


def own_engine(
    shape: Shape,
    state: Mapping[str, Tensor],
    dtype: torch.dtype,
    device: torch.device,
    int8: bool = False,
    say: Say = silent,
) -> tuple[Engine, str]:
    """Return an engine for a state dict as ``shape.weight_sizes`` describes it, where its weights are.

    The second part is a remark if it is not the fastest engine for the device.

    Args:
        shape: The decoder's numbers.
        state: Its weights; a mapping that reads files is read a weight at a time.
        dtype: Their precision.
        device: Where they are.
        int8: Whether products are to be in 8 bits.
        say: Told when something has to be compiled.
    """
    remark = ""
    if device.type == "cpu" and dtype in _COMPILED:
        try:
            return _compiled(shape, state, int8, say), ""
        except _REFUSALS as error:
            if is_out_of_memory(error):
                raise
            remark = f"passes are not compiled: {first_line(error)}"
    with torch.inference_mode():
        engine, other = engine_on_device(shape, Weights.of(state, shape, int8))
    return engine, remark or other


def _compiled(shape: Shape, state: Mapping[str, Tensor], int8: bool, say: Say) -> Engine:
    """Return the engine whose passes are compiled.

    Raises:
        ImportError: There is no compiler.
        RuntimeError: It has nothing for this processor, or nowhere to keep it, or what it makes computes wrongly.
    """
    from models.engines.compiled import processor

    if reason := processor.refusal():
        raise RuntimeError(reason)
    from models.engines.compiled.check import require_right_rows
    from models.engines.compiled.compiling import telling
    from models.engines.compiled.engine import CompiledEngine

    engine = CompiledEngine(shape, state, int8)
    with telling(say):
        require_right_rows(engine)
    return engine
