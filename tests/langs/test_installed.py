"""The real language servers: names, calls and definitions across files, and files that change meanwhile."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.analyzers.language_servers.answers import NAMESPACE, SCOPE
from analysis.analyzers.language_servers.home import Home
from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.analyzers.language_servers.worker import LOOK_EVERY_S
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, OpenFile
from tests.langs.conftest import needed


@dataclass(frozen=True)
class Project:
    """A type in one file, and a cursor in another.

    Attributes:
        files: Contents by name; the first is the one with the type.
        path: The file that is completed.
        before: What stands before the hole.
        after: What stands behind it.
    """

    files: dict[str, str]
    path: str
    before: str
    after: str


PROJECTS = {
    "typescript": Project(
        {
            "bank.ts": "export class Account {\n  balance = 0;\n  deposit(amount: number, note?: string) {}\n}\n",
            "tsconfig.json": '{"compilerOptions": {"strict": true, "module": "es2022", "target": "es2022"}}\n',
        },
        "main.ts",
        'import { Account } from "./bank";\n\nfunction show(account: Account, other: Account | null, any: any) {\n',
        "}\n",
    ),
    "javascript": Project(
        {"bank.js": "export class Account {\n  balance = 0;\n  deposit(amount, note = '') {}\n}\n"},
        "main.js",
        'import { Account } from "./bank.js";\n\nconst account = new Account();\nfunction show(any) {\n',
        "}\n",
    ),
    "go": Project(
        {
            "bank.go": "package main\n\ntype Account struct {\n\tbalance int\n}\n\n"
            "func (a *Account) deposit(amount int, notes ...string) {\n}\n",
            "go.mod": "module bank\n\ngo 1.18\n",
        },
        "main.go",
        "package main\n\nfunc show(account *Account) {\n",
        "}\n\nfunc main() {\n}\n",
    ),
    "cpp": Project(
        {"bank.h": "struct Account {\n  int balance;\n  void deposit(int amount, int note = 0);\n};\n"},
        "main.cpp",
        '#include "bank.h"\n\nvoid show(Account account, Account* other) {\n',
        "}\n",
    ),
    "rust": Project(
        {
            "src/bank.rs": "pub struct Account {\n    pub balance: i64,\n}\n\n"
            "impl Account {\n    pub fn deposit(&mut self, amount: i64, note: &str) {}\n}\n",
            "src/main.rs": "",
            "Cargo.toml": '[package]\nname = "bank"\nversion = "0.1.0"\nedition = "2021"\n',
        },
        "src/main.rs",
        "mod bank;\nuse bank::Account;\n\nfn show(account: &mut Account) {\n",
        "}\n\nfn main() {}\n",
    ),
    "java": Project(
        {"Account.java": "class Account {\n  int balance;\n  void deposit(int amount, String... notes) {}\n}\n"},
        "Main.java",
        "class Main {\n  static void show(Account account) {\n",
        "  }\n}\n",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the projects are; each keeps its server for all tests."""
    return tmp_path_factory.mktemp("projects")


@pytest.mark.parametrize("language", PROJECTS)
def test_a_type_in_another_file(home: Home, servers: LanguageServers, folder: Path, language: str) -> None:
    """Its members, no others; how a method is called, and where it stands; nothing about what is unknown."""
    needed(home, "typescript" if language == "javascript" else language)
    document = opened(folder, language)
    members = ask(servers, document, "members", "account.")
    assert {"balance", "deposit"} <= members.names
    assert "show" not in members.names
    assert members.kind == language
    (signature,) = ask(servers, document, "signatures", "account.deposit").signatures
    assert [parameter.required for parameter in signature.parameters] == [True, language == "rust"]
    (definition,) = ask(servers, document, "definitions", "account.deposit").definitions
    assert Path(definition.path) == folder / language / next(iter(PROJECTS[language].files))
    assert "deposit(" in definition.text
    assert ask(servers, document, "members", "nowhere.").kind == UNRESOLVED


@pytest.mark.parametrize("receiver", ["other.", "other?.", "'text'."])
def test_typescript_behind_what_may_be_missing(
    home: Home, servers: LanguageServers, folder: Path, receiver: str
) -> None:
    """The server lists names with the operator that it would write."""
    needed(home, "typescript")
    names = ask(servers, opened(folder, "typescript"), "members", receiver).names
    assert names >= ({"length"} if receiver == "'text'." else {"balance", "deposit"})


def test_cpp_behind_a_pointer(home: Home, servers: LanguageServers, folder: Path) -> None:
    """Through the arrow."""
    needed(home, "cpp")
    assert "balance" in ask(servers, opened(folder, "cpp"), "members", "other->").names


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_a_value_of_any_type_has_no_members(home: Home, servers: LanguageServers, folder: Path, language: str) -> None:
    """What the server lists there are the file's words, which prove nothing."""
    needed(home, "typescript")
    assert ask(servers, opened(folder, language), "members", "any.").kind == UNRESOLVED


@pytest.mark.parametrize("language", PROJECTS)
def test_a_file_that_is_not_saved(home: Home, servers: LanguageServers, folder: Path, language: str) -> None:
    """Counts as it is in the editor, with the first answer, and soon as it is on disk when it is closed."""
    needed(home, "typescript" if language == "javascript" else language)
    document = opened(folder, language)
    name, text = next(iter(PROJECTS[language].files.items()))
    for other in ("holdings", "savings"):
        unsaved = OpenFile(str(folder / language / name), language, text.replace("balance", other))
        names = ask(servers, replace(document, others=(unsaved,)), "members", "account.").names
        assert other in names
        assert "balance" not in names
    deadline = time.monotonic() + 30
    while "balance" not in ask(servers, document, "members", "account.").names:
        assert time.monotonic() < deadline, "rust-analyzer reads the file in its own time"
        time.sleep(0.2)


def test_cpp_behind_a_class_and_a_namespace(home: Home, servers: LanguageServers, folder: Path) -> None:
    """Their lists are told apart."""
    needed(home, "cpp")
    opened(folder, "cpp")
    text = "namespace bank { int rate; }\nenum class Color { Red };\nstruct Box { static int size; };\nvoid show() {\n"
    document = BaseDocument(
        str(folder / "cpp" / "scopes.cpp"), str(folder / "cpp"), text, "}\n", "  ", language="cpp", trusted=True
    )
    for receiver, name, kind in (("bank::", "rate", NAMESPACE), ("Color::", "Red", SCOPE), ("Box::", "size", SCOPE)):
        fact = ask(servers, document, "members", receiver)
        assert (name in fact.names, fact.kind) == (True, kind)


@pytest.mark.parametrize("language", PROJECTS)
def test_a_file_that_changes(home: Home, servers: LanguageServers, folder: Path, language: str) -> None:
    """A member that another program has just given a type is known, or names would be refused that are right."""
    needed(home, "typescript" if language == "javascript" else language)
    document = opened(folder, language)
    assert "balance" in ask(servers, document, "members", "account.").names
    name, text = next(iter(PROJECTS[language].files.items()))
    time.sleep(LOOK_EVERY_S)
    (folder / language / name).write_text(text.replace("balance", "holdings"))
    later = replace(document, prefix=f"{document.prefix}\n")
    deadline = time.monotonic() + 30
    while "holdings" not in (names := ask(servers, later, "members", "account.").names):
        assert time.monotonic() < deadline, "TypeScript's own look at its files takes a while, but not so long"
        time.sleep(0.5)
    assert "balance" not in names


def opened(folder: Path, language: str) -> BaseDocument:
    """Make a language's project where it is not there yet, and return its document with a hole."""
    project, root = PROJECTS[language], folder / language
    if not root.exists():
        root.mkdir()
        for name, text in project.files.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
    return BaseDocument(
        str(root / project.path), str(root), project.before, project.after, "  ", language=language, trusted=True
    )


def ask(pool: LanguageServers, document: BaseDocument, kind: str, receiver: str) -> Fact:
    """Ask until the server has started, and return the answer."""
    answers: queue.Queue[Fact | None] = queue.Queue()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        pool.submit(document, FactKey(kind, document.digest, receiver), answers.put)
        if (fact := answers.get(timeout=60)) is not None:
            return fact
        time.sleep(0.1)
    raise AssertionError(pool.troubles())
