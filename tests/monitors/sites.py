"""Requests written as text with ``$0`` at the cursor."""

from __future__ import annotations

from analysis.facts import BaseDocument
from analysis.python.scanner import scan_text
from monitors.base import Site


def site(text: str, healed: int = 0) -> Site:
    """Return the request at the ``$0`` of a text; the last ``healed`` typed bytes are taken back."""
    before, after = text.split("$0")
    prefix, suffix = before.encode(), after.encode()
    line = max(prefix.rfind(b"\n"), prefix.rfind(b"\r")) + 1
    typed = prefix[line:]
    document = BaseDocument("/project/module.py", "/project", prefix[:line].decode(), suffix.decode())
    return Site(
        document=document,
        start=scan_text(prefix[:line]),
        typed=typed,
        healed=typed[len(typed) - healed :],
        remainder=b"" if suffix[:1] in (b"\r", b"\n") else (suffix.splitlines() or [b""])[0],
        suffix=suffix,
    )
