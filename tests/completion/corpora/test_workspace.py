"""The index of a workspace, made by the real worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.corpora.worker import Order, indexed
from completion.corpora.workspace import STALE_S, WorkspaceIndex
from models.suffix_index import SuffixIndex
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())
LINE = "account.deposit(amount, currency)\n"


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def index(tmp_path: Path, clock: Clock) -> Iterator[WorkspaceIndex]:
    """Return the index of a workspace with one file, not made yet."""
    (tmp_path / "bank.py").write_text(LINE)
    held = WorkspaceIndex(str(tmp_path), VOCABULARY, clock=clock)
    yield held
    held.close()


def drafted(index: WorkspaceIndex, *open_files: Path) -> str:
    """Return what the index says to follow the beginning of the line."""
    searched = index.searched(frozenset(map(str, open_files)))
    assert searched is not None
    copy = searched.follow(VOCABULARY.encode("account.deposit("), 31)
    return VOCABULARY.decode(copy.tokens).decode() if copy else ""


def made(index: WorkspaceIndex) -> None:
    """Have the index made, and wait for it."""
    index.refresh()
    index.wait()


def test_a_worker_makes_it(index: WorkspaceIndex) -> None:
    """There is none at first; then what stands in the workspace can be copied."""
    assert index.searched(frozenset()) is None
    made(index)
    assert drafted(index) == LINE.removeprefix("account.deposit(")


def test_an_open_file_is_not_copied_from_disk(index: WorkspaceIndex, tmp_path: Path) -> None:
    """Its text comes with the request."""
    made(index)
    assert drafted(index, tmp_path / "bank.py") == ""


def test_edited_text_is_gone_at_once(index: WorkspaceIndex, clock: Clock, tmp_path: Path) -> None:
    """A file that changed is copied no more, and soon the new text is."""
    made(index)
    (tmp_path / "bank.py").write_text("account.deposit(nothing)\n")
    assert drafted(index) == ""
    clock.now = STALE_S
    made(index)
    assert drafted(index) == "nothing)\n"


def test_a_removed_file_is_gone_at_once(index: WorkspaceIndex, tmp_path: Path) -> None:
    """A file that is no more is copied no more."""
    made(index)
    (tmp_path / "bank.py").unlink()
    assert drafted(index) == ""


def test_it_is_not_made_again_too_soon(index: WorkspaceIndex, clock: Clock, tmp_path: Path) -> None:
    """Nothing is looked at again before its time when nothing is known to have changed."""
    made(index)
    (tmp_path / "more.py").write_text("account.deposit(again)\n" * 3)
    clock.now = STALE_S
    made(index)
    assert drafted(index) == LINE.removeprefix("account.deposit(")


def test_it_can_be_made_again_at_once(index: WorkspaceIndex, tmp_path: Path) -> None:
    """Who cannot wait gets what is there now, also while an earlier one is being made."""
    index.refresh()
    (tmp_path / "bank.py").write_text("account.deposit(nothing)\n")
    index.renew()
    assert drafted(index) == "nothing)\n"


def test_after_closing_no_worker_runs(index: WorkspaceIndex) -> None:
    """Closing ends one that runs, and none is started any more."""
    index.refresh()
    index.close()
    made(index)
    assert index.searched(frozenset()) is None


def order(folder: Path, earlier: SuffixIndex | None = None, excluded: tuple[str, ...] = ()) -> Order:
    """Return an order."""
    return Order(str(folder), excluded, VOCABULARY.codec, VOCABULARY.size, earlier.to_bytes() if earlier else b"")


class Refusing:
    """An encoder that must not be asked."""

    def encode(self, text: str) -> list[int]:
        """Fail."""
        raise AssertionError("encoded again")

    def last_piece(self, text: str) -> str:
        """Fail."""
        raise AssertionError("asked")


def test_only_what_changed_is_encoded_again(tmp_path: Path) -> None:
    """Tokens of other files come from the earlier index; without a change nothing is made."""
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(LINE)
    first = indexed(order(tmp_path))
    assert first is not None
    assert indexed(order(tmp_path, first)) is None
    (tmp_path / "b.py").unlink()
    second = indexed(Order(str(tmp_path), (), Refusing(), VOCABULARY.size, first.to_bytes()))
    assert second is not None
    assert [Path(entry.path).name for entry in second.entries] == ["a.py"]
    assert VOCABULARY.decode(second.ids_of(0).tolist()).decode() == LINE


def test_private_and_broken_files_are_left_out(tmp_path: Path) -> None:
    """Neither what the user or the built-in list excludes is read, nor what is no text."""
    (tmp_path / "a.py").write_text(LINE)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "b.py").write_text(LINE)
    (tmp_path / "mine.py").write_text(LINE)
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    made = indexed(order(tmp_path, excluded=("mine.py",)))
    assert made is not None
    assert [Path(entry.path).name for entry in made.entries] == ["a.py"]


def test_the_newest_files_fill_the_room(tmp_path: Path) -> None:
    """Beyond the limit on tokens the files changed longest ago are left out."""
    for age, name in enumerate(("old.py", "new.py")):
        (tmp_path / name).write_text(LINE)
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    made = indexed(order(tmp_path), most_tokens=len(VOCABULARY.encode(LINE)) + 1)
    assert made is not None
    assert [Path(entry.path).name for entry in made.entries] == ["new.py"]


def test_the_worker_needs_no_torch() -> None:
    """It would take a second and 200 MB."""
    program = "import completion.corpora.worker, sys; print('torch' in sys.modules, 'jedi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
