"""Ways back: a line that does not stand is written again, from the token on that was least sure.

Where nothing else would be left of the middle, it is then written anew with another first word, and once more.

What was refused is kept with its rows.  When a fact arrives that a token of it lacked, it is chosen
again like any other text, and taken up again from where it changes: the text is the same as if the
fact had been there from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from analysis.python.lexicon import COMPOUND
from decoding.choosing import choose, cut, drop, lacked
from decoding.landing import is_over, landing
from decoding.masking import Choice
from decoding.run import Emitted, Refused, Run
from decoding.trim import end_of, ends_well, kept_length, may_end, scan_at, typed_length
from decoding.types import Steps
from decoding.watch import Watch
from monitors.base import Lexed
from monitors.closing import Closing
from monitors.viability import Barred

# Where a block has no room, a plain statement is wanted: not what only goes with one, nor a way around.
NO_STATEMENT = (*sorted(COMPOUND), b"@", b"#")

MOST_WAYS_BACK: Final = 3
"""So often the first line of a middle is written again at most; a later one once, since it has something before it."""


def inspect(run: Run) -> Steps[bool]:
    """Look at the lines finished since the last time, and at the middle if it is finished.

    Returns:
        True if the text has changed.
    """
    for position in range(run.inspected, len(run.emitted)):
        if run.finish == "stop" and position == len(run.emitted) - 1:
            break
        if run.refused and is_over(run, run.emitted[position]):
            end_behind(run, position)
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
    if (has_no_end(run) or says_nothing(run)) and not is_kept_in_part(run):
        return (yield from retreat(run, len(run.emitted) - 1, ended=True))
    return False


def end_behind(run: Run, position: int) -> None:
    """End the middle behind a token."""
    drop(run, position + 1)
    run.parts.engine.truncate(run.parts.slab, run.settled)
    run.finish = "stop"


def says_nothing(run: Run) -> bool:
    """Whether the middle was cut down to nothing, since it says what stands behind the cursor."""
    return run.parts.inspector.wants_text and run.finish == "stop" and not run.text[: end_of(run)].strip()


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

    If that was done often enough, the middle ends before that line; one that has ``ended`` there anyway is
    trimmed to where it may end (``decoding.trim``).
    """
    free, ways = free_places(run, last), ways_back(run, last)
    if not free or ways >= (1 if run.inspected else MOST_WAYS_BACK):
        if not ended:
            give_up(run, last)
        return False
    if ended and lacks_statement(run):
        place, barred = free[0], NO_STATEMENT
    else:
        place = free[0] if ways else least_sure(run, free)
        barred = (run.emitted[place].data.strip(),)
    yield from write_again(run, place, last, Barred(barred))
    return True


def ways_back(run: Run, last: int) -> int:
    """Return how often the line that ends with the token ``last`` was written again."""
    places = (place for place in run.refused if run.inspected <= place <= last)
    return sum(1 + count(refused.inner) for place in places for refused in run.refused[place])


def count(refused: Mapping[int, tuple[Refused, ...]]) -> int:
    """Return how many lines were refused, those within them included."""
    return sum(1 + count(one.inner) for known in refused.values() for one in known)


def write_again(run: Run, place: int, last: int, guard: Barred | Closing) -> Steps[None]:
    """Refuse the tokens from ``place`` to ``last``, and choose the first of them again under a guard."""
    run.recorder.backtracks += 1
    inner = {position: known for position, known in run.refused.items() if position > place}
    run.refused[place] = (*run.refused.get(place, ()), Refused(tuple(run.emitted[place : last + 1]), guard, inner))
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
    scan = scan_at(run, length)
    if begun or not (scan.keyword in COMPOUND or scan.line[:1] in (b"@", b"#")):
        return False
    return scan.keyword not in COMPOUND or not may_end(run, length)


def revived(run: Run, position: int) -> Steps[bool]:
    """Choose again along what was refused at ``position``; take it up again where it changes.

    Returns:
        True if the text has changed.
    """
    present = run.emitted
    changed = yield from changed_along(run, position)
    if changed is None:
        return False
    run.recorder.late_changes += 1
    run.inspected = run.inspected if run.inspected <= position else 0
    restore(run, position, len(present) - position)
    cut(run, len(run.emitted) - 1, *changed)
    return True


def changed_along(run: Run, position: int) -> Steps[tuple[Choice, Watch] | None]:
    """Find the first token that was refused at ``position``, or on the way to it, and is now chosen otherwise.

    Returns:
        The choice and the states behind it, the run being where it was when that token was last; None if there is
        none, the run being as before.
    """
    present, refused = run.emitted, run.refused
    looked: tuple[Refused, ...] = ()
    for line in refused[position]:
        run.emitted = present[:position]
        run.refused = {place: known for place, known in refused.items() if place < position} | dict(line.inner)
        if looked:
            run.refused[position] = looked
        for old in line.tokens:
            place = len(run.emitted)
            if place > position and place in run.refused:
                changed = yield from changed_along(run, place)
                if changed is not None:
                    return changed
            before = run.watch
            choice, after = yield from choose(run, old.row, place, before)
            missing = lacked(run, before, old.token, after)
            run.emitted.append(replace(old, choice=choice, before=before, after=after, missing=missing))
            if choice.token != old.token:
                return choice, after
        inner = {place: known for place, known in run.refused.items() if place > position}
        looked = (*looked, replace(line, tokens=tuple(run.emitted[position:]), inner=inner))
    run.emitted, run.refused = present, {**refused, position: looked}
    return None


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
