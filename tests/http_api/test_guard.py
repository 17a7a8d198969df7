"""Who may ask: token, Host header, size and form of the body, and what an error may tell."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from http_api import guard
from http_api.app import create_app
from tests.http_api.scripted import AUTHORIZED, BASE, SETTINGS, TOKEN, ScriptedService, error_of, serving

PATHS = [
    ("GET", "/v1/models"),
    ("GET", "/v1/health"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/complete"),
    ("POST", "/infill"),
    ("GET", "/no/such/path"),
]
OPENAI = {"prompt": "x", "suffix": ""}


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "authorization",
    ["", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"],
)
def test_no_token(client: TestClient, service: ScriptedService, method: str, path: str, authorization: str) -> None:
    """Without the token every path but one is closed, also those that do not exist."""
    reply = client.request(method, path, headers={"Authorization": authorization}, json={})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "missing or wrong token" in error_of(reply.json())
    assert TOKEN not in reply.text
    assert service.asked == []


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Bearer  {TOKEN}"])
def test_token(client: TestClient, authorization: str) -> None:
    """The token opens, however the scheme is spelled."""
    assert client.get("/v1/models", headers={"Authorization": authorization}).status_code == 200


def test_token_beyond_ascii() -> None:
    """A header of any bytes is compared, not an error."""
    assert not guard.has_token("Bearer \xe9\xff", TOKEN)


def test_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is `hmac.compare_digest`, on the whole token."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, known: bytes) -> bool:
        compared.append((given, known))
        return original(given, known)

    original = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not guard.has_token("Bearer guess", TOKEN)
    assert compared == [(b"guess", TOKEN.encode())]


def test_health_is_public_and_tells_nothing(client: TestClient) -> None:
    """/health needs no token and says only that the server is up."""
    reply = client.get("/health", headers={"Authorization": ""})
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("127.0.0.1", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8765", 200),
        ("evil.example", 403),
        ("evil.example:8765", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.1", 403),
        ("", 403),
        ("[", 403),
    ],
)
@pytest.mark.parametrize("path", ["/health", "/v1/models"])
def test_host(client: TestClient, path: str, host: str, status: int) -> None:
    """A page that made its own name point here is refused, with the token and without."""
    assert client.get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("host", "allowed"), [("10.0.0.1:80", True), ("[fe80::1]:80", True), ("box", True), ("evil.example", False)]
)
def test_host_beyond_loopback(host: str, allowed: bool) -> None:
    """A server that others can reach takes addresses, and no name but its own."""
    settings = replace(SETTINGS, hosts=SETTINGS.hosts | {"box"}, any_address=True)
    assert guard.is_ours(host, settings) is allowed


def test_no_cors(client: TestClient) -> None:
    """Nothing allows another origin's page to read a reply."""
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for reply in (client.options("/v1/completions", headers=origin), client.get("/health", headers=origin)):
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"[]", "the body must be a JSON object"),
        (b'{"prompt": "\xff"}', "the body is not JSON"),
        (b'{"temperature": NaN}', "the body is not JSON"),
        (b'{"a":' * 5000, "the body is not JSON"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/complete", "/infill"])
def test_bodies(client: TestClient, path: str, body: bytes, message: str) -> None:
    """What is no JSON object is refused with one line, in each dialect."""
    reply = client.post(path, content=body)
    assert reply.status_code == 400
    assert error_of(reply.json()).startswith(message)
    assert "\n" not in error_of(reply.json())


@pytest.fixture
def small(service: ScriptedService) -> Iterator[TestClient]:
    with serving(service, replace(SETTINGS, most_body_bytes=1000)) as client:
        yield client


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body(small: TestClient, service: ScriptedService, chunked: bool) -> None:
    """A body over the limit is refused, whether its length is announced or not."""
    body = b'{"prompt": "' + b"x" * 2000
    reply = small.post("/v1/completions", content=iter([body[:900], body[900:]]) if chunked else body)
    assert reply.status_code == 413
    assert error_of(reply.json()) == "the body is larger than 1,000 bytes"
    assert service.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/no/such/path", 404), ("GET", "/infill", 405), ("PUT", "/v1/models", 405)]
)
def test_routes(client: TestClient, method: str, path: str, status: int) -> None:
    """Unknown paths and methods are errors of the same shapes."""
    reply = client.request(method, path)
    assert reply.status_code == status
    assert error_of(reply.json())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/completions", {"prompt": "secret fail", "suffix": ""}),
        ("/v1/completions", {"segments": {"prefix": "secret fail"}}),
        ("/v1/complete", {"path": "a.py", "text": "secret fail", "offset": 11}),
        ("/infill", {"input_prefix": "secret", "prompt": " fail", "input_suffix": ""}),
    ],
)
def test_failures_quote_no_code(
    client: TestClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: dict[str, Any],
) -> None:
    """An internal error names its type, and neither the reply nor the log has the document."""
    monkeypatch.setattr(logging.getLogger("http_api"), "propagate", True)
    with caplog.at_level(logging.DEBUG):
        reply = client.post(path, json=body)
    assert reply.status_code == 500
    assert error_of(reply.json()) == "internal error, RuntimeError; nothing was completed"
    assert "internal error, RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    # The next request is answered as if nothing had happened.
    assert client.post("/v1/completions", json=OPENAI).status_code == 200


def test_failures_of_the_server_itself(
    service: ScriptedService, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in our own code ends at the guard, too."""

    def fail(*arguments: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr("http_api.openai.wanted", fail)
    with serving(service) as client:
        reply = client.post("/v1/completions", json=OPENAI)
    assert (reply.status_code, error_of(reply.json())) == (500, "internal error, KeyError")
    assert "secret" not in caplog.text


def test_loading_never_succeeds() -> None:
    """While there is no model, requests are told to come back, and health says why."""

    def load() -> ScriptedService:
        raise OSError("model.safetensors is truncated")

    with TestClient(create_app(load, SETTINGS), base_url=BASE, headers=AUTHORIZED) as client:
        assert client.get("/health").status_code == 503
        reply = client.post("/v1/completions", json=OPENAI)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
        assert error_of(reply.json()) == "the model is loading"
        assert client.get("/v1/models").json()["data"] == []
        assert "model" not in client.get("/v1/health").json()


@pytest.mark.parametrize("field", ["prompt", "suffix"])
def test_half_a_character_is_no_failure(client: TestClient, service: ScriptedService, field: str) -> None:
    """Clients that count in UTF-16 cut texts in the middle of one; it may stand anywhere."""
    before = {"prompt": "x = ", "suffix": "", field: "x = \ud83d"}
    assert client.post("/v1/completions", content=json.dumps(before)).status_code == 200
    assert "x = \ufffd" in service.asked[-1].document.text
    for odd in ({"\ud83d": 1}, {"filters": ["\ud83d"]}):
        body = {"path": "a.py", "text": "", "offset": 0, **odd}
        reply = client.post("/v1/complete", content=json.dumps(body))
        assert (reply.status_code, "\ufffd" in error_of(reply.json())) == (422, True)
