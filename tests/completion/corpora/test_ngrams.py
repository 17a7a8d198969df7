"""N-grams of a request's document: what they are counted in, and what they do to a completion."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from completion.corpora.ngrams import between, blend_of, document_in
from completion.corpora.request import Corpora, Unseen
from completion.service import CompletionService, ServiceSettings, open_service
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from decoding.run import Job
from models.checkpoints import load
from models.formats import FAMILIES, ContextFile, detect
from models.ngrams import FILE_NAME, ORDERS
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers
from tests.models.tiny_checkpoints import save

CODE = "def total(values):\n    return sum(values) / len(values)\n\n\n" * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model with shares beside it."""
    made = save(tmp_path_factory.mktemp("checkpoint"))
    (made / FILE_NAME).write_text(json.dumps({"shares": [0.9] * ORDERS}))
    return made


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[CompletionService]:
    """A service on that model."""
    opened = open_service(str(folder), settings=ServiceSettings(cache=None))
    yield opened
    opened.close()


def request(drafters: tuple[str, ...] | None = None, ngrams: bool = True) -> CompletionRequest:
    """Return a request in a file that repeats itself."""
    text = f"{CODE}def total(values):\n    return"
    document = Document("/project/a.py", f"{text}\n\n\n{CODE}")
    limits = Limits(24)
    return CompletionRequest(
        document, len(text), "/project", facts="none", monitors=(), drafters=drafters, limits=limits, ngrams=ngrams
    )


def tokens(result: CompletionResult) -> list[int]:
    """Return what the first candidate is made of, ends that were cut off included."""
    return [token.id for token in result.tokens]


def test_prompts_are_counted_between_their_marks() -> None:
    """What a mark parts does not follow each other."""
    assert list(between((9, 1, 2, 8, 3, 9), frozenset({8, 9}))) == [(), (1, 2), (3,), ()]
    assert list(between((1, 2), frozenset({9}))) == [(1, 2)]


def test_the_whole_document_counts(folder: Path) -> None:
    """What the prompt shows and what it does not; the middle follows the prefix and what was typed of it."""
    model = load(str(folder))
    vocabulary = model.vocabulary
    seen, typed, before, behind = (vocabulary.encode(text) for text in ("b = 1", "c =", "a = 2", "d = 3"))
    prompt = (*model.format.encode(vocabulary, "b = 1", "e = 4"), *typed)
    job = Job(prompt, b"", b"", 4, model.format.separators, before=seen)
    blend = blend_of(job, Unseen("a = 2", "d = 3"), Corpora(vocabulary, index_workspaces=False), model)
    assert set(blend.end_ids) == model.format.end_ids
    assert blend.before == (*seen, *typed)[-ORDERS:]
    for text in (seen, before, behind):
        found = blend.ngrams.followers(text[:1])
        assert found is not None
        assert found.tokens.tolist() == [text[1]]
    assert blend.ngrams.followers((seen[-1],)) is None  # a mark stands behind it


@pytest.mark.parametrize("family", ["qwen-coder", "mellum", "deepseek-coder", "codestral"])
def test_other_files_and_paths_do_not_count(family: str) -> None:
    """Whatever stands in a prompt before the document, in every order of its parts."""
    row = next(row for row in FAMILIES if row.name == family)
    vocabulary = Vocabulary.of(tiny_tokenizers.qwen(tuple(sorted({*row.needs(), row.file_mark} - {""}))))
    layout = detect(vocabulary)
    context = [ContextFile("a.py", "other = 1\n"), ContextFile("b.py", "another = 2\n")]
    prompt = layout.encode(vocabulary, "before", "behind", context, "c.py")
    texts = [vocabulary.decode(text) for text in between(document_in(prompt, layout), layout.separators)]
    assert layout.name == family
    assert sorted(text for text in texts if text) == [b"before", b"behind"]


def test_a_model_that_knows_nothing_copies_the_document(service: CompletionService) -> None:
    """With a random network nearly everything is up to what the file repeats; the setting switches it off."""
    with_them = service.complete_now(request())
    assert with_them.text.startswith(" sum(values)")
    without = service.complete_now(request(ngrams=False))
    assert "sum(values)" not in without.text


def test_no_drafter_changes_what_is_written(service: CompletionService) -> None:
    """The whole way through: plain and drafted texts are the same, the drafted one in fewer passes."""
    plain, drafted = service.complete_now(request(())), service.complete_now(request())
    assert drafted.text == plain.text
    assert tokens(drafted) == tokens(plain)
    assert drafted.counters["forward_passes"] < plain.counters["forward_passes"]


def test_without_shares_nothing_is_mixed_in(service: CompletionService, folder: Path, tmp_path: Path) -> None:
    """The same weights without the file write what the setting makes this model write."""
    bare = tmp_path / "bare"
    shutil.copytree(folder, bare)
    (bare / FILE_NAME).unlink()
    other = open_service(str(bare), settings=ServiceSettings(cache=None))
    try:
        assert tokens(other.complete_now(request())) == tokens(service.complete_now(request(ngrams=False)))
    finally:
        other.close()


def test_what_is_written_depends_on_the_request_alone(service: CompletionService) -> None:
    """Another document before it changes nothing."""
    first = service.complete_now(request())
    service.complete_now(replace(request(), document=Document("/project/b.py", "x = len(sum(y))\n" * 9), offset=16))
    assert service.complete_now(request()).text == first.text
