"""One line that says what was checked against what."""

from __future__ import annotations

from collections.abc import Sequence

from monitors.base import Check

_MOST_ORIGINS = 3


def certificate(checks: Sequence[Check], trouble: str = "") -> str | None:
    """Sum up the checks of a completion, or return None when there was no name to check.

    Args:
        checks: What was checked.
        trouble: Why the document cannot be analysed now; "" if it can.

    >>> certificate([Check("get", "httpx 0.28.1", True), Check("foo", "", False)])
    '1 name checked against httpx 0.28.1, 1 unknown'
    >>> certificate([Check("foo", "", False)], "go: the server is starting")
    '1 unknown (go: the server is starting)'
    """
    if not checks:
        return None
    known = [check for check in checks if check.origin]
    parts = []
    if known:
        origins = list(dict.fromkeys(check.origin for check in known))
        shown = ", ".join(origins[:_MOST_ORIGINS]) + (" and more" if len(origins) > _MOST_ORIGINS else "")
        parts.append(f"{len(known)} name{'s' if len(known) > 1 else ''} checked against {shown}")
    if absent := [check.name for check in known if not check.listed]:
        parts.append(f"not found there: {', '.join(absent)}")
    if len(known) < len(checks):
        parts.append(f"{len(checks) - len(known)} unknown" + (f" ({trouble})" if trouble else ""))
    return ", ".join(parts)
