"""What is looked for, how long, and what becomes of late answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import Definition, Fact
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from completion.context.gathering import Gathered, Surroundings, patience_for
from completion.context.near import MOST_NAMES, lines_near, names_near
from completion.context.sources import DEFINITIONS, WORKSPACE
from completion.layout import lay_out
from completion.types import CompletionRequest, Document, Trigger

BANK = "class Account:\n    def deposit(self, amount):\n        return amount\n"
CODE = "from bank import Account\n\nmine = Account()\nmine.$0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workspace of two files."""
    (tmp_path / "bank.py").write_text(BANK)
    (tmp_path / "secrets.env").write_text("mine = 1\n")
    return tmp_path


@pytest.fixture
def held() -> HeldAnalyzer:
    """An analysis that answers when it is told to."""
    return HeldAnalyzer()


@pytest.fixture
def surroundings(held: HeldAnalyzer) -> Iterator[Surroundings]:
    """Looks for definitions alone."""
    made = Surroundings(FactStore(held), index_workspaces=False)
    yield made
    made.close()


def request(project: Path, marked: str = CODE, **changes: object) -> CompletionRequest:
    """Return a request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    document = Document(str(project / "main.py"), before + after)
    plain = CompletionRequest(document, len(before), str(project), sources=(DEFINITIONS, WORKSPACE))
    return replace(plain, **changes)  # type: ignore[arg-type]


def gathered(surroundings: Surroundings, asked: CompletionRequest, answer: HeldAnalyzer | None = None) -> Gathered:
    """Look until the source is done, answering what it asks the first time it waits."""
    steps = surroundings.gathering(asked, lay_out(asked), lambda: False)
    while True:
        try:
            time.sleep(next(steps) or 0.0)
        except StopIteration as end:
            found: Gathered = end.value
            return found
        if answer is not None:
            tell(answer)


def tell(held: HeldAnalyzer) -> None:
    """Answer all questions: each name is defined as itself."""
    while held.held:
        document, key, deliver = held.held.pop(0)
        path = str(Path(document.workspace) / "bank.py")
        definition = Definition(path, f"{key.receiver} = ...\n")
        deliver(Fact(key, frozenset(), "definition", "", definitions=(definition,)))


def test_definitions_are_awaited(surroundings: Surroundings, held: HeldAnalyzer, project: Path) -> None:
    """Who waits for facts gets the definitions too, that of the nearest name last."""
    found = gathered(surroundings, request(project), held)
    assert [snippet.text for snippet in found.snippets] == ["bank = ...\n", "Account = ...\n", "mine = ...\n"]
    assert found.late == 0


def test_typing_asks_nothing_and_waits_for_nothing(
    surroundings: Surroundings, held: HeldAnalyzer, project: Path
) -> None:
    """The analysis has other things to do then; what it was asked ahead is there."""
    live = request(project, facts="live", trigger=Trigger.AUTOMATIC)
    assert gathered(surroundings, live) == Gathered((), late=1)
    assert held.held == []
    surroundings.ahead(live, lay_out(live))
    assert {key.kind for _, key, _ in held.held} == {"definitions"}
    tell(held)
    found = gathered(surroundings, live)
    assert (len(found.snippets), found.late) == (3, 0)


def test_what_was_known_of_an_earlier_text_is_better_than_nothing(
    surroundings: Surroundings, held: HeldAnalyzer, project: Path
) -> None:
    """A new line is another text for the analysis; definitions outlive it."""
    before = gathered(surroundings, request(project), held)
    live = request(project, CODE.replace("mine.", "\nmine."), facts="live", trigger=Trigger.AUTOMATIC)
    assert gathered(surroundings, live) == Gathered(before.snippets, late=1)


def test_files_that_must_not_be_read(surroundings: Surroundings, held: HeldAnalyzer, project: Path) -> None:
    """A definition in one of them is left out."""
    assert gathered(surroundings, request(project, exclude_context=("bank.py",)), held) == Gathered((), 0)


@pytest.mark.parametrize(
    "changes",
    [{"sources": ()}, {"facts": "none"}, {"record_facts": "/log"}, {"facts": "replay:/log"}],
)
def test_who_wants_none_gets_none(
    surroundings: Surroundings, held: HeldAnalyzer, project: Path, changes: dict[str, object]
) -> None:
    """Nothing is asked; a text on record must come about again from the record alone."""
    assert gathered(surroundings, request(project, **changes)) == Gathered()
    assert held.held == []


def test_an_unknown_source_is_named(surroundings: Surroundings, project: Path) -> None:
    """The message names the known ones."""
    with pytest.raises(ValueError, match="unknown source of context 'web'; known are open_files, workspace"):
        gathered(surroundings, request(project, sources=("web",)))


def test_a_stopped_request_stops_looking(surroundings: Surroundings, project: Path) -> None:
    """What is not wanted any more is not waited for."""
    asked = request(project)
    assert list(surroundings.gathering(asked, lay_out(asked), lambda: True)) == []


def test_patience(project: Path) -> None:
    """Milliseconds for who types; a program, and reading ahead, can wait."""
    live = request(project, facts="live")
    assert patience_for(replace(live, trigger=Trigger.AUTOMATIC)) == 0.05
    assert patience_for(replace(live, trigger=Trigger.WARM_UP)) == patience_for(request(project)) == 2.0


def test_a_real_workspace(project: Path) -> None:
    """The worker process finds the chunk and jedi the definition; neither finds what is private."""
    real = Surroundings(FactStore(JediPool(1, project / "cache")), index_workspaces=True)
    try:
        found = Gathered(late=2)
        while found.late:
            found = gathered(real, request(project))
        assert [(Path(s.path).name, s.text) for s in found.snippets] == [
            ("bank.py", BANK),
            ("bank.py", "class Account:\n    def deposit(self, amount): ...\n"),
        ]
    finally:
        real.close()


def test_lines_near() -> None:
    """Twenty lines before the cursor and eight behind."""
    text = "".join(f"line{n}\n" for n in range(60))
    layout = lay_out(CompletionRequest(Document("/p/a.py", text), text.index("line30") + 3, "/p"))
    assert lines_near(layout).split("\n") == [f"line{n}" for n in range(10, 39)]


def test_names_near() -> None:
    """Names with their attributes, the nearest first; not keywords, builtins, or what the document defines."""
    text = "def own(): ...\nfor row in rows:\n    print(self.a.b, own(), row.cells.first.x)\nelse.$0"
    before, _, after = text.partition("$0")
    layout = lay_out(CompletionRequest(Document("/p/a.py", before + after), len(before), "/p"))
    assert names_near(layout) == ("row.cells.first", "self.a.b", "rows", "row")
    many = "".join(f"name{n}\n" for n in range(40))
    assert len(names_near(lay_out(CompletionRequest(Document("/p/a.py", many), len(many), "/p")))) == MOST_NAMES
