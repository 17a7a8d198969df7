"""Verifill's own dialect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from completion.json_output import dumps
from completion.types import Candidate, CompletionRequest, Document, Limits, Sampling, SamplingMode, Snippet, Trigger
from tests.http_api.scripted import SETTINGS, ScriptedService, serving
from tests.verifill.samples import RESULT

PATH = "/v1/complete"


def test_result(client: TestClient) -> None:
    """The reply is the object of `verifill complete --json`, byte for byte."""
    reply = client.post(PATH, json={"path": "a.py", "text": "x = ", "offset": 4})
    assert reply.headers["content-type"] == "application/json"
    assert reply.text == dumps(replace(RESULT, candidates=(Candidate("done", -1.0, "stop"),)))


@pytest.mark.parametrize("path", ["/w/.env", "keys/server.pem", "generated/a.py"])
def test_an_excluded_file_has_a_reason_and_nobody_is_asked(service: ScriptedService, path: str) -> None:
    """Built-in patterns, and those that the server was started with."""
    with serving(service, replace(SETTINGS, exclude=("generated/",))) as client:
        reply = client.post(PATH, json={"path": path, "text": "x = ", "offset": 4}).json()
    assert (reply["reason"], reply["text"]) == ("excluded_file", "")
    assert service.asked == []


def test_what_is_no_context_is_the_servers_choice(service: ScriptedService) -> None:
    """It goes along with every request."""
    with serving(service, replace(SETTINGS, exclude_context=("*.sql",))) as client:
        client.post(PATH, json={"path": "a.py", "text": "x = ", "offset": 4})
    assert [request.exclude_context for request in service.asked] == [("*.sql",)]


def test_request(client: TestClient, service: ScriptedService) -> None:
    """Each field has its place in the request."""
    wishes = {
        "workspace": "/project",
        "monitors": ["brackets"],
        "drafters": [],
        "facts": "live",
        "context": [{"path": "b.py", "text": "B = 1\n"}],
        "sources": ["definitions"],
        "filters": [],
        "least_confidence": 0.25,
        "ngrams": False,
        "candidates": 2,
        "max_tokens": 9,
        "multiline": False,
        "max_ms": 250,
        "trace": True,
        "temperature": 0.5,
        "top_k": 5,
        "top_p": 0.9,
        "min_p": 0.1,
        "seed": 7,
        "mode": "aligned",
        "strength": 0.5,
    }
    client.post(PATH, json={"path": "src/a.py", "text": "é\r\nx = \n", "line": 2, "column": 3, **wishes})
    assert service.asked == [
        CompletionRequest(
            document=Document("/project/src/a.py", "é\r\nx = \n"),
            offset=5,
            workspace="/project",
            trigger=Trigger.PROGRAM,
            environment="/default/python",
            facts="live",
            monitors=("brackets",),
            drafters=(),
            context=(Snippet("b.py", "B = 1\n"),),
            sources=("definitions",),
            filters=(),
            least_confidence=0.25,
            ngrams=False,
            candidates=2,
            limits=Limits(9, multiline=False, max_ms=250),
            sampling=Sampling(0.5, 5, 0.9, 0.1, 7, SamplingMode.ALIGNED, 0.5),
            trace=True,
        )
    ]


def test_defaults(client: TestClient, service: ScriptedService, tmp_path: Path) -> None:
    """The workspace is the nearest project above the file; all else is as on the command line."""
    (tmp_path / "setup.py").touch()
    path = str(tmp_path / "src" / "a.py")
    client.post(PATH, json={"path": path, "text": "x = \n", "line": 1})
    assert service.asked == [
        CompletionRequest(Document(path, "x = \n"), 4, str(tmp_path), Trigger.PROGRAM, "/default/python")
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "give the cursor as offset, or as line with or without column"),
        ({"offset": 1, "line": 1}, "give the cursor as offset, or as line with or without column"),
        ({"column": 1}, "give the cursor as offset, or as line with or without column"),
        ({"offset": 1, "column": 1}, "give the cursor as offset, or as line with or without column"),
        ({"offset": 5}, "offset 5 lies outside the text of 4 characters"),
        ({"offset": -1}, "offset: Input should be greater than or equal to 0"),
        ({"line": 3}, "the text has 2 lines; there is no line 3"),
        ({"line": 1, "column": 5}, "line 1 of the text has 3 characters; there is no column 5"),
        ({"offset": 0, "monitors": ["x"]}, "monitors: unknown name 'x'; known are heal, utf8, "),
        ({"offset": 0, "drafters": ["x"]}, "drafters: unknown name 'x'; known are heal, monitor, "),
        ({"offset": 0, "facts": "x"}, "facts: Input should be 'wait', 'live' or 'none'"),
        ({"offset": 0, "candidates": 1000}, "candidates: Input should be less than or equal to 16"),
        ({"offset": 0, "max_tokens": 513}, "max_tokens: Input should be less than or equal to 512"),
        ({"offset": 0, "python": "/bin/sh"}, "python: unknown field; known are path, text, "),
        ({"offset": 0, "path": ""}, "path: String should have at least 1 character"),
        ({"offset": 0, "path": "a\0"}, "path: must not have a NUL character"),
    ],
)
def test_refused(client: TestClient, service: ScriptedService, fields: dict[str, Any], message: str) -> None:
    """What makes no sense is refused with one line."""
    reply = client.post(PATH, json={"path": "a.py", "text": "abc\n", **fields})
    assert reply.status_code == 422
    assert set(reply.json()) == {"error"}
    assert reply.json()["error"].startswith(message)
    assert service.asked == []
