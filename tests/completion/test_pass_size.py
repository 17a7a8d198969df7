"""Who is kept waiting by no long pass, and when passes are long."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from analysis.facts import NoFacts
from analysis.python.scanner import START
from completion.pass_size import SHORT_TOKENS, TYPING_S, PassSize
from completion.service import CompletionService
from completion.types import CancelToken, CompletionRequest, CompletionResult, Document, Limits, Trigger
from decoding.draft_length import DraftLength
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.types import Draft, Prompt, Tip
from decoding.watch import Watch
from models.engines.base import Rows, Slab
from models.engines.cost import CostCurve
from models.engines.prefill import CHUNK_TOKENS
from models.engines.testing import TinyEngine
from tests.decoding.toys import END, TEXTS, VOCABULARY, Endless

LONG = "".join(f"x{i} = {i}\n" for i in range(2000))


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("trigger", [Trigger.PROGRAM, Trigger.AHEAD, Trigger.WARM_UP])
@pytest.mark.parametrize("typed", [Trigger.AUTOMATIC, Trigger.INVOKED])
def test_passes_are_short_beside_who_types(trigger: Trigger, typed: Trigger) -> None:
    """From the first request of an editor on, and until it has been quiet for a while."""
    clock = Clock()
    size = PassSize(clock)
    assert size.most(trigger) == CHUNK_TOKENS
    size.asked(typed)
    clock.now += TYPING_S - 0.1
    assert size.most(trigger) == SHORT_TOKENS
    assert size.most(typed) == CHUNK_TOKENS
    clock.now += 0.2
    assert size.most(trigger) == CHUNK_TOKENS


def test_programs_alone_shorten_nothing() -> None:
    """Whoever does not type waits for throughput, not for a pass."""
    size = PassSize()
    for trigger in (Trigger.PROGRAM, Trigger.AHEAD, Trigger.WARM_UP):
        size.asked(trigger)
    assert size.most(Trigger.PROGRAM) == CHUNK_TOKENS


@pytest.mark.parametrize(("seconds", "short"), [((0.002, 0.01), SHORT_TOKENS), ((0.002, 0.003), CHUNK_TOKENS)])
def test_where_long_passes_cost_little_none_is_shortened(seconds: tuple[float, float], short: int) -> None:
    """A processor takes longer for more tokens; a graphics card hardly."""
    size = PassSize()
    size.measured(CostCurve((1, 32), seconds))
    size.asked(Trigger.AUTOMATIC)
    assert size.most(Trigger.PROGRAM) == short


def test_a_program_reads_its_prompt_in_short_passes_while_somebody_types(
    service: CompletionService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keystroke in the middle of a prompt: what is left of that is read in short passes, the keystroke's in long."""
    fed: list[int] = []
    asked: list[Future[CompletionResult]] = []
    extend = service._model.engine.extend

    def submit(name: str, text: str, trigger: Trigger) -> Future[CompletionResult]:
        document = Document(str(tmp_path / name), text)
        limits = Limits(max_tokens=4)
        request = CompletionRequest(document, len(text), str(tmp_path), trigger, facts="none", limits=limits)
        return service._submit(request, CancelToken())

    def noting(slab: Slab, tokens: Sequence[int]) -> None:
        extend(slab, tokens)
        fed.append(len(tokens))
        if len(fed) == 1:
            asked.append(submit("b.py", LONG, Trigger.INVOKED))

    monkeypatch.setattr(service._model.engine, "extend", noting)
    program = submit("a.py", LONG, Trigger.PROGRAM).result().counters["prefilled_tokens"]
    typed = asked[0].result().counters["prefilled_tokens"]
    assert fed[:4] == [CHUNK_TOKENS, CHUNK_TOKENS, typed - CHUNK_TOKENS, SHORT_TOKENS]
    assert max(fed[4:]) <= SHORT_TOKENS
    assert sum(fed) == typed + program


class Parrot:
    """Guesses the same token over and over, as often as it is let."""

    name = "parrot"

    def begin(self, prompt: Prompt) -> None:
        """Need nothing."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Guess."""
        return Draft((2,) * budget, self.name, match_length=8)

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Learn nothing."""

    def rewind(self, count: int) -> None:
        """Forget nothing."""


class Measured(TinyEngine):
    """A tiny engine that notes how many tokens its passes have."""

    def __init__(self) -> None:
        super().__init__(len(TEXTS), 512)
        self.passes: list[int] = []

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Note, and do it."""
        self.passes.append(len(tokens))
        return super().forward(slab, tokens)


@pytest.mark.parametrize("most", [1, 4, CHUNK_TOKENS])
def test_what_is_guessed_makes_no_pass_longer(most: int) -> None:
    """Drafts are cut to the pass, and the text is the same."""

    def write(engine: Measured, drafters: tuple[Parrot, ...]) -> tuple[int, ...]:
        masker, watch = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler()), Watch.start((), START)
        length = DraftLength(most=12)
        slab = engine.new_slab()
        parts = Parts(engine, slab, masker, watch, Endless(), NoFacts(), drafters, length, most_tokens=lambda: most)
        job = Job((3, 4, 5, 3, 4, 5, 2), b"", b"", 30, frozenset())
        return generate(job, parts, Recorder(), lambda: False).tokens

    engine = Measured()
    assert write(engine, (Parrot(),)) == write(Measured(), ())
    assert max(engine.passes) == min(most, 13)


def test_a_cancel_is_called_for_once() -> None:
    """On firing, or at once if it has fired; not when it is not waited for any more."""
    token, calls = CancelToken(), []
    with token.calling(lambda: calls.append("left")):
        pass
    with token.calling(lambda: calls.append("waits")):
        token.cancel()
        token.cancel()
        assert calls == ["waits"]
    with token.calling(lambda: calls.append("late")):
        assert calls == ["waits", "late"]
    assert token.cancelled
