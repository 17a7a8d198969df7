"""Streams: the pieces put together are the text that the same request gets without a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.http_api.scripted import ScriptedService, error_of, serving


@dataclass(frozen=True)
class Dialect:
    """Where and how a dialect streams.

    Attributes:
        path: Its path.
        body: The least body.
        keys: Where an event has its piece, and an answer its text.
    """

    path: str
    body: dict[str, Any]
    keys: tuple[str | int, ...]

    def piece(self, event: dict[str, Any]) -> str:
        """Return an event's part of the first text."""
        if self.path == "/v1/complete":
            return str(event.get("piece", ""))
        return str(self.text(event)) if event.get("index", 0) == 0 else ""

    def text(self, answer: Any) -> str:
        """Return an answer's first text."""
        for key in self.keys:
            answer = answer[key]
        return str(answer)


DIALECTS = {
    "native": Dialect("/v1/complete", {"path": "a.py", "text": "x", "offset": 1}, ("text",)),
    "openai": Dialect("/v1/completions", {"prompt": "x", "suffix": ""}, ("choices", 0, "text")),
    "llama.cpp": Dialect("/infill", {"input_prefix": "x", "input_suffix": ""}, ("content",)),
}
TEXT = st.text(alphabet="ab \nä", max_size=24)


@pytest.fixture(scope="module")
def scripted() -> ScriptedService:
    return ScriptedService()


@pytest.fixture(scope="module")
def streaming(scripted: ScriptedService) -> Iterator[TestClient]:
    with serving(scripted) as client:
        yield client


def events_of(client: TestClient, dialect: Dialect, **fields: Any) -> list[dict[str, Any]]:
    """Stream, and return the events but for a literal end."""
    reply = client.post(dialect.path, json={**dialect.body, **fields, "stream": True})
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [event.removeprefix("data: ") for event in reply.text.split("\n\n") if event]
    return [json.loads(event) for event in events if event != "[DONE]"]


@pytest.mark.parametrize("name", DIALECTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    text=TEXT,
    ends=st.lists(st.integers(0, 24), max_size=4),
    stops=st.lists(st.text(alphabet="ab \n", min_size=1, max_size=3), max_size=2),
    indent=st.integers(0, 2),
)
def test_the_pieces_are_the_text(
    scripted: ScriptedService,
    streaming: TestClient,
    name: str,
    text: str,
    ends: list[int],
    stops: list[str],
    indent: int,
) -> None:
    """Whatever is told when, begun anew or not, and wherever the client's own ends are."""
    scripted.script = [*(text[:end] for end in ends), text or "a"]
    dialect = DIALECTS[name]
    wishes: dict[str, Any] = {
        "native": {},
        "openai": {"stop": stops, "n": 2},
        "llama.cpp": {"stop": stops, "n_indent": indent},
    }[name]
    events = events_of(streaming, dialect, **wishes)
    whole = streaming.post(dialect.path, json={**dialect.body, **wishes}).json()
    first = [e for e in events if name != "openai" or e["choices"][0]["index"] == 0]
    assert "".join(dialect.piece(event) for event in first) == dialect.text(whole)


def test_the_last_event_has_everything(scripted: ScriptedService, streaming: TestClient) -> None:
    """Ours is the answer itself; pieces come before it."""
    scripted.script = ["one", "one\ntwo", "one\ntwo\nthree"]
    dialect = DIALECTS["native"]
    *pieces, last = events_of(streaming, dialect)
    assert pieces[0] == {"piece": "one"}
    assert "".join(event["piece"] for event in pieces) == last["text"] == "one\ntwo\nthree"
    assert last == streaming.post(dialect.path, json=dialect.body).json()


@pytest.mark.parametrize("name", DIALECTS)
def test_what_fails_at_once_has_a_status(scripted: ScriptedService, streaming: TestClient, name: str) -> None:
    """Nothing was sent yet."""
    scripted.script = ["fail", ""]
    dialect = DIALECTS[name]
    reply = streaming.post(dialect.path, json={**dialect.body, "stream": True})
    assert reply.status_code == 500
    assert error_of(reply.json()) == "internal error, RuntimeError; nothing was completed"


@pytest.mark.parametrize("name", DIALECTS)
def test_what_fails_later_is_an_event(scripted: ScriptedService, streaming: TestClient, name: str) -> None:
    """In the dialect's shape, and the last one."""
    scripted.script = ["one", "fail", ""]
    first, last = events_of(streaming, DIALECTS[name])
    assert DIALECTS[name].piece(first) == "one"
    assert error_of(last).startswith("internal error, RuntimeError")


@pytest.mark.parametrize("name", DIALECTS)
def test_a_text_that_is_not_what_was_begun(scripted: ScriptedService, streaming: TestClient, name: str) -> None:
    """Memory that runs out leaves no text: who has a part of it is told so, and not sent another."""
    scripted.script = ["one\ntwo", "one"]
    first, last = events_of(streaming, DIALECTS[name])
    assert DIALECTS[name].piece(first) == "one\ntwo"
    assert error_of(last) == "the text that was begun could not be finished; try again"
