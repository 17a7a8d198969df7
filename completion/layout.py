"""From a document and a cursor to what the model and the monitors read.

For the monitors the middle begins at the start of the cursor's line, and what was typed of that line
is forced.  What the model's prompt is made of: ``completion.prompt``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from analysis.facts import BaseDocument, OpenFile
from analysis.languages import Language, language_of
from completion.types import TYPING, CompletionRequest
from monitors.remainder import typed_over

# No token is longer than a few dozen characters, few are shorter than two: text beyond so many times the
# budget is not looked at.
MOST_CHARACTERS = 12

# Of the cursor's line, which is looked at byte by byte; people write shorter ones.
LONGEST_LINE = 4_000

Count = Callable[[str], int]

# str.splitlines would also cut at form feeds and U+2028.
LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True)
class Layout:
    """A cursor's surroundings, line ends normalised to line feeds.

    Attributes:
        prefix: Text before the cursor's line.
        typed: The cursor's line before the cursor.
        remainder: The cursor's line behind the cursor.
        after: Text behind the cursor's line, its line end included.
        newline: The document's own line end.
        document: The base document for the analysis.
    """

    prefix: str
    typed: str
    remainder: str
    after: str
    newline: str
    document: BaseDocument

    @property
    def language(self) -> Language:
        """The document's language."""
        return language_of(self.document.language)

    @property
    def suffix(self) -> str:
        """Everything behind the cursor."""
        return self.remainder + self.after

    @property
    def model_suffix(self) -> str:
        """What the model sees behind the middle: not what editors close by themselves, which it writes again."""
        unseen = not self.remainder.strip() or typed_over(self.remainder.encode())
        return self.after[1:] if unseen else self.suffix

    @property
    def ending(self) -> str:
        """First characters that follow the middle; a line feed at the end of the document."""
        return self.remainder + "\n"


def lay_out(request: CompletionRequest) -> Layout:
    """Cut the document around the cursor.

    Raises:
        ValueError: The offset lies outside the document.
    """
    check_offset(request)
    text, offset = request.document.text, request.offset
    if text[offset - 1 : offset + 1] == "\r\n":
        offset -= 1
    before, behind = _normalised(text[:offset]), _normalised(text[offset:])
    start = before.rfind("\n") + 1
    prefix, typed = before[:start], before[start:]
    end = behind.find("\n") if "\n" in behind else len(behind)
    remainder, after = behind[:end], behind[end:]
    indent = typed[: len(typed) - len(typed.lstrip(" \t"))]
    document = BaseDocument(
        path=request.document.path,
        workspace=request.workspace,
        prefix=prefix,
        suffix=after[1:],
        indent=indent,
        environment=request.environment,
        language=language_of(request.document.language, request.document.path).id,
        trusted=request.trusted,
        urgent=request.trigger in TYPING,
        others=tuple(OpenFile(each.path, each.language, each.text) for each in request.unsaved),
    )
    return Layout(prefix, typed, remainder, after, newline_of(text), document)


def has_long_line(request: CompletionRequest) -> bool:
    """Whether the cursor's line is too long for a completion."""
    text, offset = request.document.text, request.offset
    end = text.find("\n", offset)
    return (len(text) if end < 0 else end) - (text.rfind("\n", 0, offset) + 1) > LONGEST_LINE


def check_offset(request: CompletionRequest) -> None:
    """See that the cursor is in the document.

    Raises:
        ValueError: It lies outside.
    """
    if not 0 <= request.offset <= len(request.document.text):
        raise ValueError(
            f"offset {request.offset} lies outside the document of {len(request.document.text)} characters"
        )


def newline_of(text: str) -> str:
    """Return the line end that ``text`` uses first; a line feed if it has none."""
    at = min((i for i in (text.find("\r"), text.find("\n")) if i >= 0), default=-1)
    if at < 0 or text[at] == "\n":
        return "\n"
    return "\r\n" if text[at : at + 2] == "\r\n" else "\r"


def fit(prefix: str, suffix: str, budget: int, count: Count) -> tuple[str, str]:
    """Shorten both sides to ``budget`` tokens together, cutting at line starts.

    The suffix gets up to a quarter, and what either side leaves unused goes to the other.

    Args:
        prefix: Text before the middle.
        suffix: Text behind it.
        budget: Most tokens.
        count: Number of tokens of a text.
    """
    prefix, suffix = prefix[-budget * MOST_CHARACTERS :], suffix[: budget * MOST_CHARACTERS]
    suffix_share = max(budget // 4, budget - count(prefix))
    suffix = head_within(suffix, suffix_share, count)
    return tail_within(prefix, budget - count(suffix), count), suffix


def head_within(text: str, budget: int, count: Count) -> str:
    """Return the longest run of whole lines from the start with at most ``budget`` tokens."""
    lines = LINE.findall(text)
    keep = _most(len(lines), lambda n: count("".join(lines[:n])) <= budget)
    return "".join(lines[:keep])


def tail_within(text: str, budget: int, count: Count) -> str:
    """Return the longest run of whole lines to the end with at most ``budget`` tokens."""
    lines = LINE.findall(text)
    keep = _most(len(lines), lambda n: count("".join(lines[len(lines) - n :])) <= budget)
    return "".join(lines[len(lines) - keep :])


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the largest n up to ``limit`` that fits, where all below a fitting one fit."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _normalised(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_document(text: str, newline: str) -> str:
    """Give ``text`` the document's line ends."""
    return text if newline == "\n" else text.replace("\n", newline)
