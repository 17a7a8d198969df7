"""Which distributions may be learnt from, judged by their own metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable

PERMISSIVE_SPDX = frozenset(
    {
        "0bsd",
        "apache-2.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc0-1.0",
        "cnri-python",
        "isc",
        "mit",
        "mit-0",
        "mit-cmu",
        "psf-2.0",
        "python-2.0",
        "python-2.0.1",
        "unlicense",
        "zlib",
    }
)

_PERMISSIVE_WORDS = re.compile(
    r"\b(mit|bsd|[0-3]-?clause|apache|isc|psf|python software foundation|unlicense|zlib|cc0|0bsd)\b",
    re.IGNORECASE,
)
# Copyleft, source-available and "ask us" licences; one of these words anywhere refuses the distribution.
_REFUSED_WORDS = re.compile(
    r"gpl|general public|mozilla|\bmpl|\bepl\b|eclipse|cddl|eupl|sspl|busl|business source|commons clause"
    r"|proprietary|commercial|cc[- ]by|elastic licen|\bcecill|\bosl|licenseref|modified|derived",
    re.IGNORECASE,
)
_FILE_NOTICE = re.compile(
    rb"GNU (Lesser |Library |Affero )?General Public|Mozilla Public License|\bA?L?GPL[-v ]?[23]", re.IGNORECASE
)
# Free-text fields sometimes hold a whole licence file, which may quote the licences of bundled binaries.
_FREE_TEXT_LIMIT = 120
_NOTICE_LIMIT = 4_000


def is_permissive(expression: str | None, classifiers: Iterable[str], free_text: str | None) -> bool:
    """Say whether metadata names permissive licences only; silence counts as no.

    The SPDX expression decides when there is one, then the `License ::` classifiers, then the
    beginning of the free-text field.
    """
    if expression:
        return _spdx_is_permissive(expression)
    named = [c.rsplit("::", 1)[-1].strip() for c in classifiers if c.startswith("License ::")]
    named = [name for name in named if name != "OSI Approved"]
    text = (free_text or "").strip()[:_FREE_TEXT_LIMIT]
    statements = named or ([text] if text else [])
    if _REFUSED_WORDS.search(text):
        return False
    return bool(statements) and all(_words_are_permissive(s) for s in statements)


def has_copyleft_notice(source: bytes) -> bool:
    """Say whether the head of a file names a copyleft licence, whatever its distribution says."""
    return _FILE_NOTICE.search(source[:_NOTICE_LIMIT]) is not None


def _spdx_is_permissive(expression: str) -> bool:
    """Read `A AND (B OR C)`: every AND part needs one permissive OR part. WITH is refused."""
    text = expression.replace("(", " ").replace(")", " ").lower()
    if not re.search(r"\b(and|or|with)\b", text):
        return text.strip() in PERMISSIVE_SPDX or _words_are_permissive(text)
    parts = re.split(r"\band\b", text)
    return all(any(alt.strip() in PERMISSIVE_SPDX for alt in re.split(r"\bor\b", part)) for part in parts)


def _words_are_permissive(statement: str) -> bool:
    return bool(_PERMISSIVE_WORDS.search(statement)) and not _REFUSED_WORDS.search(statement)
