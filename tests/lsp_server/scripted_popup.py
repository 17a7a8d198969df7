"""The language server with a service whose names are scripted, too: ``python -m tests.lsp_server.scripted_popup``.

Where the line before the cursor ends in ``asked`` the completion is what it was asked since the last such request:
``names``, ``weigh NAME ...``, ``describe NAME`` and ``complete``, a line each.  A comment is completed like what
it says.  What is before the name at the cursor decides what may stand there:

- ``menu.``: four names and two hidden ones, ``stew`` the likeliest; ``clear.``: the same names, ``stew`` much the
  likeliest
- ``kit.``: four names, the first two of them needed
- ``many.``: 300 names, the likeliest ten of which are weighed
- ``late.``: the analysis has not answered when it is asked for the first time
- ``held.``: names whose weights come when the file ``--gate`` is there; told by ``holding`` and ``weighed``
- ``bad.``: raises an error that quotes the document
- ``nothing.``, a comment: no names
- else: names in scope, ``alpha`` the likeliest
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import replace

from completion.types import CancelToken, CompletionRequest, CompletionResult, Listing, Tell
from lsp_server.server import run_stdio
from lsp_server.settings import ServerSettings
from tests.lsp_server.scripted_server import ScriptedService, answer, say

MENU = ("soup", "salad", "stew", "Salt")
HIDDEN = ("_secret", "__init__")
MANY = tuple(f"n{number:03}" for number in range(300))
WEIGHED_OF_MANY = 10


class PopupService(ScriptedService):
    """Lists and weighs by script."""

    def __init__(self, gate: str) -> None:
        """Hold weights until ``gate`` exists."""
        super().__init__(warning="")
        self._gate = gate
        self._late = True
        self._asked: list[str] = []

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Do what the line says."""
        if line_before(request).endswith("asked"):
            asked, self._asked = self._asked, []
            return answer("\n".join(asked) or "nothing")
        self._asked.append("complete")
        text, offset = request.document.text, request.offset
        if line_before(request).startswith("# "):
            text, offset = text.replace("# ", ""), offset - 2
        return await super().complete(
            replace(request, document=replace(request.document, text=text), offset=offset), cancel
        )

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """List what the text before the cursor says."""
        self._asked.append("names")
        before = line_before(request)
        match before.rpartition(" ")[2]:
            case "menu." | "clear." | "held.":
                return listing((*MENU, *HIDDEN))
            case "kit.":
                return listing(("lid", "pan", "bowl", "cup"), needed=2)
            case "many.":
                return listing(MANY)
            case "late." if self._late:
                self._late = False
                await asyncio.sleep(0.2)
                return Listing(kind="attributes", late=True)
            case "late.":
                return listing((*MENU, *HIDDEN))
            case "nothing.":
                return Listing(kind="attributes")
            case "bad.":
                raise RuntimeError(f"cannot list {request.document.text}")
        return Listing() if "#" in before else listing(("beta", "alpha", "Gamma", "print"), "names", "this file")

    async def likelihoods(
        self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken
    ) -> tuple[float | None, ...]:
        """Weigh: the later in the alphabet, the likelier; in scope the other way round."""
        self._asked.append(f"weigh {' '.join(names)}")
        before = line_before(request)
        if before.endswith("held."):
            await self._wait(cancel)
        if before.endswith("many."):
            return tuple(-float(place) if place < WEIGHED_OF_MANY else None for place in range(len(names)))
        ranks = {name: place for place, name in enumerate(sorted(names, reverse=before.endswith(".")))}
        gap = 3.0 if before.endswith("clear.") else 0.1
        return tuple(-gap * ranks[name] for name in names)

    async def description(self, request: CompletionRequest, name: str, cancel: CancelToken) -> str:
        """Describe every name but ``salad``."""
        self._asked.append(f"describe {name}")
        return "" if name == "salad" else f"{name}(x, /)\n{name}()"

    async def _wait(self, cancel: CancelToken) -> None:
        say("holding")
        while not os.path.exists(self._gate) and not cancel.cancelled:
            await asyncio.sleep(0.001)
        say("fired" if cancel.cancelled else "weighed")


def listing(names: tuple[str, ...], kind: str = "attributes", origin: str = "menu 1.0", needed: int = 0) -> Listing:
    """Return a list of names, some at the beginning needed."""
    plain = [name for name in names if name not in HIDDEN]
    return Listing(names, len(plain), needed, kind, origin)


def line_before(request: CompletionRequest) -> str:
    """Return the cursor's line before the cursor."""
    return request.document.text[: request.offset].rpartition("\n")[2]


def main() -> int:
    """Run the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gate", default="")
    gate = parser.parse_args().gate
    return run_stdio(lambda say: PopupService(gate), ServerSettings(version="9.9"))


if __name__ == "__main__":
    sys.exit(main())
