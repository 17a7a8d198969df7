"""The language server with a service that does what the document says; for the protocol tests.

``python -m tests.lsp_server.scripted_server [--gate FILE] [--broken] [--warning TEXT]``: the service is
loaded when FILE exists, or never.  The text before the cursor decides:

- it ends in ``hold``: wait until the token fires, and say so on standard error
- ``partial``: the same, and return what was written until then; ``partialw``: the first guess that came along
- ``fail``: raise an error that quotes the document
- ``silent``: no text, ``no_legal_continuation``
- ``two``: two lines
- ``calls``: how often it was asked to complete, by trigger
- ``code``: two lines with a call
- ``context``: paths and texts of the parts of other files that came along
- ``tasks``: the number of tasks of the event loop
- ``three``: three alternatives, two of them equal
- else: the completion is a digest of the request
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

from completion.trace import Rewriting, Trace
from completion.types import CancelToken, Candidate, CompletionRequest, CompletionResult, Reason, Tell
from lsp_server.server import run_stdio
from lsp_server.settings import ServerSettings
from models.progress import Say


def digest(text: str, offset: int) -> str:
    """Return the default completion for a document and a cursor."""
    return "=" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest() + f":{offset}"


class ScriptedService:
    """Completes by script."""

    def __init__(self, warning: str) -> None:
        """Have been asked nothing."""
        self.warning = warning
        self.calls: Counter[str] = Counter()

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Do what the word before the cursor says."""
        self.calls[request.trigger.value] += 1
        word = request.document.text[: request.offset].rpartition("\n")[2].strip()
        if word == "calls":
            return answer(" ".join(f"{name}:{count}" for name, count in sorted(self.calls.items())))
        if word == "code":
            return answer("(f(1), g)\n    again")
        if word.endswith("hold"):
            await self._hold(cancel)
            return answer(reason=Reason.CANCELLED)
        if word == "partial":
            await self._hold(cancel)
            return replace(answer("written"), candidates=(Candidate("written", -1.0, "cancelled"),))
        if word == "partialw":
            return answer(f" after {request.replaced!r}")
        if word == "fail":
            raise RuntimeError(f"cannot complete {request.document.text}")
        if word == "silent":
            return answer(reason=Reason.NO_LEGAL_CONTINUATION)
        if word == "two":
            return answer("\nsecond")
        if word == "tasks":
            return answer(str(len(asyncio.all_tasks())))
        if word == "three":
            return answer("a", "b", "a")
        if word == "print":
            sys.stdout.write("a stray print\n")
            sys.stdout.flush()
            subprocess.run([sys.executable, "-c", "import sys; print('a child:', repr(sys.stdin.read()))"], check=True)
        if word == "describe":
            return answer(repr((request.document.path, request.workspace, request.document.language)))
        if word == "context":
            return answer(" ".join(f"{part.path}:{part.text.strip()}" for part in request.context))
        if word == "unsaved":
            return answer(" ".join(f"{other.path}:{other.text.strip()}" for other in request.unsaved))
        if word == "environment":
            return answer(request.environment)
        if word == "request":
            return answer(f"{request.trigger.value} {request.candidates} {request.facts}")
        return answer(digest(request.document.text, request.offset))

    async def trace(self, request: CompletionRequest) -> Trace | None:
        """Say that the line before the cursor was written again, if that was to be remembered."""
        line = request.document.text[: request.offset].rpartition("\n")[2]
        return Trace((), (), (), (), (Rewriting(0, line, "line"),)) if request.remembered else None

    def warm(self, request: CompletionRequest) -> None:
        """Say what is before the cursor on its line."""
        say(f"warm {request.document.text[: request.offset].rpartition(chr(10))[2]}")

    def wake(self) -> None:
        """Be awake."""

    def end(self) -> None:
        """Say so."""
        say("ended")

    def close(self) -> None:
        """Say so."""
        say("closed")

    async def _hold(self, cancel: CancelToken) -> None:
        say("holding")
        while not cancel.cancelled:
            await asyncio.sleep(0.001)
        say("fired")


def answer(*texts: str, reason: Reason | None = None) -> CompletionResult:
    """Return a result with these candidates."""
    candidates = tuple(Candidate(text, -1.0, "stop") for text in texts or ("",))
    certificate = "1 name checked against this file" if reason is None else None
    return CompletionResult(candidates, reason, certificate, "scripted", "none", "none", {"total": 1.0}, {}, ())


def say(event: str) -> None:
    """Tell the test."""
    sys.stderr.write(event + "\n")
    sys.stderr.flush()


def main() -> int:
    """Run the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gate")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--warning", default="")
    arguments = parser.parse_args()

    def load(tell: Say) -> ScriptedService:
        tell("reading the script")
        while arguments.gate and not os.path.exists(arguments.gate):
            time.sleep(0.001)
        if arguments.broken:
            raise OSError("model.safetensors is truncated; run `verifill doctor`")
        return ScriptedService(arguments.warning)

    return run_stdio(load, ServerSettings(version="9.9"))


if __name__ == "__main__":
    sys.exit(main())
