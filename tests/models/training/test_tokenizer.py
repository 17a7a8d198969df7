"""The vocabulary: exact on any text, and blind to special tokens in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from models.training.config import CONFIGS
from models.training.tokenizer import SPECIAL_TOKENS, TextCodec


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_comes_back_exactly(codec: TextCodec, text: str) -> None:
    ids = codec.encode(text)
    assert codec.decode(ids) == text
    assert sum(codec.token_bytes[i] for i in ids) == len(text.encode())


@pytest.mark.parametrize("text", ["\r\n\ttab", "naïve café", "日本語 コード", "🙂👩‍👩‍👧", "a\u0000b", "  \n\n    x"])
def test_awkward_text_comes_back_exactly(codec: TextCodec, text: str) -> None:
    assert codec.decode(codec.encode(text)) == text


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
def test_the_spelling_of_a_special_token_in_a_file_is_plain_text(codec: TextCodec, token: str) -> None:
    text = f"stop = '{token}'\n"
    ids = codec.encode(text)
    assert not set(ids) & set(codec.special.values())
    assert codec.decode(ids) == text


def test_the_vocabulary_has_the_asked_size_and_the_special_tokens_first(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == CONFIGS["tiny"].model.vocab_size
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))


def test_transformers_reads_the_folder(tokenizer_folder: Path, codec: TextCodec) -> None:
    loaded = AutoTokenizer.from_pretrained(tokenizer_folder)
    assert isinstance(loaded, PreTrainedTokenizerFast)
    text = "def f(x):\n    return x  # naïve\n"
    assert loaded(text, add_special_tokens=False)["input_ids"] == codec.encode(text)
    assert loaded.decode(codec.encode(text)) == text
    assert loaded.eos_token_id == codec.special["<|endoftext|>"]
    assert loaded.convert_tokens_to_ids("<|fim_middle|>") == codec.special["<|fim_middle|>"]
