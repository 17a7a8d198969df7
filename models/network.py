"""A network that is ready to run, whichever way it was read.  Importing this imports torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from models.engines.base import Engine
from models.errors import ModelError
from models.heads import Heads


@dataclass(frozen=True, slots=True)
class Network:
    """An engine and what its checkpoint says beside it.

    Attributes:
        engine: Runs it.
        eos_ids: What the configuration calls its end of text; often one id, sometimes several.
        dtype: Precision.
        device: Where it runs.
        remark: Why it does not run as fast there as it could; empty if it does.
        heads: Extra ones that lie beside it; None if there are none, or nobody can ask them.
    """

    engine: Engine
    eos_ids: frozenset[int]
    dtype: torch.dtype
    device: torch.device
    remark: str = ""
    heads: Heads | None = None


def require_finite(engine: Engine, name: str) -> None:
    """Run one token through a network.

    Raises:
        ModelError: What comes out is not a number: the weights are damaged or overflow.
    """
    logits = engine.forward(engine.new_slab(), (0,)).logits
    if not bool(torch.isfinite(logits).all()):
        raise ModelError(f"model {name} computes no numbers; fetch its weights again or choose --dtype float32")


def eos_ids_of(*values: object) -> frozenset[int]:
    """Return the ids in entries ``eos_token_id`` of configurations: each an id, several, or None.

    Raises:
        TypeError: One is something else.
    """
    found: set[int] = set()
    for value in values:
        for token in value if isinstance(value, list | tuple) else () if value is None else (value,):
            if not isinstance(token, int):
                raise TypeError("eos_token_id is neither an id nor a list of ids")
            found.add(token)
    return frozenset(found)
