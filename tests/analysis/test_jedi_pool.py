"""The jedi workers: real processes, real jedi, hostile workspaces."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import jedi
import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey
from analysis.question_queue import MOST_WAITING

PYTHON = f"Python {sys.version_info.major}.{sys.version_info.minor}"
HOLE = "«»"


def ask(pool: JediPool, document: BaseDocument, receiver: str, middle: str = "") -> Fact | None:
    """Ask and wait."""
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey("attributes", document.digest, receiver, middle), answers.put)
    return answers.get(timeout=120)


def document(text: str, folder: Path | str = "/project", environment: str = "") -> BaseDocument:
    """Return the document with a hole at the mark, which stands alone on its line behind the indentation."""
    before, behind = text.split(HOLE + "\n")
    start = before.rfind("\n") + 1
    path = os.path.join(folder, "edited.py")
    return BaseDocument(path, str(folder), before[:start], behind, before[start:], environment)


def check(fact: Fact | None, kind: str, origin: str, has: str, lacks: str = "nonsense") -> None:
    """Compare a fact with what is expected of it."""
    assert fact is not None
    assert (fact.kind, fact.origin) == (kind, origin)
    assert set(has.split()) <= fact.names
    assert not set(lacks.split()) & fact.names


SOURCE = f"""\
import argparse
import json
import os
import missing_library

class Base:
    inherited = 1

class Account(Base):
    def __init__(self, owner: str, late=None):
        self.owner = owner
        self._private = 2
        self.__hidden = 3

    def deposit(self, amount, other: "Account", request):
        {HOLE}
        return other

    @classmethod
    def make(cls): ...

class Orphan(missing_library.Thing):
    known = 1

class Proxy:
    real = 1
    def __getattr__(self, name): ...

def use(account: Account):
    account.deposit(1, account, json)

number = 1
either = json if number else os
"""

KINDS = (
    ("self", "self", "this file", "owner inherited _private __hidden deposit make __class__", "nonsense"),
    ("super()", "super", "this file", "inherited __init__", "deposit"),
    ("other", "instance", "this file", "owner inherited _private __hidden deposit", "path"),
    ("other.owner", "builtin", PYTHON, "upper join __len__", "deposit"),
    ("Account", "class", "this file", "inherited deposit make mro __name__", "owner_"),
    ("self.__class__", "class", "this file", "inherited make __name__", "nonsense"),
    ("json", "module", PYTHON, "dumps JSONDecodeError __name__ __file__", "path"),
    ("os.path", "module", PYTHON, "join exists", "dumps"),
    ("request", "parameter", PYTHON, "dumps", "path"),
    ("either", "several", PYTHON, "dumps path", "nonsense"),
    ("Orphan()", "partial", "this file", "known", "nonsense"),
    ("Proxy()", "dynamic", "this file", "real", "nonsense"),
    ("argparse.ArgumentParser().parse_args()", "dynamic", PYTHON, "__class__", "nonsense"),
    ('""', "builtin", PYTHON, "join", "deposit"),
    ("[1, 2]", "builtin", PYTHON, "append", "join"),
    ("(other)", "instance", "this file", "owner", "path"),
    ("json.loads(\n            other.owner,\n        ).items", UNRESOLVED, "", "", "dumps"),
    ("missing_library", UNRESOLVED, "", "", "dumps"),
    ("amount.nothing", UNRESOLVED, "", "", "dumps"),
)


def test_the_standard_library_is_not_the_workspace(pool: JediPool) -> None:
    """Not even where the environment with jedi's stubs lies inside the workspace, as `.venv` does."""
    around = Path(jedi.__file__).parents[1]
    fact = ask(pool, document(f"import pathlib\nhere = pathlib.Path()\n{HOLE}\n", around), "here")
    check(fact, "instance", PYTHON, "exists")


@pytest.mark.parametrize(("receiver", "kind", "origin", "has", "lacks"), KINDS)
def test_names_class_and_origin(pool: JediPool, receiver: str, kind: str, origin: str, has: str, lacks: str) -> None:
    """Each receiver gets the names it has, the class of doubt it deserves, and its origin."""
    check(ask(pool, document(SOURCE), receiver), kind, origin, has, lacks)


NARROWED = f"""\
def f(thing: str | bytes, other: str):
    if isinstance(thing, str):
        {HOLE}
"""

MADE = f"""\
import enum
import pathlib
from collections.abc import Iterator
from typing import NamedTuple, Self

class Url(NamedTuple("Url", [("scheme", str)])):
    known = 1

class Node:
    known = 1
    def children(self) -> Iterator[Self]: ...
    def one(self) -> Self: ...

Color = enum.Enum("Color", "RED GREEN")
for node in Node().children():
    {HOLE}
"""


@pytest.mark.parametrize(
    ("receiver", "kind", "has", "lacks"),
    [
        ("Url('a')", "partial", "known", "nonsense"),
        ("Color", "dynamic", "name", "nonsense"),
        ("Node().one()", "instance", "known", "nonsense"),
        ("node", UNRESOLVED, "", "known __next__"),
        ("next(pathlib.Path().glob('*'))", UNRESOLVED, "", "send"),
    ],
)
def test_what_jedi_does_not_know(pool: JediPool, receiver: str, kind: str, has: str, lacks: str) -> None:
    """Bases and enumerations that a call makes, and ``Self`` inside of another type, are no reason to refuse names."""
    fact = ask(pool, document(MADE), receiver)
    assert fact is not None
    check(fact, kind, fact.origin, has, lacks)


BROKEN = (
    ("call that the suffix closes", "import json\nprint(\n    1,\n    «»\n    2)\n", "json", "dumps"),
    (
        "call that nothing closes",
        "def f(s: str):\n    print(\n        1,\n        «»\n\n\ndef g(): ...\n",
        "s",
        "upper",
    ),
    ("dictionary", "import json\nd = {\n    1: 2,\n    «»\n    3: 4}\n", "json", "dumps"),
    ("suffix that is no Python", "import json\n«»\n)]} else:\n  ??\n", "json", "dumps"),
    ("branch without body", "import json\nif json:\n    «»\nelse:\n    pass\n", "json", "dumps"),
)


@pytest.mark.parametrize(("text", "receiver", "name"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_code_is_repaired(pool: JediPool, text: str, receiver: str, name: str) -> None:
    """Open brackets and a broken suffix do not keep the names away."""
    fact = ask(pool, document(text), receiver)
    assert fact is not None
    assert name in fact.names


def test_narrowed_receivers_are_a_class_of_their_own(pool: JediPool) -> None:
    """Where the code asks for a type, the fact says so."""
    check(ask(pool, document(NARROWED), "thing"), "narrowed", PYTHON, "upper")
    check(ask(pool, document(NARROWED), "other"), "builtin", PYTHON, "upper")


def test_what_the_middle_binds_counts(pool: JediPool) -> None:
    """With a middle in the question, what it binds is seen, on a line before and on the same line."""
    text = document("import json\ndef f(x: str):\n    «»\n    return x\n")
    check(ask(pool, text, "x", "    x = json\n    "), "module", PYTHON, "dumps", "upper")
    check(ask(pool, text, "x"), "builtin", PYTHON, "upper", "dumps")
    check(ask(pool, text, "y", "    for y in [1.5]: print("), "builtin", PYTHON, "is_integer", "upper")


def test_the_buffer_counts_not_the_file(pool: JediPool, tmp_path: Path) -> None:
    """The text of the request is analysed even if the file on disk says something else."""
    (tmp_path / "edited.py").write_text("class A:\n    on_disk = 1\n")
    fact = ask(pool, document("class A:\n    in_buffer = 1\n«»\n", tmp_path), "A")
    check(fact, "class", "this file", "in_buffer", "on_disk")


def test_modules_of_the_workspace(pool: JediPool, tmp_path: Path) -> None:
    """Other files of the workspace are found and named as such."""
    (tmp_path / "helper.py").write_text("def assist(): ...\n")
    check(ask(pool, document("import helper\n«»\n", tmp_path), "helper"), "module", "workspace", "assist")


def test_a_library_only_the_user_has(pool: JediPool, tmp_path: Path) -> None:
    """The user's environment is searched, with versions, and Verifill's own packages are in neither environment."""
    environment, packages = make_environment(tmp_path)
    (packages / "usersown").mkdir()
    (packages / "usersown" / "__init__.py").write_text("def only_here(): ...\n")
    info = packages / "users_own-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: users-own\nVersion: 1.2\n")
    (info / "RECORD").write_text("usersown/__init__.py,,\nusers_own-1.2.dist-info/METADATA,,\n")
    text = "import usersown, jedi, parso, monitors, functions\n«»\n"
    with_it, without = document(text, tmp_path, environment), document(text, tmp_path)
    check(ask(pool, with_it, "usersown"), "module", "users-own 1.2", "only_here")
    check(ask(pool, without, "usersown"), UNRESOLVED, "", "")
    for receiver in ("jedi", "parso", "monitors", "functions"):
        check(ask(pool, with_it, receiver), UNRESOLVED, "", "")
        check(ask(pool, without, receiver), UNRESOLVED, "", "")


def make_environment(folder: Path) -> tuple[str, Path]:
    """Make a virtual environment without pip; return its interpreter and its folder of packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return str(python), Path(found.stdout.strip())


def test_a_hostile_workspace_is_read_not_run(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of the workspace that carry our names, or are bombs, are neither imported nor changed."""
    for name in ("models", "monitors", "analysis", "jedi", "parso", "gi", "json", "sitecustomize"):
        (tmp_path / name).mkdir()
        bomb = f"open({str(tmp_path / 'executed')!r}, 'w')\nraise SystemExit({name!r})\nclass Found: ...\n"
        (tmp_path / name / "__init__.py").write_text(bomb)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pool = JediPool(1, cache)
    try:
        text = document("import models, monitors, gi\nfrom analysis import Found\n«»\n", tmp_path)
        for receiver in ("models", "monitors", "gi"):
            check(ask(pool, text, receiver), "module", "workspace", "Found")
        check(ask(pool, text, "Found"), "class", "workspace", "__name__")
    finally:
        pool.close()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("environment", ["", sys.executable], ids=["no environment", "environment"])
def test_a_hostile_library_is_not_loaded(pool: JediPool, tmp_path: Path, environment: str) -> None:
    """A compiled module that lies in the workspace is never loaded, which would run it."""
    touched = tmp_path / "executed"
    code = f'#include <stdio.h>\n__attribute__((constructor)) void f(void) {{ fclose(fopen("{touched}", "w")); }}\n'
    (tmp_path / "bomb.c").write_text(code)
    library = tmp_path / f"native{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "bomb.c"], check=True)
    check(ask(pool, document("import native\n«»\n", tmp_path, environment), "native"), UNRESOLVED, "", "")
    assert not touched.exists()


def test_too_many_questions_drop_the_stalest(cache: Path) -> None:
    """Each question gets exactly one answer, and of a queue that is too long the oldest document's fail at once."""
    pool = JediPool(1, cache)
    answers: queue.Queue[tuple[str, bool]] = queue.Queue()
    old, new = document(SOURCE), document(SOURCE + "# edited\n")
    try:
        for text, label in ((old, "old"), (new, "new")):
            for number in range(MOST_WAITING):
                key = FactKey("attributes", text.digest, f"json.x{number}")
                pool.submit(text, key, lambda fact, label=label: answers.put((label, fact is None)))
        replies = [answers.get(timeout=120) for _ in range(2 * MOST_WAITING)]
    finally:
        pool.close()
    assert answers.empty()
    assert replies.count(("new", False)) == MOST_WAITING
    assert replies.count(("old", True)) >= MOST_WAITING - 1


def test_a_killed_worker_costs_one_answer(cache: Path) -> None:
    """The question in flight fails without an exception, and the next one is answered by a fresh process."""
    pool = JediPool(1, cache)
    try:
        assert ask(pool, document(SOURCE), "json") is not None
        (process,) = pool.processes()
        os.kill(process, signal.SIGKILL)
        answers = [ask(pool, document(SOURCE), "json") for _ in range(2)]
        check(answers[-1], "module", PYTHON, "dumps")
        assert pool.processes() != (process,)
    finally:
        pool.close()


def test_a_query_beyond_its_time_fails(cache: Path) -> None:
    """A worker that takes too long is killed, its question fails, and asking goes on."""
    pool = JediPool(1, cache, limit=0.0001)
    try:
        assert [ask(pool, document(SOURCE), "json") for _ in range(2)] == [None, None]
    finally:
        pool.close()


def test_a_cache_that_cannot_be_written_costs_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder takes its place until the pool closes."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    pool = JediPool(1, tmp_path / "file" / "jedi")
    try:
        check(ask(pool, document(f"import json\n{HOLE}\n"), "json"), "module", PYTHON, "dumps")
    finally:
        pool.close()
    assert os.listdir(tmp_path) == ["file"]


def test_closing_leaves_nothing_behind(cache: Path) -> None:
    """Open questions fail, the processes are gone and collected, and so are the threads."""
    threads = threading.active_count()
    pool = JediPool(2, cache)
    answers: queue.Queue[Fact | None] = queue.Queue()
    text = document(SOURCE)
    assert ask(pool, text, "self") is not None
    for number in range(20):
        pool.submit(text, FactKey("attributes", text.digest, f"json.x{number}"), answers.put)
    processes = pool.processes()
    pool.close()
    assert len([answers.get(timeout=60) for _ in range(20)]) == 20
    assert ask(pool, text, "json") is None
    assert threading.active_count() == threads
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_newest_document_first(cache: Path) -> None:
    """What belongs to an older document waits until the newest one's questions are answered."""
    pool = JediPool(1, cache)
    old, new = document(SOURCE), document(SOURCE + "# edited\n")
    order: queue.Queue[str] = queue.Queue()
    try:
        for text, label in ((old, "old"), (new, "new")):
            for number in range(4):
                key = FactKey("attributes", text.digest, f"json.x{number}")
                pool.submit(text, key, lambda fact, label=label: order.put(label))
        arrived = [order.get(timeout=120) for _ in range(8)]
    finally:
        pool.close()
    assert arrived[1:5].count("new") >= 3
