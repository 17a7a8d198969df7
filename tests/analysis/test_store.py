"""The fact store: one question once, immutable snapshots, bounded memory."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from analysis.facts import UNRESOLVED, BaseDocument, FactKey
from analysis.modes import PATIENCE_AT_CURSOR_S, PATIENCE_S, settle_here
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer

DOCUMENT = BaseDocument("/project/a.py", "/project", "import os\n", "")


def key(receiver: str, document: BaseDocument = DOCUMENT) -> FactKey:
    """Return the question about a receiver."""
    return FactKey("attributes", document.digest, receiver)


@pytest.fixture
def analyzer() -> HeldAnalyzer:
    """Return an analyzer that answers on demand."""
    return HeldAnalyzer()


@pytest.fixture
def store(analyzer: HeldAnalyzer) -> FactStore:
    """Return a store that knows the document."""
    store = FactStore(analyzer)
    store.register(DOCUMENT)
    return store


def test_a_question_is_asked_once(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """However often and from wherever a question comes, the analyzer gets it once."""
    store.ask([key("os"), key("os")])
    store.source(DOCUMENT, "live").ask([key("os")])
    assert [k for _, k, _ in analyzer.held] == [key("os")]
    analyzer.answer("path")
    store.ask([key("os")])
    assert analyzer.held == []


def test_a_snapshot_never_changes(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """An answer shows in the next view, whose version is higher, and not in an older one."""
    before = store.view()
    store.ask([key("os")])
    analyzer.answer("path")
    after = store.view()
    assert before.get(key("os")) is None
    assert after.get(key("os")).names == {"path"}
    assert after.version == before.version + 1
    assert store.view() is after


def test_unknown_documents_are_not_asked_about(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """A question about a document that nobody registered is dropped, and waiting for it takes no time."""
    stranger = key("os", BaseDocument("/project/b.py", "/project", "", ""))
    store.ask([stranger])
    store.wait([stranger], 60)
    assert analyzer.held == []


def test_oldest_documents_and_facts_are_forgotten() -> None:
    """Beyond the bounds the documents registered and the facts used longest ago go."""
    analyzer = HeldAnalyzer()
    store = FactStore(analyzer, facts=2, documents=1)
    other = BaseDocument("/project/b.py", "/project", "", "")
    store.register(other)
    store.register(DOCUMENT)
    store.ask([key("a"), key("b"), key("os", other)])
    analyzer.answer("x")
    analyzer.answer("x")
    store.ask([key("a"), key("c")])
    analyzer.answer("x")
    assert analyzer.held == []
    assert set(store.view().facts) == {key("a"), key("c")}


def test_a_failure_is_an_unresolved_fact_until_the_next_request(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """What the analysis could not work on counts as failed, and a later request may ask again."""
    source = store.source(DOCUMENT, "live")
    source.ask([key("os")])
    analyzer.fail()
    assert store.view().get(key("os")).kind == UNRESOLVED
    assert source.counters() == {"asked": 1, "on_time": 0, "late": 0, "unknown": 1, "unresolved": 0, "failed": 1}
    store.source(DOCUMENT, "live").ask([key("os")])
    assert [k for _, k, _ in analyzer.held] == [key("os")]


def test_live_never_waits_and_counts_what_came_late(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """A live source asks at once; an answer after a view without it is late."""
    source = store.source(DOCUMENT, "live")
    source.ask([key("early"), key("late"), key("empty"), key("never")])
    analyzer.answer("x")
    source.view()
    assert not source.settle([key("late")])
    analyzer.answer("x")
    analyzer.answer(kind=UNRESOLVED)
    assert source.settle([key("late")])
    source.view()
    assert not source.settle([key("late")])
    assert source.counters() == {"asked": 4, "on_time": 1, "late": 1, "unknown": 2, "unresolved": 1, "failed": 0}


@pytest.mark.parametrize(
    ("mode", "at_cursor", "patience"),
    [
        ("live", False, 0.0),
        ("live", True, PATIENCE_AT_CURSOR_S),
        ("wait", False, PATIENCE_S),
        ("wait", True, PATIENCE_S),
    ],
)
def test_patience(
    store: FactStore, monkeypatch: pytest.MonkeyPatch, mode: str, at_cursor: bool, patience: float
) -> None:
    """An answer is worth so many seconds, from the first time it is settled on, and as many for the next question."""
    now = [1000.0]
    monkeypatch.setattr("analysis.modes.time.monotonic", lambda: now[0])
    source = store.source(DOCUMENT, mode)
    for receiver in "ab":
        for _ in range(2 if patience else 0):
            assert source.settle([key(receiver)], at_cursor) is None
            now[0] += 0.49 * patience
        now[0] += 0.03 * patience
        assert source.settle([key(receiver)], at_cursor) is False


@pytest.mark.parametrize("mode", ["live", "wait"])
def test_waiting_ends_with_the_answer(store: FactStore, analyzer: HeldAnalyzer, mode: str) -> None:
    """All of it, also where one answer is that it could not be found; what nobody works on is not waited for."""
    source = store.source(DOCUMENT, mode)
    source.view()
    assert source.settle([key("os"), key("sys")], at_cursor=True) is None
    analyzer.answer("path")
    assert source.settle([key("os"), key("sys")], at_cursor=True) is None
    analyzer.fail()
    assert source.settle([key("os"), key("sys")], at_cursor=True) is True
    assert source.view().get(key("os")).names == {"path"}
    stranger = key("os", BaseDocument("/project/b.py", "/project", "", ""))
    assert source.settle([stranger], at_cursor=True) is False


def test_who_has_nothing_else_to_do_waits(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """Settling here blocks until another thread delivers, and then says that something arrived."""
    source = store.source(DOCUMENT, "wait")
    source.view()
    settled: list[bool] = []
    waiter = threading.Thread(target=lambda: settled.append(settle_here(source, [key("os")])))
    source.ask([key("os")])
    waiter.start()
    analyzer.answer("path")
    waiter.join()
    assert settled == [True]


def test_mode_none_never_asks(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """Without facts nothing is asked, seen or counted."""
    source = store.source(DOCUMENT, "none")
    source.ask([key("os")])
    assert not source.settle([key("os")])
    assert analyzer.held == []
    assert source.view().facts == {}
    assert set(source.counters().values()) == {0}


def test_unknown_mode_is_one_clear_line(store: FactStore) -> None:
    """A mode that does not exist is refused with those that do."""
    with pytest.raises(ValueError, match="^unknown fact mode 'later'; known are wait, live, none, replay:LOG$"):
        store.source(DOCUMENT, "later")


def test_typing_on_drops_what_was_asked_before(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """A newer text of a file supersedes the queued questions of the older, in an editor; other files keep theirs."""
    edited, other = replace(DOCUMENT, prefix="import os, sys\n"), replace(DOCUMENT, path="/project/b.py")
    for document in (DOCUMENT, other):
        store.source(document, "live").ask([key("os", document)])
    store.source(DOCUMENT, "live")
    store.source(edited, "wait")
    assert len(analyzer.held) == 2
    store.source(edited, "live").ask([key("os", edited)])
    assert [held[1] for held in analyzer.held] == [key("os", other), key("os", edited)]
    assert store.failed([key("os")]) == 0, "a new request may ask again"
    store.source(DOCUMENT, "live").ask([key("os")])
    assert key("os") in [held[1] for held in analyzer.held]


def test_closing_fails_what_is_open(store: FactStore, analyzer: HeldAnalyzer) -> None:
    """After closing nobody waits for an answer that cannot come."""
    store.ask([key("os")])
    store.close()
    store.wait([key("os")], 60)
    assert analyzer.closed
    assert store.view().get(key("os")).kind == UNRESOLVED


def test_many_threads_ask_and_read() -> None:
    """Under concurrent use every question is submitted exactly once and every answer ends up in the view."""
    submitted: list[FactKey] = []

    class Eager(HeldAnalyzer):
        def submit(self, document, key, deliver):
            submitted.append(key)
            super().submit(document, key, deliver)
            self.answer("x")

    store = FactStore(Eager())
    store.register(DOCUMENT)
    keys = [key(f"r{i}") for i in range(100)]
    threads = [threading.Thread(target=store.ask, args=(keys[i:] + keys[:i],)) for i in range(0, 100, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.wait(keys, 60)
    assert sorted(submitted, key=str) == sorted(keys, key=str)
    assert set(store.view().facts) == set(keys)
