"""Values of the decode loop.  Everything here is immutable."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from analysis.facts import FactView
from analysis.scanner import Scan
from decoding.watch import Watch
from monitors.base import Lexed

if TYPE_CHECKING:  # fronts ask which drafters there are, and import no torch for that
    from models.engines.base import Pass, Rows

Result = TypeVar("Result")

# Work that lets others run between its steps: it yields None where it can go on at once, and where it has to
# wait the seconds after which to look again.
Steps = Generator[float | None, None, Result]


@dataclass(frozen=True, slots=True)
class Computed:
    """A forward pass that was done.

    Attributes:
        rows: What it returned.
        seconds: Its share of the time.
    """

    rows: Rows
    seconds: float


# Steps that also yield the forward passes they need, and are sent what came out (``decoding.together``).
Passes = Generator["float | Pass | None", Computed | None, Result]


@dataclass(frozen=True, slots=True)
class Draft:
    """A chain of guessed tokens.

    Attributes:
        tokens: Guessed ids, next first; may be empty.
        source: Name of the drafter.
        match_length: How many tokens of context the guess rests on; 0 if that means nothing.
    """

    tokens: tuple[int, ...] = ()
    source: str = ""
    match_length: int = 0


@dataclass(frozen=True, slots=True)
class Tip:
    """The point that a draft continues.

    Attributes:
        tokens: Ids of the middle so far.
        text: Bytes of the middle so far.
        watch: The monitors' states there.
        view: Facts known at this moment.
    """

    tokens: tuple[int, ...]
    text: bytes
    watch: Watch
    view: FactView


@dataclass(frozen=True, slots=True)
class Commit:
    """What one forward pass settled.

    Attributes:
        tokens: Ids that were emitted, at least one.
        drafted: How many tokens the draft had.
        accepted: How many of them were right.
        source: Name of the drafter; "" if nothing was drafted.
    """

    tokens: tuple[int, ...]
    drafted: int
    accepted: int
    source: str


@dataclass(frozen=True)
class Prompt:
    """Ids that a drafter may copy from, and where copying must not cross.

    Attributes:
        tokens: Ids of the whole prompt, forced typed part included.
        separators: Special ids; a copy never contains one.
    """

    tokens: tuple[int, ...]
    separators: frozenset[int]


class Drafter(Protocol):
    """Guesses the next tokens.  Wrong guesses cost time, never correctness."""

    name: str

    def begin(self, prompt: Prompt) -> None:
        """Get ready for one request."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return at most ``budget`` tokens; changes nothing."""

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Learn what was emitted."""

    def rewind(self, count: int) -> None:
        """Forget the last ``count`` emitted tokens."""


class Stop(Protocol):
    """Decides from the text alone when the middle is finished; states are immutable values."""

    def start(self) -> Any:
        """Return the state at the start of the middle, before the typed part."""

    def advance(self, state: Any, text: Lexed) -> Any:
        """Return the state after ``text``."""

    def cut(self, state: Any) -> int | None:
        """Return how many bytes of the middle to keep, typed part included; None while it goes on."""


class Inspector(Protocol):
    """Looks at finished lines and at the finished middle; what it says depends on the text alone.

    Attributes:
        wants_an_end: A middle that came to no end is to be written again to have one (``decoding.landing``).
    """

    wants_an_end: bool

    def line_stands(self, middle: bytes) -> bool:
        """Whether the middle so far, which ends with a logical line, may stay; typed part included."""

    def end_stands(self, middle: bytes, end: Scan) -> bool:
        """Whether the middle may end like this, in the lexical state ``end``."""


class Lenient:
    """An inspector that lets everything stand."""

    wants_an_end = False

    def line_stands(self, middle: bytes) -> bool:
        """Return True."""
        return True

    def end_stands(self, middle: bytes, end: Scan) -> bool:
        """Return True."""
        return True
