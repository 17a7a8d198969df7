"""Verifill's own dialect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from completion.json_output import dumps
from completion.types import Candidate, CompletionRequest, Document, Limits, Sampling, SamplingMode, Trigger
from tests.http_api.scripted import ScriptedService
from tests.verifill.samples import RESULT

PATH = "/v1/complete"


def test_result(client: TestClient) -> None:
    """The reply is the object of `verifill complete --json`, byte for byte."""
    reply = client.post(PATH, json={"path": "a.py", "text": "x = ", "offset": 4})
    assert reply.headers["content-type"] == "application/json"
    assert reply.text == dumps(replace(RESULT, candidates=(Candidate("done", -1.0, "stop"),)))


def test_request(client: TestClient, service: ScriptedService) -> None:
    """Each field has its place in the request."""
    wishes = {
        "workspace": "/project",
        "monitors": ["brackets"],
        "drafters": [],
        "facts": "live",
        "candidates": 2,
        "max_tokens": 9,
        "multiline": False,
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
            candidates=2,
            limits=Limits(9, multiline=False),
            sampling=Sampling(0.5, 5, 0.9, 0.1, 7, SamplingMode.ALIGNED, 0.5),
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
        ({"offset": 0, "python": "/bin/sh"}, "python: Extra inputs are not permitted"),
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
