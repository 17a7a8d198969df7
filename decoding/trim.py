"""Where the middle ends in the text that was generated."""

from __future__ import annotations

from collections.abc import Callable

from analysis.lexicon import WORD
from decoding.run import Run
from decoding.watch import Watch
from monitors.base import FORBIDDEN


def kept_length(run: Run) -> int:
    """Return how many bytes of ``run.text`` are the middle.

    A middle that finished by itself is cut by the stop policy, where the suffix may follow.  One
    that ran into a limit is trimmed back to the last byte where it may end, so that no limit leaves
    half a name.  Where the suffix could not follow the typed part either (a bracket that nobody has
    closed yet), the end of an expression will do.  What the user typed is kept in any case.
    """
    typed = len(run.job.kept) + len(run.job.healed)
    wanted = run.parts.stop.cut(run.stop) if run.finish == "stop" else None
    if run.finish == "stop" and (wanted is None or may_end(run, wanted)):
        return max(typed, standing(run, len(run.text) if wanted is None else wanted))
    limit = len(run.text) if run.refused_from is None else run.refused_from
    limit = limit if wanted is None else wanted
    legal = last_end(run, limit, may_follow)
    if legal <= typed and not may_end(run, typed):
        return max(typed, last_end(run, limit, lambda run, there: bool(there.scan.chain)))
    return max(typed, standing(run, legal))


def standing(run: Run, length: int) -> int:
    """Return the largest length up to ``length`` that ends a line, or is it, and stands with the suffix behind it."""
    typed = len(run.job.kept) + len(run.job.healed)
    while length > typed and not run.parts.inspector.end_stands(run.text[:length], watch_at(run, length).scan):
        length = last_end(run, max(typed, run.text.rfind(b"\n", 0, length)), may_follow)
    return length


def may_end(run: Run, length: int) -> bool:
    """Whether no monitor forbids the suffix behind the first ``length`` bytes."""
    watch = watch_at(run, length)
    return watch.judge(run.parts.masker.ending, run.view, is_suffix=True).penalty != FORBIDDEN


def watch_at(run: Run, length: int) -> Watch:
    """Return the monitors' states behind the first ``length`` bytes."""
    watch, at = run.start, len(run.job.kept)
    for token in run.emitted:
        if at + len(token.data) >= length:
            return token.before.advance(token.data[: max(0, length - at)], run.view)
        watch, at = token.after, at + len(token.data)
    return watch


def may_follow(run: Run, there: Watch) -> bool:
    """Whether every monitor lets the suffix follow, without any doubt."""
    return there.judge(run.parts.masker.ending, run.view, is_suffix=True).penalty == 0


def last_end(run: Run, limit: int, fits: Callable[[Run, Watch], bool]) -> int:
    """Return the largest length up to ``limit`` that fits and tears no word; that of the kept part if none does.

    A word at the very end counts as torn: it may have wanted to go on.
    """
    text, length = run.text, len(run.text)
    for token in reversed(run.emitted):
        start = length - len(token.data)
        for size in range(min(len(token.data), limit - start), 0, -1):
            there = token.before.advance(token.data[:size], run.view)
            if not (there.scan.name and goes_on(text, start + size)) and fits(run, there):
                return start + size
        length = start
    return length


def goes_on(text: bytes, end: int) -> bool:
    """Whether the word that ends at ``end`` goes on there, or may have been about to."""
    return end == len(text) or text[end] in WORD
