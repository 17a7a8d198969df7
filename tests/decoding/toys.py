"""A vocabulary of two dozen tokens and monitors one can compute by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.facts import FactKey, FactView
from analysis.python.scanner import Scan
from models.vocabulary import Vocabulary
from monitors.base import FORBIDDEN, Check, Continuations, Kind, Lexed

END, PAD = 0, 1
LETTERS = frozenset(b"abcx")
TEXTS: tuple[bytes | None, ...] = (
    None, None, b"a", b"b", b"c", b".", b"\n", b"(", b")", b" ", b"ab", b"ba", b"abc",
    b".a", b".ab", b"a.b", b"=", b"x", b"a(", b".x", b"\xc3", b"\xa9", b"\n ",
)  # fmt: skip


class Longest:
    """Encodes by longest match: enough for a toy."""

    def encode(self, text: str) -> Sequence[int]:
        """Return ids of ``text``."""
        data, ids = text.encode(), []
        by_length = sorted((t, i) for i, t in enumerate(TEXTS) if t)
        while data:
            token, size = max(((i, len(t)) for t, i in by_length if data.startswith(t)), key=lambda pair: pair[1])
            ids.append(token)
            data = data[size:]
        return ids

    def last_piece(self, text: str) -> str:
        """Return nothing: texts are not cut into words."""
        return ""


VOCABULARY = Vocabulary(TEXTS, Longest(), {"<end>": END, "<pad>": PAD})


@dataclass(frozen=True)
class Patterns:
    """Every occurrence of a pattern costs its price; a price of ``-inf`` forbids it.

    Attributes:
        prices: Nats by pattern.
        may_end: Whether the suffix may follow; else ending costs ``FORBIDDEN``.
        kind: What it says it rests on.
        name: What it is called.
    """

    prices: tuple[tuple[bytes, float], ...]
    may_end: bool = True
    kind: Kind = Kind.HEURISTIC
    name: str = "patterns"

    def start(self) -> bytes:
        """Return the empty text."""
        return b""

    def step(self, state: bytes, text: Lexed, view: FactView) -> tuple[float, bytes]:
        """Return what the patterns that end in ``text`` cost, and the longer text."""
        if text.is_suffix:
            return (0.0 if self.may_end else FORBIDDEN), state
        paid, after = self._cost(state), state + text.data
        return (FORBIDDEN if paid == FORBIDDEN else self._cost(after) - paid), after

    def continuations(self, state: bytes) -> Continuations | None:
        """Return None: anything may follow."""
        return None

    def needs(self, state: bytes, scan: Scan) -> tuple[FactKey, ...]:
        """Return nothing: no facts."""
        return ()

    def missing(self, state: bytes) -> tuple[FactKey, ...]:
        """Return nothing: no facts."""
        return ()

    def checks(self, state: bytes) -> tuple[Check, ...]:
        """Return nothing."""
        return ()

    def _cost(self, text: bytes) -> float:
        total = 0.0
        for pattern, price in self.prices:
            found = sum(text.startswith(pattern, i) for i in range(len(text)))
            total += found * price if found else 0.0
        return total


class Endless:
    """A stop policy that leaves the end to the model; states are the text's lengths."""

    def start(self) -> int:
        """Return no length."""
        return 0

    def advance(self, state: int, text: Lexed) -> int:
        """Return the length after ``text``."""
        return state + len(text.data)

    def cut(self, state: int) -> int | None:
        """Never stop."""
        return None

    def sure(self, state: int) -> int:
        """Cut nothing."""
        return state


@dataclass(frozen=True)
class Listed:
    """Behind a dot one of some names has to come; another one costs a price.

    Attributes:
        names: The names.
        price: Nats, finite.
    """

    names: tuple[bytes, ...]
    price: float
    name: str = "listed"
    kind: Kind = Kind.HEURISTIC

    def start(self) -> bytes | None:
        """Return the state outside names."""
        return None

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Charge each name that is not listed, once.

        A state is what is written of the name behind the last dot, None where there is none to judge.
        """
        total = 0.0
        for byte in text.data:
            if byte == ord("."):
                total += self.price if state is not None and state not in self.names else 0.0
                state = b""
            elif state is None:
                continue
            elif byte in LETTERS and any(n.startswith(state + bytes((byte,))) for n in self.names):
                state += bytes((byte,))
            else:
                total += self.price if byte in LETTERS or state not in self.names else 0.0
                state = None
        return total, state

    def continuations(self, state: bytes | None) -> Continuations | None:
        """Return how the name may go on."""
        if state is None:
            return None
        return Continuations(tuple(n[len(state) :] for n in self.names if n.startswith(state)), LETTERS)

    def needs(self, state: bytes | None, scan: Scan) -> tuple[FactKey, ...]:
        """Return nothing: no facts."""
        return ()

    def missing(self, state: bytes | None) -> tuple[FactKey, ...]:
        """Return nothing: no facts."""
        return ()

    def checks(self, state: bytes | None) -> tuple[Check, ...]:
        """Return nothing."""
        return ()
