"""One way back: a line that does not stand is written once more, from the token on that was least sure.

What was refused is kept with its rows.  When a fact arrives that a token of it lacked, it is chosen
again like any other text, and taken up again from where it changes: the text is the same as if the
fact had been there from the start.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.lexicon import COMPOUND
from decoding.choosing import choose, cut, drop
from decoding.landing import landing
from decoding.run import Emitted, Refused, Run
from decoding.trim import end_of, ends_well, kept_length, may_end, typed_length, watch_at
from decoding.types import Steps
from monitors.base import Lexed
from monitors.closing import Closing
from monitors.viability import Barred

# Where a block has no room, a plain statement is wanted: not what only goes with one, nor a way around.
NO_STATEMENT = (*sorted(COMPOUND), b"@", b"#")


def inspect(run: Run) -> Steps[bool]:
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
            return (yield from retreat(run, position, ended=False))
        run.inspected = position + 1
    land = landing(run)
    if land is not None:
        yield from write_again(run, land[0], len(run.emitted) - 1, land[1])
        return True
    if has_no_end(run) and not is_kept_in_part(run):
        return (yield from retreat(run, len(run.emitted) - 1, ended=True))
    return False


def has_no_end(run: Run) -> bool:
    """Whether the middle has ended where it may not, or ran into the limit in a header without room for a block."""
    if run.finish == "length":
        return run.parts.inspector.wants_an_end and run.inspected == 0 and lacks_statement(run)
    return run.finish == "stop" and not ends_well(run)


def line_end(token: Emitted) -> int:
    """Return the offset in a token behind the last logical line that ends in it, 0 if none does."""
    if b"\n" not in token.data and b"\r" not in token.data:
        return 0
    text = Lexed.of(token.before.scan, token.data)
    return next((size for size in range(len(token.data), 0, -1) if text.after[size - 1].ended), 0)


def is_kept_in_part(run: Run) -> bool:
    """Whether a middle that has ended is trimmed to one that still has something of its last line."""
    line = run.text.rfind(b"\n", 0, len(run.text[: end_of(run)].rstrip())) + 1
    return kept_length(run) > max(typed_length(run), line)


def retreat(run: Run, last: int, ended: bool) -> Steps[bool]:
    """Choose again in the line that ends with the token ``last``.

    If that was done before, the middle ends before that line; one that has ``ended`` there anyway is
    trimmed to where it may end (``decoding.trim``).
    """
    free = free_places(run, last)
    if not free or any(place in run.refused for place in range(run.inspected, last + 1)):
        if not ended:
            give_up(run, last)
        return False
    if ended and lacks_statement(run):
        place, barred = free[0], NO_STATEMENT
    else:
        place = least_sure(run, free)
        barred = (run.emitted[place].data.strip(),)
    yield from write_again(run, place, last, Barred(barred))
    return True


def write_again(run: Run, place: int, last: int, guard: Barred | Closing) -> Steps[None]:
    """Refuse the tokens from ``place`` to ``last``, and choose the first of them again under a guard."""
    run.recorder.backtracks += 1
    run.refused[place] = Refused(tuple(run.emitted[place : last + 1]), guard)
    with run.recorder.phase("walk"):
        choice, after = yield from choose(run, run.emitted[place].row, place, run.watch_before(place))
        cut(run, place, choice, after)


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
    typed = typed_length(run)
    places = range(run.inspected, last + 1)
    return [i for i in places if run.emitted[i].data.strip() and len(run.text_before(i + 1)) > typed]


def lacks_statement(run: Run) -> bool:
    """Whether the middle has ended with a header, a decorator or a comment where the suffix wants a statement.

    A header that the user began is his.
    """
    begun = run.inspected == 0 and run.text[: typed_length(run)].strip()
    length = end_of(run)
    scan = watch_at(run, length).scan
    if begun or not (scan.keyword in COMPOUND or scan.line[:1] in (b"@", b"#")):
        return False
    return scan.keyword not in COMPOUND or not may_end(run, length)


def revived(run: Run, position: int) -> Steps[bool]:
    """Choose again along the line that was refused at ``position``; take it up again where it changes.

    Returns:
        True if the text has changed.
    """
    present, refused = run.emitted, run.refused.pop(position)
    run.emitted = present[:position]
    for old in refused.tokens:
        before = run.watch
        choice, after = yield from choose(run, old.row, len(run.emitted), before)
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
