"""Real servers steer a model away from members that do not exist, and from calls that cannot be."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.analyzers.language_servers.home import Home
from completion.service import CompletionService
from completion.types import CompletionRequest
from tests.langs import stubborn
from tests.langs.conftest import needed

PROJECTS = Path(__file__).with_name("projects")

# Looks until a server has read a project.
PATIENCE = 60


@dataclass(frozen=True)
class Case:
    """A member or a call that a model would like to write, and another that can be.

    Attributes:
        language: The server.
        file: The file with the cursor; the types stand in another one.
        wrong: What is wanted most.
        right: What is wanted else.
        place: Line with the cursor in place of the one that stands there; "" for that one.
        monitor: Who objects.
    """

    language: str
    file: str
    wrong: str
    right: str
    place: str = ""
    monitor: str = "dereference"


CASES = (
    Case("typescript", "main.ts", "saldo;", "balance.toFixed(2);"),
    Case("typescript", "main.ts", "name;", "fullName;", "return account.owner.$0"),
    Case("typescript", "main.ts", "Dollar;", "Franc;", "return Currency.$0"),
    Case("go", "main.go", "Saldo + 1", "Balance + 1"),
    Case("go", "main.go", "Name)", "FullName)", "return len(account.Owner.$0"),
    Case("cpp", "main.cpp", "saldo;", "balance;"),
    Case("cpp", "main.cpp", "name;", "full_name;", "return account->owner.$0"),
    Case("cpp", "main.cpp", "Dollar;", "Franc;", "Currency currency = Currency::$0"),
    Case("typescript", "main.ts", "(10, 20);", "(10);", "account.deposit$0", "calls"),
    Case("typescript", "main.ts", "();", "(20);", "account.deposit$0", "calls"),
    Case("go", "main.go", "(10, 20)", "(10)", "account.Deposit$0", "calls"),
    Case("go", "main.go", "()", "(20)", "account.Deposit$0", "calls"),
    Case("cpp", "main.cpp", "(10, 20);", "(10);", "account->deposit$0", "calls"),
    Case("cpp", "main.cpp", "();", "(20);", "account->deposit$0", "calls"),
)


def opened(home: Home, case: Case, tmp_path: Path) -> tuple[CompletionService, CompletionRequest]:
    """Return a service with the case's model, its server ready, and the request."""
    needed(home, case.language)
    workspace = tmp_path / case.language
    shutil.copytree(PROJECTS / case.language, workspace)
    path = workspace / case.file
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.split("\n") if "$0" in line)
    text = text.replace(line.strip(), case.place or line.strip())
    typed = line.replace(line.strip(), case.place or line.strip()).partition("$0")[0]
    path.write_text(text.replace("$0", ""), encoding="utf-8")
    return stubborn.service(home.folder, typed, case.wrong, case.right), stubborn.request(path, text, workspace)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.wrong}-{case.right}")
def test_what_cannot_be_is_not_written(home: Home, tmp_path: Path, case: Case) -> None:
    """The model's second wish is written, and the certificate names the server; without facts the first is."""
    service, wish = opened(home, case, tmp_path)
    before = sorted((file, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())
    try:
        without = service.complete_now(replace(wish, facts="none"))
        for _ in range(PATIENCE):
            result = service.complete_now(wish)
            if result.certificate and "unknown" not in result.certificate:
                break
            time.sleep(0.5)
    finally:
        service.close()
    assert without.text.startswith(case.wrong)
    assert result.text.startswith(case.right), (result.text, result.certificate)
    assert result.certificate is not None
    assert " checked against " in result.certificate
    assert "not found" not in result.certificate
    assert result.counters["denied"][case.monitor] >= 1
    assert before == sorted((file, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())
