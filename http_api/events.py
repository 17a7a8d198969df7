"""Server-sent events.

A text is verified as a whole: a fact that comes late may still change what was written before it.
So what streams here is the finished text, in frames that stream clients understand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response


def stream(frames: Iterable[dict[str, Any]], *, done: str = "") -> Response:
    """Return objects as a stream of events, ended by the literal event ``done`` if one is given."""
    data = [json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for frame in frames]
    body = "".join(f"data: {event}\n\n" for event in (*data, *([done] if done else [])))
    return Response(body, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
