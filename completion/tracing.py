"""From a finished run to its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.fact_trace import Asked
from analysis.facts import FactView
from completion.trace import Alternative, ForwardPass, Period, Rewriting, Struck, Trace, TracedFact, TracedToken
from decoding.alternatives import best, grounds, probabilities
from decoding.recorder import Recorder, Span
from decoding.run import Emitted, Run
from decoding.types import Commit
from models.vocabulary import Vocabulary

SHOWN_ALTERNATIVES = 6


@dataclass(frozen=True)
class History:
    """What is left of a finished run, so that its trace can be made.

    Attributes:
        emitted: The tokens.
        refused: The tokens of lines that were written again, by where they stood.
        view: The facts that were known at the end.
        recorder: The run's recorder, which has kept its spans.
        around: Recorder of the phases around the loop, which has kept its spans; the first of them begins the request.
        asked: The request's questions.
    """

    emitted: Sequence[Emitted]
    refused: Mapping[int, Sequence[Sequence[int]]]
    view: FactView
    recorder: Recorder
    around: Recorder
    asked: Sequence[Asked]

    @classmethod
    def of(cls, run: Run, around: Recorder, asked: Sequence[Asked]) -> History:
        """Take it from a run: the slab not, and of the passes, which a row keeps whole, only the rows."""
        emitted = [replace(token, row=token.row.clone(), hidden=None) for token in run.emitted]
        refused = {
            position: [[token.token for token in line.tokens] for line in lines]
            for position, lines in run.refused.items()
        }
        return cls(emitted, refused, run.view, run.recorder, around, asked)

    @property
    def size(self) -> int:
        """Bytes that it holds, about: nearly all of them are rows of logits."""
        return sum(token.row.nbytes for token in self.emitted)


def trace_of(run: History, vocabulary: Vocabulary) -> Trace:
    """Put together what happened."""
    recorder, around = run.recorder, run.around
    spans = sorted((*(around.spans or ()), *(recorder.spans or ())), key=lambda span: span.start)
    began = spans[0].start
    forward = [span for span in spans if span.name == "forward"]
    return Trace(
        periods=tuple(period_of(span, began) for span in spans if span.name not in ("draft", "forward", "walk")),
        passes=tuple(pass_of(s, c, began, vocabulary) for s, c in zip(forward, recorder.commits, strict=False)),
        facts=tuple(fact_of(question, began) for question in run.asked),
        tokens=tuple(token_of(emitted, run, vocabulary) for emitted in run.emitted),
        rewritings=rewritings_of(run, vocabulary),
    )


def period_of(span: Span, began: float) -> Period:
    """Return a phase as a period."""
    return Period(span.name, milliseconds(span.start - began), milliseconds(span.seconds))


def pass_of(span: Span, commit: Commit, began: float, vocabulary: Vocabulary) -> ForwardPass:
    """Return a forward pass with what it settled."""
    return ForwardPass(
        start=milliseconds(span.start - began),
        ms=milliseconds(span.seconds),
        drafted=commit.drafted,
        accepted=commit.accepted,
        source=commit.source,
        text=spell(vocabulary, commit.tokens),
    )


def fact_of(question: Asked, began: float) -> TracedFact:
    """Return a question with its moments."""
    fact = question.fact
    return TracedFact(
        kind=question.key.kind,
        receiver=question.key.receiver,
        asked=milliseconds(question.asked - began),
        answered=None if question.seen is None else milliseconds(question.seen - began),
        cached=question.cached,
        needed=question.needed,
        late=question.late,
        verified=question.late and fact is not None,
        names=0 if fact is None else len(fact.names),
        origin="" if fact is None else fact.origin,
    )


def token_of(emitted: Emitted, run: History, vocabulary: Vocabulary) -> TracedToken:
    """Return how a token was chosen."""
    denied = [denial.token for denial in emitted.choice.denials]
    own, *others = probabilities(emitted.row, (emitted.token, *denied))
    struck = []
    for denial, share in zip(emitted.choice.denials, others, strict=True):
        data = vocabulary.bytes_of(denial.token) or b""
        check = grounds(emitted.before, denial.monitor, data, run.view) if data else None
        known = () if check is None else (check.name, check.fact, check.origin)
        struck.append(Struck(spell(vocabulary, (denial.token,)), rounded(share), denial.monitor, *known))
    likely = best(emitted.row, SHOWN_ALTERNATIVES)
    alternatives = tuple(Alternative(spell(vocabulary, (token,)), rounded(share)) for token, share in likely)
    return TracedToken(rounded(own), alternatives, tuple(struck))


def rewritings_of(run: History, vocabulary: Vocabulary) -> tuple[Rewriting, ...]:
    """Return what was written again: lines that did not stand, then what late facts changed."""
    lines = (
        Rewriting(position, spell(vocabulary, tokens), "line")
        for position, lines in sorted(run.refused.items())
        for tokens in lines
    )
    facts = (Rewriting(r.position, spell(vocabulary, r.tokens), "fact") for r in run.recorder.revisions)
    return (*lines, *facts)


def spell(vocabulary: Vocabulary, tokens: Sequence[int]) -> str:
    """Return the tokens' text; an end or special token has none."""
    return b"".join(vocabulary.bytes_of(token) or b"" for token in tokens).decode("utf-8", "replace")


def milliseconds(seconds: float) -> float:
    """Return a duration as traces have it."""
    return round(1000 * seconds, 2)


def rounded(probability: float) -> float:
    """Return a probability as traces have it."""
    return round(probability, 5)
