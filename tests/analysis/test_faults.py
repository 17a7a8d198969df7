"""Workers that break: what is asked is answered or given up, the next finds a sound worker, nothing is left."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.analyzers.jedi.process import MOST_MEMORY, resident
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey
from analysis.modes import settle_here
from analysis.store import FactStore

FAULTY = "tests.analysis.faulty_worker"
DOCUMENT = BaseDocument("/project/a.py", "/project", "import json\n", "")
NO_PROC = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell what is used")


@pytest.fixture
def pool(cache: Path) -> Iterator[JediPool]:
    """Yield one worker that can be told to break."""
    pool = JediPool(1, cache, module=FAULTY)
    yield pool
    pool.close()


def ask(pool: JediPool, receiver: str, document: BaseDocument = DOCUMENT) -> Fact | None:
    """Ask and wait."""
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey("attributes", document.digest, receiver), answers.put)
    return answers.get(timeout=120)


def works(pool: JediPool) -> bool:
    """Whether a plain question is answered."""
    fact = ask(pool, "json")
    return fact is not None and "dumps" in fact.names


@pytest.mark.parametrize("fault", ["garbage", "nonsense", "endless", "die"])
def test_a_broken_answer_costs_one_question(pool: JediPool, fault: str) -> None:
    """The worker is not believed any more: a fresh one takes its place."""
    assert works(pool)
    before = pool.processes()
    assert ask(pool, fault) is None
    assert works(pool)
    assert pool.processes() != before


def test_a_hung_worker_is_killed(cache: Path) -> None:
    """At the limit, not when it would have answered, and what was asked behind it gets its answer."""
    pool = JediPool(1, cache, limit=1.0, module=FAULTY)
    answers: queue.Queue[tuple[str, bool]] = queue.Queue()
    try:
        assert works(pool)
        (hung,) = pool.processes()
        for receiver in ("hang", "json"):
            key = FactKey("attributes", DOCUMENT.digest, receiver)
            pool.submit(DOCUMENT, key, lambda fact, receiver=receiver: answers.put((receiver, fact is not None)))
        assert [answers.get(timeout=30) for _ in range(2)] == [("hang", False), ("json", True)]
        with pytest.raises(ProcessLookupError):
            os.kill(hung, 0)
    finally:
        pool.close()


@pytest.mark.slow
@NO_PROC
def test_a_worker_that_has_grown_is_replaced(pool: JediPool) -> None:
    """Its answer counts, and it ends with it: 2 GB do not stay."""
    assert works(pool)
    (grown,) = pool.processes()
    ask(pool, "grow")
    assert works(pool)
    assert grown not in pool.processes()
    assert all(resident(process) < MOST_MEMORY for process in pool.processes())


def test_a_request_goes_on_while_its_worker_hangs(cache: Path) -> None:
    """Waiting ends with the mode's patience: the worker still hangs when the request has its "unknown"."""
    pool = JediPool(1, cache, module=FAULTY)
    store = FactStore(pool)
    try:
        assert works(pool)
        hanging = pool.processes()
        source = store.source(DOCUMENT, "live")
        wanted = [FactKey("attributes", DOCUMENT.digest, "hang")]
        assert not settle_here(source, wanted, at_cursor=True)
        assert source.view().get(wanted[0]) is None
        assert source.counters()["unknown"] == 1
        assert pool.processes() == hanging
    finally:
        store.close()


def test_a_failed_question_is_asked_again_by_the_next_request(cache: Path) -> None:
    """A crash is no answer: it is unknown in the request that met it, and asked anew in the next."""
    store = FactStore(JediPool(1, cache, module=FAULTY))
    try:
        wanted = [FactKey("attributes", DOCUMENT.digest, "die")]
        for _ in range(2):
            source = store.source(DOCUMENT, "wait")
            source.ask(wanted)
            store.wait(wanted, 60)
            fact = source.view().get(wanted[0])
            assert fact is not None
            assert fact.kind == UNRESOLVED
            assert source.counters()["failed"] == 1
    finally:
        store.close()


def test_a_workspace_keeps_its_worker(cache: Path) -> None:
    """Questions of two workspaces in turn go to two workers, each to the one that knows it already."""
    pool = JediPool(2, cache)
    one, two = DOCUMENT, replace(DOCUMENT, workspace="/other", path="/other/a.py")
    homes: dict[str, set[int]] = {"/project": set(), "/other": set()}
    asked: queue.Queue[tuple[str, int]] = queue.Queue()
    spy(pool, asked)
    try:
        for document in (one, two) * 6:
            assert ask(pool, "json", document) is not None
        while not asked.empty():
            workspace, process = asked.get()
            homes[workspace].add(process)
    finally:
        pool.close()
    first = set.intersection(*homes.values())
    assert max(len(processes) for processes in homes.values()) <= 2
    assert len(first) <= 1, "only before both are settled may one worker see both workspaces"


def spy(pool: JediPool, asked: queue.Queue[tuple[str, int]]) -> None:
    """Note which process is asked about which workspace."""
    start = pool._start

    def noting() -> object:
        process = start()
        if process is not None:
            ask = process.ask

            def told(document: BaseDocument, key: FactKey, limit: float) -> Fact | None:
                asked.put((document.workspace, process.pid))
                return ask(document, key, limit)

            process.ask = told  # type: ignore[method-assign]
        return process

    pool._start = noting  # type: ignore[method-assign, assignment]


@NO_PROC
def test_nothing_is_left_of_five_hundred_requests(cache: Path) -> None:
    """Threads, files, memory and processes stay as they were; every hundredth request loses its worker."""
    threads = threading.active_count()
    children, files, memory = children_of_this_process(), [], []
    store = FactStore(pool := JediPool(1, cache, module=FAULTY))
    try:
        for number in range(500):
            document = replace(DOCUMENT, prefix=f"import json\nx{number} = 1\n")
            source = store.source(document, "wait")
            settle_here(source, [FactKey("attributes", document.digest, "json")])
            assert source.counters()["unknown"] == 0
            if number % 100 == 50:
                (process,) = pool.processes()
                os.kill(process, signal.SIGKILL)
                settle_here(source, [lost := FactKey("attributes", document.digest, "os")])
                store.wait([lost], 60)
                assert source.counters()["failed"] == 1
            if number % 100 == 49:
                files.append(len(os.listdir("/proc/self/fd")))
                memory.append(resident(os.getpid()))
                assert len(pool.processes()) == 1
    finally:
        store.close()
    assert max(files) - min(files) <= 2, "a file that is open just now, and no more"
    assert memory[-1] - memory[0] < 50 << 20
    assert threading.active_count() == threads
    assert children_of_this_process() == children


def children_of_this_process() -> set[str]:
    """Return the numbers of all children, the dead that nobody has collected included."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
