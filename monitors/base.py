"""The interface of monitors.

A monitor watches the text grow and says of the bytes proposed next how far they are from
what can be right: a *penalty* in nats, 0 for nothing wrong, ``-inf`` for forbidden.

Monitors speak bytes, never token ids.  Their states are immutable values: a state after a
text is the same whatever way the text was cut into tokens, and going back means dropping a
value.  The laws below are property-tested for every monitor (``tests/monitors/laws.py``):

* penalties add up: what ``ab`` costs is what ``a`` costs and, in the state after it, ``b``;
* a forbidden prefix forbids every extension;
* a missing fact costs nothing and is reported by ``missing``;
* a state derived again from the text is equal.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Protocol

from typing_extensions import TypeVar

from analysis.facts import BaseDocument, FactKey, FactView
from analysis.languages import Language, language_of
from analysis.lexing import LexicalState
from analysis.python.scanner import Scan
from monitors.options import Options

FORBIDDEN = float("-inf")

S = TypeVar("S")

L = TypeVar("L", bound=LexicalState, covariant=True, default=Scan)
"""The lexical state: a monitor of Python reads that of Python's scanner; ``monitors.registry`` sees to it."""

State = TypeVar("State", bound=LexicalState)


class Kind(enum.Enum):
    """What a monitor's judgement rests on."""

    SOUND = "right by construction"
    HEURISTIC = "as good as its facts"
    POLICY = "a product choice"


@dataclass(frozen=True, slots=True, eq=False)
class Lexed(Generic[L]):
    """Bytes proposed at some point of the text, with the lexical state around each; equal to itself alone.

    Attributes:
        data: The bytes; never empty.
        before: State before the first byte.
        after: State after each byte; as long as ``data``.
        is_suffix: The bytes are the start of the real suffix: the question is whether the
            middle may end here.
    """

    data: bytes
    before: L
    after: tuple[L, ...]
    is_suffix: bool = False

    @staticmethod
    def of(before: State, data: bytes, is_suffix: bool = False) -> Lexed[State]:
        """Run the scanner over ``data``."""
        scans = []
        scan = before
        for byte in data:
            scan = scan.step(byte)
            scans.append(scan)
        return Lexed(data, before, tuple(scans), is_suffix)

    def byte(self, at: int) -> Lexed[L]:
        """Return the byte at an offset alone."""
        before = self.after[at - 1] if at else self.before
        return Lexed(self.data[at : at + 1], before, self.after[at : at + 1], self.is_suffix)


@dataclass(frozen=True, slots=True)
class Continuations:
    """A finite set of texts, one of which has to come next.

    Attributes:
        texts: What may follow, as whole remainders (of a name, of the healed bytes).
        inside: Bytes that would go on a text beyond its end; any other byte ends it.
        priced: Bytes with which nothing else can begin but at ``price``.
        price: What it costs at least to begin with one of ``priced`` and go on otherwise, nats.
        prices: What each of the texts costs, nats; nothing where they cost alike.
        lead: What all texts begin with, where it is a blank in front of a name.
    """

    texts: tuple[bytes, ...]
    inside: frozenset[int] = frozenset()
    priced: frozenset[int] = frozenset()
    price: float = 0.0
    prices: tuple[float, ...] = ()
    lead: bytes = b""


@dataclass(frozen=True)
class Site(Generic[L]):
    """What monitors may know of a request: where the middle goes.

    Attributes:
        document: The base document; its hole is the cursor's line.
        start: Lexical state at the start of the middle, a line start, with nothing bound (``Scan.fresh``).
        typed: Part of the cursor's line that the user typed; the middle begins with it.
        healed: Tail of ``typed`` that is generated again (token healing); may be empty.
        remainder: Rest of the cursor's line behind the cursor, without line end.
        suffix: Everything behind the cursor, the remainder included.
        multiline: More than the cursor's logical line is wanted.
        options: What the user asks of the monitors.
    """

    document: BaseDocument
    start: L
    typed: bytes
    healed: bytes
    remainder: bytes
    suffix: bytes
    multiline: bool = True
    options: Options = Options()

    @property
    def language(self) -> Language:
        """The document's language."""
        return language_of(self.document.language)


@dataclass(frozen=True, slots=True)
class Check:
    """A judgement a monitor made with a fact, for the certificate.

    Attributes:
        name: The name that was checked.
        origin: Origin of the fact, or "" when there was none.
        listed: The fact lists the name.
        fact: Query and class of the fact, ``attributes.self``; the class is ``unknown`` when there was
            no answer, ``unresolved`` when the analysis could not tell.
        row: Row of the class in ``monitors/strength.json`` that the name was charged by, "" if it was free.
    """

    name: str
    origin: str
    listed: bool
    fact: str = ""
    row: str = ""


class Monitor(Protocol[S]):
    """One rule about what may come next; made for one request (see ``monitors.registry``)."""

    name: str
    kind: Kind

    def start(self) -> S:
        """Return the state at the start of the middle."""

    def step(self, state: S, text: Lexed[Any], view: FactView) -> tuple[float, S]:
        """Return the penalty of ``text`` and the state after it.

        The penalty is in nats: 0 or less, ``FORBIDDEN`` for never.  A fact, or its absence, is latched when a name
        begins.  The state after the start of the suffix means nothing.
        """

    def continuations(self, state: S) -> Continuations | None:
        """Return what has to come next if that is a finite set, else None."""

    def needs(self, state: S, scan: Any) -> tuple[FactKey, ...]:
        """Return the questions whose answers may be wanted soon; ``scan`` is the lexical state that ``state`` is at."""

    def missing(self, state: S) -> tuple[FactKey, ...]:
        """Return the questions that had no answer when the last ``step`` passed their site."""

    def checks(self, state: S) -> tuple[Check, ...]:
        """Return the judgements on all names finished so far, for the certificate."""


class Expected(NamedTuple):
    """A name that comes next, if one does.

    Attributes:
        closed: The names, and what others cost; None if nothing is known of them.
        pending: Questions that tell, and are not answered yet.
    """

    closed: Continuations | None = None
    pending: tuple[FactKey, ...] = ()


class Expecting(ABC):
    """A monitor that knows of names before their first byte; for inheriting."""

    @abstractmethod
    def expected(self, state: Any, view: FactView) -> Expected:
        """Return what is known of the name that comes next, by the facts of ``view``."""


NOTHING: Final = 0
EVERYTHING: Final = -1

_BITS: Final = tuple(1 << byte for byte in range(256))


def bits(data: Iterable[int]) -> int:
    """Return some bytes as the set of their bits, so that two such sets are compared in no time."""
    found = 0
    for byte in data:
        found |= _BITS[byte]
    return found


class Selective(ABC):
    """A monitor that most texts do not concern; for inheriting."""

    @abstractmethod
    def hears(self, state: Any, scan: Any) -> int:
        """Return the bytes that concern it in a state, as ``bits``; ``scan`` is the lexical state that it is at.

        A text of the middle without any of them costs nothing and leaves the state as it is, and the next such text
        does, since penalties add up: as long as none of them comes, the monitor need not be asked again.
        """


class Factless:
    """What monitors that need no facts and list nothing have in common; for inheriting."""

    def continuations(self, state: Any) -> Continuations | None:
        """Return None: what may follow is no finite set."""
        return None

    def needs(self, state: Any, scan: Any) -> tuple[FactKey, ...]:
        """Return nothing."""
        return ()

    def missing(self, state: Any) -> tuple[FactKey, ...]:
        """Return nothing."""
        return ()

    def checks(self, state: Any) -> tuple[Check, ...]:
        """Return nothing: names are not judged."""
        return ()
