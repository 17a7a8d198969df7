"""The whole way, multilspy included, to a language server that does what the test wants."""

from __future__ import annotations

import os
import queue
import shlex
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.analyzers.language_servers import seat as lsp_seat
from analysis.analyzers.language_servers.answers import TRUNCATED
from analysis.analyzers.language_servers.catalogue import SERVERS
from analysis.analyzers.language_servers.home import REQUIREMENTS, Home, Installed, Limits, write_record
from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.analyzers.language_servers.seat import MOST_RESTARTS
from analysis.analyzers.language_servers.worker import LOOK_EVERY_S
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, OpenFile

SCRIPT = Path(__file__).with_name("scripted_server.py")


class Scripted:
    """A pool whose servers are scripted, and the log of their starts."""

    def __init__(self, home: Home, folder: Path, mode: str, limits: Limits) -> None:
        """Install the scripted server for all languages."""
        self.log = folder / "log"
        own = Home(folder / "home")
        program = folder / "scripted"
        words = shlex.join([sys.executable, str(SCRIPT), str(self.log), mode])
        program.write_text(f"#!/bin/sh\nexec {words}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        for server in SERVERS:
            own.of(server).mkdir(parents=True)
            write_record(own.of(server), Installed("scripted", str(program), "here"))
        own.bridge.symlink_to(home.bridge)
        self.pool = LanguageServers(own.folder, limits)
        self.document = BaseDocument(
            str(folder / "A.java"), str(folder), "one\n", "end\n", language="java", trusted=True
        )

    def ask(self, receiver: str, document: BaseDocument | None = None, kind: str = "members") -> Fact | None:
        """Ask and wait."""
        document = document or self.document
        answers: queue.Queue[Fact | None] = queue.Queue()
        self.pool.submit(document, FactKey(kind, document.digest, receiver), answers.put)
        return answers.get(timeout=60)

    def works(self) -> bool:
        """Whether a plain question is answered."""
        fact = self.ask("account.")
        return fact is not None and fact.names == {"balance"}

    def servers(self) -> list[int]:
        """Return the numbers of all servers that were started."""
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []


Make = Callable[..., Scripted]


@pytest.fixture
def make(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes pools; they and their servers end with the test."""
    monkeypatch.setattr(lsp_seat, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(lsp_seat, "PATIENCE_S", 60.0)
    made: list[Scripted] = []

    def make(mode: str = "", start: float = 60.0, answer: float = 60.0) -> Scripted:
        made.append(Scripted(home, tmp_path, mode, Limits(start, answer)))
        return made[-1]

    yield make
    for scripted in made:
        scripted.pool.close()
        assert all(ends(server) for server in scripted.servers())


def is_running(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(process: int) -> bool:
    """Wait for a process to end."""
    deadline = time.monotonic() + 10
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(process)


@pytest.mark.parametrize("language", ["java", "go"])
def test_the_three_questions(make: Make, language: str) -> None:
    """Through multilspy's own class for the language, and for Java through ours."""
    scripted = make()
    document = replace(scripted.document, language=language)
    members = scripted.ask("account.", document)
    assert members is not None
    assert (members.names, members.kind, members.origin) == ({"balance"}, language, "scripted 1.2.3")
    signatures = scripted.ask("f", document, "signatures")
    assert signatures is not None
    assert [len(signature.parameters) for signature in signatures.signatures] == [2]
    definitions = scripted.ask("f", document, "definitions")
    assert definitions is not None
    assert [definition.text for definition in definitions.definitions] == ["one"]
    assert len(scripted.servers()) == 1


def test_the_server_sees_edits_and_no_files(make: Make, tmp_path: Path) -> None:
    """Each text of a file arrives, more files than stay open too; none is written."""
    scripted = make()
    for text in ("one two", "one 😀 two", "", "two", "größe two"):
        for number in range(10):
            path = str(tmp_path / f"{number}.java")
            fact = scripted.ask("echo.", replace(scripted.document, path=path, prefix=f"{text} x{number}\n"))
            assert fact is not None
            assert fact.names == {*text.replace("😀", "").split(), f"x{number}"}
        fact = scripted.ask("open.")
        assert fact is not None
        assert fact.names == {"open1"}
    assert not list(tmp_path.glob("*.java"))


def test_the_server_sees_other_files_as_the_user_has_them(make: Make, tmp_path: Path) -> None:
    """What is not saved counts, each version of it, until it is; an unchanged file is not opened again."""
    scripted = make()

    def others(*texts: str, language: str = "java") -> frozenset[str]:
        files = tuple(OpenFile(str(tmp_path / f"{n}.java"), "java", f"{text}\n") for n, text in enumerate(texts))
        document = replace(scripted.document, others=files, language=language)
        fact = scripted.ask("others.", document)
        assert fact is not None
        return fact.names

    for language in ("java", "cpp"):  # clangd has its files opened anew
        assert others(language=language) == frozenset()
        assert others("one 😀", "two", language=language) == {"one", "two"}
        assert others("three", "two", language=language) == {"three", "two"}
        assert others("three", language=language) == {"three"}
        fact = scripted.ask("open.", replace(scripted.document, language=language))
        assert fact is not None
        assert fact.names == {"open1"}
    assert not list(tmp_path.glob("*.java"))


def test_a_file_that_is_open_is_not_opened_again_where_it_changes_on_disk(make: Make, tmp_path: Path) -> None:
    """TypeScript's server is told to look at files by opening them for a moment: not at those that it shows."""
    scripted = make()
    path = tmp_path / "a.ts"
    path.write_text("old\n")
    document = replace(scripted.document, path=str(path), language="typescript", prefix="one\n")
    for text in ("old", "saved"):
        path.write_text(f"{text}\n")
        fact = scripted.ask("echo.", document)
        assert fact is not None
        assert fact.names == {"one"}
        document = replace(document, prefix="one\ntwo\n")
        time.sleep(LOOK_EVERY_S)


def test_the_server_is_told_of_other_files(make: Make, tmp_path: Path) -> None:
    """Those that are made, changed and deleted, of its languages and outside folders of others' code."""
    (tmp_path / "old.java").touch()
    scripted = make()
    assert scripted.works()
    (tmp_path / "new.java").touch()
    (tmp_path / "new.txt").touch()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "new.java").touch()
    time.sleep(LOOK_EVERY_S)
    assert changes_of(scripted) == {"change1"}
    os.utime(tmp_path / "old.java", (1, 1))
    time.sleep(LOOK_EVERY_S)
    assert changes_of(scripted) == {"change1", "change2"}
    (tmp_path / "old.java").unlink()
    time.sleep(LOOK_EVERY_S)
    assert changes_of(scripted) == {"change1", "change2", "change3"}


def changes_of(scripted: Scripted) -> frozenset[str]:
    """Return what the server heard."""
    fact = scripted.ask("changes.", replace(scripted.document, prefix=f"{time.monotonic()}\n"))
    assert fact is not None
    return fact.names


@pytest.mark.parametrize("receiver", ["list.", "noise."])
def test_all_shapes_of_an_answer(make: Make, receiver: str) -> None:
    """A bare list, and one behind questions to the client and much on standard error."""
    fact = make().ask(receiver)
    assert fact is not None
    assert fact.names == {"balance"}


@pytest.mark.parametrize("receiver", ["null.", "error."])
def test_no_answer_is_no_list(make: Make, receiver: str) -> None:
    """The server has nothing to say, and goes on."""
    scripted = make()
    fact = scripted.ask(receiver)
    assert fact is not None
    assert fact.kind == UNRESOLVED
    assert scripted.works()
    assert len(scripted.servers()) == 1


def test_five_thousand_names(make: Make) -> None:
    """Are told to be not all there is."""
    fact = make().ask("many.")
    assert fact is not None
    assert (fact.kind, len(fact.names)) == (TRUNCATED, 4000)


@pytest.mark.parametrize(
    ("receiver", "why"),
    [("die.", "the server has ended"), ("garbage.", "talks nonsense"), ("number.", "talks nonsense")],
)
def test_a_failing_server_is_started_again_three_times(make: Make, receiver: str, why: str) -> None:
    """A crash, wrong JSON and a wrong answer are noticed at once, and told; then the server is left alone."""
    scripted = make()
    for number in range(MOST_RESTARTS + 1):
        assert scripted.works()
        assert len(scripted.servers()) == number + 1
        assert scripted.ask(receiver) is None
        assert why in scripted.pool.trouble(scripted.document)
        assert ends(scripted.servers()[-1])
    for _ in range(3):
        assert scripted.ask("account.") is None
    assert "given up" in scripted.pool.trouble(scripted.document)
    assert len(scripted.servers()) == MOST_RESTARTS + 1


def test_a_hanging_server_is_replaced(make: Make) -> None:
    """After three questions without an answer in time."""
    scripted = make(answer=0.3)
    assert scripted.works()
    for _ in range(3):
        assert scripted.ask("hang.") is None
    assert scripted.works()
    assert len(scripted.servers()) == 2
    assert ends(scripted.servers()[0])


@pytest.mark.parametrize(
    ("mode", "start", "why"),
    [("broken", 60.0, "the server has ended"), ("mute", 0.5, "the server was not ready within")],
)
def test_a_server_that_does_not_start(make: Make, mode: str, start: float, why: str) -> None:
    """Four times, and the reason is told."""
    scripted = make(mode, start)
    while "given up" not in scripted.pool.trouble(scripted.document):
        assert scripted.ask("account.") is None
    assert why in scripted.pool.trouble(scripted.document)
    assert len(scripted.servers()) == MOST_RESTARTS + 1


def test_a_program_that_was_removed(make: Make, tmp_path: Path) -> None:
    """Is not there, and that is what is said."""
    scripted = make()
    (tmp_path / "scripted").unlink()
    while "given up" not in scripted.pool.trouble(scripted.document):
        assert scripted.ask("account.") is None
    assert "program is not there" in scripted.pool.trouble(scripted.document)


def test_no_server_in_a_workspace_that_is_not_trusted(make: Make) -> None:
    """None was ever started."""
    scripted = make()
    for _ in range(3):
        assert scripted.ask("account.", replace(scripted.document, trusted=False)) is None
    assert (scripted.servers(), scripted.pool.processes()) == ([], ())


def test_the_server_ends_with_its_user(make: Make, home: Home, tmp_path: Path) -> None:
    """Also where the user's process is killed and can end nothing itself."""
    scripted = make()
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from analysis.analyzers.language_servers.pool import LanguageServers\n"
        "from analysis.facts import BaseDocument, FactKey\n"
        f"folder = {str(tmp_path)!r}\n"
        "document = BaseDocument(folder + '/A.java', folder, '', '', language='java', trusted=True)\n"
        "pool = LanguageServers(Path(folder, 'home'))\n"
        "pool.submit(document, FactKey('members', document.digest, 'a.'), lambda fact: print('ready', flush=True))\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=SCRIPT.parents[2]) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"ready\n"
        (server,) = scripted.servers()
        assert is_running(server)
        user.kill()
    assert ends(server)


def test_nothing_of_the_requirements_is_missing(home: Home) -> None:
    """The environment holds exactly what is listed, and multilspy finds all that it wants."""
    freeze = subprocess.run(
        [home.python, "-I", "-m", "pip", "--disable-pip-version-check", "freeze"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    wanted = {line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")}
    assert set(freeze.split()) == wanted
    check = [home.python, "-I", "-m", "pip", "--disable-pip-version-check", "check"]
    assert subprocess.run(check, capture_output=True, env=os.environ, check=False).returncode == 0
