"""Settings come from the client in three ways, and from files; each counts from the next request on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_server.configuration import Configuration
from lsp_server.settings import ServerSettings
from lsp_server.warming import QUIET_S
from tests.lsp_server.wire import Client

Start = Callable[..., Client]

PULLING = {
    "configuration": True,
    "didChangeConfiguration": {"dynamicRegistration": True},
    "didChangeWatchedFiles": {"dynamicRegistration": True},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace folder of a user who has nothing set or activated."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def shake_hands(client: Client, project: Path, options: Any = None, workspace: Any = None) -> None:
    folders = [{"uri": project.as_uri(), "name": "project"}]
    client.ask(
        "initialize",
        {
            "processId": None,
            "capabilities": {"workspace": workspace or {}},
            "workspaceFolders": folders,
            "initializationOptions": options,
        },
    )
    client.notify("initialized", {})
    if workspace is None:
        client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": ""})


def wanted(client: Client, project: Path, word: str = "request", language: str = "python") -> str | None:
    """Return what the service is asked, by the word that it describes."""
    uri = (project / f"a.{language}").as_uri()
    client.open(uri, word, language)
    result = client.reply(client.complete(uri, 0, len(word), trigger=1))["result"]
    return result and result["items"][0]["insertText"].removeprefix(word)


def candidates(client: Client, project: Path) -> int:
    return int(str(wanted(client, project)).split()[1])


def told(client: Client) -> list[str]:
    return [log["message"] for log in client.notifications("window/logMessage")]


@pytest.mark.parametrize(
    ("options", "expected", "problems"),
    [
        (None, 3, []),
        ({"candidates": 5}, 5, []),
        ({"candidates": 5, "trace": {"server": "off"}}, 5, []),
        ({"candidates": 0}, 3, ["the editor's settings: candidates: 0 is not between 1 and 16; using 3"]),
        ([1], 3, ["the editor's settings are no object and are ignored"]),
    ],
)
def test_what_makes_no_sense_is_said_once(project: Path, options: Any, expected: int, problems: list[str]) -> None:
    """And the default used."""
    told: list[str] = []
    configuration = Configuration(ServerSettings(), told.extend)
    configuration.take(options)
    for _ in range(2):
        assert configuration.at(str(project)).settings.candidates == expected
    assert told == problems


def test_initialization_options(start: Start, project: Path) -> None:
    """Several problems are one message, and the log has them all."""
    client = start()
    shake_hands(client, project, {"candidates": 5, "maxTokens": 0, "colour": 0})
    assert candidates(client, project) == 5
    (message,) = client.notifications("window/showMessage")
    assert message["message"] == (
        "Verifill: the editor's settings: maxTokens: 0 is not between 1 and 512; using 64 (1 more in the log)"
    )
    assert len(told(client)) == 2


def test_a_client_that_can_be_asked_is_asked(start: Start, project: Path) -> None:
    """At the start and whenever something changes; it is told what to watch."""
    client = start()
    shake_hands(client, project, {"candidates": 2}, PULLING)
    registration = client.asked("client/registerCapability")
    methods = {one["method"]: one["registerOptions"] for one in registration["params"]["registrations"]}
    assert methods["workspace/didChangeConfiguration"] == {"section": "verifill"}
    watched = [one["globPattern"] for one in methods["workspace/didChangeWatchedFiles"]["watchers"]]
    assert watched == ["**/verifill.toml", "**/pyproject.toml"]
    client.respond(registration, None)
    asked = client.asked("workspace/configuration")
    assert asked["params"]["items"] == [{"section": "verifill"}, {"scopeUri": project.as_uri(), "section": "verifill"}]
    assert candidates(client, project) == 2
    client.respond(asked, [{"candidates": 4}, {"candidates": 6}])
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.respond(client.asked("workspace/configuration"), [{"candidates": 4}, {"candidates": 7}])
    assert client.ask("workspace/executeCommand", {"command": "verifill.showStatus"})
    assert candidates(client, project) == 7
    assert told(client) == []


def test_only_folders_on_this_machine_are_asked_about(start: Start, project: Path) -> None:
    """What holds in another one would be taken for what holds everywhere."""
    folders = [{"uri": uri, "name": "w"} for uri in ("vscode-vfs://github/w", project.as_uri())]
    client = start()
    client.ask(
        "initialize",
        {"processId": None, "capabilities": {"workspace": {"configuration": True}}, "workspaceFolders": folders},
    )
    client.notify("initialized", {})
    asked = client.asked("workspace/configuration")
    assert [item.get("scopeUri") for item in asked["params"]["items"]] == [None, project.as_uri()]
    client.respond(asked, [{"candidates": 4}, {"candidates": 6}])
    client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": ""})
    assert candidates(client, project) == 6
    assert candidates(client, project.parent) == 4


def test_a_client_that_cannot_be_asked_sends_them(start: Start, project: Path) -> None:
    """With our section's name around them or without; null, which clients without any send, changes nothing."""
    client = start()
    shake_hands(client, project, {"candidates": 2})
    for settings, expected in (({"verifill": {"candidates": 7}}, 7), ({"candidates": 8}, 8), (None, 8)):
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert candidates(client, project) == expected


def test_a_client_that_answers_with_an_error_keeps_what_it_said(start: Start, project: Path) -> None:
    """And the log says that it cannot be followed."""
    client = start()
    shake_hands(client, project, {"candidates": 2}, {"configuration": True})
    asked = client.asked("workspace/configuration")
    client.send({"id": asked["id"], "error": {"code": -32601, "message": "no"}})
    client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": ""})
    assert candidates(client, project) == 2
    assert len(told(client)) == 1


def test_a_file_counts_with_the_next_request(start: Start, project: Path) -> None:
    """Without a word of the client; with one, what is wrong with it is said at once, and shown once a file."""
    client = start()
    shake_hands(client, project)
    (project / "verifill.toml").write_text("candidates = 2")
    assert candidates(client, project) == 2
    (project / "verifill.toml").write_text("candidates = 'x'")
    os.utime(project / "verifill.toml", ns=(1, 1))
    client.notify("workspace/didChangeWatchedFiles", {"changes": []})
    problem = "verifill.toml: candidates: 'x' is not a whole number; using 3"
    client.notification("window/logMessage", {"type": 2, "message": problem})
    (project / "verifill.toml").write_text("candidates = 'y")
    client.notify("workspace/didChangeWatchedFiles", {"changes": []})
    while len(told(client)) < 2:
        client.notification("window/logMessage")
    assert len(client.notifications("window/showMessage")) == 1


def test_each_folder_has_its_own(start: Start, project: Path, tmp_path: Path) -> None:
    """Also one that is opened later."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "verifill.toml").write_text("candidates = 5")
    client = start()
    shake_hands(client, project)
    event = {"added": [{"uri": other.as_uri(), "name": "other"}], "removed": []}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    assert candidates(client, other) == 5
    assert candidates(client, project) == 3


def test_an_excluded_file_has_a_reason_and_the_engine_is_not_asked(start: Start, project: Path) -> None:
    """Built-in patterns, and those of any place; however it is asked for."""
    client = start()
    shake_hands(client, project, {"exclude": ["generated/"]})
    for name, trigger in ((".env", 1), ("key.pem", 2), ("generated/a.py", 2)):
        uri = (project / name).as_uri()
        client.open(uri, "print")
        assert client.reply(client.complete(uri, 0, 5, trigger))["result"] is None
        assert client.notifications("didChangeStatus")[-1]["message"] == "excluded_file"
    assert wanted(client, project, "calls") == "invoked:1"


def test_an_excluded_file_is_not_read_ahead(start: Start, project: Path) -> None:
    """Another one that is opened later is."""
    client = start()
    shake_hands(client, project)
    client.open((project / ".env").as_uri(), "SECRET=1")
    time.sleep(2 * QUIET_S)
    client.open((project / "a.py").as_uri(), "harmless")
    client.event("warm harmless")
    assert not any("SECRET" in line for line in client.stderr)


def test_a_language_that_is_off_is_asked_for_only_explicitly(start: Start, project: Path) -> None:
    """Typing is silent there; others go on."""
    client = start()
    shake_hands(client, project, {"languages": {"markdown": False}})
    uri = (project / "a.md").as_uri()
    client.open(uri, "text", "markdown")
    assert client.reply(client.complete(uri, 0, 4, trigger=2))["result"] is None
    assert client.notifications("didChangeStatus")[-1]["message"] == "language_off"
    assert client.reply(client.complete(uri, 0, 4, trigger=1))["result"] is not None
    client.open((project / "a.py").as_uri(), "text")
    assert client.reply(client.complete((project / "a.py").as_uri(), 0, 4, trigger=2))["result"] is not None


def environment(project: Path) -> str:
    """Make a project's own environment; running it would leave a trace."""
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch '{project}/executed'\n")
    python.chmod(0o755)
    return str(python)


def test_the_workspaces_interpreter_needs_trust(start: Start, project: Path) -> None:
    """Without it, that is said once; the status says which one is used and why.  The editor may speak for its user."""
    python = environment(project)
    client = start()
    shake_hands(client, project)
    for _ in range(2):
        assert wanted(client, project, "environment") is None
    (message,) = told(client)
    assert message == (
        f"analysis_untrusted: the workspace's .venv is not run before you trust the workspace: verifill trust {project}"
    )
    assert interpreter_shown(client) == (False, "", python)
    client.notify("workspace/didChangeConfiguration", {"settings": {"trusted": True}})
    assert wanted(client, project, "environment") == python
    assert interpreter_shown(client) == (True, python, "")


def interpreter_shown(client: Client) -> tuple[bool, str, str]:
    """Return whether the workspace is trusted, its interpreter, and the one that was passed over."""
    (workspace,) = client.ask("workspace/executeCommand", {"command": "verifill.showStatus"})["workspaces"]
    return workspace["trusted"], workspace["interpreter"]["path"], workspace["interpreter"]["untrusted"]


def test_trust_comes_and_goes_with_the_users_list(project: Path) -> None:
    """The list is read at each request."""
    from completion.trust import distrust, trust

    python = environment(project)
    configuration = Configuration(ServerSettings(), lambda problems: None)
    assert configuration.at(str(project)).interpreter.path == ""
    trust(project)
    assert configuration.at(str(project)).interpreter.path == python
    distrust(project)
    assert configuration.at(str(project)).interpreter.path == ""


def test_a_projects_own_files_do_not_trust_it(project: Path) -> None:
    """Nor do they speak for the editor."""
    environment(project)
    (project / "verifill.toml").write_text('trusted = true\neditor_python = ".venv"\npython = ".venv"\n')
    told: list[str] = []
    configuration = Configuration(ServerSettings(), told.extend)
    assert configuration.at(str(project)).interpreter.path == ""
    assert sum("not to be set here" in problem for problem in told) == 3


def test_the_command_line_has_the_last_word(project: Path) -> None:
    """Over the editor."""
    start = ServerSettings(command={"python": "/bin/sh", "max_tokens": None}, trusted=True)
    configuration = Configuration(start, lambda problems: None)
    configuration.take(json.loads('{"python": "/bin/cat", "maxTokens": 9}'))
    held = configuration.at(str(project))
    assert (held.interpreter.path, held.settings.max_tokens, held.trusted) == ("/bin/sh", 9, True)
