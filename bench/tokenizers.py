"""Tokenizers that measuring programs cut texts with: the embedded one, and a large one made on the spot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from bench.sites import STANDARD_LIBRARY, python_files, read_source

EMBEDDED = Path(__file__).parents[1] / "models" / "embedded" / "tokenizer.json"

ENTRIES = 110_000

# As large code models cut: one sign may stand before a word, so that ".append" and "(self" become tokens.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def embedded() -> Tokenizer:
    """Return the embedded model's tokenizer."""
    return Tokenizer.from_file(str(EMBEDDED))


def large(folder: Path, console: Console) -> Tokenizer:
    """Return a byte-level tokenizer of ``ENTRIES`` entries, trained on the standard library; kept in ``folder``."""
    kept = folder / f"verifill-bench-{ENTRIES}.json"
    if kept.exists():
        return Tokenizer.from_file(str(kept))
    with console.status(f"training a tokenizer of {ENTRIES:,} entries on the standard library"):
        tokenizer = train(ENTRIES)
    tokenizer.save(str(kept))
    return tokenizer


def train(entries: int, files: int | None = None) -> Tokenizer:
    """Train on files of the standard library, all of them for None; rare words included."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=entries,
        min_frequency=1,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(files), trainer)
    return tokenizer


def _texts(files: int | None) -> Iterator[str]:
    for path in python_files(STANDARD_LIBRARY, Path(), random.Random(0))[:files]:
        yield read_source(path) or ""
