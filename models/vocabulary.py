"""Token ids and the exact bytes that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from tokenizers import Tokenizer

from models.codec import FastTokenizer, read_tokenizer
from models.trie import Node, build_trie

__all__ = ["Codec", "Node", "Vocabulary"]


class Codec(Protocol):
    """The part of a tokenizer that a vocabulary needs beside its table."""

    def encode(self, text: str) -> Sequence[int]:
        """Return ids whose bytes, put together, are ``text``; never a control token."""

    def last_piece(self, text: str) -> str:
        """Return the last pre-token of ``text``; "" when the tokenizer does not cut text into words."""


class Vocabulary:
    """What each id stands for, both ways.

    Control tokens (end of text, FIM marks) and unused ids have no bytes: user text that spells
    one is ordinary text, and a control token is only ever put into a prompt by its id.
    """

    def __init__(self, table: Sequence[bytes | None], codec: Codec, control: Mapping[str, int]) -> None:
        """Hold a table.

        Args:
            table: Bytes of each id, never empty; None for control tokens and unused ids.
            codec: Encodes text with the ids of the table.
            control: Id of each control token by its spelling.
        """
        self._table = tuple(table)
        self._codec = codec
        self.control = dict(control)

    @classmethod
    def of(cls, tokenizer: Tokenizer | FastTokenizer) -> Vocabulary:
        """Read a fast Hugging Face tokenizer: byte-level, or sentencepiece-like with byte fallback.

        Raises:
            ModelError: It is neither, or cannot write every text.
        """
        return cls(*read_tokenizer(tokenizer))

    @property
    def codec(self) -> Codec:
        """What encodes text; it can be sent to another process."""
        return self._codec

    @property
    def size(self) -> int:
        """Number of ids, control tokens and unused ids included."""
        return len(self._table)

    def equals(self, other: Vocabulary) -> bool:
        """Whether every id stands for the same in both; ids behind the end of one stand for nothing."""
        size = max(self.size, other.size)
        same = all(self.bytes_of(token) == other.bytes_of(token) for token in range(size))
        return same and self.control == other.control

    @cached_property
    def trie(self) -> Node:
        """Root of the byte trie over all ids that have bytes."""
        return build_trie(self._table)

    def bytes_of(self, token: int) -> bytes | None:
        """Return the bytes of an id; None for control tokens, unused ids and the padding of an embedding."""
        return self._table[token] if 0 <= token < len(self._table) else None

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the canonical ids of ``text``; their bytes put together are its UTF-8."""
        return tuple(self._codec.encode(text))

    def encode_bytes(self, data: bytes) -> tuple[int, ...]:
        """Return ids of any bytes: canonical up to the first that is not UTF-8, one id a byte from there."""
        try:
            return self.encode(data.decode())
        except UnicodeDecodeError as error:
            rest = data[error.start :]
            return self.encode(data[: error.start].decode()) + tuple(self._byte_ids[byte] for byte in rest)

    def decode(self, tokens: Iterable[int]) -> bytes:
        """Return the bytes of all ids put together; ids without bytes add nothing."""
        return b"".join(self.bytes_of(token) or b"" for token in tokens)

    def split_for_healing(self, text: str) -> tuple[tuple[int, ...], bytes]:
        """Take back the last pre-token, so that the model may finish it with tokens of its own choice.

        A tokenizer that does not cut text into words gives its last token back instead.

        Returns:
            Ids of ``text`` without its last pre-token, and the bytes of what was taken back;
            nothing and b"" for the empty text.
        """
        tokens = self.encode(text)
        wanted = max(1, len(self._codec.last_piece(text).encode()))
        keep, taken = len(tokens), 0
        while keep and taken < wanted:
            keep -= 1
            taken += len(self.bytes_of(tokens[keep]) or b"")
        return tokens[:keep], self.decode(tokens[keep:])

    @cached_property
    def _byte_ids(self) -> dict[int, int]:
        """Id of each single byte."""
        return {byte: node.ids[0] for byte, node in self.trie.children.items() if node.ids}
