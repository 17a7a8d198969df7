"""One generation: what it is given, what it works with, and what it has written so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from analysis.facts import FactKey, FactSource, FactView
from decoding.blending import Mix, unblended
from decoding.draft_length import DraftLength
from decoding.masking import Choice, Masker
from decoding.recorder import Recorder
from decoding.sampling import log_probability
from decoding.types import Drafter, Inspector, Lenient, Stop
from decoding.watch import Watch
from models.engines.base import Engine, Slab
from models.engines.prefill import CHUNK_TOKENS
from monitors.closing import Closing
from monitors.viability import Barred


@dataclass(frozen=True)
class Job:
    """What to generate.

    Attributes:
        prompt: Ids, the kept typed part at their end; at least two.
        kept: Bytes of the middle that stand in the prompt: the typed part less what is healed.
        healed: Bytes that the middle goes on with in any case; may be empty.
        max_tokens: Most tokens to emit, at least 1.
        separators: Special ids that a draft must not copy.
        before: Ids that stand before the middle in the file, where other ids do in the prompt.
        max_seconds: Time for writing, waits and prompt not counted; a line that is finished after it is the last.
    """

    prompt: tuple[int, ...]
    kept: bytes
    healed: bytes
    max_tokens: int
    separators: frozenset[int]
    before: tuple[int, ...] = ()
    max_seconds: float = math.inf


@dataclass(frozen=True)
class Parts:
    """Who does it: everything a generation works with.

    Attributes:
        engine: Runs the network.
        slab: Its keys and values; whatever it shares with the prompt is reused.
        masker: Chooses tokens.
        watch: The monitors' states at the start of the middle.
        stop: Decides when the middle is finished.
        facts: Where facts come from.
        drafters: All are asked; ``decoding.drafting`` takes the most promising draft.
        draft_length: How many drafted tokens are worth verifying.
        inspector: Looks at finished lines.
        most_tokens: Returns how many tokens a pass may have now: whoever wants the engine next waits for its end.
        successors: What last followed each token, in a prompt or as the model's likeliest, also behind wrong guesses;
            added to, and kept from one generation to the next by whoever gives it.
        blend: Mixes into a row what the document makes likely behind the middle so far.
    """

    engine: Engine
    slab: Slab
    masker: Masker
    watch: Watch
    stop: Stop
    facts: FactSource
    drafters: Sequence[Drafter]
    draft_length: DraftLength
    inspector: Inspector = Lenient()
    most_tokens: Callable[[], int] = lambda: CHUNK_TOKENS
    successors: dict[int, int] = field(default_factory=dict)
    blend: Mix = unblended


@dataclass(frozen=True, slots=True)
class Emitted:
    """One emitted token, with what is needed to choose again at its place.

    Attributes:
        token: Its id.
        choice: How it was chosen.
        data: Its bytes; empty for an end token.
        origin: "model", or the drafter that guessed it.
        row: ``[V]`` the logits it was drawn from.
        hidden: ``[width]`` the state that these are made of; None if the engine does not tell.
        before: The monitors' states before it.
        after: The monitors' states after it.
        stop: State of the stop policy after it.
        missing: Facts that its sites lacked.
    """

    token: int
    choice: Choice
    data: bytes
    origin: str
    row: torch.Tensor
    hidden: torch.Tensor | None
    before: Watch
    after: Watch
    stop: Any
    missing: tuple[FactKey, ...]

    @property
    def logprob(self) -> float:
        """Raw log-probability, nats."""
        return log_probability(self.row, self.token)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that did not stand, from the token on that was chosen otherwise the second time.

    Attributes:
        tokens: What was written the first time; at least one token.
        guard: The monitor that sees to what is written the second time.
        inner: What had been refused behind its first token before, as ``Run.refused``.
    """

    tokens: tuple[Emitted, ...]
    guard: Barred | Closing
    inner: Mapping[int, tuple[Refused, ...]] = field(default_factory=dict)

    def all_tokens(self) -> Iterator[Emitted]:
        """Yield the tokens, and those refused on the way to them."""
        yield from self.tokens
        for refusals in self.inner.values():
            for refused in refusals:
                yield from refused.all_tokens()


@dataclass
class Run:
    """The state of one generation; only ``decoding.loop`` changes it.

    Attributes:
        job: What to generate.
        parts: With what.
        recorder: Told of every forward pass and phase.
        cancelled: Whether nobody wants the middle any more.
        view: Facts that the newest choice knew.
        start: The monitors' states behind the kept typed part.
        start_missing: Facts that a name begun in the kept part lacks.
        start_stop: State of the stop policy there.
        verified: Version of the facts that leave no site open which they answer; -1 before any were looked through.
        emitted: The tokens so far.
        inspected: How many of them, up to the end of a line, have been seen to stand.
        refused: Lines that were written again, by the index of the token where they part; the first one first.
        refused_from: Length of ``text`` before a line that did not stand the second time; None if all do.
        finish: Why the middle is finished: "stop", "length", "monitor" (nothing is legal) or
            "cancelled"; "" while it is not.
        keep: Once finished, ``text[:keep]`` is the middle.
    """

    job: Job
    parts: Parts
    recorder: Recorder
    cancelled: Callable[[], bool]
    view: FactView
    start: Watch
    start_missing: tuple[FactKey, ...]
    start_stop: Any
    verified: int = -1
    emitted: list[Emitted] = field(default_factory=list)
    inspected: int = 0
    refused: dict[int, tuple[Refused, ...]] = field(default_factory=dict)
    refused_from: int | None = None
    finish: str = ""
    keep: int = 0

    @property
    def watch(self) -> Watch:
        """The monitors' states at the tip."""
        return self.watch_before(len(self.emitted))

    def watch_before(self, position: int) -> Watch:
        """Return the monitors' states before a token, with the guards if something was refused there."""
        watch = self.emitted[position - 1].after if position else self.start
        for refused in self.refused.get(position, ()):
            watch = watch.joined(refused.guard)
        return watch

    @property
    def stop(self) -> Any:
        """The stop policy's state at the tip."""
        return self.emitted[-1].stop if self.emitted else self.start_stop

    @property
    def hidden(self) -> torch.Tensor | None:
        """The state that the last token was chosen from; None before the first, or if unknown."""
        return self.emitted[-1].hidden if self.emitted else None

    @property
    def text(self) -> bytes:
        """The middle so far, the kept typed part included."""
        return self.text_before(len(self.emitted))

    def text_before(self, position: int) -> bytes:
        """Return the middle before a token."""
        return self.job.kept + b"".join(e.data for e in self.emitted[:position])

    @property
    def tokens(self) -> tuple[int, ...]:
        """Ids emitted so far."""
        return tuple(e.token for e in self.emitted)

    @property
    def root(self) -> int:
        """The last token that is not in the slab yet."""
        return self.emitted[-1].token if self.emitted else self.job.prompt[-1]

    @property
    def waiting(self) -> tuple[int, ...]:
        """What goes into the next pass in any case: the root, and before it what the slab lacks of the prompt."""
        return (self.root,) if self.emitted else self.job.prompt[len(self.parts.slab.tokens) :]

    @property
    def settled(self) -> int:
        """Length of the slab behind a step: everything before the root."""
        return len(self.job.prompt) - 1 + len(self.emitted)
