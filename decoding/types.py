"""Values of the decode loop.  Everything here is immutable."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from analysis.facts import FactView
from analysis.lexing import LexicalState
from decoding.watch import Watch
from monitors.base import Lexed

if TYPE_CHECKING:  # fronts ask which drafters there are, and import no torch for that
    from torch import Tensor

    from models.engines.base import Pass, Rows
    from models.suffix_index import Copy

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
    """What one drafter guesses: a chain of tokens, or a tree of them.

    Attributes:
        tokens: Guessed ids, next first; may be empty.
        source: Name of the drafter.
        match_length: How many tokens of context the guess rests on, or what it is worth likewise; 0 if that means
            nothing.
        parents: For each token the index of the one that it follows, an earlier one, or -1 for the tip; empty for a
            chain.  Of the tokens that follow the same one the likeliest stands first.
    """

    tokens: tuple[int, ...] = ()
    source: str = ""
    match_length: int = 0
    parents: tuple[int, ...] = ()

    def right(self, tokens: Sequence[int]) -> int:
        """Return how many of ``tokens``, which follow the tip, it has guessed one after the other."""
        return len(way_down(self.tokens, self.parents, tokens))


@dataclass(frozen=True, slots=True)
class Guess:
    """What one forward pass verifies: a chain, or a tree that drafts were put together to.

    Attributes:
        tokens: As in ``Draft``.
        parents: As in ``Draft``.
        sources: For each token the drafter that guessed it.
        drafts: The drafts, as much of each as is in here.
    """

    tokens: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()

    @classmethod
    def of(cls, draft: Draft) -> Guess:
        """Return a guess that is one draft."""
        return (
            cls(draft.tokens, draft.parents, (draft.source,) * len(draft.tokens), (draft,)) if draft.tokens else cls()
        )

    def child(self, node: int, token: int) -> int | None:
        """Return the index of ``token`` behind the one at ``node``, -1 for the tip; None if that was not guessed."""
        return child(self.tokens, self.parents, node, token)

    def behind(self, count: int) -> tuple[int, ...] | None:
        """Return the parents as a pass over so many tokens, the root last, and this wants them; None for a chain."""
        return (*range(-1, count - 1), *(parent + count for parent in self.parents)) if self.parents else None


def child(tokens: Sequence[int], parents: Sequence[int], node: int, token: int) -> int | None:
    """Return the index of ``token`` behind the one at ``node`` of a chain or tree; None if it is not there."""
    if not parents:
        return node + 1 if node + 1 < len(tokens) and tokens[node + 1] == token else None
    return next((i for i, parent in enumerate(parents) if parent == node and tokens[i] == token), None)


def way_down(tokens: Sequence[int], parents: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """Return the indices of ``wanted`` in a chain or tree, from the tip as far as they are there."""
    path: list[int] = []
    for token in wanted:
        node = child(tokens, parents, path[-1] if path else -1, token)
        if node is None:
            break
        path.append(node)
    return tuple(path)


@dataclass(frozen=True, slots=True)
class Tip:
    """The point that a draft continues.

    Attributes:
        tokens: Ids of the middle so far.
        text: Bytes of the middle so far.
        watch: The monitors' states there.
        view: Facts known at this moment.
        hidden: ``[width]`` the state that the last token was chosen from; None before the first, or if unknown.
        successors: What last followed each token, in this prompt, or in earlier ones, or as the model's likeliest.
    """

    tokens: tuple[int, ...]
    text: bytes
    watch: Watch
    view: FactView
    hidden: Tensor | None = None
    successors: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """What one forward pass settled.

    Attributes:
        tokens: Ids that were emitted, at least one.
        guessed: For each guessed token the drafter that guessed it.
        right: The same for those that were right.
    """

    tokens: tuple[int, ...]
    guessed: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

    @property
    def drafted(self) -> int:
        """How many tokens were guessed."""
        return len(self.guessed)

    @property
    def accepted(self) -> int:
        """How many of them were right."""
        return len(self.right)

    @property
    def source(self) -> str:
        """Names of the drafters, with a plus between them; "" if nothing was guessed."""
        return "+".join(dict.fromkeys(self.guessed))


@dataclass(frozen=True)
class Prompt:
    """Ids that a drafter may copy from, and where copying must not cross.

    Attributes:
        tokens: Ids of the whole prompt, forced typed part included.
        separators: Special ids; a copy never contains one.
        before: Ids that stand before the middle in the file, oldest first, where something else does in the prompt.
    """

    tokens: tuple[int, ...]
    separators: frozenset[int]
    before: tuple[int, ...] = ()

    @property
    def forced_from(self) -> int:
        """Where the forced part of the middle begins: behind the last special id."""
        return forced_from(self.tokens, self.separators)


def forced_from(prompt: Sequence[int], separators: frozenset[int]) -> int:
    """Return the index in a prompt behind the last special id; 0 if it has none."""
    return next((i for i in range(len(prompt), 0, -1) if prompt[i - 1] in separators), 0)


class Corpus(Protocol):
    """Texts outside the prompt that a drafter may copy from."""

    def follow(self, context: Sequence[int], count: int) -> Copy | None:
        """Return at most ``count`` tokens that follow the longest match of the end of ``context``."""


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

    def advance(self, state: Any, text: Lexed[Any]) -> Any:
        """Return the state after ``text``."""

    def cut(self, state: Any) -> int | None:
        """Return how many bytes of the middle to keep, typed part included; None while it goes on."""

    def sure(self, state: Any) -> int:
        """Return how many bytes of the middle stay, typed part included, whatever is written behind them."""


class Inspector(Protocol):
    """Looks at finished lines and at the finished middle; what it says depends on the text alone.

    Attributes:
        wants_an_end: A middle that came to no end is to be written again to have one (``decoding.landing``).
        wants_text: So is one that says nothing but what stands behind the cursor.
    """

    wants_an_end: bool
    wants_text: bool

    def line_stands(self, middle: bytes) -> bool:
        """Whether the middle so far, which ends with a logical line, may stay; typed part included."""

    def end_stands(self, middle: bytes, end: LexicalState) -> bool:
        """Whether the middle may end like this, in the lexical state ``end``."""


class Lenient:
    """An inspector that lets everything stand."""

    wants_an_end = False
    wants_text = False

    def line_stands(self, middle: bytes) -> bool:
        """Return True."""
        return True

    def end_stands(self, middle: bytes, end: LexicalState) -> bool:
        """Return True."""
        return True
