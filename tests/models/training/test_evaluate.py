"""Measures of a model, checked on one whose answers are known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from models.training.config import CONFIGS
from models.training.corpus.build import Document
from models.training.evaluate import bits_per_byte, infill_scores, single_line_cases
from models.training.model import Decoder
from models.training.tokenizer import END, TextCodec


@pytest.fixture
def uniform() -> Decoder:
    """A model to which all tokens are equally likely."""
    model = Decoder(CONFIGS["tiny"].model)
    nn.init.zeros_(model.model.embed_tokens.weight)
    return model


def test_a_uniform_model_needs_the_bits_of_its_vocabulary(
    uniform: Decoder, codec: TextCodec, documents: list[Document]
) -> None:
    text = documents[2].text[:4_000]
    ids = codec.encode(text)
    expected = math.log2(CONFIGS["tiny"].model.vocab_size) * len(ids[1:]) / sum(codec.token_bytes[i] for i in ids[1:])
    assert bits_per_byte(uniform, [text], codec, 100_000, 10) == pytest.approx(expected, rel=1e-3)


def test_cases_are_single_lines_of_code(documents: list[Document]) -> None:
    cases = single_line_cases([d.text for d in documents], 20, seed=0)
    assert len(cases) == 20
    for case in cases:
        assert case.prefix + case.truth + case.suffix in {d.text for d in documents}
        assert case.truth.count("\n") == 1 and not case.truth.lstrip().startswith("#")


def test_a_model_that_ends_at_once_is_empty_not_right(
    codec: TextCodec, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Decoder(CONFIGS["tiny"].model)
    embedding = model.model.embed_tokens.weight
    with torch.no_grad():
        embedding.zero_()
        embedding[codec.special[END]] = 1.0

    def hidden(ids: Tensor) -> Tensor:
        return torch.ones(*ids.shape, embedding.shape[1])

    monkeypatch.setattr(model, "forward", hidden)
    scores = infill_scores(model, single_line_cases([d.text for d in documents], 10, seed=0), codec, 8)
    assert (scores.n_cases, scores.ended, scores.exact, scores.empty) == (10, 10, 0, 10)
