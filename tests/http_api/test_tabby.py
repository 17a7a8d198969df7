"""Tabby's dialect."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from completion.types import Document, Sampling, Trigger
from tests.http_api.scripted import ScriptedService

PATH = "/v1/completions"


def test_completion(client: TestClient, service: ScriptedService) -> None:
    """What Tabby's agent sends is answered with what it needs."""
    body = {
        "language": "python",
        "segments": {
            "prefix": "x = ",
            "suffix": "\n",
            "filepath": "src/a.py",
            "git_url": "git@example.org:a/b",
            "declarations": [{"filepath": "b.py", "body": "def f(): ..."}, {"filepath": "c.py", "body": "C = 1"}],
            "relevant_snippets_from_changed_files": [{"filepath": "d.py", "body": "D = 1", "score": 0.5}],
            "relevant_snippets_from_recently_opened_files": None,
            "clipboard": "text",
        },
        "user": "u",
        "temperature": 0.1,
        "seed": 3,
    }
    reply = client.post(PATH, json=body).json()
    assert reply.pop("id").startswith("cmpl-")
    assert reply.pop("verifill")["reason"] is None
    assert reply == {"choices": [{"index": 0, "text": "done"}]}
    (asked,) = service.asked
    assert (asked.document, asked.offset) == (Document("/w/src/a.py", "x = \n", "python"), 4)
    assert [(part.path, part.text) for part in asked.context] == [
        ("d.py", "D = 1"), ("c.py", "C = 1"), ("b.py", "def f(): ..."),
    ]  # fmt: skip
    assert (asked.workspace, asked.environment) == ("/w", "/default/python")
    assert (asked.trigger, asked.facts, asked.sampling) == (Trigger.PROGRAM, "live", Sampling(0.1, seed=3))


@pytest.mark.parametrize(
    ("filepath", "path"),
    [(None, "/w/untitled.py"), ("/abs/a.py", "/abs/a.py"), ("./b/../a.py", "/w/a.py")],
)
def test_paths(client: TestClient, service: ScriptedService, filepath: str | None, path: str) -> None:
    """A path is relative to the workspace, and may be absent."""
    client.post(PATH, json={"segments": {"prefix": "x", "filepath": filepath}})
    assert service.asked[0].document.path == path


def test_silence_has_no_choices(client: TestClient) -> None:
    """Without text there is no choice, which clients show as nothing."""
    assert client.post(PATH, json={"segments": {"prefix": "silent"}}).json()["choices"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"segments": {}}, 422, "segments.prefix"),
        ({"segments": None}, 400, "segments"),
        ({"segments": {"prefix": "x", "filepath": "a\0b"}}, 422, "segments.filepath"),
        ({"debug_options": {"raw_prompt": "secret"}}, 400, "debug_options.raw_prompt"),
    ],
)
def test_refused(client: TestClient, body: dict[str, Any], status: int, field: str) -> None:
    """What cannot be served is refused with the field's name."""
    reply = client.post(PATH, json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, field)
    assert "secret" not in reply.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_health(client: TestClient, method: str) -> None:
    """Every field that Tabby's clients require is there, and the model."""
    about = client.request(method, "/v1/health").json()
    assert set(about) == {"model", "device", "arch", "cpu_info", "cpu_count", "cuda_devices", "version"}
    assert set(about["version"]) == {"build_date", "build_timestamp", "git_sha", "git_describe"}
    assert (about["model"], about["version"]["git_describe"]) == ("scripted", "9.9")
