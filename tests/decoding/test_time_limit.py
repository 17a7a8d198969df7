"""A time limit ends a middle at the end of a line, and only there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from analysis.facts import NoFacts
from analysis.python.scanner import START
from decoding.draft_length import DraftLength
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import Sampler
from decoding.watch import Watch
from tests.decoding.test_inspection import PROMPT, Dislikes, Wishes
from tests.decoding.toys import END, VOCABULARY, Endless


def write(texts: Sequence[bytes], max_seconds: float) -> Run:
    """Write the texts as far as the time allows, with a clock on which each look is a second later."""
    engine = Wishes([[text] for text in texts])
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    parts = Parts(
        engine, engine.new_slab(), masker, Watch.start((), START), Endless(), NoFacts(), (), DraftLength(), Dislikes(())
    )
    job = Job(PROMPT, b"", b"", len(texts), frozenset(), max_seconds=max_seconds)
    return generate(job, parts, Recorder(clock=iter(range(1000)).__next__), lambda: False)


LINES = (b"a", b"\n", b"b", b"\n", b"c", b"\n", b"a", b"b", b"")


@pytest.mark.parametrize(
    ("seconds", "text", "finish"),
    [(0, b"a\n", "length"), (3, b"a\nb\n", "length"), (math.inf, b"a\nb\nc\nab", "stop")],
)
def test_the_line_that_is_finished_after_it_is_the_last(seconds: float, text: bytes, finish: str) -> None:
    """A line is never cut in two by the clock."""
    run = write(LINES, seconds)
    assert (run.text, run.finish) == (text, finish)


def test_one_line_has_all_the_time() -> None:
    """What is still on its first line goes on."""
    run = write((b"a", b"b", b"c", b""), 0)
    assert (run.text, run.finish) == (b"abc", "stop")
