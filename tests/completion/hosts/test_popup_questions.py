"""The questions of popups, over a real socket to a scripted engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from completion.hosts.remote import RemoteService
from completion.types import CancelToken, CompletionRequest, Document, Listing
from models.errors import ModelError

Front = Callable[..., RemoteService]


def request(text: str) -> CompletionRequest:
    return CompletionRequest(Document("/project/a.py", text), 0, "/project")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run one coroutine to its end."""
    return asyncio.run(asyncio.wait_for(work, 60))


def test_answers_as_they_are(front: Front) -> None:
    """Also names and lines that no encoding likes, and what was not weighed."""
    service = front()
    found = run(service.names(request("echo größe \ud800 _"), CancelToken()))
    assert found == Listing(("größe", "\ud800", "_"), 3, 1, "names", "the script")
    assert run(service.likelihoods(request("echo"), found.names, CancelToken())) == (-0.2, None, None)
    assert run(service.description(request("echo f()\ng()"), "größe", CancelToken())) == "größe of f()\ng()"


QUESTIONS: list[tuple[Callable[..., Any], Any]] = [
    (lambda service, text, cancel: service.names(request(text), cancel), Listing((), 0, 1, "names", "the script")),
    (lambda service, text, cancel: service.likelihoods(request(text), ("a",), cancel), ()),
    (lambda service, text, cancel: service.description(request(text), "a", cancel), "a of "),
]


@pytest.mark.parametrize(("ask", "cancelled"), QUESTIONS)
def test_cancelling_reaches_the_engine(front: Front, ask: Callable[..., Any], cancelled: Any) -> None:
    """The engine's answer comes soon, and the work ends there."""
    service, cancel = front(), CancelToken()

    async def session() -> Any:
        asyncio.get_running_loop().call_later(0.05, cancel.cancel)
        return await ask(service, "wait", cancel)

    assert run(session()) == cancelled


@pytest.mark.parametrize(("ask", "cancelled"), QUESTIONS)
def test_errors_are_those_of_the_engine(front: Front, ask: Callable[..., Any], cancelled: Any) -> None:
    """They come with their words where those are for users."""
    with pytest.raises(ModelError, match="no numbers"):
        run(ask(front(), "model no numbers", CancelToken()))


@pytest.mark.parametrize(("ask", "cancelled"), QUESTIONS)
def test_another_engine_is_asked_when_one_dies(
    front: Front, tmp_path: Path, ask: Callable[..., Any], cancelled: Any
) -> None:
    """A question holds its documents, so it can be asked again."""
    assert run(ask(front(), f"die-once {tmp_path / 'died'}", CancelToken())) is not None
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize(("ask", "cancelled"), QUESTIONS)
def test_a_closed_front_has_nothing(front: Front, ask: Callable[..., Any], cancelled: Any) -> None:
    """Nobody waits for ever."""
    service = front()
    service.close()
    assert run(ask(service, "echo", CancelToken())) in (Listing(), (), "")
