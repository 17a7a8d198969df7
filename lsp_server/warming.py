"""Having the engine read a document before anything is asked about it.

The next completion is most likely where the user was last: behind the newest change, and at the end of a document
that has just been opened, as the protocol tells no cursor then.  It is prepared for once the client has been quiet;
a client that asks at each keystroke prepares for the next one by that.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types

from completion.types import Trigger
from lsp_server.front import Front
from lsp_server.snapshot import hole_at, request_at, unwanted

# Clients ask for completions well within this time after a keystroke, if they do so by themselves.
QUIET_S = 0.3


def expect(front: Front, uri: str, change: types.TextDocumentContentChangeEvent | None = None) -> None:
    """Prepare for a completion in a document, unless the client says something new soon.

    Args:
        front: The window.
        uri: The document, open.
        change: The newest one; None for a document that the user only looks at.
    """
    stop_expecting(front)
    front.expecting = asyncio.get_running_loop().call_later(QUIET_S, _warm, front, uri, change)


def stop_expecting(front: Front) -> None:
    """Prepare for nothing: the completion itself is asked for."""
    if front.expecting is not None:
        front.expecting.cancel()
        front.expecting = None


def _warm(front: Front, uri: str, change: types.TextDocumentContentChangeEvent | None) -> None:
    document = front.documents.get(uri)
    if document is None or front.load_failed:
        return
    if front.service is None:
        expect(front, uri, change)
        return
    if unwanted(front, document, Trigger.WARM_UP) is not None:
        return
    if change is not None:
        front.cursors[uri] = document.behind(change)
    cursor = min(front.cursors.get(uri, len(document.text)), len(document.text))
    front.service.warm(request_at(front, document, hole_at(document, cursor), Trigger.WARM_UP))
