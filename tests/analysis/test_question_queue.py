"""In which order questions are asked, and which ones give way."""

from __future__ import annotations

from analysis.facts import BaseDocument, Fact, FactKey
from analysis.question_queue import MOST_WAITING, QuestionQueue


def put(queue: QuestionQueue, name: str, urgent: bool, refused: list[str] | None = None) -> None:
    """Queue a question about a document of that name."""
    document = BaseDocument(f"/p/{name}.py", "/p", "", "", urgent=urgent)

    def deliver(fact: Fact | None) -> None:
        if refused is not None and fact is None:
            refused.append(name)

    queue.put(document, FactKey("attributes", document.digest, "x"), deliver)


def order(queue: QuestionQueue, count: int) -> list[str]:
    """Take questions, and return the names of their documents."""
    jobs = [queue.take("/p", 0.0) for _ in range(count)]
    return [job.document.path.removeprefix("/p/").removesuffix(".py") for job in jobs if job is not None]


def test_what_is_typed_goes_before_what_programs_ask() -> None:
    """However new those are; of one kind the newest document comes first."""
    queue = QuestionQueue()
    for name, urgent in (("typed", True), ("program", False), ("typed later", True), ("newer program", False)):
        put(queue, name, urgent)
    assert order(queue, 4) == ["typed later", "typed", "newer program", "program"]


def test_programs_give_way() -> None:
    """Where there is no room their stalest question goes, not an older one about what is typed."""
    queue, refused = QuestionQueue(), list[str]()
    put(queue, "typed", True, refused)
    for number in range(MOST_WAITING):
        put(queue, f"program {number}", False, refused)
    assert refused == ["program 0"]
    assert order(queue, 1) == ["typed"]
