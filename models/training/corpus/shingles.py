"""Hashed windows over words and lines, as arrays, so that whole corpora compare in minutes.

Hashes are BLAKE2 of the word or line, so that they agree between processes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

import numpy as np

LINE_WINDOW = 10
GRAM_WORDS = 10
# A gram of ten words in which most are numbers (`1, 2, 3, ...`) is not text of anybody.
MIN_NAMES_IN_GRAM = 5

_WORD = re.compile(r"\w+")
_MULTIPLIER = 0x9E3779B97F4A7C15


def word_set(text: str) -> frozenset[int]:
    """Return the hashes of the distinct words of a text."""
    return frozenset(_hash(word) for word in set(_WORD.findall(text)))


def word_grams(text: str) -> np.ndarray:
    """Return the hashes (uint64) of all windows of ten words that are mostly names."""
    words = _WORD.findall(text)
    if len(words) < GRAM_WORDS:
        return np.empty(0, np.uint64)
    named = np.fromiter((not word.isdigit() for word in words), np.int64, len(words))
    totals = np.concatenate([[0], np.cumsum(named)])
    enough = totals[GRAM_WORDS:] - totals[:-GRAM_WORDS] >= MIN_NAMES_IN_GRAM
    grams: np.ndarray = _rolling(words, GRAM_WORDS)[enough]
    return grams


def line_windows(text: str, size: int) -> np.ndarray:
    """Return the hashes (uint64) of all windows of `size` lines, white space normalised, blank lines left out."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return _rolling([line for line in lines if line], size)


def any_in_sorted(values: np.ndarray, ordered: np.ndarray) -> bool:
    """Say whether any of `values` occurs in the sorted array `ordered`."""
    if not len(ordered):
        return False
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return bool((ordered[places] == values).any())


def _rolling(items: list[str], size: int) -> np.ndarray:
    if len(items) < size:
        return np.empty(0, np.uint64)
    hashes = np.fromiter(map(_hash, items), np.uint64, len(items))
    n_windows = len(items) - size + 1
    total = np.zeros(n_windows, np.uint64)
    for offset in range(size):
        total = total * np.uint64(_MULTIPLIER) + hashes[offset : offset + n_windows]
    return total


@lru_cache(maxsize=1_000_000)
def _hash(item: str) -> int:
    return int.from_bytes(blake2b(item.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
