"""llama.cpp's dialect, as llama.vim and llama.vscode speak it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from completion.types import Document, Limits, Sampling, Snippet, Trigger
from tests.http_api.scripted import ScriptedService

CODE = {"input_prefix": "a = 1\n", "prompt": "b = ", "input_suffix": "\nc = 2\n"}
# What llama.vim sends beside the code.
VIM = {
    "input_extra": [{"text": "d = 3", "time": [1, 2], "filename": "d.py"}],
    "n_predict": 16,
    "n_indent": 0,
    "stop": [],
    "top_k": 40,
    "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 1000,
    "response_fields": ["content", "timings/prompt_n", "timings/predicted_ms", "tokens_cached", "no/such"],
}


def ask(client: TestClient, **fields: Any) -> Any:
    """Post to /infill and return the reply's JSON."""
    reply = client.post("/infill", json={**CODE, **fields})
    assert reply.status_code == 200
    return reply.json()


def test_llama_vim(client: TestClient, service: ScriptedService) -> None:
    """The reply passes llama.vim's own look at it, and its fields are flat."""
    reply = client.post("/infill", json={**CODE, **VIM})
    assert re.search(r'"content"\s*:"', reply.text)
    assert reply.json() == {
        "content": "done",
        "timings/prompt_n": 96,
        "timings/predicted_ms": 61.2,
        "tokens_cached": 0,
    }
    (asked,) = service.asked
    assert (asked.document, asked.offset) == (Document("/w/untitled.py", "a = 1\nb = \nc = 2\n"), 10)
    assert (asked.trigger, asked.facts, asked.limits) == (Trigger.PROGRAM, "live", Limits(16, max_ms=1000))
    assert asked.sampling == Sampling(top_k=40, top_p=0.9)
    assert asked.context == (Snippet("d.py", "d = 3"),)


def test_whole_reply(client: TestClient) -> None:
    """Without a choice of fields all are there."""
    reply = ask(client)
    assert list(reply["timings"]) == [
        "prompt_n", "prompt_ms", "prompt_per_second", "predicted_n", "predicted_ms", "predicted_per_second",
    ]  # fmt: skip
    assert (reply["content"], reply["stop"], reply["stop_type"]) == ("done", True, "eos")
    assert (reply["tokens_predicted"], reply["tokens_evaluated"], reply["model"]) == (8, 96, "embedded")


@pytest.mark.parametrize(
    ("fields", "content", "stop_type"),
    [
        ({"prompt": "lines"}, "first\n    second\nthird", "eos"),
        ({"prompt": "lines", "n_indent": 4}, "first\n    second", "word"),
        ({"prompt": "lines", "stop": ["second"]}, "first\n    ", "word"),
        ({"prompt": "long"}, "cut of", "limit"),
    ],
)
def test_ends(client: TestClient, fields: dict[str, Any], content: str, stop_type: str) -> None:
    """Stop strings and the least indentation cut the text."""
    reply = ask(client, **fields)
    assert (reply["content"], reply["stop_type"]) == (content, stop_type)


def test_alternatives(client: TestClient) -> None:
    """More than one alternative is a list."""
    assert [reply["content"] for reply in ask(client, n_cmpl=3)] == ["done", "other 1", "other 2"]


def test_numbers_of_llama_cpp(client: TestClient, service: ScriptedService) -> None:
    """Its special numbers mean what they mean there: as usual, all, any."""
    ask(client, n_predict=-1, top_k=0, seed=-1)
    ask(client, n_predict=99999, top_k=1000)
    assert [(a.limits.max_tokens, a.sampling.top_k, a.sampling.seed) for a in service.asked] == [
        (64, 256, 0),
        (512, 256, 0),
    ]


def test_warming(client: TestClient, service: ScriptedService) -> None:
    """n_predict 0 has the prompt read of the request that will come, and answers nothing."""
    assert ask(client, n_predict=0) == {"content": "", "stop": True}
    assert service.asked == []
    ask(client)
    assert [replace(warmed, trigger=Trigger.PROGRAM) for warmed in service.warmed] == service.asked
    assert [warmed.trigger for warmed in service.warmed] == [Trigger.WARM_UP]


def test_warming_with_other_files_alone(client: TestClient, service: ScriptedService) -> None:
    """Without any code around the cursor the cache is left as it is."""
    empty = {"input_prefix": "", "prompt": "", "input_suffix": "", "input_extra": [{"text": "x", "filename": "y"}]}
    assert ask(client, **empty, n_predict=0) == {"content": "", "stop": True}
    assert service.asked == service.warmed == []


def test_stream(client: TestClient) -> None:
    """The text comes first, everything else with the last frame."""
    reply = client.post("/infill", json={**CODE, "stream": True})
    events = [json.loads(event.removeprefix("data: ")) for event in reply.text.split("\n\n") if event]
    assert [(event["content"], event["stop"]) for event in events] == [("done", False), ("", True)]
    assert "timings" in events[1]


def test_error(client: TestClient) -> None:
    """An error has llama.cpp's shape."""
    reply = client.post("/infill", json={"input_prefix": "x"})
    assert reply.status_code == 422
    assert reply.json() == {
        "error": {"code": 422, "message": "input_suffix: Field required", "type": "invalid_request_error"}
    }
