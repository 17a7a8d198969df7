"""Tokenizers of every kind in use, small enough to be made in a test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from models.codec import SPACE_MARK

QWEN_CONTROL = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|file_sep|>",
    "<|repo_name|>",
)

_QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LINES = (
    "class Account:",
    "    def deposit(self, amount):",
    "        self.balance += amount",
    "        return self.balance",
    "    for index, name in enumerate(names):",
    "        print(f'{index}: {name}')  # each one",
    "naïve = 'été 😀'",
)


@cache
def qwen(control: Sequence[str] = QWEN_CONTROL) -> Tokenizer:
    """Byte-level with Qwen2's pre-tokenizer and NFC, about 330 ids."""
    split = pre_tokenizers.Split(Regex(_QWEN_SPLIT), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    return _trained(tokenizer, control)


@cache
def gpt2(control: Sequence[str] = ("<|endoftext|>",)) -> Tokenizer:
    """Byte-level with GPT-2's pattern and a blank before each text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True)
    return _trained(tokenizer, control)


@cache
def whole_words() -> Tokenizer:
    """Byte-level, looking whole texts up before merging: Llama 3's way, at its worst."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return _trained(tokenizer, ("<|endoftext|>", "<|fim_prefix|>"))


@cache
def spaced(metaspace: bool = False) -> Tokenizer:
    """Like sentencepiece: spaces as U+2581, a leading one added, bytes as ``<0x0A>``."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend(SPACE_MARK), normalizers.Replace(" ", SPACE_MARK)]
        )
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False)
    tokenizer.train_from_iterator([line for line in _LINES if line.isascii()] * 4, trainer)
    state = json.loads(tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_special_tokens(
        [f"{SPACE_MARK}<PRE>", f"{SPACE_MARK}<SUF>", f"{SPACE_MARK}<MID>", f"{SPACE_MARK}<EOT>"]
    )
    return tokenizer


@cache
def neox() -> Tokenizer:
    """Byte-level, with runs of blanks as added tokens."""
    tokenizer = Tokenizer.from_str(gpt2().to_str())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_tokens(["    ", "  ", "<|padding|>"])
    return tokenizer


def lacking_bytes() -> Tokenizer:
    """A byte-level one that was trained without the full alphabet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(_LINES, trainers.BpeTrainer(vocab_size=120, show_progress=False))
    return tokenizer


def dropping_blanks() -> Tokenizer:
    """A byte-level one that forgets the blanks between words."""
    tokenizer = Tokenizer.from_str(gpt2().to_str())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), byte_level])
    return tokenizer


def _trained(tokenizer: Tokenizer, control: Sequence[str]) -> Tokenizer:
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=list(control),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_LINES * 4, trainer)
    return tokenizer
