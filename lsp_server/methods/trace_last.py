"""The command `verifill.traceLast`: how the last answer came about, token by token."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from completion.json_output import as_dict
from lsp_server.front import Front


async def trace_last(ls: Front) -> dict[str, Any] | None:
    """Return the model's last answer with its trace, as in docs/json.md; None before the first one.

    Beside it ``answer``, how it was given, "none" if it has no text, and of the request what a page shows of it:
    ``document`` and ``offset``.  An engine that has ended since remembers no trace.  Nothing is shown or logged.
    """
    last = ls.offers.last
    if last is None:
        return None
    trace = None if ls.service is None else await ls.service.trace(last.request)
    return {
        "answer": "none" if last.kind is None else last.kind.value,
        "document": asdict(last.request.document),
        "offset": last.request.offset,
        **as_dict(replace(last.result, trace=trace)),
    }
