"""Hub ids: the real library, its cache in a folder of the test's, a hub on this machine, or none."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from models.checkpoints import load
from models.errors import ModelError
from models.hub import fetch, told
from models.progress import silent
from tests.models import tiny_checkpoints

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a page about it."""
    folder = tiny_checkpoints.save(tmp_path_factory.mktemp("hub") / "tiny")
    (folder / "README.md").write_text("# Tiny\n")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(cache: Path, saved: Path, *left_out: str) -> None:
    """Lay a repository out in the cache as the library does."""
    repository = cache / "models--owner--tiny"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    for file in saved.iterdir():
        if file.name not in (*left_out, "README.md"):
            (snapshot / file.name).write_bytes(file.read_bytes())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Refuse every connection and every look-up, and note it."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.mark.parametrize("offline", [True, False])
def test_what_the_cache_holds_needs_no_network(
    cache: Path, saved: Path, no_network: list[object], offline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was fetched once is loaded without a single connection, offline mode or not."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    put(cache, saved)
    model = load("owner/tiny")
    assert (model.name, model.format.name) == ("owner/tiny", "qwen-coder")
    assert no_network == []


def test_offline_mode_asks_nobody(cache: Path, no_network: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline, a model that is not in the cache is refused in one line, and no connection is tried."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="neither a folder nor in the local cache.*go online once"):
        load("owner/tiny")
    assert no_network == []


def test_offline_mode_says_what_a_part_lacks(
    cache: Path, saved: Path, no_network: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, a model of which the cache holds only a part is refused for what it lacks."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    put(cache, saved, "model.safetensors")
    with pytest.raises(ModelError, match="owner/tiny has no weights"):
        load("owner/tiny")
    assert no_network == []


class Hub(BaseHTTPRequestHandler):
    """Serves one repository, as much of the hub's interface as fetching it takes."""

    folder: Path

    def do_HEAD(self) -> None:
        """Answer with the head alone."""
        self._answer(with_body=False)

    def do_GET(self) -> None:
        """Answer."""
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        files = sorted(self.folder.iterdir())
        name = path.rpartition("/")[2]
        if path.startswith("/api/models/owner/tiny/revision"):
            siblings = [{"rfilename": file.name} for file in files]
            body = json.dumps({"id": "owner/tiny", "sha": COMMIT, "siblings": siblings}).encode()
        elif path.startswith("/api/models/owner/tiny/tree"):
            body = json.dumps([{"type": "file", "path": f.name, "size": f.stat().st_size, "oid": "0"} for f in files])
            body = body.encode()
        elif path.startswith(f"/owner/tiny/resolve/{COMMIT}/") and (self.folder / name).is_file():
            body = (self.folder / name).read_bytes()
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", hashlib.sha256(body).hexdigest())
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@pytest.fixture
def hub(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub on this machine that has owner/tiny."""
    handler = type("TinyHub", (Hub,), {"folder": saved})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + template[template.index("/{repo_id}") :])
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("before", [(), ("model.safetensors",), ("tokenizer.json",)])
def test_what_the_cache_lacks_is_fetched(cache: Path, saved: Path, hub: None, before: tuple[str, ...]) -> None:
    """What is not in the cache, or only in part, is fetched: once, and only the files that are needed."""
    if before:
        put(cache, saved, *before)
    folder = fetch("owner/tiny", silent)
    assert (folder / "model.safetensors").read_bytes() == (saved / "model.safetensors").read_bytes()
    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}


def test_unknown_repositories(cache: Path, hub: None) -> None:
    """A name that the hub does not know is said to be misspelt."""
    with pytest.raises(ModelError, match="owner/other is neither a folder nor on the hub; check the spelling"):
        fetch("owner/other", silent)


def test_fetching_is_told_in_bytes() -> None:
    """Bars over bytes are told, bars over files are not, and nothing is drawn."""
    words: list[str] = []
    bars = told(words.append, "fetching owner/tiny")
    for unit in ("B", "it"):
        with bars(total=50_000_000, unit=unit, mininterval=0) as bar:
            bar.update(10_000_000)
    assert words[-1] == "fetching owner/tiny, 10 of 50 MB"
    assert all(word.endswith(" of 50 MB") for word in words)
    assert len({*words}) == 2
