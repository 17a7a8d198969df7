"""The seam: where a front gets its completion service from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Protocol

from completion.loading import Service
from models.progress import Say


@dataclass(frozen=True)
class EngineSettings:
    """Which model an engine runs, and how.  Equal settings share an engine.

    Attributes:
        model: Checkpoint folder, absolute, or hub id; None for the embedded model.
        dtype: As for ``models.checkpoints.load``.
        device: As for ``models.checkpoints.load``.
        draft_model: As ``model``; None for none.
    """

    model: str | None = None
    dtype: str = "auto"
    device: str = "auto"
    draft_model: str | None = None

    def key(self, build: str) -> str:
        """Return the name under which an engine of a build with these settings is found."""
        return hashlib.sha256(json.dumps((build, *astuple(self))).encode()).hexdigest()[:16]


class EngineHost(Protocol):
    """Where an engine lives."""

    def open(self) -> Service:
        """Return the engine's service when its model is loaded; this takes seconds.

        Raises:
            ModelError: The model cannot be used.
            EngineError: The engine's process cannot be.
        """


class HostedService(Service, Protocol):
    """What an engine process runs: a service that can be asked how it does."""

    def calibrate(self) -> None:
        """Measure the machine in idle moments; returns at once."""

    def status(self) -> Mapping[str, Any]:
        """Return how things stand, as plain values; cheap, and allowed from any thread."""


# Loads a model, and tells what it does meanwhile.
HostedFactory = Callable[[Say], HostedService]
