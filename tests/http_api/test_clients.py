"""What clients really send, and what they look at in the answers.

The shapes are those of llama.vim, llama.vscode, Zed, minuet and Tabby's agent, with what they send beside the code.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from completion.types import Document, Limits
from tests.http_api.scripted import BASE, TOKEN, ScriptedService, error_of

BEFORE, BEHIND = "import os\n\nhere = ", "\nprint(here)\n"


def asked(service: ScriptedService) -> tuple[Document, int]:
    """Return the document and the cursor of the only request."""
    (request,) = service.asked
    return request.document, request.offset


def events(text: str) -> list[str]:
    """Return the data of a stream's events."""
    return [event.removeprefix("data: ") for event in text.split("\n\n") if event]


def test_llama_vim(client: TestClient, service: ScriptedService) -> None:
    """It warms, completes, and takes a reply only with its content's key and text side by side."""
    lines = {"input_prefix": "import os\n\n", "prompt": "here = ", "input_suffix": BEHIND}
    extra = [{"text": "x = 1\n", "time": [1762, 5], "filename": "b.py"}]
    warm = {"input_prefix": "", "input_suffix": "", "input_extra": extra, "prompt": "", "n_predict": 0}
    more = {"temperature": 0.0, "stream": False, "samplers": [], "cache_prompt": True, "response_fields": [""]}
    assert client.post("/infill", json={**warm, **more, "t_max_prompt_ms": 1, "t_max_predict_ms": 1}).status_code == 200
    fields = ["content", "timings/prompt_n", "timings/prompt_ms", "timings/predicted_n", "tokens_cached", "truncated"]
    wishes = {
        "id_slot": 0, "n_predict": 128, "stop": [], "n_indent": 0, "top_k": 40, "top_p": 0.9, "stream": False,
        "samplers": ["top_k", "top_p", "infill"], "cache_prompt": True, "t_max_prompt_ms": 500,
        "t_max_predict_ms": 1000, "response_fields": fields, "lora": [],
    }  # fmt: skip
    reply = client.post("/infill", json={**lines, **wishes, "input_extra": extra})
    assert re.search(r'"content"\s*:"', reply.text)
    assert reply.json()["timings/predicted_n"] == 8
    document, offset = asked(service)
    assert (document.text, offset) == (BEFORE + BEHIND, len(BEFORE))
    assert service.asked[0].limits == Limits(128, max_ms=1000)


def test_llama_vscode(client: TestClient) -> None:
    """It asks for three alternatives, and reads a list."""
    body = {
        "input_prefix": "", "input_suffix": BEHIND, "input_extra": [], "prompt": "here = ", "n_predict": 128,
        "top_k": 40, "top_p": 0.99, "stream": False, "n_cmpl": 3, "samplers": ["top_k", "top_p", "infill"],
        "cache_prompt": True, "t_max_prompt_ms": 500, "t_max_predict_ms": 2500,
    }  # fmt: skip
    replies = client.post("/infill", json=body).json()
    assert [reply["content"] for reply in replies] == ["done", "other 1", "other 2"]
    assert replies[0]["timings"]["predicted_n"] == 8
    assert client.get("/health").json() == {"status": "ok"}
    props = client.get("/props").json()
    assert (props["model_alias"], props["model_path"]) == ("scripted", "scripted")
    assert props["default_generation_settings"]["n_ctx"] == 512
    assert client.get("/v1/models").json()["data"][0]["id"] == "scripted"


# What Zed puts around the code, by the model that it has been told of.
ZED = {
    "qwen": f"<|fim_prefix|>{BEFORE}<|fim_suffix|>{BEHIND}<|fim_middle|>",
    "starcoder": f"<fim_prefix>{BEFORE}<fim_suffix>{BEHIND}<fim_middle>",
    "codellama": f"<PRE> {BEFORE} <SUF>{BEHIND} <MID>",
    "deepseek": f"<\uff5cfim\u2581begin\uff5c>{BEFORE}<\uff5cfim\u2581hole\uff5c>{BEHIND}<\uff5cfim\u2581end\uff5c>",
    "codestral": f"[SUFFIX]{BEHIND}[PREFIX]{BEFORE}",
}


@pytest.mark.parametrize("prompt", ZED.values(), ids=list(ZED))
def test_zed(client: TestClient, service: ScriptedService, prompt: str) -> None:
    """It lays the prompt out itself; the code is found in it, and no mark gets into the document."""
    stops = ["<|endoftext|>", "<|file_sep|>", "<|fim_pad|>", "<|repo_name|>"]
    reply = client.post(
        "/v1/completions",
        json={"model": "any", "prompt": prompt, "max_tokens": 256, "temperature": 0.2, "stop": stops, "stream": False},
    )
    assert reply.json()["choices"][0]["text"] == "done"
    document, offset = asked(service)
    assert (document.text, offset) == (BEFORE + BEHIND, len(BEFORE))


@pytest.mark.parametrize(
    "code", [{"prompt": BEFORE, "suffix": BEHIND}, {"prompt": ZED["qwen"]}], ids=["plain", "marked"]
)
def test_minuet(client: TestClient, service: ScriptedService, code: dict[str, str]) -> None:
    """It streams, with a suffix or with a template of its own, and joins the texts of all events but the last."""
    body = {"model": "any", **code, "stream": True, "max_tokens": 256, "stop": ["\n\n"], "top_p": 0.9}
    reply = client.post("/v1/completions", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *parts, last = events(reply.text)
    assert last == "[DONE]"
    assert "".join(json.loads(part)["choices"][0]["text"] for part in parts) == "done"
    assert asked(service)[0].text == BEFORE + BEHIND


def test_tabby_agent(client: TestClient, service: ScriptedService) -> None:
    """It looks at health and settings, completes with everything it knows of the project, and tells what was shown."""
    health = client.post("/v1/health").json()
    assert health["model"] == "scripted"
    assert health["version"]["git_describe"]
    assert client.get("/v1beta/server_setting").json() == {"disable_client_side_telemetry": True}
    assert client.get("/v1beta/models").json()["completion"] == ["scripted"]
    segments: dict[str, Any] = {
        "prefix": BEFORE, "suffix": BEHIND, "filepath": "src/a.py", "git_url": "git@example.org:a/b.git",
        "declarations": [{"filepath": "os.py", "body": "def getcwd() -> str: ..."}],
        "relevant_snippets_from_changed_files": [{"filepath": "src/b.py", "body": "x = 1", "score": 0.5}],
        "relevant_snippets_from_recently_opened_files": [], "clipboard": "y",
    }  # fmt: skip
    body = {"language": "python", "segments": segments, "user": "u", "temperature": 0.1, "mode": "standard"}
    reply = client.post("/v1/completions", json=body).json()
    assert reply["choices"] == [{"index": 0, "text": "done"}]
    assert asked(service)[0] == Document("/w/src/a.py", BEFORE + BEHIND, "python")
    told = {"completion_id": reply["id"], "choice_index": 0, "view_id": "view-1"}
    client.post("/v1/events", json={"type": "view", **told})
    client.post("/v1/events?select_kind=line", json={"type": "select", **told, "elapsed": 812})
    client.post("/v1/events", json={"type": "dismiss", **told, "elapsed": 90})
    client.post("/v1/events", json={"type": "something_new", **told})
    assert client.get("/v1/stats").json()["events"] == {"view": 1, "select": 1, "dismiss": 1}


def test_openai_package_with_a_template(client: TestClient, service: ScriptedService) -> None:
    """The official client sends a prompt with a model's marks as any other."""
    with OpenAI(base_url=f"{BASE}/v1", api_key=TOKEN, http_client=client, max_retries=0) as official:
        streamed = official.completions.create(model="any", prompt=ZED["qwen"], max_tokens=8, stream=True)
        assert "".join(choice.text for frame in streamed for choice in frame.choices) == "done"
    assert asked(service)[0].text == BEFORE + BEHIND


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/completions", {"prompt": "x", "suffix": ""}),
        ("/v1/completions", {"segments": {"prefix": "x"}}),
        ("/v1/complete", {"path": "a.py", "text": "x", "offset": 1}),
        ("/infill", {"input_prefix": "x", "input_suffix": ""}),
    ],
)
def test_what_is_too_much(client: TestClient, path: str, code: dict[str, Any]) -> None:
    """Each dialect refuses bodies beyond the limit, bytes that are no text, and texts beyond what is read."""
    sent = 0

    def huge() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1_000_000

    reply = client.post(path, content=huge())
    assert (reply.status_code, "larger than 32,000,000 bytes" in error_of(reply.json())) == (413, True)
    broken = json.dumps(code).encode().replace(b'"x"', b'"\xff\xfe"')
    reply = client.post(path, content=broken)
    assert (reply.status_code, error_of(reply.json()).startswith("the body is not JSON")) == (400, True)
    field = {"prompt": "prompt", "path": "text", "input_prefix": "input_prefix"}.get(next(iter(code)), "segments")
    long = "x" * 16_000_001
    reply = client.post(path, json={**code, field: {"prefix": long} if field == "segments" else long})
    assert (reply.status_code, "at most 16000000 characters" in error_of(reply.json())) == (422, True)


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("/v1/completions", {"prompt": "x", "suffix": ""}, "n"),
        ("/v1/complete", {"path": "a.py", "text": "x", "offset": 1}, "candidates"),
        ("/infill", {"input_prefix": "x", "input_suffix": ""}, "n_cmpl"),
    ],
)
def test_a_thousand_alternatives(client: TestClient, path: str, code: dict[str, Any], count: str) -> None:
    """They are refused, and the field is named."""
    reply = client.post(path, json={**code, count: 1000})
    assert (reply.status_code, error_of(reply.json()).startswith(f"{count}: ")) == (422, True)


@pytest.mark.parametrize("path", ["/v1/completions", "/infill"])
@pytest.mark.parametrize("stops", [["a"] * 17, ["a" * 257], [""]])
def test_stop_lists_beyond_the_limits(client: TestClient, path: str, stops: list[str]) -> None:
    """They are refused, and the field is named."""
    code = {"prompt": "x", "suffix": "", "input_prefix": "x", "input_suffix": ""}
    reply = client.post(path, json={**code, "stop": stops})
    assert (reply.status_code, error_of(reply.json()).startswith("stop")) == (422, True)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/completions", {"prompt": "undone", "suffix": ""}),
        ("/v1/completions", {"segments": {"prefix": "undone"}}),
        ("/infill", {"input_prefix": "undone", "input_suffix": ""}),
    ],
)
def test_a_result_without_any_work(client: TestClient, path: str, code: dict[str, Any]) -> None:
    """It has its reason in every dialect."""
    reply = client.post(path, json=code)
    assert (reply.status_code, reply.json()["verifill"]["reason"]) == (200, "out_of_memory")
