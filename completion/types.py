"""Values that fronts and the completion service exchange.  All are immutable.

Offsets are in characters of the document's text unless a name says otherwise.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from completion.trace import Trace


class Trigger(enum.Enum):
    """Why a completion is asked for, the most urgent cause first.

    Typing does not wait for anything else.  Of one document only the newest automatic request counts.
    """

    AUTOMATIC = "automatic"
    INVOKED = "invoked"
    PROGRAM = "program"
    AHEAD = "ahead"
    WARM_UP = "warm_up"


TYPING = frozenset({Trigger.AUTOMATIC, Trigger.INVOKED})
"""Triggers of requests that somebody waits for in an editor."""


class Reason(enum.Enum):
    """Why a result has no text.  The value is what users, logs and metrics see."""

    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    MODEL_LOADING = "model_loading"
    EXCLUDED_FILE = "excluded_file"
    LONG_LINE = "long_line"
    NO_LEGAL_CONTINUATION = "no_legal_continuation"
    FILTERED_DUPLICATE_SUFFIX = "filtered_duplicate_suffix"
    FILTERED_REPETITION = "filtered_repetition"
    FILTERED_INDENTATION = "filtered_indentation"
    TOO_SHORT = "too_short"
    LOW_CONFIDENCE = "low_confidence"
    UNFINISHED = "unfinished"
    EMPTY = "empty"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True)
class Document:
    """A text as an editor sees it.

    Attributes:
        path: Absolute path; need not exist on disk.
        text: Whole text, with the document's own line ends.
        language: Language id as editors spell it; "" to go by the path.
    """

    path: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Snippet:
    """A part of another file that the model may read before the document.

    Attributes:
        path: As the user knows it; "" if it belongs to no file.
        text: Whole lines.
    """

    path: str
    text: str


@dataclass(frozen=True)
class Limits:
    """How much may be generated.

    Attributes:
        max_tokens: Most tokens of new text.
        multiline: Whether the middle may go beyond the cursor's statement.
        max_ms: Time for writing, waits and prompt not counted: a line that is finished after it is the last; None for
            any.  The text depends on the machine then.
    """

    max_tokens: int = 64
    multiline: bool = True
    max_ms: float | None = None


class SamplingMode(enum.Enum):
    """How the monitors' penalties change the model's distribution p; ln m is the sum of the penalties."""

    EVIDENCE = "evidence"
    """Facts are evidence: a model that doubts them is corrected to even odds first (``decoding.odds``)."""
    PRODUCT = "product"
    """The soft product of experts: p m^strength, token by token."""
    ALIGNED = "aligned"
    """The same for whole candidates: later ones know what became of earlier ones (``decoding.futures``)."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn; the defaults are greedy.

    Attributes:
        temperature: 0 takes the best token.
        top_k: Most candidates kept, 1 to 256.
        top_p: Nucleus mass, 0 to 1.
        min_p: Least probability relative to the best, 0 to 1.
        seed: Key of the noise; equal seeds give equal texts.
        mode: What the monitors do to the distribution.
        strength: Weight of the monitors in the modes "product" and "aligned", 0 or more.
    """

    temperature: float = 0.0
    top_k: int = 256
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int = 0
    mode: SamplingMode = SamplingMode.EVIDENCE
    strength: float = 1.0


# What a front may ask for.
MOST_TOKENS = 512
MOST_CANDIDATES = 16
MOST_TEMPERATURE = 5.0
MOST_STRICTNESS = 100.0


@dataclass(frozen=True)
class CompletionRequest:
    """A cursor in a document, and what is wanted there.

    Attributes:
        document: The text.
        offset: Cursor, 0 to ``len(document.text)``.
        workspace: Absolute path of the project folder.
        trigger: Why it is asked; says how urgent it is.
        environment: The user's Python interpreter, or "" for the standard library alone.
        trusted: Whether the user trusts the workspace: no language server is started in another.
        facts: Fact mode: "wait", "live", "none", or "replay:LOG" with the path of a log of facts.
        record_facts: Path of a log of facts to make (``analysis.fact_log``); "" for none.
        monitors: Names of the monitors to use; None for all.
        drafters: Names of the drafters to use; None for the default ones.
        replaced: What stood in the middle's place and is being rewritten: the first guess of the text.
        context: Parts of other files that come along, those that change least first.
        unsaved: Other documents of the project that are not on disk as they are here; language servers see them so.
        sources: Names of the places where more of them is looked for (``completion.context.sources``); None for the
            default ones.
        exclude_context: Patterns of files that are not read for this one, beside the built-in ones
            (``completion.privacy``).
        filters: Names of the filters to use; None for all that suit the trigger (``completion.filters``).
        least_confidence: A text of less ``Candidate.confidence`` is not shown; 0 to 1, None for what suits the trigger.
        strictness: Factor on the measured penalties of facts, 0 or more: 1 is what was measured.
        ngrams: Whether what the document repeats counts in what the model expects (``models.ngrams``).
        candidates: Number of alternative texts.
        limits: How much.
        sampling: How.
        trace: Whether the result is to tell how it came about.
        remembered: Whether that can be asked for later (``Service.trace``), which costs no time now.
    """

    document: Document
    offset: int
    workspace: str
    trigger: Trigger = Trigger.INVOKED
    environment: str = ""
    trusted: bool = False
    facts: str = "wait"
    record_facts: str = ""
    monitors: tuple[str, ...] | None = None
    drafters: tuple[str, ...] | None = None
    replaced: str = ""
    context: tuple[Snippet, ...] = ()
    unsaved: tuple[Document, ...] = ()
    sources: tuple[str, ...] | None = None
    exclude_context: tuple[str, ...] = ()
    filters: tuple[str, ...] | None = None
    least_confidence: float | None = None
    strictness: float = 1.0
    ngrams: bool = True
    candidates: int = 1
    limits: Limits = field(default_factory=Limits)
    sampling: Sampling = field(default_factory=Sampling)
    trace: bool = False
    remembered: bool = False


@dataclass(frozen=True)
class Denied:
    """A text that a monitor kept from being written.

    Attributes:
        monitor: Name of the monitor with the highest penalty.
        text: The refused token's text.
    """

    monitor: str
    text: str


@dataclass(frozen=True)
class Token:
    """One token of the first candidate, before filters.

    Attributes:
        id: Vocabulary id.
        text: Its text; bytes that are no UTF-8 on their own are shown as U+FFFD.
        origin: "model" or the name of the drafter that proposed it.
        denied: What would have been written here otherwise, best first.
        cut: A filter or the stop rule removed it from the text.
    """

    id: int
    text: str
    origin: str
    denied: tuple[Denied, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Candidate:
    """One completion.

    Attributes:
        text: What to insert at the cursor.
        logprob: Sum of the raw log-probabilities (temperature 1) of the kept tokens, nats.
        finish_reason: "stop", "length", "monitor" or "cancelled".
        confidence: Mean probability (geometric) of the tokens at which no monitor refused another one; 1 if there
            are none.  Of a text that was not shown for its sake, the one that it had.
    """

    text: str
    logprob: float
    finish_reason: str
    confidence: float = 1.0


@dataclass(frozen=True)
class CompletionResult:
    """What came out.  Either the first candidate has text or ``reason`` says why not.

    Attributes:
        candidates: Best first; at least one.
        reason: Why there is no text, or None.
        certificate: One line: what was checked against what; None when nothing was checked.
        model: Name of the model.
        dtype: Precision it ran in.
        device: Device it ran on.
        timings_ms: "total", "context", "prefill", "decode", "monitor_thread", "analysis_wait".
        counters: As documented in docs/json.md.
        tokens: The first candidate's tokens with their history.
        trace: How the first candidate came about, if that was wanted.
    """

    candidates: tuple[Candidate, ...]
    reason: Reason | None
    certificate: str | None
    model: str
    dtype: str
    device: str
    timings_ms: Mapping[str, float]
    counters: Mapping[str, Any]
    tokens: tuple[Token, ...]
    trace: Trace | None = None

    @property
    def text(self) -> str:
        """Text of the first candidate."""
        return self.candidates[0].text


@dataclass(frozen=True)
class Listing:
    """The names that the analysis knows to fit at a cursor.

    Attributes:
        names: The likeliest first by a cheap guess; none where no name may stand, or none is known.
        plain: Number of those that are often meant; the others, at the end, are such as ``__hash__``.
        needed: Number of those, at the beginning, that the text below an import cannot do without.
        kind: What they are: "attributes", "names" (in scope), "modules", "exports" (of a module); "" where no name
            may stand.
        origin: Where the analysis has them from: "httpx 0.28.1", "this file".
        late: The analysis has not answered yet; ask again.
    """

    names: tuple[str, ...] = ()
    plain: int = 0
    needed: int = 0
    kind: str = ""
    origin: str = ""
    late: bool = False


# Is told the text of the first candidate so far, as much of it as stays and will be shown; on any thread.
Tell = Callable[[str], object]


class CancelToken:
    """A flag that one side sets and the other polls, or is called for; set once, never cleared."""

    def __init__(self) -> None:
        """Make a token that has not fired."""
        self._fired = False
        self._lock = threading.Lock()
        self._calls: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Fire."""
        with self._lock:
            self._fired = True
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    @property
    def cancelled(self) -> bool:
        """Whether it has fired."""
        return self._fired

    @contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        """Call once when the token fires, on the thread that fires it, or now if it has fired; not after the end.

        A call that has begun by then may still be under way.
        """
        with self._lock:
            fired = self._fired
            if not fired:
                self._calls.append(call)
        if fired:
            call()
        try:
            yield
        finally:
            with self._lock:
                if call in self._calls:
                    self._calls.remove(call)
