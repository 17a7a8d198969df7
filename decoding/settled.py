"""How much of a middle that is still being written stays as it is, whatever comes.

Three things take back what was written: a fact that comes late, from its open site on; a line that does not stand,
from any token of it on; and the trimming of a middle that came to no end by itself, back to the last place that may
be one (``decoding.trim``).  So what is settled is whole lines before the first open site, up to a place that may be
the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from decoding.inspection import line_end
from decoding.run import Emitted, Run
from decoding.trim import is_torn, may_follow, stands, typed_length, watch_at


@dataclass
class Settled:
    """Follows one generation; what it has found settled once stays so.

    Attributes:
        late: Whether facts may still come for what was written without them.
        length: Length of the settled beginning of ``Run.text``; 0 before there is any of what is written.
    """

    late: bool = True
    length: int = 0
    _tokens: int = 0

    def grows(self, run: Run) -> bool:
        """Look at what was written since the last time; whether more of it is settled.

        To be asked between two steps: after lines were inspected and late facts looked at.
        """
        tokens = min(run.inspected, first_open_site(run)) if self.late else run.inspected
        if tokens <= self._tokens:
            return False
        self._tokens = tokens
        sure = run.parts.stop.sure(run.emitted[tokens - 1].stop)
        ends = (end for end in line_ends(run, tokens) if self.length < end <= sure)
        found = next((end for end in ends if is_end(run, end)), self.length)
        self.length, before = found, self.length
        return found > before


def first_open_site(run: Run) -> int:
    """Return the first token that a fact may change by coming late, written or refused; their number if none."""
    if run.start_missing:
        return 0
    return next((place for place, token in enumerate(run.emitted) if is_open(run, place, token)), len(run.emitted))


def is_open(run: Run, place: int, token: Emitted) -> bool:
    """Whether a token lacked a fact, or one of what was refused at its place."""
    refused = (old for refusal in run.refused.get(place, ()) for old in refusal.all_tokens())
    return any(one.missing for one in (token, *refused))


def line_ends(run: Run, tokens: int) -> Iterator[int]:
    """Yield the lengths of the text up to each end of a logical line in the first ``tokens`` tokens, the last first.

    White space at a line's end is no part of it; lines that the user typed are left out.
    """
    typed, length = typed_length(run), len(run.text_before(tokens))
    text = run.text
    for place in range(tokens - 1, -1, -1):
        length -= len(run.emitted[place].data)
        if end := line_end(run.emitted[place]):
            there = len(text[: length + end].rstrip())
            if there > typed:
                yield there


def is_end(run: Run, length: int) -> bool:
    """Whether the middle would be trimmed back to ``length``, or less far, if it had to be trimmed.

    Behind a line no name is left to be judged by a fact, so this will not change.
    """
    there = watch_at(run, length)
    return not is_torn(there.scan, run.text, length) and may_follow(run, there) and stands(run, length)
