"""An engine without a model, which does what the documents say: `python -m ... [IDLE_SECONDS]`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from completion.hosts import server
from completion.hosts.base import EngineSettings
from completion.hosts.engine_process import AlreadyRunning, run_engine
from completion.hosts.run_folder import run_folder
from completion.trace import Rewriting, Trace
from completion.types import CancelToken, Candidate, CompletionRequest, CompletionResult, Listing, Reason, Tell
from models.errors import ModelError
from models.progress import Say

SETTINGS = EngineSettings("scripted")


class ScriptedService:
    """Completes each document as its first word says."""

    model = "scripted"
    device = "none"
    context = 512

    def __init__(self) -> None:
        """Have heard of nothing yet."""
        self.warning = os.environ.get("SCRIPTED_WARNING", "")
        self.warmed: list[str] = []
        self.cancelled = 0

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Do what the document says."""
        word, _, rest = request.document.text.partition(" ")
        match word:
            case "die":
                os._exit(9)
            case "die-once" if not os.path.exists(rest):
                open(rest, "x").close()
                os._exit(9)
            case "value":
                raise ValueError(rest)
            case "model":
                raise ModelError(rest)
            case "bug":
                raise KeyError(rest)
            case "unspeakable":
                return replace(result(rest), counters={"it": object()})
            case "tell" | "tell-die" if tell is not None:
                for end in range(1, len(rest) + 1):
                    await asyncio.to_thread(tell, rest[:end])
                if word == "tell-die":
                    await asyncio.sleep(0.05)  # so that what was told is sent
                    os._exit(9)
            case "wait":
                while not cancel.cancelled:
                    await asyncio.sleep(0.001)
                self.cancelled += 1
                return result("", Reason.CANCELLED)
        return result(rest)

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """List the document's words; do what the first says."""
        words = (await self.complete(request, cancel)).text.split()
        return Listing(tuple(words), len(words), 1, "names", "the script")

    async def likelihoods(
        self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken
    ) -> tuple[float | None, ...]:
        """Weigh names by their length, those of one letter not at all; do what the document's first word says."""
        await self.complete(request, cancel)
        return () if cancel.cancelled else tuple(-1 / len(name) if len(name) > 1 else None for name in names)

    async def description(self, request: CompletionRequest, name: str, cancel: CancelToken) -> str:
        """Do what the document says, and describe a name by it."""
        return f"{name} of {(await self.complete(request, cancel)).text}"

    async def trace(self, request: CompletionRequest) -> Trace | None:
        """Remember only requests that were to be remembered: the document was written again."""
        return Trace((), (), (), (), (Rewriting(0, request.document.text, "line"),)) if request.remembered else None

    def warm(self, request: CompletionRequest) -> None:
        """Remember the document."""
        self.warmed.append(request.document.text)

    def calibrate(self) -> None:
        """Measure nothing."""

    def status(self) -> Mapping[str, Any]:
        """Tell what was heard."""
        return {"dtype": "words", "warmed": self.warmed, "cancelled": self.cancelled}

    def wake(self) -> None:
        """Be awake."""

    def end(self) -> None:
        """Hold nothing."""

    def close(self) -> None:
        """Hold nothing."""


def result(text: str, reason: Reason | None = None) -> CompletionResult:
    """Return a result with a text."""
    candidate = Candidate(text, -0.5, "stop")
    return CompletionResult(
        (candidate,), reason, None, "scripted", "words", "none", {"total": 0.0}, {"pid": os.getpid()}, ()
    )


def factory(say: Say) -> ScriptedService:
    """Load, or fail to, as the environment says."""
    if reason := os.environ.get("SCRIPTED_FAILURE"):
        raise ModelError(reason)
    time.sleep(float(os.environ.get("SCRIPTED_LOADING", "0")))
    say("reading the script")
    return ScriptedService()


def main() -> int:
    """Be the engine."""
    idle_s = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    server.LOOK_S = float(os.environ.get("SCRIPTED_LOOK", server.LOOK_S))
    try:
        run_engine(SETTINGS, factory, run_folder(), idle_s, lambda: None)
    except AlreadyRunning:
        return 0
    except ModelError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
