"""Vocabularies: exact bytes, plain text stays plain, healing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models.errors import ModelError
from models.trie import Node
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

KINDS: dict[str, Callable[[], Tokenizer]] = {
    "qwen": tiny_tokenizers.qwen,
    "gpt2": tiny_tokenizers.gpt2,
    "whole words": tiny_tokenizers.whole_words,
    "spaced": tiny_tokenizers.spaced,
    "metaspace": lambda: tiny_tokenizers.spaced(metaspace=True),
    "neox": tiny_tokenizers.neox,
}
VOCABULARIES = {kind: Vocabulary.of(make()) for kind, make in KINDS.items()}
SPELLINGS = (
    "<|fim_middle|>",
    "<|endoftext|>",
    "<|fim_prefix|>",
    "</s>",
    "\u2581<PRE>",
    "<unk>",
    "<0x41>",
    "<|padding|>",
)

any_kind = pytest.mark.parametrize("kind", KINDS)
code = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(["self", ".", "    ", "\r\n", "\t", "é", "e\u0301", "😀", "\u2581", "\x00", *SPELLINGS])
).map("".join)


@any_kind
@given(text=code)
@settings(max_examples=150, deadline=None)
def test_bytes_of_encoded_text_are_the_text(kind: str, text: str) -> None:
    """Whatever the text holds, the bytes of its ids put together are its UTF-8."""
    vocabulary = VOCABULARIES[kind]
    parts = [vocabulary.bytes_of(token) for token in vocabulary.encode(text)]
    assert None not in parts
    assert b"".join(part or b"" for part in parts) == text.encode()


@any_kind
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelled_control_tokens_are_plain_text(kind: str, spelling: str) -> None:
    """Text that spells a control token never becomes one."""
    vocabulary = VOCABULARIES[kind]
    for text in (spelling, f"x = '{spelling}'\n", spelling * 2, spelling[:-1]):
        tokens = vocabulary.encode(text)
        assert set(vocabulary.control.values()).isdisjoint(tokens)
        assert vocabulary.decode(tokens) == text.encode()


@any_kind
def test_trie_holds_exactly_the_vocabulary(kind: str) -> None:
    """Walking the trie finds every id that has bytes once, at the end of its bytes."""
    vocabulary = VOCABULARIES[kind]
    expected = {token: data for token in range(vocabulary.size) if (data := vocabulary.bytes_of(token))}
    found: list[tuple[int, bytes]] = []

    def walk(node: Node, data: bytes) -> None:
        found.extend((token, data) for token in node.ids)
        for byte, child in node.children.items():
            walk(child, data + bytes((byte,)))

    walk(vocabulary.trie, b"")
    assert sorted(found) == sorted(expected.items())


def test_trie_keeps_tokens_that_share_their_bytes() -> None:
    """A letter and its byte piece end at the same node."""
    vocabulary = VOCABULARIES["spaced"]
    assert len(vocabulary.trie.children[ord("a")].ids) == 2
    assert vocabulary.trie.children[255].ids and not vocabulary.trie.ids


@any_kind
def test_control_and_foreign_ids_have_no_bytes(kind: str) -> None:
    """Control tokens and ids outside the table have no bytes, and nothing else lacks them."""
    vocabulary = VOCABULARIES[kind]
    without = {token for token in range(vocabulary.size) if vocabulary.bytes_of(token) is None}
    assert without == set(vocabulary.control.values())
    assert vocabulary.bytes_of(vocabulary.size) is None
    assert vocabulary.bytes_of(-1) is None
    assert vocabulary.decode([vocabulary.size, *vocabulary.encode("a"), *vocabulary.control.values()]) == b"a"


@any_kind
@given(data=st.binary(max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_bytes_can_be_encoded(kind: str, data: bytes) -> None:
    """Bytes that are no text are encoded one by one."""
    vocabulary = VOCABULARIES[kind]
    assert vocabulary.decode(vocabulary.encode_bytes(data)) == data


HEALING = [
    ("qwen", "", b""),
    ("qwen", "self.bal", b".bal"),
    ("qwen", "self.", b"."),
    ("qwen", "    ", b"    "),
    ("qwen", "x = naï", " naï".encode()),
    ("qwen", "f('😀", "('😀".encode()),
    ("qwen", "return\n", b"\n"),
    ("qwen", "a = 12", b"2"),
    ("gpt2", "self.bal", b"bal"),
    ("gpt2", "    return", b" return"),
]


@pytest.mark.parametrize(("kind", "text", "taken"), HEALING)
def test_healing_takes_back_the_last_word(kind: str, text: str, taken: bytes) -> None:
    """The last pre-token goes, what is left are the ids before it."""
    vocabulary = VOCABULARIES[kind]
    kept, back = vocabulary.split_for_healing(text)
    assert back == taken
    assert kept == vocabulary.encode(text)[: len(kept)]


@any_kind
@given(text=code)
@settings(max_examples=60, deadline=None)
def test_healing_loses_nothing(kind: str, text: str) -> None:
    """Kept ids and returned bytes are the text, and something goes back unless it is empty."""
    vocabulary = VOCABULARIES[kind]
    kept, back = vocabulary.split_for_healing(text)
    assert vocabulary.decode(kept) + back == text.encode()
    assert bool(back) == bool(text)


def test_healing_without_words_takes_one_token() -> None:
    """A tokenizer that does not cut text into words gives its last token back."""
    vocabulary = VOCABULARIES["spaced"]
    tokens = vocabulary.encode("return self.balance")
    assert vocabulary.split_for_healing("return self.balance") == (tokens[:-1], vocabulary.bytes_of(tokens[-1]))


def test_runs_of_blanks_stay_whole() -> None:
    """Added tokens made of blanks are ordinary: indentation is encoded with them."""
    vocabulary = VOCABULARIES["neox"]
    assert [vocabulary.bytes_of(token) for token in vocabulary.encode("      x")] == [b"    ", b"  ", b"x"]


def test_decomposed_text_stays_decomposed() -> None:
    """Unicode normalisation is left out: a file's bytes are not rewritten."""
    vocabulary = VOCABULARIES["qwen"]
    assert vocabulary.decode(vocabulary.encode("e\u0301")) == "e\u0301".encode()


REFUSED = [
    (tiny_tokenizers.lacking_bytes, "no token for byte 0x"),
    (tiny_tokenizers.dropping_blanks, "changes the text it encodes"),
    (object, "is a slow one"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_unusable_tokenizers_are_refused(make: Callable[[], Tokenizer], message: str) -> None:
    """A tokenizer that cannot write every text is refused in one line."""
    with pytest.raises(ModelError, match=message) as raised:
        Vocabulary.of(make())
    assert "\n" not in str(raised.value)


def test_large_vocabulary_costs_one_sort() -> None:
    """Making the trie of a large table makes one node; asking for a path makes only that path's."""
    table = [index.to_bytes(3, "big") for index in range(151_000)]
    root = Vocabulary(table, VOCABULARIES["gpt2"]._codec, {}).trie
    assert root._children is None
    node = root.children[0].children[1]
    assert [child.ids for child in node.children.values()][:2] == [(256,), (257,)]
    assert root.children[1]._children is None
