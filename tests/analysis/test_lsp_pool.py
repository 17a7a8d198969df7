"""Language servers seen from the process that asks: what fails costs a question, and is given up in the end."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.analyzers.by_language import ByLanguage
from analysis.analyzers.language_servers import process as lsp_process
from analysis.analyzers.language_servers import seat as lsp_seat
from analysis.analyzers.language_servers.answers import TRUNCATED
from analysis.analyzers.language_servers.catalogue import SERVERS
from analysis.analyzers.language_servers.home import RECORD, Home, Installed, Limits, write_record
from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.analyzers.language_servers.seat import MOST_RESTARTS, MOST_SLOW
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from analysis.worker_process import memory_of_group

WORKER = (sys.executable, "-I", str(Path(__file__).with_name("scripted_bridge.py")))
DOCUMENT = BaseDocument("/project/a.ts", "/project", "let a\n", "end\n", "  ", language="typescript", trusted=True)

PATIENT = Limits(60, 60)

Make = Callable[..., LanguageServers]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes pools whose servers are scripted; they end with the test."""
    monkeypatch.setattr(lsp_seat, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(lsp_seat, "PATIENCE_S", 60.0)
    pools: list[LanguageServers] = []

    def make(binary: str = "scripted", limits: Limits = PATIENT, most: int = 4) -> LanguageServers:
        home = Home(tmp_path)
        for server in SERVERS:
            home.of(server).mkdir(exist_ok=True)
            write_record(home.of(server), Installed("scripted", f"/bin/{binary}", "here"))
        pools.append(LanguageServers(tmp_path, limits, WORKER, most))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def ask(pool: LanguageServers, receiver: str, document: BaseDocument = DOCUMENT, kind: str = "members") -> Fact | None:
    """Ask and wait."""
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey(kind, document.digest, receiver), answers.put)
    return answers.get(timeout=60)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_members_become_a_fact(make: Make) -> None:
    """Names without snippets and keywords, of the document's language, with the server as origin."""
    fact = ask(make(), "account.")
    assert fact is not None
    assert (fact.names, fact.kind, fact.origin) == ({"balance", "deposit"}, "typescript", "scripted 1.0")


def test_a_cut_list_says_so(make: Make) -> None:
    """Its class is one of its own: what it lacks may exist."""
    fact = ask(make(), "many.")
    assert fact is not None
    assert (fact.kind, len(fact.names)) == (TRUNCATED, 4000)


@pytest.mark.parametrize("asked", ["nothing.", "refused."])
def test_no_names_are_no_fact(make: Make, asked: str) -> None:
    """An empty answer, or the server's refusal, says nothing about what may stand there; the server goes on."""
    pool = make()
    fact = ask(pool, asked)
    assert fact is not None
    assert fact.kind == UNRESOLVED
    assert ask(pool, "account.") is not None
    assert not pool.troubles()


def test_what_no_server_answers_is_unresolved_at_once(make: Make) -> None:
    """Questions about Python's names, and languages without a server, start nothing."""
    pool = make()
    for kind, document in (("attributes", DOCUMENT), ("members", replace(DOCUMENT, language="css"))):
        fact = ask(pool, "account.", document, kind)
        assert fact is not None
        assert fact.kind == UNRESOLVED
    assert pool.processes() == ()


def test_no_server_is_started_before_the_workspace_is_trusted(make: Make) -> None:
    """Not for any question; the reason says how to change that, and then there is one."""
    pool = make()
    stranger = replace(DOCUMENT, trusted=False)
    assert [ask(pool, f"a{number}.", stranger) for number in range(3)] == [None] * 3
    assert pool.processes() == ()
    assert "verifill trust" in pool.trouble(stranger)
    assert len(pool.troubles()) == 1
    assert ask(pool, "account.") is not None
    assert len(pool.processes()) == 1
    assert pool.troubles() == ()


def test_a_language_that_was_not_added_names_the_mend(tmp_path: Path) -> None:
    """At once, and nothing is started."""
    pool = LanguageServers(tmp_path, worker=WORKER)
    assert ask(pool, "account.") is None
    assert pool.troubles() == ("typescript: no server was added: verifill languages add typescript",)
    pool.close()


def test_an_old_environment_is_not_used(make: Make, tmp_path: Path) -> None:
    """It was made for another version of the worker."""
    make()
    pool = LanguageServers(tmp_path)
    assert ask(pool, "account.") is None
    assert "added again" in pool.trouble(DOCUMENT)
    pool.close()


@pytest.mark.parametrize("fault", ["die.", "garbage.", "nonsense."])
def test_a_failure_costs_one_question(make: Make, fault: str) -> None:
    """The worker is replaced, and its end is the server's: both are one group."""
    pool = make()
    assert ask(pool, "account.") is not None
    before = pool.processes()
    assert ask(pool, fault) is None
    assert ask(pool, "account.") is not None
    assert pool.processes() != before
    assert not is_running(before[0])


def test_a_server_that_fails_again_and_again_is_given_up(make: Make) -> None:
    """It is started four times, no more; then every question has its answer at once, and the reason is told."""
    pool, started = make(), set[int]()
    for _ in range(MOST_RESTARTS + 1):
        assert ask(pool, "account.") is not None
        started.update(pool.processes())
        assert ask(pool, "die.") is None
    wait_for(lambda: "given up" in pool.trouble(DOCUMENT))
    assert [ask(pool, "account.") for _ in range(5)] == [None] * 5
    assert len(started) == MOST_RESTARTS + 1
    assert pool.processes() == ()
    assert pool.troubles() == (f"typescript in /project: {pool.trouble(DOCUMENT).partition(': ')[2]}",)


def test_a_server_that_does_not_start_is_given_up(make: Make) -> None:
    """With the reason that the worker gave."""
    pool = make("broken")
    wait_for(lambda: ask(pool, "account.") is None and "given up" in pool.trouble(DOCUMENT))
    assert "the server has ended" in pool.trouble(DOCUMENT)


def test_many_answers_make_up_for_a_failure(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that crashes once a day is not given up after four days."""
    monkeypatch.setattr(lsp_seat, "HEALTHY_ANSWERS", 2)
    pool = make()
    for _ in range(2 * MOST_RESTARTS):
        assert ask(pool, "die.") is None
        assert [ask(pool, "account.") is None for _ in range(2)] == [False, False]
    assert not pool.trouble(DOCUMENT)


def test_a_server_that_hangs_is_replaced(make: Make) -> None:
    """One late answer is nothing; after several in a row there is a new process."""
    pool = make()
    for _ in range(MOST_SLOW - 1):
        assert ask(pool, "slow.") is None
    (before,) = pool.processes()
    assert ask(pool, "account.") is not None
    assert pool.processes() == (before,)
    for _ in range(MOST_SLOW):
        assert ask(pool, "slow.") is None
    wait_for(lambda: not is_running(before))
    assert ask(pool, "account.") is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell what is used")
def test_a_server_that_has_grown_is_replaced(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer counts, and it ends with it."""
    monkeypatch.setattr(lsp_seat, "LOOK_EVERY", 3)
    monkeypatch.setattr(lsp_seat, "MOST_MEMORY", 1)
    pool = make()
    assert ask(pool, "account.") is not None
    (grown,) = pool.processes()
    assert memory_of_group(grown) > 1 << 20
    assert ask(pool, "account.") is not None
    wait_for(lambda: not is_running(grown))
    assert ask(pool, "account.") is not None


def test_a_hung_worker_is_killed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the worker itself does not notice that time is over."""
    monkeypatch.setattr(lsp_process, "GRACE_S", 0.0)
    pool = make(limits=Limits(60, 0.5))
    assert ask(pool, "account.") is not None
    (hung,) = pool.processes()
    assert ask(pool, "hang.") is None
    assert not is_running(hung)


@pytest.mark.slow
def test_nobody_waits_for_a_server_that_starts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks while it starts is soon sent away, who asks then is sent away at once; the reason is told until it is
    ready."""
    monkeypatch.setattr(lsp_seat, "PATIENCE_S", 0.2)
    pool = make("sleepy")
    assert ask(pool, "account.") is None
    assert pool.trouble(DOCUMENT) == "typescript: the server is starting"
    assert ask(pool, "account.") is None
    (starting,) = pool.processes()
    wait_for(lambda: not pool.trouble(DOCUMENT))
    assert ask(pool, "account.") is not None
    assert pool.processes() == (starting,)


def test_a_server_for_each_workspace_and_language(make: Make) -> None:
    """JavaScript shares that of TypeScript; the one that was asked longest ago ends for a new one."""
    pool = make(most=2)
    assert ask(pool, "account.") is not None
    assert ask(pool, "account.", replace(DOCUMENT, path="/project/b.js", language="javascript")) is not None
    (first,) = pool.processes()
    assert ask(pool, "account.", replace(DOCUMENT, path="/project/b.go", language="go")) is not None
    assert len(pool.processes()) == 2
    assert ask(pool, "account.", replace(DOCUMENT, path="/other/a.ts", workspace="/other")) is not None
    assert len(pool.processes()) == 2
    wait_for(lambda: not is_running(first))


def test_a_server_that_is_added_anew_is_tried_again(make: Make, tmp_path: Path) -> None:
    """Also one that was given up; and one that was removed ends."""
    pool = make("broken")
    wait_for(lambda: ask(pool, "account.") is None and "given up" in pool.trouble(DOCUMENT))
    home, server = Home(tmp_path), SERVERS[0]
    write_record(home.of(server), Installed("scripted", "/bin/scripted", "here"))
    assert ask(pool, "account.") is not None
    (running,) = pool.processes()
    (home.of(server) / RECORD).unlink()
    assert ask(pool, "account.") is None
    wait_for(lambda: not is_running(running))


@pytest.mark.parametrize("place", [{"path": "untitled:1"}, {"workspace": ""}])
def test_a_document_without_a_place(make: Make, place: dict[str, str]) -> None:
    """No server could look at it."""
    pool = make()
    fact = ask(pool, "account.", replace(DOCUMENT, **place))
    assert fact is not None
    assert fact.kind == UNRESOLVED
    assert pool.processes() == ()


def test_an_idle_server_ends(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next question starts it again; that is no failure."""
    monkeypatch.setattr(lsp_seat, "IDLE_S", 0.1)
    pool = make()
    for _ in range(MOST_RESTARTS + 2):
        assert ask(pool, "account.") is not None
        wait_for(lambda: pool.processes() == ())
    assert not pool.troubles()


def test_superseded_questions_are_dropped(make: Make) -> None:
    """What waits behind a slow answer, and nobody wants any more, is delivered as None."""
    pool = make()
    assert ask(pool, "account.") is not None
    answers: queue.Queue[Fact | None] = queue.Queue()
    for receiver in ("hang.", "account."):
        pool.submit(DOCUMENT, FactKey("members", DOCUMENT.digest, receiver), answers.put)
        time.sleep(0.1)
    pool.drop(DOCUMENT.digest)
    assert answers.get(timeout=10) is None
    assert answers.empty()


def test_closing_ends_everything(make: Make) -> None:
    """Processes, threads, and every open question."""
    threads = threading.active_count()
    pool = make()
    assert ask(pool, "account.") is not None
    (process,) = pool.processes()
    answers: queue.Queue[Fact | None] = queue.Queue()
    for receiver in ("hang.", "account."):
        pool.submit(DOCUMENT, FactKey("members", DOCUMENT.digest, receiver), answers.put)
    pool.close()
    assert [answers.get(timeout=10) for _ in range(2)] == [None, None]
    assert not is_running(process)
    assert threading.active_count() == threads


def test_each_language_has_its_analyzer(make: Make) -> None:
    """Python stays with its own; a fact store sees one analyzer."""
    python = HeldAnalyzer()
    pool = make()
    store = FactStore(ByLanguage({"python": python}, pool))
    python_document = BaseDocument("/project/a.py", "/project", "import os\n", "")
    for document, kind, receiver in ((python_document, "attributes", "os"), (DOCUMENT, "members", "account.")):
        store.register(document)
        store.ask([FactKey(kind, document.digest, receiver)])
    assert [key.receiver for _, key, _ in python.held] == ["os"]
    wanted = FactKey("members", DOCUMENT.digest, "account.")
    assert store.wait([wanted], 60)
    fact = store.view().get(wanted)
    assert fact is not None
    assert "balance" in fact.names
    assert (store.trouble(DOCUMENT), store.troubles()) == ("", ())
    store.close()
    assert python.closed
