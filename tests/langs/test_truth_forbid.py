"""The measurement of how often servers lack the truth, on one small project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.analyzers.language_servers.home import Home
from bench import truth_forbid_servers
from bench.server_projects import Project
from tests.langs.conftest import needed

SOURCE = (
    'import { Account, Owner } from "./account";\n\n'
    + "".join(
        f"export function f{n}(account: Account, any: any) {{\n  return account.balance;\n}}\n" for n in range(20)
    )
    + "export function g(account: Account, any: any) {\n  return any.made + account.saldo;\n}\n"
)


def test_what_a_list_lacks_is_counted(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that does not exist is reported as lacking, those that do as found, one of any type as unresolved."""
    needed(home, "typescript")
    (tmp_path / "account.ts").write_text("export class Account { balance = 0; }\nexport interface Owner {}\n")
    (tmp_path / "tsconfig.json").write_text('{"compilerOptions": {"strict": true}}\n')
    (tmp_path / "many.ts").write_text(SOURCE)
    project = Project("typescript", "ours", tmp_path, tmp_path, (".ts",))
    monkeypatch.setattr(truth_forbid_servers, "projects", lambda folder: iter((project,)))
    out = tmp_path / "out"
    truth_forbid_servers.main(
        [str(tmp_path), "--servers", str(home.folder), "--out", str(out), "--per-file", "40", "--sites", "100"]
    )
    result = json.loads((out / "truth_forbid_servers.json").read_text())
    assert result["facts"]["members.typescript"]["sites"] == 21
    assert result["facts"]["members.typescript"]["forbidden"] == 1
    assert result["facts"]["members.unresolved"]["sites"] == 1
    assert result["speed"]["typescript"]["answers"] > 0
