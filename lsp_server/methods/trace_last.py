"""The command `verifill.traceLast`: how the last answer came about, token by token."""

from __future__ import annotations

from typing import Any

from completion.json_output import as_dict
from lsp_server.front import Front


def trace_last(ls: Front) -> dict[str, Any] | None:
    """Return the model's last answer, as in docs/json.md, and ``answer``: how it was given, "none" if it has no text.

    None before the first one.  Nothing of it is shown or logged.
    """
    last = ls.offers.last
    if last is None:
        return None
    return {"answer": "none" if last.kind is None else last.kind.value, **as_dict(last.result)}
