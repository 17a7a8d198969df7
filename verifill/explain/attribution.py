"""Which part of a completion came from whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from completion.types import CompletionResult, Token

MODEL = "model"

# The monitor that keeps what the user has typed.
_TYPED = "heal"


@dataclass(frozen=True)
class Piece:
    """A stretch of the completion written by one origin.

    Attributes:
        text: The stretch, line ends as ``\\n``.
        origin: "model" or a drafter's name.
    """

    text: str
    origin: str


@dataclass(frozen=True)
class Refusal:
    """What monitors kept from being written at one token.

    Attributes:
        before: Text of the completion's line up to the token.
        refused: (text, monitor) pairs, best first; an empty text is the end of the completion.
        written: The token that was written instead.
    """

    before: str
    refused: tuple[tuple[str, str], ...]
    written: str


def pieces(result: CompletionResult, typed: str) -> tuple[Piece, ...]:
    """Cut the first candidate's text by origin.

    Args:
        result: What came out.
        typed: The cursor's line before the cursor, whose end the first tokens may repeat
            (token healing).

    Returns:
        Pieces that join to the text; neighbours differ in origin.
    """
    text = unix_lines(result.text)
    origins = _origins(text, result.tokens, typed)
    runs = groupby(zip(text, origins, strict=True), key=lambda pair: pair[1])
    return tuple(Piece("".join(char for char, _ in run), origin) for origin, run in runs)


def refusals(result: CompletionResult, typed: str) -> tuple[Refusal, ...]:
    """Return the tokens before which something was refused, in order.

    That what the user has typed must stay goes without saying: refusals for that alone are left out.
    """
    found = []
    written = typed[: len(typed) - _healed(unix_lines(result.text), result.tokens, typed)]
    for token in result.tokens:
        pairs = tuple((denied.text, denied.monitor) for denied in token.denied if denied.monitor != _TYPED)
        if pairs:
            found.append(Refusal(written.rpartition("\n")[2], pairs, token.text))
        written += token.text
    return tuple(found)


def unix_lines(text: str) -> str:
    """Return the text with ``\\n`` as its only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _origins(text: str, tokens: Sequence[Token], typed: str) -> list[str]:
    """Return the origin of each character of ``text``."""
    written = "".join(token.text for token in tokens)
    by_character = [token.origin for token in tokens for _ in token.text]
    start = _healed(text, tokens, typed)
    if written.startswith(text, start):
        return by_character[start : start + len(text)]
    return _aligned(text, written, by_character)


def _healed(text: str, tokens: Sequence[Token], typed: str) -> int:
    """Return how many characters before the cursor the tokens repeat."""
    written = "".join(token.text for token in tokens)
    repeated = [n for n in range(len(typed) + 1) if typed.endswith(written[:n])]
    exact = (n for n in repeated if text and written.startswith(text, n))
    return next(exact, repeated[-1])


def _aligned(text: str, written: str, by_character: Sequence[str]) -> list[str]:
    """Match texts that differ, as they do where one character's bytes stand in several tokens."""
    origins = [MODEL] * len(text)
    for match in SequenceMatcher(None, text, written, autojunk=False).get_matching_blocks():
        origins[match.a : match.a + match.size] = by_character[match.b : match.b + match.size]
    return origins
