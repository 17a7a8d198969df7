"""The Python interface: what is wrong is said before anything is asked, and the rest is what the service does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

import verifill
from tests.models.tiny_checkpoints import save

CODE = "def total(values):\n    return "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint with random weights."""
    return str(save(tmp_path_factory.mktemp("checkpoint")))


@pytest.fixture(scope="module")
def completer(folder: str) -> Iterator[verifill.Completer]:
    """A completer that has read it."""
    with verifill.Completer(folder, dtype="float32") as opened:
        yield opened


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidates": 0}, "candidates is 0; give a number from 1 to 16"),
        ({"max_tokens": 0}, "max_tokens is 0; give a number from 1 to 512"),
        ({"max_tokens": 513}, "max_tokens is 513; give a number from 1 to 512"),
        ({"temperature": float("nan")}, "temperature is nan; give a number from 0 to 5"),
        ({"temperature": -1.0}, "temperature is -1.0; give a number from 0 to 5"),
        ({"strictness": float("inf")}, "strictness is inf; give a number from 0 to 100"),
        ({"suffix": "\n'\udc80'"}, "suffix holds a lone surrogate at 2; decode the file as UTF-8"),
        ({"monitors": ("nobody",)}, "unknown monitor 'nobody'; known are "),
        ({"drafters": ("nobody",)}, "unknown drafter 'nobody'; known are "),
        ({"facts": "soon"}, "unknown fact mode 'soon'"),
    ],
)
def test_bad_values(completer: verifill.Completer, settings: dict[str, Any], message: str) -> None:
    """Each is one line that names the value and what would do."""
    with pytest.raises(ValueError) as failure:
        completer.complete(CODE, **settings)
    assert str(failure.value).startswith(message)
    assert "\n" not in str(failure.value)


def test_a_model_and_its_tokenizer_come_together(folder: str) -> None:
    """Neither makes sense alone."""
    with pytest.raises(ValueError, match="give the tokenizer together with a model object"):
        verifill.Completer(folder, AutoTokenizer.from_pretrained(folder))
    with pytest.raises(ValueError, match="a model object needs its tokenizer"):
        verifill.Completer(AutoModelForCausalLM.from_pretrained(folder))


def test_a_model_object_writes_what_its_checkpoint_writes(completer: verifill.Completer, folder: str) -> None:
    """Handed over or read from its folder; what is rewritten is a guess and no more."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    settings: dict[str, Any] = {"facts": "none", "max_tokens": 8, "monitors": ()}
    read = completer.complete(CODE, **settings)
    given = verifill.complete(CODE, model=model, tokenizer=tokenizer, replaced="sum(values)", **settings)
    assert [token.id for token in given.tokens] == [token.id for token in read.tokens]
    assert given.counters["drafted"].get("edit_copy", 0) > 0
