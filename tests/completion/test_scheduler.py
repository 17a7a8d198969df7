"""Who runs next, and who need not run any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from analysis.facts import NoFacts
from analysis.python.scanner import START
from completion.scheduler import STEPS_PER_CLASS, Scheduler, Task, Work
from completion.types import CancelToken, Trigger
from decoding.draft_length import DraftLength
from decoding.loop import generating
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.together import together
from decoding.watch import Watch
from models.engines.base import Engine, Slab
from models.engines.prefill import CHUNK_TOKENS
from models.engines.testing import TinyEngine
from tests.decoding.toys import END, TEXTS, VOCABULARY, Endless

A, I, P, W = Trigger.AUTOMATIC, Trigger.INVOKED, Trigger.PROGRAM, Trigger.WARM_UP  # noqa: E741 -- short, for the table


class Desk:
    """A scheduler that stands still until all tasks of a test are queued, and a log of the steps taken."""

    def __init__(self) -> None:
        self.scheduler = Scheduler("test")
        self.log: list[str] = []
        self._gate = threading.Event()
        self._first = Task(self._hold(), Trigger.AUTOMATIC, "", CancelToken(), CancelToken())
        self.scheduler.submit(self._first)

    def submit(self, name: str, trigger: Trigger, document: str = "", steps: int = 2) -> Task:
        """Queue work that logs its name at each step and at its end."""
        cancel, superseded = CancelToken(), CancelToken()
        task = Task(self._work(name, steps, cancel, superseded), trigger, document, cancel, superseded)
        assert self.scheduler.submit(task)
        return task

    def run(self, *tasks: Task) -> list[str]:
        """Let the scheduler go on, and return the log once the tasks have ended."""
        self._gate.set()
        for task in tasks:
            task.future.result(10)
        return self.log

    def _hold(self) -> Work:
        self._gate.wait(10)
        yield

    def _work(self, name: str, steps: int, cancel: CancelToken, superseded: CancelToken) -> Work:
        for _ in range(steps):
            if cancel.cancelled or superseded.cancelled:
                return f"{name} stopped"
            self.log.append(name)
            yield
        return name


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk that is closed afterwards."""
    made = Desk()
    yield made
    made.run()
    made.scheduler.close()


def test_the_most_urgent_runs_first(desk: Desk) -> None:
    """Typing before an explicit call before a program before speculation before warming up."""
    tasks = [desk.submit(trigger.value, trigger) for trigger in reversed(Trigger)]
    assert desk.run(*tasks) == [trigger.value for trigger in Trigger for _ in range(2)]


def test_equals_run_in_order(desk: Desk) -> None:
    """Of two as urgent ones the older goes first, to its end."""
    tasks = [desk.submit(name, I) for name in "abc"]
    assert desk.run(*tasks) == list("aabbcc")


def test_what_comes_later_and_is_more_urgent_goes_between_two_steps(desk: Desk) -> None:
    """A keystroke does not wait for the end of a program's request."""

    def program() -> Work:
        desk.log.append("program")
        typed.append(desk.submit("typed", A, steps=1))
        yield
        desk.log.append("program")
        yield

    typed: list[Task] = []
    task = Task(program(), P, "", CancelToken(), CancelToken())
    desk.scheduler.submit(task)
    assert desk.run(task, *typed) == ["program", "typed", "program"]


def test_nothing_that_is_asked_for_waits_for_ever(desk: Desk) -> None:
    """Under endless typing less urgent work still gets a step now and then."""
    typing = desk.submit("typing", A, steps=6 * STEPS_PER_CLASS)
    program = desk.submit("program", P, steps=1)
    log = desk.run(typing, program)
    assert STEPS_PER_CLASS < log.index("program") < 4 * STEPS_PER_CLASS


def test_many_programs_cost_who_types_no_more_than_one(desk: Desk) -> None:
    """All of them together get a step now and then, each in its turn."""
    programs = [desk.submit(f"program {number}", P, steps=8 * STEPS_PER_CLASS) for number in range(16)]
    typing = desk.submit("typing", A, steps=6 * STEPS_PER_CLASS)
    log = desk.run(*programs, typing)
    meanwhile = [name for name in log[: len(log) - log[::-1].index("typing")] if name != "typing"]
    assert 1 <= len(meanwhile) <= 3


def test_warming_up_delays_nothing(desk: Desk) -> None:
    """However long it has been passed over, no request waits for a step of it."""
    warming = desk.submit("warming", W)
    tasks = [desk.submit(trigger.value, trigger, steps=6 * STEPS_PER_CLASS) for trigger in Trigger if trigger is not W]
    assert desk.run(warming, *tasks)[-2:] == ["warming"] * 2


@pytest.mark.parametrize("trigger", Trigger)
def test_who_waits_for_the_analysis_keeps_nobody_waiting(desk: Desk, trigger: Trigger) -> None:
    """Others run meanwhile, also less urgent ones; it goes on as soon as its answer is there."""
    answered = threading.Event()

    def waits() -> Work:
        desk.log.append("asks")
        while not answered.is_set():
            yield 0.001
        desk.log.append("goes on")

    task = Task(waits(), A, "", CancelToken(), CancelToken())
    desk.scheduler.submit(task)
    other = desk.submit("other", trigger, steps=50)
    other.future.add_done_callback(lambda _: answered.set())
    log = desk.run(other, task)
    assert log == ["asks", *["other"] * 50, "goes on"]


def test_who_waits_is_woken_by_a_cancel(desk: Desk) -> None:
    """What is cancelled ends at once, whatever it waits for."""

    def waits() -> Work:
        desk.log.append("asks")
        while not cancel.cancelled:
            yield 1e6
        desk.log.append("ends")

    cancel = CancelToken()
    task = Task(waits(), A, "", cancel, CancelToken())
    desk.scheduler.submit(task)
    desk.run(desk.submit("other", P))
    cancel.cancel()
    assert desk.run(desk.submit("other", P), task) == ["asks", "other", "other", "ends", "other", "other"]


SUPERSEDED = [
    # older, newer, same document, superseded
    (A, A, True, True),
    (A, I, True, True),
    (W, A, True, True),
    (Trigger.AHEAD, A, True, True),
    (W, W, True, True),
    (A, A, False, False),
    (I, A, True, False),
    (I, I, True, False),
    (P, A, True, False),
    (P, P, True, False),
    (A, P, True, False),
    (A, W, True, False),
]


@pytest.mark.parametrize(("older", "newer", "same", "superseded"), SUPERSEDED)
def test_the_newest_of_a_document_counts(
    desk: Desk, older: Trigger, newer: Trigger, same: bool, superseded: bool
) -> None:
    """Automatic work gives way to newer requests of its document; explicit work never does."""
    first = desk.submit("old", older, "/a")
    second = desk.submit("new", newer, "/a" if same else "/b")
    desk.run(first, second)
    assert first.future.result() == ("old stopped" if superseded else "old")
    assert second.future.result() == "new"
    assert desk.scheduler.counts().superseded == superseded


def test_work_without_a_document_supersedes_nothing(desk: Desk) -> None:
    """Measuring the machine is about no document."""
    tasks = [desk.submit(name, W) for name in "ab"]
    assert desk.run(*tasks) == list("aabb")


def test_stopped_work_is_put_away_first(desk: Desk) -> None:
    """A cancelled request ends before anything else runs, so that its slab is free."""
    urgent, cancelled = desk.submit("urgent", A), desk.submit("cancelled", W)
    ended: list[str] = []
    cancelled.future.add_done_callback(lambda _: ended.append("cancelled"))
    urgent.future.add_done_callback(lambda _: ended.append("urgent"))
    cancelled.cancel.cancel()
    assert desk.run(urgent, cancelled) == ["urgent", "urgent"]
    assert ended == ["cancelled", "urgent"]


def test_an_error_reaches_who_waits_and_nobody_else(desk: Desk) -> None:
    """The thread survives what a task raises."""

    def broken() -> Work:
        yield
        raise KeyError("nothing here")

    task = Task(broken(), I, "", CancelToken(), CancelToken())
    desk.scheduler.submit(task)
    fine = desk.submit("fine", P)
    with pytest.raises(KeyError):
        desk.run(task)
    assert desk.run(fine) == ["fine", "fine"]


def test_closing_ends_what_runs_and_admits_nothing(desk: Desk) -> None:
    """Every future is settled, and a later task is refused."""
    tasks = [desk.submit(name, I, steps=10_000_000) for name in "ab"]
    threading.Timer(0.05, desk._gate.set).start()
    desk.scheduler.close()
    assert [task.future.result(0) for task in tasks] == ["a stopped", "b stopped"]
    assert not desk.scheduler.submit(Task(iter_nothing(), I, "", CancelToken(), CancelToken()))
    counts = desk.scheduler.counts()
    assert (counts.waiting, counts.running, counts.finished) == (0, 0, 3)


def iter_nothing() -> Work:
    """Do nothing."""
    yield


def long_prompt(engine: Engine, cancelled: Callable[[], bool]) -> Work:
    """Generate behind a prompt of 1,500 tokens."""
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    watch = Watch.start((), START)
    parts = Parts(engine, engine.new_slab(), masker, watch, Endless(), NoFacts(), (), DraftLength())
    prompt = tuple(2 + i % 5 for i in range(1500))
    writing = generating(Job(prompt, b"", b"", 20, frozenset()), parts, Recorder(), cancelled)
    return (yield from together(engine, [writing], lambda n_tokens, seconds: None))[0]


def test_cancelling_a_long_prefill_frees_the_engine_within_a_chunk(desk: Desk) -> None:
    """After the token fires not one chunk more is fed, and the next request runs."""
    cancel = CancelToken()
    engine = Chunked(desk.log, {3: cancel.cancel})
    task = Task(long_prompt(engine, lambda: cancel.cancelled), I, "/a", cancel, CancelToken())
    desk.scheduler.submit(task)
    behind = desk.submit("behind", P, steps=1)
    assert desk.run(task, behind) == [CHUNK, CHUNK, CHUNK, "behind"]
    assert task.future.result().finish == "cancelled"


def test_typing_goes_on_between_the_chunks_of_another_document(desk: Desk) -> None:
    """A long prompt is not superseded by another document: it goes on after that one's request."""
    typed: list[Task] = []
    engine = Chunked(desk.log, {2: lambda: typed.append(desk.submit("typed", A, "/b", steps=1))})
    task = Task(long_prompt(engine, lambda: False), P, "/a", CancelToken(), CancelToken())
    desk.scheduler.submit(task)
    assert desk.run(task) == [CHUNK, CHUNK, "typed", *[CHUNK] * 9, "rest of a prompt"]
    assert task.future.result().finish == "length"


CHUNK = f"{CHUNK_TOKENS} tokens"


class Chunked(TinyEngine):
    """A tiny engine that logs the chunks of a prompt, and calls back after some of them."""

    def __init__(self, log: list[str], calls: Mapping[int, Callable[[], object]]) -> None:
        super().__init__(len(TEXTS), 2048)
        self.log, self.calls, self.fed = log, calls, 0

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Log, feed, call."""
        self.log.append(CHUNK if len(tokens) == CHUNK_TOKENS else "rest of a prompt")
        super().extend(slab, tokens)
        self.fed += 1
        self.calls.get(self.fed, lambda: None)()
