"""Whatever a language server does, a completion comes, unconstrained and with the reason."""

from __future__ import annotations

import os
import shlex
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from analysis.analyzers.language_servers import seat as lsp_seat
from analysis.analyzers.language_servers.catalogue import server_of
from analysis.analyzers.language_servers.home import Home, Installed, write_record
from completion.service import CompletionService
from completion.types import CompletionResult
from tests.langs import stubborn

SCRIPT = Path(__file__).with_name("scripted_server.py")

Complete = Callable[..., CompletionResult]

WANTS = ("saldo;", "balance;")


class Bench:
    """A service whose model wants ``saldo``, over a scripted server that lists ``balance``."""

    def __init__(self, home: Home, folder: Path, mode: str, language: str) -> None:
        """Install the scripted server."""
        self.path = folder / {"java": "A.java", "cpp": "a.cpp"}[language]
        self.log = folder / "log"
        self.folder = folder
        self.program = folder / "scripted"
        words = shlex.join([sys.executable, str(SCRIPT), str(self.log), mode])
        self.program.write_text(f"#!/bin/sh\nexec {words}\n")
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        own = Home(folder / "home")
        server = server_of(language)
        assert server is not None
        own.of(server).mkdir(parents=True)
        write_record(own.of(server), Installed("scripted", str(self.program), "here"))
        own.bridge.symlink_to(home.bridge)
        self.home = own
        self.services: dict[str, CompletionService] = {}

    def complete(
        self,
        receiver: str,
        facts: str = "wait",
        trusted: bool = True,
        wants: Sequence[str] = ("saldo;", "balance;"),
    ) -> CompletionResult:
        """Complete behind a receiver."""
        line = f"    {receiver}"
        service = self.services.get(receiver)
        if service is None:
            service = self.services[receiver] = stubborn.service(self.home.folder, line, *wants)
        text = f"class A {{\n  void f() {{\n{line}$0\n  }}\n}}\n"
        return service.complete_now(stubborn.request(self.path, text, self.folder, facts, trusted))

    def starts(self) -> int:
        """Return how often the server was started."""
        return len(self.log.read_text().split()) if self.log.exists() else 0

    def settled(self, receiver: str) -> CompletionResult:
        """Complete until the server has started, or is given up."""
        for _ in range(60):
            result = self.complete(receiver)
            if "starting" not in (result.certificate or ""):
                break
            time.sleep(0.5)
        return result


Make = Callable[..., Bench]


@pytest.fixture
def make(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes services; they and their servers end with the test."""
    monkeypatch.setattr(lsp_seat, "FIRST_PAUSE_S", 0.0)
    made: list[Bench] = []

    def make(mode: str = "", language: str = "java") -> Bench:
        made.append(Bench(home, tmp_path, mode, language))
        return made[-1]

    yield make
    for bench in made:
        for service in bench.services.values():
            service.close()


def test_a_good_answer_steers(make: Make) -> None:
    """As a control: the list is obeyed."""
    result = make().settled("account.")
    assert (result.text, result.certificate) == ("balance;", "1 name checked against scripted 1.2.3")


@pytest.mark.parametrize(("wrong", "right"), [("(1, 2, 3);", "(1, 2);"), ("(1);", "(1, 2);"), ("();", "(1, 2);")])
def test_a_signature_steers(make: Make, wrong: str, right: str) -> None:
    """No more arguments are passed than it has parameters, and no fewer."""
    bench = make(language="cpp")
    for _ in range(60):
        result = bench.complete("deposit", wants=(wrong, right))
        if result.certificate is not None:  # a call that nothing is known of is not counted
            break
        time.sleep(0.5)
    assert (result.text, result.certificate) == (right, "1 name checked against scripted 1.2.3")


@pytest.mark.parametrize(
    ("receiver", "reason"),
    [
        ("die.", "java: the server has ended"),
        ("garbage.", "java: the server talks nonsense"),
        ("number.", "java: the server talks nonsense"),
        ("many.", ""),
        ("null.", ""),
        ("error.", ""),
    ],
)
def test_a_bad_answer_does_not_constrain(make: Make, receiver: str, reason: str) -> None:
    """A crash, wrong JSON, a list that was cut, and no list: the text comes as the model wants it."""
    result = make().settled(receiver)
    assert result.text == "saldo;"
    assert result.certificate is not None
    assert result.certificate.startswith("1 unknown")
    assert reason in result.certificate


def test_a_server_that_keeps_crashing_is_given_up(make: Make) -> None:
    """It is started four times in all, and every completion comes."""
    bench = make()
    for _ in range(lsp_seat.MOST_RESTARTS + 4):
        assert bench.settled("die.").text == "saldo;"
    assert "given up" in str(bench.complete("die.").certificate)
    assert bench.starts() == lsp_seat.MOST_RESTARTS + 1


@pytest.mark.parametrize("mode", ["sleepy", ""])
def test_nothing_waits_for_a_server_that_starts_or_hangs(make: Make, mode: str) -> None:
    """The completion is there before the answer could be: no fact came, and the certificate says so."""
    bench = make(mode)
    result = bench.complete("hang.", facts="live")
    assert result.text == "saldo;"
    assert result.counters["facts"]["on_time"] == result.counters["facts"]["late"] == 0
    assert result.certificate == "1 unknown (java: the server is starting)"


def test_a_missing_program_is_named(make: Make) -> None:
    """The completion comes, with the reason."""
    bench = make()
    os.unlink(bench.program)
    result = bench.settled("account.")
    assert result.text == "saldo;"
    assert "the server's program is not there" in str(result.certificate)


def test_no_server_is_started_in_a_workspace_that_is_not_trusted(make: Make) -> None:
    """And the certificate names the mend."""
    bench = make()
    for facts in ("live", "wait"):
        result = bench.complete("account.", facts, trusted=False)
        assert result.text == "saldo;"
        assert "verifill trust DIR" in str(result.certificate)
    assert bench.starts() == 0


def test_a_language_that_was_not_added_is_named(make: Make) -> None:
    """The same where the user has added no server."""
    bench = make()
    (bench.home.folder / "java" / "server.json").unlink()
    result = bench.complete("account.")
    assert result.text == "saldo;"
    assert "verifill languages add java" in str(result.certificate)
