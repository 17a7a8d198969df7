"""OpenAI's dialect: the shapes, and the official client against them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from completion.types import CompletionRequest, Document, Limits, Sampling, Trigger
from tests.http_api.scripted import BASE, TOKEN, ScriptedService, error_of

PATH = "/v1/completions"
USAGE = {"prompt_tokens": 96, "completion_tokens": 8, "total_tokens": 104}


@pytest.fixture
def official(client: TestClient) -> OpenAI:
    return OpenAI(base_url=f"{BASE}/v1", api_key=TOKEN, http_client=client, max_retries=0)


def test_completion(client: TestClient) -> None:
    """A reply has every field of OpenAI's, and what was checked beside them."""
    reply = client.post(PATH, json={"prompt": "a = ", "suffix": "\n", "n": 2}).json()
    assert reply.pop("id").startswith("cmpl-")
    assert reply.pop("created") > 0
    assert reply == {
        "object": "text_completion",
        "model": "embedded",
        "choices": [
            {"index": 0, "text": "done", "logprobs": None, "finish_reason": "stop"},
            {"index": 1, "text": "other 1", "logprobs": None, "finish_reason": "stop"},
        ],
        "usage": USAGE,
        "verifill": {"reason": None, "certificate": "1 name checked against fernery, 1 unknown"},
    }


def test_request(client: TestClient, service: ScriptedService) -> None:
    """Each field has its place in the request; prompt and suffix are one document with the cursor between."""
    wishes = {"n": 3, "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": 7}
    client.post(PATH, json={"prompt": "é = ", "suffix": "<|fim_middle|>\n", **wishes, "user": "u", "model": "any"})
    assert service.asked == [
        CompletionRequest(
            document=Document("/w/untitled.py", "é = <|fim_middle|>\n"),
            offset=4,
            workspace="/w",
            trigger=Trigger.PROGRAM,
            environment="/default/python",
            candidates=3,
            limits=Limits(9),
            sampling=Sampling(temperature=0.5, top_p=0.9, seed=7),
        )
    ]


@pytest.mark.parametrize("body", [{}, dict.fromkeys(("max_tokens", "temperature", "top_p", "n", "stop", "seed"))])
def test_defaults(client: TestClient, service: ScriptedService, body: dict[str, Any]) -> None:
    """What is absent or null is as on the command line."""
    assert client.post(PATH, json={"prompt": "", "suffix": "", **body}).status_code == 200
    (asked,) = service.asked
    assert (asked.limits, asked.sampling, asked.candidates, asked.facts) == (Limits(), Sampling(), 1, "wait")


def test_more_tokens_than_are_served(client: TestClient, service: ScriptedService) -> None:
    """max_tokens is an upper bound, so a larger one is no error."""
    assert client.post(PATH, json={"prompt": "", "suffix": "", "max_tokens": 9999}).status_code == 200
    assert service.asked[0].limits.max_tokens == 512


@pytest.mark.parametrize(
    ("prompt", "stop", "text", "finish"),
    [
        ("x", None, "done", "stop"),
        ("lines", "\n", "first", "stop"),
        ("lines", ["third", "second"], "first\n    ", "stop"),
        ("long", None, "cut of", "length"),
        ("long", [" of"], "cut", "stop"),
        ("long", ["absent"], "cut of", "length"),
    ],
)
def test_ends(client: TestClient, prompt: str, stop: object, text: str, finish: str) -> None:
    """A stop string ends the text before it; only an uncut text can have reached the limit."""
    (choice,) = client.post(PATH, json={"prompt": prompt, "suffix": "", "stop": stop}).json()["choices"]
    assert (choice["text"], choice["finish_reason"]) == (text, finish)


def test_silence_has_a_reason(client: TestClient) -> None:
    """No text is no error, and the reason is told."""
    reply = client.post(PATH, json={"prompt": "silent", "suffix": ""}).json()
    assert reply["choices"][0]["text"] == ""
    assert reply["verifill"] == {"reason": "no_legal_continuation", "certificate": None}


def test_stream(client: TestClient) -> None:
    """Frames in order: text, its end, the usage without choices, the literal end."""
    body = {"prompt": "lines", "suffix": "", "stream": True, "stream_options": {"include_usage": True}}
    reply = client.post(PATH, json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *events, rest = reply.text.split("\n\n")
    assert rest == ""
    assert events.pop() == "data: [DONE]"
    frames = [json.loads(event.removeprefix("data: ")) for event in events]
    assert [[(c["text"], c["finish_reason"]) for c in frame["choices"]] for frame in frames] == [
        [("first\n    second\nthird", None)],
        [("", "stop")],
        [],
    ]
    assert [frame["usage"] for frame in frames] == [None, None, USAGE]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"prompt": "x", "suffix": "", "temperature": 1e300}, 422, "temperature"),
        ({"prompt": "x"}, 400, "suffix"),
        ({"prompt": "x", "suffix": None}, 400, "suffix"),
        ({"prompt": "x", "suffix": "", "logprobs": 3}, 400, "logprobs"),
        ({"prompt": "x", "suffix": "", "echo": True}, 400, "echo"),
        ({"prompt": "x", "suffix": "", "best_of": 2}, 400, "best_of"),
        ({"prompt": "x", "suffix": "", "logit_bias": {"5": 1}}, 400, "logit_bias"),
        ({"suffix": ""}, 422, "prompt"),
        ({"prompt": ["secret"], "suffix": ""}, 422, "prompt"),
        ({"prompt": "x", "suffix": "", "n": 1000}, 422, "n"),
        ({"prompt": "x", "suffix": "", "n": 0}, 422, "n"),
        ({"prompt": "x", "suffix": "", "max_tokens": 0}, 422, "max_tokens"),
        ({"prompt": "x", "suffix": "", "temperature": -1}, 422, "temperature"),
        ({"prompt": "x", "suffix": "", "top_p": 2}, 422, "top_p"),
        ({"prompt": "x", "suffix": "", "seed": -1}, 422, "seed"),
        ({"prompt": "x", "suffix": "", "stop": ["secret"] * 17}, 422, "stop"),
        ({"prompt": "x", "suffix": "", "stop": ""}, 422, "stop.0"),
    ],
)
def test_refused(client: TestClient, service: ScriptedService, body: dict[str, Any], status: int, field: str) -> None:
    """What cannot be served is refused in OpenAI's shape, with the field and without its value."""
    reply = client.post(PATH, json=body)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert (error["param"], error["type"], set(error)) == (
        field, "invalid_request_error", {"message", "type", "param", "code"},
    )  # fmt: skip
    assert field in error["message"]
    assert "secret" not in error["message"]
    assert service.asked == []


def test_models(client: TestClient) -> None:
    """The list has the one model."""
    model = {"id": "scripted", "object": "model", "created": 0, "owned_by": "verifill"}
    assert client.get("/v1/models").json() == {"object": "list", "data": [model]}


def test_official_client(official: OpenAI) -> None:
    """OpenAI's own package completes with a suffix and reads the usage."""
    reply = official.completions.create(model="any", prompt="x = ", suffix="\n", max_tokens=5)
    assert [choice.text for choice in reply.choices] == ["done"]
    assert reply.usage is not None
    assert reply.usage.total_tokens == 104
    assert [model.id for model in official.models.list()] == ["scripted"]


def test_official_client_streams(official: OpenAI) -> None:
    """OpenAI's own package reads the stream to its end."""
    options: Any = {"include_usage": True}
    with official.completions.create(
        model="any", prompt="lines", suffix="", stream=True, stream_options=options
    ) as frames:
        read = list(frames)
    assert "".join(c.text for frame in read for c in frame.choices) == "first\n    second\nthird"
    assert read[-1].usage is not None
    assert read[-1].usage.completion_tokens == 8


def test_official_client_sees_errors(official: OpenAI) -> None:
    """OpenAI's own package finds the message and the field of an error."""
    from openai import BadRequestError

    with pytest.raises(BadRequestError) as caught:
        official.completions.create(model="any", prompt="x")
    assert caught.value.param == "suffix"
    assert error_of({"error": caught.value.body}).startswith("suffix is missing")
