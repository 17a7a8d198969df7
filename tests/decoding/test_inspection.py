"""A line that does not stand is written once more; a second one that does not is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from analysis.facts import NoFacts
from analysis.python.scanner import START, Scan
from decoding.draft_length import DraftLength
from decoding.loop import Heed, generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import Sampler
from decoding.types import Stop
from decoding.watch import Watch
from models.engines.base import Rows
from models.vocabulary import Vocabulary
from monitors.base import Lexed
from tests.decoding import toys
from tests.decoding.toys import END, PAD, Endless, Longest

PROMPT = (2, 3)
TEXTS = (*toys.TEXTS, b"c=")
VOCABULARY = Vocabulary(TEXTS, Longest(), {"<end>": END, "<pad>": PAD})


@dataclass
class Slab:
    """Ids alone."""

    tokens: list[int] = field(default_factory=list)


@dataclass
class Wishes:
    """An engine that wants certain texts at certain positions of the middle, the first one most.

    Attributes:
        wanted: For each position the texts; b"" is the end.
    """

    wanted: Sequence[Sequence[bytes]]
    vocabulary_size: int = len(TEXTS)
    max_length: int = 100

    def new_slab(self) -> Slab:
        """Return an empty slab."""
        return Slab()

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Return a row for each token; the second wish is close behind where there is one."""
        rows = []
        for token in tokens:
            slab.tokens.append(token)
            row = torch.full((len(TEXTS),), -20.0)
            for place, text in enumerate(self.wanted[len(slab.tokens) - len(PROMPT)]):
                row[END if text == b"" else TEXTS.index(text)] = 5.0 - place
            rows.append(row)
        return Rows(torch.stack(rows))

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Take the tokens."""
        slab.tokens.extend(tokens)

    def truncate(self, slab: Slab, length: int) -> None:
        """Forget the last tokens."""
        del slab.tokens[length:]


@dataclass
class Dislikes:
    """An inspector that lets no line stand that has one of some texts in it.

    Attributes:
        texts: The texts.
        seen: How many lines and ends it was asked about.
        wants_an_end: What came to no end is closed.
        wants_text: So is a middle that says nothing.
    """

    texts: tuple[bytes, ...]
    seen: int = 0
    wants_an_end: bool = False
    wants_text: bool = False

    def line_stands(self, middle: bytes) -> bool:
        """Look through the last line."""
        self.seen += 1
        return not any(text in middle.rstrip(b"\n").rpartition(b"\n")[2] for text in self.texts)

    def end_stands(self, middle: bytes, end: Scan) -> bool:
        """Look through the last line."""
        return self.line_stands(middle)


@dataclass(frozen=True)
class Repeats:
    """A stop policy that cuts off a text that stands behind the cursor; a state is the text."""

    behind: bytes

    def start(self) -> bytes:
        """Return nothing."""
        return b""

    def advance(self, state: bytes, text: Lexed) -> bytes:
        """Return the longer text."""
        return state + text.data

    def cut(self, state: bytes) -> int | None:
        """Return 0 where it repeats what stands there."""
        return 0 if state == self.behind else None


class FirstLine(Repeats):
    """A stop policy that ends the middle with its first line."""

    def __init__(self) -> None:
        """Expect nothing behind the cursor."""
        super().__init__(b"")

    def cut(self, state: bytes) -> int | None:
        """Return the length of the first line where it has ended."""
        return state.index(b"\n") if b"\n" in state else None


def write(
    wanted: Sequence[Sequence[bytes]], inspector: Dislikes, heed: Heed | None = None, stop: Stop | None = None
) -> Run:
    """Write what an engine wants."""
    engine = Wishes(wanted)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    watch = Watch.start((), START)
    parts = Parts(engine, engine.new_slab(), masker, watch, stop or Endless(), NoFacts(), (), DraftLength(), inspector)
    return generate(Job(PROMPT, b"", b"", len(wanted), frozenset()), parts, Recorder(), lambda: False, heed)


def kept(run: Run) -> bytes:
    return run.text[: run.keep]


def test_a_line_is_written_again_where_the_model_was_least_sure() -> None:
    """The doubtful word changes, the sure ones before it stay, and what stood before is not touched."""
    run = write([[b"c"], [b"\n"], [b"a"], [b"("], [b"x", b"b"], [b")"], [b"\n"], [b"c"], [b""]], Dislikes((b"x",)))
    assert kept(run) == b"c\na(b)\nc"
    assert (run.recorder.backtracks, run.finish) == (1, "stop")


def test_the_first_line_is_written_anew_with_another_word() -> None:
    """Where nothing else would be left, what begins the line is refused, and what it begins with then, too."""
    wanted = [[b"a", b"b", b"c"], [b"("], [b"x", b"b", b"ab", b"."], [b")"], [b"\n"], [b""]]
    run = write(wanted, Dislikes((b"a(", b"b(")))
    assert (kept(run), run.recorder.backtracks) == (b"c(x)\n", 3)
    first, second = run.refused[0]
    texts = [b"".join(token.data for token in line.tokens) for line in (*first.inner[2], first, second)]
    assert texts == [b"x)\n", b"a(b)\n", b"b(x)\n"]


def test_the_first_line_has_three_ways_back() -> None:
    """Then nothing is left."""
    wanted = [[b"a", b"b", b"c", b"x"], [b"("], [b"x", b"b"], [b")"], [b"\n"], [b""]]
    run = write(wanted, Dislikes((b"(",)))
    assert (kept(run), run.recorder.backtracks, run.finish) == (b"", 3, "monitor")


def test_a_middle_that_says_nothing_is_written_again_where_text_is_wanted() -> None:
    """What was cut off as a repetition of the suffix is no answer to who asks for a line."""
    wanted = [[b"a", b"b"], [b"\n"], [b""]]
    assert kept(write(wanted, Dislikes((), wants_text=True), stop=Repeats(b"a\n"))) == b"b\n"
    assert kept(write(wanted, Dislikes(()), stop=Repeats(b"a\n"))) == b""


def test_a_second_refusal_cuts_the_text_before_the_line() -> None:
    """There is one way back a line where something stands before it, not more."""
    wanted = [[b"c"], [b"\n"], [b"a"], [b"("], [b"x", b"b"], [b")"], [b"\n"], [b"c"], [b""]]
    run = write(wanted, Dislikes((b"x", b"b")))
    assert kept(run) == b"c"
    assert (run.recorder.backtracks, run.finish) == (1, "monitor")
    assert run.tokens[-1] == TEXTS.index(b"\n"), "nothing was written behind the line"


def test_each_line_has_its_own_way_back() -> None:
    """A line that was written again does not use up the next one's."""
    run = write([[b"x", b"a"], [b"\n"], [b"x", b"b"], [b"\n"], [b"c"], [b""]], Dislikes((b"x",)))
    assert (kept(run), run.recorder.backtracks) == (b"a\nb\nc", 2)


def test_an_end_that_does_not_stand() -> None:
    """The last line is written again when the middle has ended, though no line end came."""
    run = write([[b"c"], [b"\n"], [b"x", b"a"], [b""]], Dislikes((b"x",)))
    assert (kept(run), run.recorder.backtracks) == (b"c\na", 1)


def test_what_is_wrong_at_an_end_does_not_cost_the_beginning() -> None:
    """Where a part of the last line stands, it is kept, and nothing is written again."""
    run = write([[b"c"], [b"\n"], [b"a"], [b"("], [b"b"], [b")"], [b"."], [b"x", b"a"], [b""]], Dislikes((b"x",)))
    assert (kept(run), run.recorder.backtracks) == (b"c\na(b).", 0)


def test_a_first_word_alone_is_no_part_to_keep() -> None:
    """``print`` of ``print x`` would be another statement."""
    run = write([[b"c"], [b"\n"], [b"a"], [b" "], [b"x", b"b"], [b""]], Dislikes((b"x",)))
    assert (kept(run), run.recorder.backtracks) == (b"c\na b", 1)


def test_a_limit_leaves_no_line_that_does_not_stand() -> None:
    """At the token limit the text is trimmed to the end of a line that stands."""
    run = write([[b"c"], [b"\n"], [b"x"], [b"("], [b"a"], [b")"]], Dislikes((b"x",)))
    assert (kept(run), run.finish) == (b"c", "length")


def around(*unit: bytes, rounds: int) -> list[list[bytes]]:
    """Return wishes for the same few texts again and again."""
    return [[text] for text in unit * rounds]


def closing(wanted: Sequence[Sequence[bytes]], *disliked: bytes) -> Run:
    """Write what an engine wants up to the limit, for an inspector that wants an end."""
    return write(wanted, Dislikes(disliked, wants_an_end=True))


def test_what_goes_round_is_closed_where_nothing_new_is_said() -> None:
    """The bracket that the limit would leave open is closed behind the first round."""
    run = closing([[b"a"], [b"("], *around(b"b", b"=", b"c", b"=", rounds=8)])
    assert (kept(run), run.recorder.backtracks, run.finish) == (b"a(b=c)", 1, "stop")


def test_what_is_closed_within_a_token() -> None:
    """A token that goes on behind an operand is no reason to close before it."""
    run = closing([[b"a"], [b"("], [b"x"], [b"="], [b"c="], [b"="], [b"="]])
    assert (kept(run), run.recorder.backtracks) == (b"a(x=c)", 1)


def test_no_pass_is_done_for_what_is_known() -> None:
    """What closes stands in the place of a token whose row is there, and behind it there is nothing to write."""
    wanted = [[b"a"], [b"("], *around(b"b", b"=", b"c", b"=", rounds=8)]
    run = write(wanted, Dislikes((), wants_an_end=True), stop=FirstLine())
    assert (kept(run), run.recorder.forward_passes, run.recorder.backtracks) == (b"a(b=c)", len(wanted), 1)


def test_what_says_something_new_is_closed_as_late_as_possible() -> None:
    """Nothing is lost but what has to make room."""
    run = closing([[b"a"], [b"("], [b"b"], [b"="], [b"c"], [b"="], [b"x"], [b"="], [b"ab"]])
    assert (kept(run), run.recorder.backtracks) == (b"a(b=c=x)", 1)


def test_what_would_not_stand_closed_is_not_closed_there() -> None:
    """The inspector is asked before anything is written again."""
    run = closing([[b"a"], [b"("], [b"b"], [b"="], [b"c"], [b"="], [b"x"], [b"="], [b"ab"]], b"x)")
    assert kept(run) == b"a(b=c)"
    run = closing([[b"a"], [b"("], [b"b"], [b"="], [b"c"]], b")")
    assert run.recorder.backtracks == 0, "a alone would say something else than a()"


def test_a_middle_is_closed_once() -> None:
    """The line behind the closed one goes round as well, and is trimmed."""
    wanted = [[b"a"], [b"("], *around(b"b", b"=", b"c", b"=", rounds=6)]
    wanted[6], wanted[9] = [b"b", b"\n"], [b"("]
    run = closing(wanted)
    assert (run.recorder.backtracks, run.finish) == (1, "length")
    assert kept(run).startswith(b"a(b=c)\n=c(b=c=")


def test_who_wants_no_end_gets_what_was_written() -> None:
    """Without an inspector nothing is written that the model has not chosen."""
    run = write([[b"a"], [b"("], *around(b"b", b".", rounds=8)], Dislikes(()))
    assert (run.recorder.backtracks, run.finish, len(run.tokens)) == (0, "length", 18)


def test_lines_are_looked_at_once() -> None:
    """Not each token, and no line again: one look a line, one at the end, one for what is kept."""
    inspector = Dislikes(())
    write([[b"a"], [b"b"], [b"\n"], [b"c"], [b"a"], [b"\n"], [b"b"], [b""]], inspector)
    assert inspector.seen == 4
