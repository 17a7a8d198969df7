"""The whole recipe: from archives to a model, in a folder that is gone on with and never mixed up."""

from __future__ import annotations

import inspect
import io
import signal
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tokenizers import Tokenizer
from tokenizers.models import BPE

from models.training import recipe as module
from models.training.checkpoint import FILE_NAME
from models.training.config import Recipe
from models.training.corpus.build import read_corpus
from models.training.errors import TrainingError
from models.training.export import import_weights
from models.training.recipe import follow
from models.training.schedule import StepBudget
from models.training.session import Session


@pytest.fixture
def tiny(tmp_path: Path, make_wheel: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe of a second: one small package, no standard library, six steps."""
    text = inspect.getsource(textwrap)
    held_out = make_wheel("held", "click", {"click/core.py": "def useful():\n    return 1\n" * 20}, "License: BSD")
    archives = make_wheel(
        "archives", "good", {"good/a.py": text, "good/b.py": inspect.getsource(inspect)}, "License: MIT"
    )
    monkeypatch.setattr(module, "standard_library", lambda folder, version: next(module.discover(archives)))
    monkeypatch.setattr(module, "DeadlineBudget", lambda deadline, done: StepBudget(6))
    return Recipe("tiny", 1.0, tmp_path / "out", archives=(archives,), held_out=held_out)


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_a_recipe_ends_in_a_model(tiny: Recipe) -> None:
    shown = console()
    model = follow(tiny, shown)
    assert model == tiny.out / "model"
    assert import_weights(model).keys() == import_weights(model).keys() > {"model.norm.weight"}
    for phase in ("corpus:", "vocabulary:", "rows of 64", "training for", "bits per byte"):
        assert phase in shown.file.getvalue()


def test_what_is_there_is_used_as_it_is(tiny: Recipe, tokenizer_folder: Path) -> None:
    follow(tiny, console())
    second = replace(
        tiny, out=tiny.out.with_name("second"), corpus=tiny.out / "corpus", tokenizer=tiny.out / "tokenizer"
    )
    shown = console()
    follow(second, shown)
    assert not (second.out / "corpus").exists() and not (second.out / "tokenizer").exists()
    first_weights, second_weights = (import_weights(r.out / "model") for r in (tiny, second))
    assert all(torch.equal(first_weights[name], second_weights[name]) for name in first_weights)


def test_a_stopped_recipe_goes_on_to_the_same_model(tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(tiny, console())
    stopped = replace(tiny, out=tiny.out.with_name("stopped"))

    class SignalBudget:
        def progress(self, step: int) -> float:
            if step == 3:
                signal.raise_signal(signal.SIGINT)
            return step / 6

    with monkeypatch.context() as patch:
        patch.setattr(module, "DeadlineBudget", lambda deadline, done: SignalBudget())
        assert follow(stopped, console()) is None
    assert (stopped.out / "run" / FILE_NAME).exists() and not (stopped.out / "model").exists()
    follow(stopped, console())
    whole, parts = (import_weights(r.out / "model") for r in (tiny, stopped))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_an_earlier_model_is_gone_on_from_with_its_vocabulary(tiny: Recipe) -> None:
    follow(tiny, console())
    further = replace(tiny, out=tiny.out.with_name("further"), init_from=tiny.out / "model")
    follow(further, console())
    assert not (further.out / "tokenizer").exists()
    names = [recipe.out / "model" / "tokenizer.json" for recipe in (tiny, further)]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_installed_packages_are_learnt_from_without_archives(tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    (archives,) = tiny.archives
    monkeypatch.setattr(module, "installed", lambda folder: module.discover(archives))
    follow(replace(tiny, archives=()), console())
    assert {document.distribution for document in read_corpus(tiny.out / "corpus")} == {"good"}


def test_a_finished_folder_is_left_alone(tiny: Recipe) -> None:
    (tiny.out / "model").mkdir(parents=True)
    with pytest.raises(TrainingError, match="is finished"):
        follow(tiny, console())


def test_two_sizes_do_not_share_a_folder(tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "run", lambda *arguments: False)
    follow(tiny, console())
    with pytest.raises(TrainingError, match="--config tiny"):
        follow(replace(tiny, config="nano"), console())


@pytest.mark.parametrize("field", ["archives", "held_out", "benchmarks", "corpus", "tokenizer", "init_from"])
def test_a_wrong_path_is_found_before_anything_is_done(tiny: Recipe, field: str) -> None:
    missing = tiny.out.with_name("missing")
    with pytest.raises(TrainingError, match="missing is not a folder"):
        follow(replace(tiny, **{field: (missing,) if field == "archives" else missing}), console())
    assert not (tiny.out / "corpus").exists()


def test_a_vocabulary_of_another_size_is_refused_before_rows_are_rendered(tiny: Recipe, tokenizer_folder: Path) -> None:
    with pytest.raises(TrainingError, match="1024 words, the model 16384"):
        follow(replace(tiny, config="nano", tokenizer=tokenizer_folder), console())
    assert not (tiny.out / "rows").exists()


def test_a_vocabulary_without_fim_tokens_is_refused(tiny: Recipe, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    Tokenizer(BPE()).save(str(tmp_path / "plain" / "tokenizer.json"))
    with pytest.raises(TrainingError, match="has no token"):
        follow(replace(tiny, tokenizer=tmp_path / "plain"), console())


@pytest.mark.parametrize("content", [None, b"cut off"])
def test_a_folder_that_holds_no_model_is_no_start(
    tiny: Recipe, tokenizer_folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if content:
        (start / "model.safetensors").write_bytes(content)
    with pytest.raises(TrainingError, match="holds no model of this size"):
        follow(replace(tiny, init_from=start, tokenizer=tokenizer_folder), console())


def test_an_unreadable_checkpoint_is_named(tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Session, "run", lambda *arguments: False)
        follow(tiny, console())
    (tiny.out / "run" / FILE_NAME).write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="cannot be read; delete it"):
        follow(tiny, console())
