"""The trace of a completion: what a page needs to show how the text came about.  All values are plain.

Moments are milliseconds since the request was begun; docs/trace.md is the contract of the JSON form.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """A time in which one thing was done.

    Attributes:
        what: "context", "prefill" or "analysis_wait".
        start: When it began.
        ms: How long it took.
    """

    what: str
    start: float
    ms: float


@dataclass(frozen=True)
class ForwardPass:
    """One run of the model behind the prompt, and what it settled.

    Attributes:
        start: When it began.
        ms: How long it took.
        drafted: Guessed tokens that it checked; it read one token more.
        accepted: How many of them were right.
        source: The drafter that guessed them; "" if nothing was guessed.
        text: What was written after it, later changes aside.
    """

    start: float
    ms: float
    drafted: int
    accepted: int
    source: str
    text: str


@dataclass(frozen=True)
class TracedFact:
    """A question to the analysis, and its answer.

    Attributes:
        kind: What was asked: "attributes", "names", "signatures", ...
        receiver: Of what: source text.
        asked: When.
        answered: When a look at the facts first found the answer; None if none did.
        cached: It was known before it was asked.
        needed: A name depended on it; the others were asked ahead.
        late: A name that depended on it was written before.
        verified: The answer came after all, and the name was checked again.
        names: How many names the answer lists.
        origin: Where they come from: "httpx 0.28.1", "this file"; "" if the analysis could not tell.
    """

    kind: str
    receiver: str
    asked: float
    answered: float | None
    cached: bool
    needed: bool
    late: bool
    verified: bool
    names: int
    origin: str


@dataclass(frozen=True)
class Alternative:
    """A token that the model might have written.

    Attributes:
        text: Its text; "" for the end.
        probability: The model's own, at temperature 1, before any monitor.
    """

    text: str
    probability: float


@dataclass(frozen=True)
class Struck:
    """A token that would have been written had no monitor objected.

    Attributes:
        text: Its text; "" for the end.
        probability: As in ``Alternative``.
        monitor: The monitor with the highest penalty.
        name: The name as it would have been checked; "" if it was not refused for a name.
        fact: What the name was looked up in: question and class, ``attributes.instance``; "" without a fact.
        origin: Where the listed names come from.
    """

    text: str
    probability: float
    monitor: str
    name: str = ""
    fact: str = ""
    origin: str = ""


@dataclass(frozen=True)
class TracedToken:
    """How one token of the first candidate was chosen; in the order of ``CompletionResult.tokens``.

    Attributes:
        probability: As in ``Alternative``.
        alternatives: The most likely ones, best first, itself among them.
        struck: What would have been written instead, best first.
    """

    probability: float
    alternatives: tuple[Alternative, ...]
    struck: tuple[Struck, ...] = ()


@dataclass(frozen=True)
class Rewriting:
    """A text that stood for a while.

    Attributes:
        token: Index of the first token that was written again.
        text: What stood from there on.
        cause: "line" where a line was no Python or had no end, "fact" where a fact came late.
    """

    token: int
    text: str
    cause: str


@dataclass(frozen=True)
class Trace:
    """How the first candidate came about.

    Attributes:
        periods: Everything but forward passes, in time's order.
        passes: Forward passes, in time's order.
        facts: Questions, in the order in which they were asked.
        tokens: How each token was chosen.
        rewritings: What was written again.
    """

    periods: tuple[Period, ...]
    passes: tuple[ForwardPass, ...]
    facts: tuple[TracedFact, ...]
    tokens: tuple[TracedToken, ...]
    rewritings: tuple[Rewriting, ...]
