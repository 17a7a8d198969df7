"""From finished runs to the result that fronts show."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.facts import UNRESOLVED
from completion.certificate import certificate
from completion.filters import Filtered, Showing, confidence, if_confident, shorten
from completion.layout import Layout, as_document
from completion.prompt import Prompt
from completion.types import Candidate, CompletionResult, Denied, Reason, Token
from decoding.recorder import Recorder
from decoding.run import Emitted, Run
from models.checkpoints import LoadedModel
from models.vocabulary import Vocabulary
from monitors.listed import UNKNOWN


@dataclass(frozen=True)
class Attempt:
    """One candidate as the loop left it."""

    run: Run
    recorder: Recorder

    @property
    def typed(self) -> int:
        """Bytes of the middle that the user had typed."""
        return len(self.run.job.kept) + len(self.run.job.healed)

    @property
    def middle(self) -> str:
        """What was written behind the cursor, before filters."""
        return self.run.text[self.typed : self.run.keep].decode("utf-8", "ignore")


def assemble(
    showing: Showing,
    layout: Layout,
    prompt: Prompt,
    attempts: Sequence[Attempt],
    model: LoadedModel,
    around: Recorder,
    facts: Mapping[str, int],
    trouble: str,
) -> CompletionResult:
    """Filter the candidates, drop repeated ones and report what happened.

    Args:
        showing: What is shown of them.
        layout: The cursor's surroundings.
        prompt: What the model read of them.
        attempts: At least one; the first is reported token by token.
        model: For its name and vocabulary.
        around: Times of the phases around the loop.
        facts: Counters of the fact source.
        trouble: Why the document cannot be analysed now; "" if it can.
    """
    shown = [shown_of(attempt, showing, layout) for attempt in attempts]
    unique: dict[str, Candidate] = {}
    for filtered, candidate in shown:
        unique.setdefault(filtered.text, candidate)
    candidates = tuple(c for t, c in unique.items() if t) or (next(iter(unique.values())),)
    first, (filtered, _) = attempts[0], shown[0]
    return CompletionResult(
        candidates=candidates,
        reason=None if candidates[0].text else filtered.reason or reason_of(first),
        certificate=certificate(first.run.watch.checks(), trouble) if candidates[0].text else None,
        model=model.name,
        dtype=model.dtype,
        device=model.device,
        timings_ms=timings(attempts, around),
        counters=counters(prompt, attempts, facts),
        tokens=tokens_of(first, filtered.text, model.vocabulary),
    )


def shown_of(attempt: Attempt, showing: Showing, layout: Layout) -> tuple[Filtered, Candidate]:
    """Return what is shown of a candidate, with line feeds and as fronts get it."""
    filtered = shorten(attempt.middle, layout, showing.filters)
    kept = [(emitted.logprob, emitted.choice.denials) for emitted in kept_tokens(attempt, filtered.text)]
    sure = confidence([logprob for logprob, denials in kept if not denials])
    filtered = if_confident(filtered, sure, showing.least)
    logprob = math.fsum(logprob for logprob, _ in kept[: len(kept_tokens(attempt, filtered.text))])
    return filtered, Candidate(as_document(filtered.text, layout.newline), logprob, attempt.run.finish, sure)


def kept_tokens(attempt: Attempt, text: str) -> list[Emitted]:
    """Return the tokens that the shown text holds to their end."""
    flags = cut_flags(attempt, text)
    return [emitted for emitted, cut in zip(attempt.run.emitted, flags, strict=True) if not cut]


def nothing(model: LoadedModel, reason: Reason) -> CompletionResult:
    """Return the result of a request for which no work was done, or none that counts."""
    empty = Candidate("", 0.0, "cancelled")
    return CompletionResult((empty,), reason, None, model.name, model.dtype, model.device, {}, {}, ())


def reason_of(attempt: Attempt) -> Reason:
    """Say why there is no text."""
    if attempt.run.finish == "cancelled":
        return Reason.CANCELLED
    if attempt.run.finish == "monitor":
        return Reason.NO_LEGAL_CONTINUATION
    return Reason.UNFINISHED if attempt.run.finish == "length" else Reason.EMPTY


def timings(attempts: Sequence[Attempt], around: Recorder) -> dict[str, float]:
    """Return milliseconds by phase, summed over the candidates."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for attempt in attempts:
        for name, value in attempt.recorder.seconds.items():
            seconds[name] += value
    times = {
        "total": sum(around.seconds.values()) + sum(seconds.values()),
        "context": around.seconds["context"],
        "prefill": seconds["prefill"],
        "decode": seconds["draft"] + seconds["forward"] + seconds["walk"],
        "monitor_thread": seconds["walk"],
        "analysis_wait": seconds["analysis_wait"],
    }
    return {name: round(1000 * value, 2) for name, value in times.items()}


def counters(prompt: Prompt, attempts: Sequence[Attempt], facts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts that the JSON contract names, summed over the candidates."""
    denied: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    drafted: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    checks = [check for attempt in attempts for check in attempt.run.watch.checks()]
    for attempt in attempts:
        denied.update(d.monitor for e in attempt.run.emitted for d in e.choice.denials)
        unknown.update(kind for e in attempt.run.emitted for kind in {key.kind for key in e.missing})
        drafted.update(attempt.recorder.drafted())
        accepted.update(attempt.recorder.accepted())
    return {
        "prompt_tokens": len(prompt.ids),
        "prefilled_tokens": sum(a.recorder.prefilled for a in attempts),
        "reused_tokens": sum(a.recorder.reused for a in attempts),
        "unseen": {"before": prompt.unseen_before, "behind": prompt.unseen_behind},
        "context": {"blocks": prompt.blocks, "tokens": prompt.context_tokens, "late": prompt.late},
        "new_tokens": sum(len(a.run.emitted) for a in attempts),
        "forward_passes": sum(a.recorder.forward_passes for a in attempts),
        "backtracks": sum(a.recorder.backtracks for a in attempts),
        "drafted": dict(drafted),
        "accepted": dict(accepted),
        "dropped_drafters": dict(Counter(name for a in attempts for name in a.recorder.dropped)),
        "denied": dict(denied),
        "unknown": dict(unknown),
        "facts": {
            **facts,
            "verified_late": sum(a.recorder.late_facts for a in attempts),
            "needed": sum(not check.fact.endswith(f".{UNRESOLVED}") for check in checks),
            "lacking": sum(check.fact.endswith(f".{UNKNOWN}") for check in checks),
        },
    }


def tokens_of(attempt: Attempt, text: str, vocabulary: Vocabulary) -> tuple[Token, ...]:
    """Return the first candidate's tokens with what was refused for each."""
    return tuple(
        Token(
            id=e.token,
            text=e.data.decode("utf-8", "replace"),
            origin=e.origin,
            denied=tuple(Denied(d.monitor, spell(vocabulary, d.token)) for d in e.choice.denials),
            cut=cut,
        )
        for e, cut in zip(attempt.run.emitted, cut_flags(attempt, text), strict=True)
    )


def spell(vocabulary: Vocabulary, token: int) -> str:
    """Return a token's text; an end or special token is the empty text."""
    return (vocabulary.bytes_of(token) or b"").decode("utf-8", "replace")


def cut_flags(attempt: Attempt, text: str) -> list[bool]:
    """Tell for each emitted token whether the shown text ends before its last byte; end tokens count as cut."""
    shown_end = attempt.typed + len(text.encode())
    at = len(attempt.run.job.kept)
    flags = []
    for emitted in attempt.run.emitted:
        at += len(emitted.data)
        flags.append(ends_beyond(emitted, at, shown_end))
    return flags


def ends_beyond(emitted: Emitted, at: int, shown_end: int) -> bool:
    """Whether a token that ends at byte ``at`` of the middle is not shown to its end."""
    return not emitted.data or at > shown_end
