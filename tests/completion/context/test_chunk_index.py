"""Chunks of a workspace by the words that they share with a text."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

from analysis.languages import PYTHON, language_of
from analysis.source_files import SourceFile
from completion.context.chunk_index import ChunkIndex
from completion.context.chunk_worker import FRESH_S, WORKSPACES, Library, serve
from completion.context.words import words_of

BANK = "class Account:\n    def deposit(self, amount):\n        self.balance += amount\n"
PLANTS = "def water(bed, litres):\n    bed.soil.moisture += litres\n"


def project(folder: Path, **files: str) -> list[SourceFile]:
    """Write Python files and return them."""
    return [written(folder / f"{name}.py", text) for name, text in files.items()]


def written(path: Path, text: str) -> SourceFile:
    """Write a file and return it."""
    path.write_text(text)
    stat = path.stat()
    return SourceFile(str(path), stat.st_mtime_ns, stat.st_size)


def test_words() -> None:
    """Names count whole and in parts, in any case."""
    assert words_of("readHTTPBody(open_file2, x)") == [
        "readhttpbody",
        "read",
        "http",
        "body",
        "open_file2",
        "open",
        "file",
    ]


def test_the_most_similar_chunk_comes_last(tmp_path: Path) -> None:
    """What shares rare words is found, the file itself and what shares nothing is not."""
    index = ChunkIndex()
    assert index.like("account.deposit(amount)", 3, "", PYTHON) == []
    assert index.update(project(tmp_path, bank=BANK, plants=PLANTS, own="account.deposit(1)\n"))
    found = index.like("account.deposit(amount)", 3, str(tmp_path / "own.py"), PYTHON)
    assert [(snippet.path, snippet.text) for snippet in found] == [(str(tmp_path / "bank.py"), BANK)]
    both = index.like("amount = litres; account.deposit(amount)", 3, str(tmp_path / "own.py"), PYTHON)
    assert [Path(snippet.path).stem for snippet in both] == ["plants", "bank"]
    assert len(index.like("amount = litres; account.deposit(amount)", 1, "", PYTHON)) == 1


def test_odd_questions_find_nothing(tmp_path: Path) -> None:
    """No words, and words that nobody has written."""
    index = ChunkIndex()
    index.update(project(tmp_path, bank=BANK))
    assert index.like("", 3, "", PYTHON) == index.like("( )", 3, "", PYTHON) == index.like("zzz", 3, "", PYTHON) == []


def test_chunks_of_other_languages_are_left_out(tmp_path: Path) -> None:
    """Who writes Go gains nothing from Python; TypeScript and JavaScript are read for each other."""
    script = "export function deposit(account, amount) {\n  account.balance += amount\n}\n"
    index = ChunkIndex()
    index.update([*project(tmp_path, bank=BANK), written(tmp_path / "bank.js", script)])
    paths = {
        name: [Path(snippet.path).name for snippet in index.like("account.deposit(amount)", 3, "", language_of(name))]
        for name in ("python", "typescript", "go")
    }
    assert paths == {"python": ["bank.py"], "typescript": ["bank.js"], "go": []}


def test_equal_chunks_come_once(tmp_path: Path) -> None:
    """Copies of a file do not fill the prompt."""
    index = ChunkIndex()
    index.update(project(tmp_path, a=BANK, b=BANK, c=BANK, d=PLANTS))
    assert len(index.like("account deposit amount", 3, "", PYTHON)) == 1


def test_only_changed_files_are_read_again(tmp_path: Path) -> None:
    """Nothing new costs nothing; a file that has gone is forgotten, one that cannot be read is empty."""
    index, files = ChunkIndex(), project(tmp_path, bank=BANK, plants=PLANTS)
    assert index.update(files)
    assert not index.update(files)
    os.remove(tmp_path / "bank.py")
    changed = SourceFile(files[1].path, files[1].mtime_ns + 1, files[1].size)
    assert index.update([files[0], changed])
    assert len(index) == 2
    assert index.update([changed])
    assert len(index) == 1


def test_worker(tmp_path: Path) -> None:
    """Questions get answers in their order; files that must not be read are not, and changes are seen."""
    project(tmp_path, bank=BANK, plants=PLANTS)
    now = [0.0]
    library = Library(lambda: now[0])

    def ask(text: str, fresh: bool = False, excluded: tuple[str, ...] = ()) -> list[str]:
        question = {
            "workspace": str(tmp_path), "excluded": excluded, "path": "", "language": "python",
            "text": text, "most": 4, "fresh": fresh,
        }  # fmt: skip
        (answer,) = serve(io.StringIO(json.dumps(question) + "\n"), library)
        return [Path(path).stem for path, _ in answer]

    assert ask("deposit") == ["bank"]
    assert ask("deposit", excluded=("bank.py",)) == []
    (tmp_path / "bank.py").write_text(PLANTS.replace("water", "deposit"))
    (tmp_path / "new.py").write_text("def withdraw(): ...\n")
    assert ask("withdraw") == []
    assert ask("withdraw", fresh=True) == ["new"]
    (tmp_path / "newer.py").write_text("def overdraw(): ...\n")
    assert ask("overdraw") == []
    now[0] = FRESH_S
    assert ask("overdraw") == []  # looks around behind its answer
    assert ask("overdraw") == ["newer"]


def test_few_workspaces_are_held(tmp_path: Path) -> None:
    """A user with many projects does not grow the worker."""
    library = Library()
    for number in range(WORKSPACES + 3):
        question = {
            "workspace": f"/{number}",
            "excluded": (),
            "path": "",
            "language": "python",
            "text": "x",
            "most": 1,
            "fresh": False,
        }
        assert library.answer(question) == []
    assert len(library._held) == len(library._looked) == WORKSPACES
