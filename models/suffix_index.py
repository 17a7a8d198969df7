"""What followed the last few tokens elsewhere: a sorted index over the ids of many texts.

Suffix arrays as drafters are from REST (He et al., NAACL 2024) and SuffixDecoding (Oliaro et al.,
NeurIPS 2025).  Here the places of all tokens are sorted by what stands *before* them, read backwards,
so that one binary search finds the places with the longest match, side by side.  Ids are stored backwards
and big-endian: comparing bytes then compares contexts.  Ids, places and a table of bits that tells most
contexts that stand nowhere take 7 to 8 bytes a token for vocabularies below 65,536 ids, else 9 to 10.

An index is a value.  It is made in a worker process and travels as bytes.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Tokens of context that places are sorted by, and up to which the longest match is told.
DEPTH = 8
LONGEST = 16

# A shorter match is chance: of the guesses that rested on one, a third had a single token right (bench/LOG.md).
SHORTEST = 4

# Bits for each token in the table of what stands somewhere, at least: one context in eight is found there by chance.
BITS = 8

_FACTORS = (1_299_709, 3_497_861, 7_368_787, 15_485_863)

# Places that are looked at for one draft.
MOST_PLACES = 12

# Copying ends where less than this share of the places goes on like it.
LEAST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Entry:
    """A text in an index.

    Attributes:
        path: Where it is from.
        mtime_ns: When it was changed last; 0 if it is no file.
        size: Bytes of the file.
        n_tokens: Its tokens.
    """

    path: str
    mtime_ns: int
    size: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Copy:
    """What follows the longest match.

    Attributes:
        tokens: Ids, at least one.
        match_length: Tokens of context that agree.
    """

    tokens: tuple[int, ...]
    match_length: int


class SuffixIndex:
    """The texts of an index, and where what follows a context is found in them.

    Attributes:
        entries: Its texts, in order.
    """

    def __init__(self, entries: Sequence[Entry], width: int, backwards: bytes, order: bytes) -> None:
        """Hold what ``build`` has made.

        Args:
            entries: The texts.
            width: Bytes of an id.
            backwards: The last text's last token first, a separator behind each text.
            order: Places inside texts, sorted, 4 bytes each.
        """
        self.entries = tuple(entries)
        self._width = width
        self._data = backwards
        self._ids = np.frombuffer(backwards, f">u{width}")
        self._order = memoryview(order).cast("I")
        sizes = [entry.n_tokens + 1 for entry in reversed(self.entries)]
        self._ends = np.cumsum(sizes).tolist() if sizes else []
        self._buckets = self._first_places()
        self._hints = self._all_hints()

    @property
    def n_tokens(self) -> int:
        """Tokens of all texts."""
        return sum(entry.n_tokens for entry in self.entries)

    @property
    def n_bytes(self) -> int:
        """Memory of all tables."""
        return len(self._data) + self._order.nbytes + self._buckets.nbytes + len(self._hints)

    @classmethod
    def build(
        cls, texts: Iterable[tuple[Entry, Sequence[int] | NDArray[np.uint32]]], vocabulary_size: int
    ) -> SuffixIndex:
        """Sort the ids of some texts.

        Args:
            texts: Each with its ids.
            vocabulary_size: More than any of the ids.
        """
        texts = list(texts)
        width = 2 if vocabulary_size < 2**16 else 4
        separator = np.array([2 ** (8 * width) - 1], np.uint32)
        parts = [part for _, ids in reversed(texts) for part in (np.asarray(ids, np.uint32)[::-1], separator)]
        ids = np.concatenate([*parts, np.empty(0, np.uint32)])
        order = np.lexsort(_keys(ids, width)[::-1]).astype(np.uint32)
        inside = (np.concatenate([separator, ids[:-1]])[: len(ids)] != separator) & (ids != separator)
        order = order[inside[order]]
        return cls([entry for entry, _ in texts], width, ids.astype(f">u{width}").tobytes(), order.tobytes())

    def ids_of(self, number: int) -> NDArray[np.uint32]:
        """Return the ids of a text by its place among the entries."""
        place = len(self.entries) - 1 - number
        end = int(self._ends[place]) - 1
        start = end - self.entries[number].n_tokens
        return self._ids[start:end][::-1].astype(np.uint32)

    def follow(self, context: Sequence[int], count: int, is_current: Callable[[Entry], bool]) -> Copy | None:
        """Return what follows the longest match of the end of ``context``, where most places agree.

        Args:
            context: Ids, oldest first.
            count: Most tokens wanted, at least 1.
            is_current: Whether a text may be copied from; asked for the texts of places that match.
        """
        if len(context) < SHORTEST or not self._is_hinted(context):
            return None
        key = self._key(context)
        allowed: dict[int, bool] = {}
        for length in range(self._longest(key), SHORTEST - 1, -1):
            places = [place for place in self._places(key, length) if self._is_allowed(place, is_current, allowed)]
            if places:
                tokens = self._agreed(places, count)
                return Copy(tokens, length) if tokens else None
        return None

    def to_bytes(self) -> bytes:
        """Return the index as bytes that ``from_bytes`` reads."""
        head = json.dumps(
            {"width": self._width, "entries": [[e.path, e.mtime_ns, e.size, e.n_tokens] for e in self.entries]}
        ).encode()
        return b"".join((len(head).to_bytes(8, "big"), head, self._data, self._order))

    @classmethod
    def from_bytes(cls, data: bytes) -> SuffixIndex:
        """Read an index.

        Raises:
            ValueError: These bytes are none.
        """
        size = 8 + int.from_bytes(data[:8], "big")
        try:
            head = json.loads(data[8:size])
            entries = [Entry(str(path), int(m), int(s), int(n)) for path, m, s, n in head["entries"]]
            width = {2: 2, 4: 4}[head["width"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("no index") from error
        cut = size + width * sum(entry.n_tokens + 1 for entry in entries)
        if len(data) != cut + 4 * sum(max(0, entry.n_tokens - 1) for entry in entries):
            raise ValueError("no whole index")
        return cls(entries, width, data[size:cut], data[cut:])

    def _key(self, context: Sequence[int]) -> bytes:
        """Return the end of a context as it is stored."""
        newest = context[: -LONGEST - 1 : -1]
        return b"".join(token.to_bytes(self._width, "big") for token in newest)

    def _first_places(self) -> memoryview:
        """Return for each id the first of the places before which it stands, and so on to the end of all."""
        ids = self._ids[np.frombuffer(self._order, np.uint32)]
        counts = np.bincount(ids, minlength=int(ids.max(initial=0)) + 1)
        return memoryview(np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32).tobytes()).cast("I")

    def _all_hints(self) -> bytes:
        """Return the table of bits, a run of ``SHORTEST`` tokens each."""
        n_bits = max(64, 1 << (BITS * len(self._ids) - 1).bit_length()) if len(self._ids) else 64
        ids = self._ids.astype(np.uint64)
        runs = [ids[offset : len(ids) - SHORTEST + 1 + offset] for offset in range(SHORTEST)]
        bits = np.zeros(n_bits, np.bool_)
        bits[(_mixed(runs) & np.uint64(n_bits - 1)).astype(np.int64)] = True
        return np.packbits(bits, bitorder="little").tobytes()

    def _is_hinted(self, context: Sequence[int]) -> bool:
        """Whether the end of ``context`` may stand somewhere; where it does, always."""
        bit = int(_mixed(context[: -SHORTEST - 1 : -1])) & (8 * len(self._hints) - 1)
        return bool(self._hints[bit >> 3] >> (bit & 7) & 1)

    def _bucket(self, key: bytes) -> tuple[int, int]:
        """Return the range of the places before which the first id of ``key`` stands."""
        token = int.from_bytes(key[: self._width], "big")
        if token + 1 >= len(self._buckets):
            return 0, 0
        return self._buckets[token], self._buckets[token + 1]

    def _longest(self, key: bytes) -> int:
        """Return how many tokens of ``key`` the best place agrees with: it is next to where ``key`` would stand."""
        low, high = self._bucket(key)
        if low == high:
            return 0
        at = bisect_left(self._order, key[: DEPTH * self._width], low, high, key=self._stored(DEPTH))
        return max(self._agreement(key, self._order[i]) for i in (at - 1, at) if low <= i < high)

    def _stored(self, length: int) -> Callable[[int], bytes]:
        """Return what tells so many tokens before a place."""
        data, width, size = self._data, self._width, length * self._width
        return lambda place: data[place * width : place * width + size]

    def _agreement(self, key: bytes, place: int) -> int:
        """Return how many tokens of ``key`` stand before a place."""
        width, low, high = self._width, 0, len(key) // self._width
        stored = self._data[place * width : place * width + len(key)]
        while low < high:
            length = (low + high + 1) // 2
            low, high = (length, high) if stored[: length * width] == key[: length * width] else (low, length - 1)
        return low

    def _places(self, key: bytes, length: int) -> list[int]:
        """Return places that agree with ``length`` tokens of ``key``."""
        part, stored = key[: min(length, DEPTH) * self._width], self._stored(min(length, DEPTH))
        low, high = self._bucket(key)
        low = bisect_left(self._order, part, low, high, key=stored)
        high = bisect_right(self._order, part, low, high, key=stored)
        step = max(1, (high - low) // MOST_PLACES)
        places = self._order[low:high:step].tolist()[:MOST_PLACES]
        return places if length <= DEPTH else [place for place in places if self._agreement(key, place) >= length]

    def _is_allowed(self, place: int, is_current: Callable[[Entry], bool], known: dict[int, bool]) -> bool:
        number = len(self.entries) - 1 - bisect_right(self._ends, place)
        allowed = known.get(number)
        if allowed is None:
            allowed = known[number] = is_current(self.entries[number])
        return allowed

    def _agreed(self, places: list[int], count: int) -> tuple[int, ...]:
        """Return the tokens that follow most of the places, for as long as enough of them go on alike."""
        ways = [self._behind(place, count) for place in places]
        least, tokens = LEAST_SHARE * len(ways), list[int]()
        while len(ways) > 1:
            depth = len(tokens)
            following = [way[depth] if depth < len(way) else None for way in ways]
            token, votes = Counter(following).most_common(1)[0]
            if token is None or votes < least:
                return tuple(tokens)
            tokens.append(token)
            if votes < len(ways):
                ways = [way for way, next_one in zip(ways, following, strict=True) if next_one == token]
        return tuple(ways[0])

    def _behind(self, place: int, count: int) -> list[int]:
        """Return at most so many tokens behind a place, as far as its text goes."""
        tokens: list[int] = self._ids[max(0, place - count) : place][::-1].tolist()
        separator = 2 ** (8 * self._width) - 1
        return tokens[: tokens.index(separator)] if separator in tokens else tokens


def _mixed(run: Sequence[Any]) -> Any:
    """Return a number below 2**58 for a run of ids below 2**32, or for many of them at once."""
    total = run[0] * _FACTORS[0] + run[1] * _FACTORS[1] + run[2] * _FACTORS[2] + run[3] * _FACTORS[3]
    return total ^ (total >> 17)


def _keys(ids: NDArray[np.uint32], width: int) -> list[NDArray[np.uint64]]:
    """Return, the weightiest first, numbers that sort places as their ``DEPTH`` tokens do."""
    each = 8 // width
    padded = np.concatenate([ids, np.zeros(DEPTH, np.uint32)]).astype(np.uint64)
    keys = []
    for first in range(0, DEPTH, each):
        key = np.zeros(len(ids), np.uint64)
        for offset in range(first, first + each):
            key = (key << np.uint64(8 * width)) | padded[offset : offset + len(ids)]
        keys.append(key)
    return keys
