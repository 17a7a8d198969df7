"""Modules, their names, and names in scope, asked of a real worker."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a package."""
    root = tmp_path_factory.mktemp("project")
    (root / "package" / "inner").mkdir(parents=True)
    (root / "package" / "__init__.py").write_text("from package.tools import wrench\nversion = 1\n")
    (root / "package" / "tools.py").write_text("import os\ndef wrench(): pass\n_rusty = 1\n")
    (root / "package" / "inner" / "__init__.py").write_text("")
    (root / "package" / "lazy.py").write_text("def __getattr__(name): return 1\n")
    (root / "script.py").write_text("")
    return root


def ask(pool: JediPool, kind: str, about: str, text: str, project: Path, name: str = "package/edited.py") -> Fact:
    """Ask about the place at the mark."""
    before, after = text.split("$0")
    start = before.rfind("\n") + 1
    document = BaseDocument(str(project / name), str(project), before[:start], after.lstrip("\n"), before[start:])
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool.submit(document, FactKey(kind, document.digest, document.indent if kind == "names" else about), answers.put)
    fact = answers.get(timeout=120)
    assert fact is not None
    return fact


# Kind of question, module; class and origin of the answer, some names that it has, some that it lacks.
IMPORTS = (
    ("modules", "", "top", "the environment", "os json package script", "path jedi verifill tools"),
    ("modules", "os", "module", "Python 3", "path", "getcwd"),
    ("modules", "package", "module", "workspace", "tools inner lazy", "wrench version"),
    ("modules", ".", "relative", "workspace", "tools inner", "os"),
    ("modules", "..", "relative", "", "", ""),
    ("exports", "os", "module", "Python 3", "getcwd path _exit", "nonsense"),
    ("exports", "package", "module", "workspace", "tools inner wrench version", "os"),
    ("exports", ".tools", "relative", "workspace", "wrench _rusty os", "version"),
    ("exports", ".", "relative", "workspace", "tools wrench version", "os"),
    ("exports", "package.lazy", "dynamic", "workspace", "", ""),
    ("exports", "_io", "module", "Python 3", "open FileIO", "nonsense"),
)


@pytest.mark.parametrize(("kind", "about", "fact", "origin", "has", "lacks"), IMPORTS)
def test_imports(
    pool: JediPool, project: Path, kind: str, about: str, fact: str, origin: str, has: str, lacks: str
) -> None:
    """Modules come from the environment and the project; Verifill's own packages do not count."""
    found = ask(pool, kind, about, "$0\n", project)
    if origin:
        assert found.kind == fact
        assert found.origin.startswith(origin)
    assert set(has.split()) <= found.names
    assert not set(lacks.split()) & found.names


def test_other_files_are_seen_as_they_are_saved(pool: JediPool, project: Path) -> None:
    """Also one that was asked about before: what stands on the line of that question is there."""
    other = project / "package" / "other.py"
    other.write_text("import os\ndef hammer(): pass\n")
    assert "getcwd" in ask(pool, "attributes", "os", "import os\n$0\n", project, "package/other.py").names
    assert "hammer" in ask(pool, "exports", "package.other", "$0\n", project).names


@pytest.mark.parametrize(("kind", "about"), [("modules", "nowhere"), ("exports", "nowhere"), ("exports", "os.nowhere")])
def test_what_is_not_found_is_unresolved(pool: JediPool, project: Path, kind: str, about: str) -> None:
    """A module that is not there tells nothing."""
    found = ask(pool, kind, about, "$0\n", project)
    assert (found.kind, found.names) == (UNRESOLVED, frozenset())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("$0\n", "top"),
        ("try:\n    $0\nexcept ImportError: pass\n", "optional"),
        ("try:\n    import os\nexcept ImportError:  # older\n    $0\n", "optional"),
        ("def f():\n    $0\n", "local"),
        ("try:\n    x = 1\nfinally:\n    pass\n$0\n", "top"),
    ],
)
def test_where_the_import_stands_is_its_class(pool: JediPool, project: Path, text: str, kind: str) -> None:
    """Modules that may be missing on purpose are imported inside ``try`` and inside functions."""
    assert ask(pool, "modules", "", text, project).kind == kind


def test_names_in_scope(pool: JediPool, project: Path) -> None:
    """Builtins, the file's names, and what a star import brings."""
    head = "from package.tools import *\nclass A:\n    size = 1\n"
    text = f"{head}    def f(self, x):\n        $0\n        y = 1\nlater = 2\n"
    found = ask(pool, "names", "", text, project)
    assert (found.kind, found.origin) == ("scope", "this file")
    assert set("print __name__ __class__ wrench os A self x later".split()) <= found.names
    assert not set("size y f _rusty version".split()) & found.names


@pytest.mark.parametrize(
    ("text", "kind"),
    [("from nowhere import *\n$0\n", "star"), ("globals()['x'] = 1\n$0\n", "scope"), ("def f(:\n  (\n$0", "scope")],
)
def test_doubtful_scopes(pool: JediPool, project: Path, text: str, kind: str) -> None:
    """A star import that cannot be followed has a class of its own; broken code does not."""
    assert ask(pool, "names", "", text, project).kind == kind
