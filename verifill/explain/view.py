"""One completion for human eyes: the code, the origins, the refusals, the certificate, the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.text import Text

from completion.types import CompletionResult, Reason
from verifill.explain.attribution import Piece, Refusal, pieces, refusals, unix_lines
from verifill.explain.code import listing
from verifill.explain.look import QUIET, STRONG, Look, in_order, letter_of, meaning_of, style_of, visible

_LABEL_WIDTH = 9
_FINISHED = "(end)"

_REASONS = {
    Reason.CANCELLED: "it was cancelled",
    Reason.SUPERSEDED: "a newer request took its place",
    Reason.MODEL_LOADING: "the model is still loading",
    Reason.OUT_OF_MEMORY: "there is not enough memory for it",
    Reason.EXCLUDED_FILE: "this file is excluded",
    Reason.LONG_LINE: "the line is too long to be read while somebody waits",
    Reason.NO_LEGAL_CONTINUATION: "nothing the model could write here is right",
    Reason.FILTERED_DUPLICATE_SUFFIX: "it would have repeated the code behind the cursor",
    Reason.FILTERED_REPETITION: "it would have repeated the same lines",
    Reason.FILTERED_INDENTATION: "its first line fits no block here",
    Reason.TOO_SHORT: "it would have been too short to be worth showing",
    Reason.LOW_CONFIDENCE: "the model is too unsure of it",
    Reason.UNFINISHED: "nothing was finished within the token limit",
    Reason.EMPTY: "the model has nothing to add here",
}

_PHASES = {"prefill": "prefill", "decode": "decode", "analysis_wait": "analysis", "context": "context"}


@dataclass(frozen=True)
class Detail:
    """How much is shown.

    Attributes:
        around: Lines of code on either side.
        refusals: Most refusals.
        counters: Whether speed and times are broken down.
    """

    around: int
    refusals: int
    counters: bool


FULL = Detail(around=5, refusals=12, counters=True)
COMPACT = Detail(around=3, refusals=3, counters=False)


def explain(text: str, offset: int, result: CompletionResult, detail: Detail, look: Look) -> Iterator[Text]:
    """Yield the view line by line.

    Args:
        text: The document.
        offset: The cursor, in characters.
        result: What came out.
        detail: How much to show.
        look: What the terminal can show.
    """
    before, after = text[:offset], text[offset:]
    typed = unix_lines(before).rpartition("\n")[2]
    written = pieces(result, typed)
    yield from listing(before, written, after, detail.around, look)
    yield Text()
    if result.reason is not None:
        yield _row("nothing", Text(f"{_REASONS[result.reason]} ({result.reason.value})"))
    for number, origins in enumerate(_legend(written, look)):
        yield _row("" if number else "by", origins)
    yield from _refused(refusals(result, typed), detail, look)
    if result.certificate is not None:
        yield _row("checked", Text(visible(result.certificate)))
    yield from _others(result) if detail.counters else ()
    yield from (_row(label, Text(words, QUIET)) for label, words in _speed(result, detail))


def reason_in_words(reason: Reason) -> str:
    """Say in a clause why there is no text."""
    return _REASONS[reason]


def _row(label: str, content: Text) -> Text:
    """Return a labelled line."""
    return Text.assemble((f"{label:>{_LABEL_WIDTH}}  ", QUIET), content, no_wrap=True, overflow="ellipsis")


def _legend(written: tuple[Piece, ...], look: Look) -> Iterator[Text]:
    """Name the origins in their colours, or with their letters; as many on a line as there is room for."""
    line = Text()
    for origin in in_order(piece.origin for piece in written):
        mark = look.swatch if look.colours else letter_of(origin)
        named = Text.assemble((f"{mark} ", style_of(origin)), meaning_of(origin))
        if line and _LABEL_WIDTH + 2 + len(line) + 3 + len(named) > look.width:
            yield line
            line = Text()
        line.append("   " if line else "").append_text(named)
    if line:
        yield line


def _refused(found: tuple[Refusal, ...], detail: Detail, look: Look) -> Iterator[Text]:
    """List what was refused, by which monitor, and what was written instead."""
    for number, refusal in enumerate(found[: detail.refusals]):
        line = Text()
        line.append(visible(refusal.before.lstrip()[-24:]), QUIET)
        for text, _ in refusal.refused:
            line.append(*look.refused(_token(text)))
            line.append(" ")
        monitors = ", ".join(dict.fromkeys(monitor for _, monitor in refusal.refused))
        line.append(f"{look.arrow} ", QUIET)
        line.append(_token(refusal.written), STRONG)
        line.append(f"  ({monitors})", QUIET)
        yield _row("" if number else "refused", line)
    if len(found) > detail.refusals:
        yield _row("", Text(f"and at {len(found) - detail.refusals} more places", QUIET))


def _token(text: str) -> str:
    """Return a token's text for a list."""
    return visible(text) if text.strip(" ") else text.replace(" ", "_") or _FINISHED


def _others(result: CompletionResult) -> Iterator[Text]:
    """List the other candidates and what was cut off."""
    for number, candidate in enumerate(result.candidates[1:], start=2):
        yield _row(f"or {number}", Text(visible(candidate.text)))
    cut = "".join(token.text for token in result.tokens if token.cut)
    if cut.strip():
        yield _row("cut off", Text(visible(cut), QUIET))


def _speed(result: CompletionResult, detail: Detail) -> Iterator[tuple[str, str]]:
    """Sum up time, forward passes and guesses."""
    counters, times = result.counters, result.timings_ms
    passes = _count(counters["forward_passes"], "forward pass", "es")
    yield "speed", f"{times['total']:,.0f} ms; {_count(counters['new_tokens'], 'token', 's')} in {passes}"
    if guesses := _guesses(counters["drafted"], counters["accepted"]):
        yield "guesses", guesses
    if detail.counters:
        yield "time", ", ".join(f"{words} {times[name]:,.0f} ms" for name, words in _PHASES.items())


def _guesses(drafted: Mapping[str, int], accepted: Mapping[str, int]) -> str:
    """Say by drafter how many guessed tokens were right."""
    return ", ".join(f"{accepted.get(name, 0)} of {drafted[name]} right by {name}" for name in in_order(drafted))


def _count(number: int, noun: str, plural: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{plural}"
