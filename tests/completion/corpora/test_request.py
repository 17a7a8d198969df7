"""What one request may copy from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from completion.corpora import request as module
from completion.corpora.request import Corpora, Unseen
from completion.corpora.workspace import Searched
from completion.types import CompletionRequest, Document, Snippet
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())
LINE = "account.deposit(amount, currency)\n"
NOTHING = Unseen("", "")


@pytest.fixture
def corpora() -> Iterator[Corpora]:
    """Return corpora that index workspaces."""
    held = Corpora(VOCABULARY, index_workspaces=True)
    yield held
    held.close()


def request(folder: Path, *context: Snippet) -> CompletionRequest:
    """Return a request in a file of a workspace."""
    return CompletionRequest(Document(str(folder / "mine.py"), ""), 0, str(folder), context=context)


def drafted(found: tuple[Searched, ...]) -> list[str]:
    """Return what each corpus says to follow the beginning of the line."""
    copies = [corpus.follow(VOCABULARY.encode("account.deposit("), 31) for corpus in found]
    return [VOCABULARY.decode(copy.tokens).decode() if copy else "" for copy in copies]


def test_the_rest_of_the_document_and_open_files(corpora: Corpora, tmp_path: Path) -> None:
    """What the prompt has no room for, and what comes along, is there at once."""
    rest = LINE.removeprefix("account.deposit(")
    assert corpora.of(request(tmp_path), NOTHING) == ()
    assert drafted(corpora.of(request(tmp_path), Unseen(LINE, ""))) == [rest]
    assert drafted(corpora.of(request(tmp_path), Unseen("", LINE))) == [rest]
    assert drafted(corpora.of(request(tmp_path, Snippet("other.py", LINE)), NOTHING)) == [rest]


def test_the_workspace(corpora: Corpora, tmp_path: Path) -> None:
    """Files on disk are there once they are indexed, but for those that are open."""
    (tmp_path / "mine.py").write_text(LINE)
    (tmp_path / "other.py").write_text("account.deposit(nothing)\n")
    corpora.index([str(tmp_path)])
    assert drafted(corpora.of(request(tmp_path), NOTHING)) == ["nothing)\n"]
    counts = corpora.counts()
    assert (counts.workspaces, counts.files) == (1, 2)
    assert counts.tokens == len(VOCABULARY.encode(LINE)) + len(VOCABULARY.encode("account.deposit(nothing)\n"))
    assert 0 < counts.bytes < 10_000
    opened = Snippet(str(tmp_path / "other.py"), "x = 1\n")
    assert drafted(corpora.of(request(tmp_path, opened), NOTHING)) == ["", ""]


def test_what_is_excluded_is_not_copied(corpora: Corpora, tmp_path: Path) -> None:
    """A request with patterns sees no file that they fit, whatever other requests see."""
    (tmp_path / "other.py").write_text(LINE)
    corpora.index([str(tmp_path)])
    wanted = replace(request(tmp_path), exclude_context=("other.py",))
    assert corpora.of(wanted, NOTHING) == ()
    corpora.workspace(str(tmp_path), ("other.py",)).wait()
    assert corpora.of(wanted, NOTHING) == ()
    assert len(corpora.of(request(tmp_path), NOTHING)) == 1


def test_a_request_has_its_workspace_indexed(corpora: Corpora, tmp_path: Path) -> None:
    """The first request finds none, later ones do."""
    (tmp_path / "other.py").write_text(LINE)
    assert corpora.of(request(tmp_path), NOTHING) == ()
    corpora.workspace(str(tmp_path)).wait()
    assert drafted(corpora.of(request(tmp_path), NOTHING)) == [LINE.removeprefix("account.deposit(")]


def test_without_leave_no_file_is_read(tmp_path: Path) -> None:
    """Where workspaces are not to be indexed, there is only what comes with the request."""
    (tmp_path / "other.py").write_text(LINE)
    corpora = Corpora(VOCABULARY, index_workspaces=False)
    corpora.of(request(tmp_path), NOTHING)
    assert corpora.of(request(tmp_path), NOTHING) == ()


def test_texts_are_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While typing nothing but what changed is encoded again."""
    encoded: list[str] = []
    plain = Vocabulary.encode

    def counted(self: Vocabulary, text: str) -> tuple[int, ...]:
        encoded.append(text)
        return plain(self, text)

    monkeypatch.setattr(Vocabulary, "encode", counted)
    corpora = Corpora(VOCABULARY, index_workspaces=False)
    for _ in range(3):
        corpora.of(request(tmp_path, Snippet("a.py", "a = 1\n")), Unseen(LINE, ""))
    corpora.of(request(tmp_path, Snippet("a.py", "b = 1\n")), Unseen(LINE, ""))
    assert [text for text in encoded if text] == [LINE, "a = 1\n", "b = 1\n"]


def test_only_so_many_workspaces_are_held(corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one unused longest is forgotten, and its worker ended."""
    monkeypatch.setattr(module, "WORKSPACES", 1)
    (tmp_path / "other.py").write_text(LINE)
    corpora.index([str(tmp_path)])
    corpora.workspace(str(tmp_path / "elsewhere"))
    assert corpora.workspace(str(tmp_path)).searched(frozenset()) is None
