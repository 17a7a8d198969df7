"""The side that asks the worker for similar code: it never waits, and survives whatever becomes of the worker."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from completion.context.similar import MOST_STARTS, MOST_WAITING, SimilarCode
from completion.layout import lay_out
from completion.types import CompletionRequest, Document, Snippet

BANK = "def deposit(amount):\n    return amount\n"


def request(workspace: Path, text: str = "deposit(1)\n") -> CompletionRequest:
    """Return a request at the end of a text."""
    return CompletionRequest(Document(str(workspace / "main.py"), text), len(text), str(workspace))


def wait(look: object) -> None:
    """Wait until nothing will come any more."""
    while look.pending():  # type: ignore[attr-defined]
        time.sleep(0.01)


def test_an_answer_and_the_one_before(tmp_path: Path) -> None:
    """Until a question is answered the last answer about the document stands in for it."""
    (tmp_path / "bank.py").write_text(BANK)
    similar = SimilarCode()
    asked = request(tmp_path)
    first = similar.look(asked, lay_out(asked))
    assert (first.complete(), first.snippets()) == (False, ())
    wait(first)
    found = (Snippet(str(tmp_path / "bank.py"), BANK),)
    assert (first.complete(), first.snippets()) == (True, found)
    similar.close()
    second = similar.look(asked, lay_out(asked))
    assert (second.pending(), second.complete(), second.snippets()) == (False, False, found)
    private = replace(asked, exclude_context=("bank.py",))
    assert similar.look(private, lay_out(private)).snippets() == ()


def test_too_many_questions(tmp_path: Path) -> None:
    """The oldest ones are given up; nobody waits for them any more."""
    similar = SimilarCode()
    asked = request(tmp_path)
    looks = [similar.look(asked, lay_out(asked)) for _ in range(4 * MOST_WAITING)]
    assert sum(look.given_up for look in looks) >= 3 * MOST_WAITING - 1
    for look in looks:
        wait(look)
    assert looks[-1].complete()
    similar.close()


@pytest.mark.parametrize("module", ["this", "no.such.module"])
def test_a_broken_worker(tmp_path: Path, module: str) -> None:
    """One that talks nonsense or ends costs its question, and after a few starts no further one is made."""
    similar = SimilarCode(module)
    asked = request(tmp_path)
    for _ in range(MOST_STARTS + 2):
        look = similar.look(asked, lay_out(asked))
        wait(look)
        assert (look.complete(), look.snippets()) == (False, ())
    assert similar._starts == MOST_STARTS
    similar.close()


def test_nothing_is_started_for_nobody() -> None:
    """A service that is never asked has no worker to end."""
    similar = SimilarCode()
    similar.close()
    assert similar._starts == 0
