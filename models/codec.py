"""Reads a Hugging Face tokenizer: what bytes each id stands for, and how text is encoded exactly.

Two spellings of bytes are in use.  *Byte-level* vocabularies (GPT-2, StarCoder, Qwen, Llama 3,
DeepSeek) write each byte as one printable character.  *Spaced* ones (sentencepiece: Llama 2,
CodeLlama, Gemma, Mistral) write text as it is, a space as U+2581, and bytes that no token covers
as ``<0x0A>``.

Text is encoded by a copy of the tokenizer that lacks what would change or reinterpret it: control
tokens, Unicode normalisation, the blank that some put before a text, and template tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from tokenizers import AddedToken, Tokenizer

from models.errors import ModelError

SPACE_MARK = "\u2581"

# Bytes that occur in UTF-8: all but the two overlong leads and those beyond U+10FFFF.
_UTF8_BYTES = frozenset(range(256)) - {0xC0, 0xC1} - frozenset(range(0xF5, 256))
_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_PROBE = "a \tb\r\n\r\n   if (x_1):\n\te\u0301 \u4e16 \U0001f600\x00 '\u2581' "


class FastTokenizer(Protocol):
    """A tokenizer object of transformers that stands on the tokenizers library."""

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The tokenizer it stands on."""


def read_tokenizer(tokenizer: Tokenizer | FastTokenizer) -> tuple[list[bytes | None], PlainCodec, dict[str, int]]:
    """Return the bytes of each id, the encoder of plain text, and control tokens by spelling.

    Raises:
        ModelError: The tokenizer is of another kind, or cannot write every text.
    """
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not isinstance(backend, Tokenizer):
        raise ModelError(
            f"tokenizer {type(tokenizer).__name__} is a slow one; load it with AutoTokenizer and use_fast=True"
        )
    stages = [json.loads(part.__getstate__()) for part in (backend.pre_tokenizer, backend.decoder) if part]
    spaced = not _mentions(stages, "ByteLevel")
    control = _control_tokens(backend)
    table = _byte_table(backend, spaced, frozenset(control.values()))
    _require_all_bytes(table)
    codec = PlainCodec(_plain_copy(backend, spaced), table, control, spaced)
    decoded = b"".join(table[token] or b"" for token in codec.encode(_PROBE))
    if decoded != _PROBE.encode():
        raise ModelError("tokenizer changes the text it encodes; use a byte-level one or one with byte fallback")
    return table, codec, control


class PlainCodec:
    """Encodes text as text, whatever it spells."""

    def __init__(self, plain: Tokenizer, table: list[bytes | None], control: Mapping[str, int], spaced: bool) -> None:
        """Hold the stripped copy of a tokenizer and what is needed to get around its blind spots."""
        self._plain = plain
        self._cuts = re.compile("|".join(f"(?<={re.escape(name[0])}){re.escape(name[1:])}" for name in control))
        self._control = frozenset(control.values())
        self._cuts_words = plain.pre_tokenizer is not None and len(self._pieces("a b")) > 1
        self._spaced = spaced
        self._mark = [table.index(bytes((byte,))) for byte in SPACE_MARK.encode()] if spaced else []

    def encode(self, text: str) -> list[int]:
        """Return the ids of ``text``; never a control token."""
        if not self._spaced or SPACE_MARK not in text:
            return self._encode_part(text)
        ids: list[int] = []
        for index, part in enumerate(text.split(SPACE_MARK)):
            ids += self._mark if index else []
            ids += self._encode_part(part)
        return ids

    def last_piece(self, text: str) -> str:
        """Return the last pre-token of ``text``; "" when the tokenizer does not cut text into words."""
        pieces = self._pieces(text) if self._cuts_words else []
        return text[pieces[-1][1][0] :] if pieces else ""

    def _pieces(self, text: str) -> list[tuple[str, tuple[int, int]]]:
        """Return pre-tokens with their places, in characters."""
        if self._plain.normalizer is not None:
            text = self._plain.normalizer.normalize_str(text)
        pieces: list[tuple[str, tuple[int, int]]] = self._plain.pre_tokenizer.pre_tokenize_str(text)
        return pieces

    def _encode_part(self, text: str) -> list[int]:
        # The fast way keeps no offsets, which takes a fifth of the time.
        ids = self._plain.encode_batch_fast([text], add_special_tokens=False)[0].ids
        if self._control.isdisjoint(ids):
            return ids
        # Models that look whole words up in the vocabulary find control tokens there: cut inside the spelling.
        found = self._cuts.search(text)
        if found is None or found.start() == len(text):
            raise ModelError("tokenizer writes plain text with control tokens; use a byte-level one")
        return self._encode_part(text[: found.start()]) + self._encode_part(text[found.start() :])


def _plain_copy(backend: Tokenizer, spaced: bool) -> Tokenizer:
    """Return a tokenizer with the same model and pre-tokenizer that takes all text literally."""
    pre_tokenizer = json.loads(backend.pre_tokenizer.__getstate__()) if backend.pre_tokenizer else None
    normalizer = None
    if spaced and not _mentions(pre_tokenizer, "Metaspace"):
        normalizer = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE_MARK}
    skeleton = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": normalizer,
        "pre_tokenizer": _without_leading_space(pre_tokenizer),
        "post_processor": None,
        "decoder": None,
        "model": {"type": "BPE", "vocab": {}, "merges": []},
    }
    plain = Tokenizer.from_str(json.dumps(skeleton))
    plain.model = backend.model
    _add_blanks(plain, backend)
    return plain


def _add_blanks(plain: Tokenizer, backend: Tokenizer) -> None:
    """Keep added tokens that are runs of blanks: GPT-NeoX's kind writes indentation with them."""
    added = sorted(backend.get_added_tokens_decoder().items())
    blanks = [(token, entry.content) for token, entry in added if entry.content.isspace()]
    numbered = plain.get_vocab_size()
    for token, content in blanks:
        known = plain.token_to_id(content)
        if token != (numbered if known is None else known):
            return
        numbered += known is None
    plain.add_tokens([AddedToken(content, normalized=False) for _, content in blanks])


def _control_tokens(backend: Tokenizer) -> dict[str, int]:
    """Return every added token that is not a run of blanks."""
    added = backend.get_added_tokens_decoder().items()
    return {t.content: token for token, t in added if t.content and t.content.strip(SPACE_MARK + " \t\r\n")}


def _byte_table(backend: Tokenizer, spaced: bool, control: frozenset[int]) -> list[bytes | None]:
    vocabulary = backend.get_vocab(with_added_tokens=True)
    blanks = {t.content for t in backend.get_added_tokens_decoder().values() if t.content.isspace()}
    table: list[bytes | None] = [None] * (max(vocabulary.values(), default=-1) + 1)
    letters = _byte_letters()
    for piece, token in vocabulary.items():
        if token in control or not piece:
            continue
        if piece in blanks:
            table[token] = piece.encode()
        elif spaced:
            table[token] = _spaced_bytes(piece)
        elif letters.keys() >= set(piece):
            table[token] = bytes(map(letters.__getitem__, piece))
    return table


def _spaced_bytes(piece: str) -> bytes:
    byte = _BYTE_PIECE.fullmatch(piece)
    return bytes((int(byte[1], 16),)) if byte else piece.replace(SPACE_MARK, " ").encode()


def _byte_letters() -> dict[str, int]:
    """Return the byte behind each letter of byte-level vocabularies.

    Printable Latin-1 characters stand for themselves, the other bytes for U+0100 onwards in
    ascending order (GPT-2's ``bytes_to_unicode``).
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in set(plain)]
    return {chr(byte): byte for byte in plain} | {chr(256 + i): byte for i, byte in enumerate(moved)}


def _require_all_bytes(table: list[bytes | None]) -> None:
    singles = {data[0] for data in table if data is not None and len(data) == 1}
    lacking = sorted(_UTF8_BYTES - singles)
    if lacking:
        raise ModelError(
            f"tokenizer has no token for byte 0x{lacking[0]:02X} and {len(lacking) - 1} more; "
            "use a byte-level one or one with byte fallback"
        )


def _mentions(stage: Any, kind: str) -> bool:
    """Say whether a serialised stage is of a kind or holds one that is."""
    if isinstance(stage, list):
        return any(_mentions(item, kind) for item in stage)
    if isinstance(stage, dict):
        return stage.get("type") == kind or any(_mentions(item, kind) for item in stage.values())
    return False


def _without_leading_space(stage: Any) -> Any:
    """Return a serialised pre-tokenizer that puts no blank before the text."""
    if isinstance(stage, list):
        return [_without_leading_space(item) for item in stage]
    if not isinstance(stage, dict):
        return stage
    changed = {key: _without_leading_space(value) for key, value in stage.items()}
    if "add_prefix_space" in changed:
        changed["add_prefix_space"] = False
    if "prepend_scheme" in changed:
        changed["prepend_scheme"] = "never"
    return changed
