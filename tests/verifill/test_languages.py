"""``verifill languages``: what is added is there as a whole or not at all, what is missing is named with its mend."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from analysis.analyzers.language_servers.catalogue import SERVERS
from analysis.analyzers.language_servers.home import REQUIREMENTS, Home, Installed, write_record
from completion.analysis import languages_folder
from completion.hosts.lock import Lock
from verifill import languages
from verifill.cli import run
from verifill.language_trial import Trial

NAMES = [server.name for server in SERVERS]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A user without any programs, whose servers would need no network: their environment is this one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    home = Home(languages_folder())
    (home.bridge / "bin").mkdir(parents=True)
    (home.bridge / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(REQUIREMENTS, home.bridge)
    return home


def program(folder: Path, name: str, text: str = "exit 0") -> Path:
    """Make a program for the user."""
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def says(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> str:
    """Run a command and return what it says on standard error."""
    assert run(["languages", *words]) == code
    return capsys.readouterr().err


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Programs that were tried; all work."""
    programs: list[Path] = []

    def try_out(home: Home, server: object, binary: Path) -> Trial:
        programs.append(binary)
        assert binary.exists()
        return Trial(True, "tried 1.2", "answers")

    monkeypatch.setattr(languages, "try_out", try_out)
    return programs


def test_a_program_on_the_path_is_used(
    home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Under any of its names; it is looked for once, and its place is kept."""
    clangd = program(tmp_path, "clangd-19")
    assert "added cpp: tried 1.2" in says(capsys, "add", "c++", code=0)
    assert tried == [clangd]
    (cpp,) = (server for server in SERVERS if server.name == "cpp")
    assert home.installed(cpp) == Installed("tried 1.2", str(clangd), str(clangd))


def test_what_a_language_installs_lies_below_home(
    tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Go's own folder of programs is seldom on the PATH of an editor."""
    program(tmp_path, "go")
    (tmp_path / "go" / "bin").mkdir(parents=True)
    shutil.move(program(tmp_path, "gopls"), tmp_path / "go" / "bin" / "gopls")
    says(capsys, "add", "go", code=0)
    assert tried == [tmp_path / "go" / "bin" / "gopls"]


def test_a_program_of_the_users_choice(
    home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is with Java; what cannot be run is refused."""
    program(tmp_path, "java")
    assert "not a program that can be run" in says(capsys, "add", "java", "--server", str(tmp_path), code=2)
    server = program(tmp_path, "jdtls-of-mine")
    assert "chosen by you" in says(capsys, "add", "java", "--server", str(server), code=0)
    assert tried == [server]


def test_a_server_in_the_folder_that_it_was_unpacked_into(
    home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """In it or in its ``bin``; nothing is looked for elsewhere, and two choices are one too many."""
    program(tmp_path, "java")
    unpacked = tmp_path / "jdtls"
    (unpacked / "bin").mkdir(parents=True)
    program(tmp_path, "jdtls")
    folder = ["add", "java", "--server-install-dir", str(unpacked)]
    assert "there is no jdtls that can be run, nor in bin/; unpack Eclipse JDT LS" in says(capsys, *folder, code=2)
    assert "give one of them" in says(capsys, *folder, "--server", str(tmp_path / "bin" / "jdtls"), code=2)
    assert tried == []
    inner = program(unpacked, "jdtls")
    assert "chosen by you" in says(capsys, *folder, code=0)
    outer = Path(shutil.copy(inner, unpacked / "jdtls"))
    says(capsys, *folder, code=0)
    assert tried == [inner, outer]


def test_npm_installs_exact_versions_without_their_scripts(
    home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Into the language's own folder."""
    program(tmp_path, "node")
    log, server = tmp_path / "log", "$3/node_modules/.bin/typescript-language-server"
    text = f'echo "$@" > {log}\n/bin/mkdir -p $3/node_modules/.bin\n/bin/cp "$0" {server}'
    program(tmp_path, "npm", text)
    assert "typescript" in says(capsys, "add", "javascript", code=0)
    words = log.read_text().split()
    assert words[:2] == ["install", "--prefix"]
    assert "--ignore-scripts" in words
    assert words[-2:] == ["typescript@5.5.4", "typescript-language-server@4.3.3"]
    assert (home.of(SERVERS[0]) / "node_modules" / ".bin" / "typescript-language-server").exists()


@pytest.mark.parametrize(
    ("words", "programs", "message"),
    [
        (["add", "klingon"], [], "no server for 'klingon' is known; known are typescript, go,"),
        (["add", "python"], [], "jedi comes along"),
        (["add", "typescript"], [], "typescript needs node, which is not on your PATH; install Node.js"),
        (["add", "typescript"], ["node"], "typescript-language-server is not on your PATH; install Node.js"),
        (["add", "go"], ["go"], "gopls is not on your PATH; install Go, then: go install"),
        (["add", "cpp"], [], "clangd is not on your PATH; install clangd 17"),
        (["add", "rust"], ["cargo"], "rustup component add rust-analyzer"),
        (["remove", "go"], [], "go was not added"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], programs: list[str], message: str
) -> None:
    """In one line, with what to do."""
    for name in programs:
        program(tmp_path, name)
    said = says(capsys, *words, code=2)
    assert message in said
    assert said.count("\n") == 1


def test_a_server_that_does_not_work_is_not_added(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is really tried, by the worker; what was there before stays."""
    program(tmp_path, "clangd")
    for _ in range(2):
        assert "cpp: clangd does not work here: multilspy failed with" in says(capsys, "add", "cpp", code=1)
        assert sorted(path.name for path in home.folder.iterdir()) == ["bridge"]
    home.of(SERVERS[2]).mkdir()
    write_record(home.of(SERVERS[2]), before := Installed("before", "/bin/sh", "before"))
    says(capsys, "add", "cpp", code=1)
    assert home.installed(SERVERS[2]) == before


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, OSError])
def test_a_stopped_add_leaves_nothing(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stopped_by: type[BaseException],
) -> None:
    """Neither of the language nor of the environment that all share."""
    program(tmp_path, "clangd")
    shutil.rmtree(home.bridge)

    def stop(command: list[str], *words: str) -> None:
        Path(command[-1]).mkdir(exist_ok=True)
        raise stopped_by

    monkeypatch.setattr(languages, "_run", stop)
    run(["languages", "add", "cpp"])
    assert list(home.folder.iterdir()) == []


def test_what_a_killed_add_has_left_is_removed(
    home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """By the next one."""
    (home.folder / ".partial-killed" / "new").mkdir(parents=True)
    program(tmp_path, "clangd")
    says(capsys, "add", "cpp", code=0)
    assert sorted(path.name for path in home.folder.iterdir()) == ["bridge", "cpp"]


def test_two_at_once(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second one is told to wait."""
    program(tmp_path, "clangd")
    lock = Lock.take(home.folder / "lock")
    assert lock is not None
    assert "another verifill languages is at work" in says(capsys, "add", "cpp", code=2)
    lock.release()


def test_list_and_remove(home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """All languages are listed, added or not; with the last one goes what they share."""
    program(tmp_path, "clangd")
    says(capsys, "add", "cpp", code=0)
    assert run(["languages", "list", "--json"]) == 0
    rows = {row["language"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == NAMES
    assert rows["cpp"] == {"language": "cpp", "server": "tried 1.2", "source": str(tmp_path / "bin" / "clangd")}
    assert rows["go"] == {"language": "go", "server": "", "source": ""}
    assert run(["languages", "list"]) == 0
    shown = capsys.readouterr().out
    assert "jedi" in shown
    assert "verifill languages add go" in shown
    says(capsys, "remove", "cpp", code=0)
    assert list(home.folder.iterdir()) == []
    assert (tmp_path / "bin" / "clangd").exists()


def test_doctors(home: Home, tmp_path: Path, tried: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing added is nothing broken."""
    assert "no language was added" in says(capsys, "doctor", code=0)
    program(tmp_path, "clangd")
    says(capsys, "add", "cpp", code=0)
    assert run(["languages", "doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "found": {"cpp": {"works": True, "words": "answers"}}}


def test_a_server_that_was_removed_is_broken(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do about it."""
    home.of(SERVERS[2]).mkdir()
    write_record(home.of(SERVERS[2]), Installed("clangd 19", "/nowhere/clangd", "/nowhere/clangd"))
    assert run(["languages", "doctor"]) == 1
    assert capsys.readouterr().out == (
        "cpp: broken: /nowhere/clangd is not there any more: verifill languages add cpp\n"
    )
