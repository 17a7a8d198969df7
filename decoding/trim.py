"""Where the middle ends in the text that was generated."""

from __future__ import annotations

from collections.abc import Callable

from analysis.lexing import LexicalState
from analysis.python.lexicon import QUOTES, WORD
from decoding.run import Run
from decoding.watch import Watch
from monitors.base import FORBIDDEN, Lexed


def kept_length(run: Run) -> int:
    """Return how many bytes of ``run.text`` are the middle.

    A middle that finished by itself is kept up to where the stop policy, or the model, has ended it,
    if it stands with the suffix behind it.  Else, and where it ran into a limit, it is trimmed back to
    the last end that does, so that no limit leaves half a name, and what is wrong at its end does not
    cost the beginning.  Where the suffix could not follow the typed part either (a bracket that nobody
    has closed yet), the end of an expression will do that leaves no more open.  What the user typed is kept in
    any case.
    """
    typed = typed_length(run)
    if run.finish == "stop" and ends_well(run):
        return max(typed, end_of(run))
    limit = len(run.text) if run.refused_from is None else run.refused_from
    length = last_end(run, end_of(run) if run.finish == "stop" else limit, may_follow)
    if length <= typed and not may_end(run, typed):
        depth = scan_at(run, typed).depth
        return max(typed, last_end(run, limit, lambda run, there: bool(there.scan.chain) and there.scan.depth <= depth))
    while length > typed and not stands(run, length):
        length = last_end(run, length - 1, may_follow)
    return max(typed, length)


def typed_length(run: Run) -> int:
    """Return how many bytes at the start of the middle the user typed."""
    return len(run.job.kept) + len(run.job.healed)


def end_of(run: Run) -> int:
    """Return the length of a middle that the stop policy, or the model, has ended."""
    cut_at = run.parts.stop.cut(run.stop)
    return len(run.text) if cut_at is None else cut_at


def ends_well(run: Run) -> bool:
    """Whether the middle may end where the stop policy, or the model, has ended it."""
    return may_end(run, end_of(run)) and stands(run, end_of(run))


def stands(run: Run, length: int) -> bool:
    """Whether the first ``length`` bytes with the suffix behind them are Python."""
    return run.parts.inspector.end_stands(run.text[:length], scan_at(run, length))


def may_end(run: Run, length: int) -> bool:
    """Whether no monitor forbids the suffix behind the first ``length`` bytes."""
    watch = watch_at(run, length)
    return watch.judge_end(run.parts.masker.ending, run.view).penalty != FORBIDDEN


def watch_at(run: Run, length: int) -> Watch:
    """Return the monitors' states behind the first ``length`` bytes."""
    watch, rest = before(run, length)
    return watch.advance(rest, run.view)


def scan_at(run: Run, length: int) -> LexicalState:
    """Return the lexical state behind the first ``length`` bytes."""
    watch, rest = before(run, length)
    return Lexed.of(watch.scan, rest).after[-1] if rest else watch.scan


def before(run: Run, length: int) -> tuple[Watch, bytes]:
    """Return the monitors' states before the token that has the last of the first ``length`` bytes, and its part."""
    watch, at = run.start, len(run.job.kept)
    for token in run.emitted:
        end = at + len(token.data)
        if end > length:
            return token.before, token.data[: max(0, length - at)]
        watch, at = token.after, end
        if end == length:
            break
    return watch, b""


def may_follow(run: Run, there: Watch) -> bool:
    """Whether every monitor lets the suffix follow, without any doubt."""
    return there.judge_end(run.parts.masker.ending, run.view).penalty == 0


def last_end(run: Run, limit: int, fits: Callable[[Run, Watch], bool]) -> int:
    """Return the largest length up to ``limit`` that fits and tears nothing; that of the kept part if none does."""
    text, length = run.text, len(run.text)
    for token in reversed(run.emitted):
        start = length - len(token.data)
        after = Lexed.of(token.before.scan, token.data).after
        for size in range(min(len(token.data), limit - start), 0, -1):
            if is_torn(after[size - 1], text, start + size):
                continue
            if fits(run, token.before.advance(token.data[:size], run.view)):
                return start + size
        length = start
    return length


def is_torn(scan: LexicalState, text: bytes, end: int) -> bool:
    """Whether an end at ``end``, in the lexical state ``scan``, leaves half of something, or blanks.

    Half a word: one that goes on, or may have been about to at the very end.  Half a quote: the empty string
    that three quotes begin with.  Half a statement: its first word alone, like ``print`` or ``match``, which
    would be a name.
    """
    if text[end - 1] in QUOTES and text[end - 1 : end] == text[end : end + 1]:
        return True
    if scan.name and (end == len(text) or text[end] in WORD):
        return True
    first_word = all(byte in WORD for byte in scan.line)
    rest = text[end:].lstrip(b" \t")
    return text[end - 1 : end].isspace() or (first_word and rest[:1] not in (b"", b"\n", b"\r"))
