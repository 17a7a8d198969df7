"""One way back: a line that does not stand is written once more, from the token on that was least sure.

What was refused is kept with its rows.  When a fact arrives that a token of it lacked, it is chosen
again like any other text, and taken up again from where it changes: the text is the same as if the
fact had been there from the start.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.lexicon import COMPOUND
from decoding.choosing import choose, cut, drop
from decoding.run import Emitted, Refused, Run
from decoding.trim import may_end, watch_at
from monitors.base import Lexed


def inspect(run: Run) -> bool:
    """Look at the lines finished since the last time, and at the middle if it is finished.

    Returns:
        True if the text has changed.
    """
    for position in range(run.inspected, len(run.emitted)):
        if run.finish == "stop" and position == len(run.emitted) - 1:
            break
        end = line_end(run.emitted[position])
        if not end:
            continue
        if not run.parts.inspector.line_stands(run.text_before(position) + run.emitted[position].data[:end]):
            return retreat(run, position, ended=False)
        run.inspected = position + 1
    if run.finish == "stop" and not end_stands(run):
        return retreat(run, len(run.emitted) - 1, ended=True)
    return False


def line_end(token: Emitted) -> int:
    """Return the offset in a token behind the last logical line that ends in it, 0 if none does."""
    if b"\n" not in token.data and b"\r" not in token.data:
        return 0
    text = Lexed.of(token.before.scan, token.data)
    return next((size for size in range(len(token.data), 0, -1) if text.after[size - 1].ended), 0)


def end_stands(run: Run) -> bool:
    """Whether the middle may end where the stop policy, or the model, has ended it."""
    length = end_of(run)
    return may_end(run, length) and run.parts.inspector.end_stands(run.text[:length], watch_at(run, length).scan)


def end_of(run: Run) -> int:
    """Return the length of a middle that the stop policy, or the model, has ended."""
    cut_at = run.parts.stop.cut(run.stop)
    return len(run.text) if cut_at is None else cut_at


def retreat(run: Run, last: int, ended: bool) -> bool:
    """Choose again in the line that ends with the token ``last``.

    If that was done before, the middle ends before that line; one that has ``ended`` there anyway is
    trimmed to where it may end (``decoding.trim``).
    """
    free = free_places(run, last)
    if not free or any(place in run.refused for place in range(run.inspected, last + 1)):
        if not ended:
            give_up(run, last)
        return False
    if ended and lacks_block(run):
        place, barred = free[0], tuple(COMPOUND)
    else:
        place = least_sure(run, free)
        barred = (run.emitted[place].data.strip(),)
    run.recorder.backtracks += 1
    run.refused[place] = Refused(tuple(run.emitted[place : last + 1]), barred)
    with run.recorder.phase("walk"):
        cut(run, place, *choose(run, run.emitted[place].row, place, run.watch_before(place)))
    return True


def least_sure(run: Run, places: list[int]) -> int:
    """Return the token that the model was least sure of, inside of names only if there are no others.

    How a name goes on is what the analysis has a say in: the model's doubt is no reason to change that.
    What monitors denied is no guide either, since it depends on which facts were known then.
    """
    begins = [i for i in places if not run.emitted[i].before.scan.name]
    return min(begins or places, key=lambda i: run.emitted[i].logprob)


def give_up(run: Run, last: int) -> None:
    """End the middle before the line that ends with the token ``last``."""
    run.refused_from = len(run.text_before(run.inspected).rstrip())
    drop(run, last + 1)
    run.parts.engine.truncate(run.parts.slab, run.settled)
    run.finish = "monitor"


def free_places(run: Run, last: int) -> list[int]:
    """Return the tokens of the line up to ``last`` that are more than white space and not the user's."""
    typed = len(run.job.kept) + len(run.job.healed)
    places = range(run.inspected, last + 1)
    return [i for i in places if run.emitted[i].data.strip() and len(run.text_before(i + 1)) > typed]


def lacks_block(run: Run) -> bool:
    """Whether the middle has ended with a header that the user did not begin, and the suffix has no block for it."""
    begun = run.inspected == 0 and run.text[: len(run.job.kept) + len(run.job.healed)].strip()
    length = end_of(run)
    return not begun and watch_at(run, length).scan.keyword in COMPOUND and not may_end(run, length)


def revived(run: Run, position: int) -> bool:
    """Choose again along the line that was refused at ``position``; take it up again where it changes.

    Returns:
        True if the text has changed.
    """
    present, refused = run.emitted, run.refused.pop(position)
    run.emitted = present[:position]
    for old in refused.tokens:
        before = run.watch
        choice, after = choose(run, old.row, len(run.emitted), before)
        missing = after.missing() if old.data else ()
        run.emitted.append(replace(old, choice=choice, before=before, after=after, missing=missing))
        if choice.token != old.token:
            run.recorder.late_changes += 1
            restore(run, position, len(present) - position)
            cut(run, len(run.emitted) - 1, choice, after)
            return True
    run.refused[position] = replace(refused, tokens=tuple(run.emitted[position:]))
    run.emitted = present
    return False


def restore(run: Run, position: int, dropped: int) -> None:
    """Tell the drafters and the slab of a text that was put in the place of ``dropped`` tokens."""
    tokens = run.tokens
    for drafter in run.parts.drafters:
        drafter.rewind(dropped)
        drafter.observe(tokens[position:])
    engine, slab = run.parts.engine, run.parts.slab
    engine.truncate(slab, len(run.job.prompt) - 1 + position)
    if missing := (run.job.prompt[-1], *tokens)[position:-1]:
        engine.extend(slab, missing)
