"""Monitor ``repetition``: what goes round in circles gets less likely with every round, and so do imports made already.

After RPG (Dong et al., ACL 2025), which lets the likelihood of the token decay that drives a repetition:
where the last words are the same few again and again, each word that goes on with the round costs
``DECAY`` a round from the third one on.  A bound keeps tables of numbers possible: a model that is
sure goes on.  An import that stands at the top level already, written once more, costs ``AGAIN``.
A policy: what was typed costs nothing.  The stop policy cuts off what goes round nevertheless.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.facts import FactView
from analysis.python.lexicon import BLANKS, IMPORTS, RETURN, WORD
from monitors.base import Factless, Kind, Lexed, Site

DECAY: Final = math.log(0.5)
MOST_ROUNDS: Final = 5
AGAIN: Final = math.log(0.02)

LONGEST_ROUND: Final = 12
_KEPT: Final = LONGEST_ROUND * (MOST_ROUNDS + 2)
_BLANKS: Final = BLANKS | {RETURN}
_PIECE: Final = re.compile(rb"[\w\x80-\xff]+|[^\w\x80-\xff]")
_IMPORT: Final = re.compile(rb"^(?:import|from)[ \t][^\r\n#;]*[\w)]", re.MULTILINE)


class Round(NamedTuple):
    """State of the monitor.

    Attributes:
        words: The last words, whole ones; signs and line ends count as words.
        word: The word being written.
        next: The word that would go on with the round, b"" if nothing goes round.
        price: What it costs, nats.
        ahead: Bytes of the typed part to come.
    """

    words: tuple[bytes, ...] = ()
    word: bytes = b""
    next: bytes = b""
    price: float = 0.0
    ahead: int = 0


class Repetition(Factless):
    """One request."""

    name = "repetition"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Collect the imports that are there."""
        self._imports = _imports(site.document.prefix, site.document.suffix)
        self._typed = len(site.typed)

    def start(self) -> Round:
        """Return the state at the start of the middle."""
        return Round(ahead=self._typed)

    def step(self, state: Round, text: Lexed, view: FactView) -> tuple[float, Round]:
        """Charge each word that goes on with a round where it is written out, and each import that is there."""
        if text.is_suffix:
            return 0.0, state
        words, word, following, price, ahead = state.words, state.word, state.next, state.price, state.ahead
        total = self._again(text, ahead)
        for piece in _PIECE.findall(text.data):
            begun = 0
            if word and word[-1] in WORD and piece[0] in WORD:
                begun, word = len(word), word + piece
            else:
                if word:
                    words = (*words[1 - _KEPT :], word)
                    following, price = _what_goes_round(words)
                word = b"" if piece[0] in _BLANKS else piece
            if following and ahead < len(following) - begun <= len(piece) and word.startswith(following):
                total += price
            ahead = max(0, ahead - len(piece))
        return total, Round(words, word, following, price, ahead)

    def _again(self, text: Lexed, ahead: int) -> float:
        """Return what the imports cost that end in ``text`` and are there already."""
        if not self._imports or not _imports_in(text):
            return 0.0
        imports = (after.line for after in text.after[ahead:] if after.keyword in IMPORTS)
        return sum(AGAIN for line in imports if line in self._imports)


def _imports_in(text: Lexed) -> bool:
    """Whether a line may import where a part of it is in ``text``; one within ``text`` has a line end in it."""
    if text.before.keyword in IMPORTS or text.after[-1].keyword in IMPORTS:
        return True
    return b"\n" in text.data or b"\r" in text.data


@lru_cache(maxsize=8)
def _imports(prefix: str, suffix: str) -> frozenset[bytes]:
    """Return the imports at the top level of a text around a hole."""
    return frozenset(_IMPORT.findall(f"{prefix}\n{suffix}".encode("utf-8", "surrogatepass")))


def _what_goes_round(words: tuple[bytes, ...]) -> tuple[bytes, float]:
    """Return the word that would go on with a round, and its price; b"" and 0 if nothing goes round."""
    most, following, last = 0, b"", words[-1]
    if last not in words[-1 - LONGEST_ROUND : -1]:
        return b"", 0.0
    for length in range(1, min(LONGEST_ROUND, len(words) // 3) + 1):
        if words[-1 - length] != last or words[-1 - 2 * length] != last:
            continue
        unit = words[-length:]
        if not any(word[0] in WORD for word in unit):
            continue
        rounds, end = 1, len(words) - length
        while end >= length and words[end - length : end] == unit:
            rounds, end = rounds + 1, end - length
        if rounds > max(most, 2):
            most, following = rounds, unit[0]
    return following, DECAY * min(most - 2, MOST_ROUNDS) if following else 0.0
