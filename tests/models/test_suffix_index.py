"""The index against what a plain search finds."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.suffix_index import LONGEST, SHORTEST, Entry, SuffixIndex

texts = st.lists(st.lists(st.integers(0, 2), max_size=30), max_size=5)
contexts = st.lists(st.integers(0, 2), max_size=20)


def index_of(*texts: Sequence[int], size: int = 100) -> SuffixIndex:
    """Index some texts under the paths "0", "1", ..."""
    return SuffixIndex.build([(Entry(str(n), n, n, len(ids)), ids) for n, ids in enumerate(texts)], size)


def always(entry: Entry) -> bool:
    """Let everything be copied."""
    return True


def longest(texts: Sequence[Sequence[int]], context: Sequence[int]) -> tuple[int, set[int]]:
    """Return the longest match of the end of ``context`` that something follows, and all that follows it."""
    best, following = 0, set[int]()
    for ids in texts:
        for place in range(1, len(ids)):
            length = 0
            while length < min(place, len(context), LONGEST) and ids[place - 1 - length] == context[-1 - length]:
                length += 1
            if length > best:
                best, following = length, set()
            if length == best:
                following.add(ids[place])
    return best, following


@given(texts=texts, context=contexts, size=st.sampled_from((100, 70_000)))
@settings(max_examples=200, deadline=None)
def test_the_longest_match_is_found(texts: list[list[int]], context: list[int], size: int) -> None:
    """The match is as long as the longest there is, and what is copied follows such a match."""
    copy = index_of(*texts, size=size).follow(context, 3, always)
    length, following = longest(texts, context)
    if length < SHORTEST:
        assert copy is None
    else:
        assert copy is not None
        assert copy.match_length == length
        assert copy.tokens[0] in following


@given(texts=texts, context=contexts)
@settings(max_examples=100, deadline=None)
def test_copies_stand_in_one_text(texts: list[list[int]], context: list[int]) -> None:
    """Match and copy together are a part of a single text."""
    copy = index_of(*texts).follow(context, 4, always)
    if copy is not None:
        whole = tuple([*context[-copy.match_length :], *copy.tokens])
        assert any(tuple(ids[at : at + len(whole)]) == whole for ids in texts for at in range(len(ids)))


def test_most_places_decide() -> None:
    """Where the same tokens went on in several ways, the way taken most often is copied."""
    index = index_of([6, 7, 1, 2, 3, 4], [9, 6, 7, 1, 2, 5, 6], [8, 6, 7, 1, 2, 5, 7])
    copy = index.follow([6, 7, 1, 2], 1, always)
    assert copy is not None
    assert copy.tokens == (5,)


def test_copying_ends_where_places_part() -> None:
    """Behind a place where no way has a quarter of all, nothing is copied."""
    ways = [[6, 7, 1, 2, 3, 10 + way] for way in range(6)]
    copy = index_of(*ways).follow([6, 7, 1, 2], 3, always)
    assert copy is not None
    assert copy.tokens == (3,)


def test_a_text_that_is_out_of_date_is_not_copied() -> None:
    """Of equal places only those in current texts count; a shorter match there goes before none."""
    index = index_of([1, 6, 7, 2, 3, 4], [6, 7, 2, 3, 5])
    copy = index.follow([1, 6, 7, 2, 3], 1, lambda entry: entry.path != "0")
    assert copy is not None
    assert (copy.tokens, copy.match_length) == ((5,), 4)
    assert index.follow([1, 6, 7, 2, 3], 1, lambda entry: False) is None


@given(texts=texts, size=st.sampled_from((100, 70_000)))
@settings(max_examples=60, deadline=None)
def test_an_index_survives_travelling(texts: list[list[int]], size: int) -> None:
    """What comes out of the bytes has the same texts, and copies alike."""
    index = index_of(*texts, size=size)
    again = SuffixIndex.from_bytes(index.to_bytes())
    assert again.entries == index.entries
    assert [again.ids_of(n).tolist() for n in range(len(texts))] == texts
    for at in range(4, max(map(len, texts), default=0)):
        context = max(texts, key=len)[:at]
        assert again.follow(context, 3, always) == index.follow(context, 3, always)


@pytest.mark.parametrize("data", [b"", b"12345678", b"\0" * 7 + b"\2{}", index_of([1, 2, 3]).to_bytes()[:-1]])
def test_other_bytes_are_no_index(data: bytes) -> None:
    """Bytes that are not a whole index are refused."""
    with pytest.raises(ValueError, match="index"):
        SuffixIndex.from_bytes(data)


@pytest.mark.parametrize(("size", "each"), [(16_384, 8), (151_936, 10)])
def test_memory(size: int, each: int) -> None:
    """Eight bytes a token, ten where ids need more than two, and four for each id: of a million less than 16 MB."""
    rng = random.Random(1)
    ids = [rng.randrange(size) for _ in range(20_000)]
    index = index_of(ids, size=size)
    assert index.n_tokens == 20_000
    assert index.n_bytes <= each * 20_000 + 4 * (size + 1)
    assert each * 1_000_000 + 4 * (size + 1) < 16 * 2**20


def test_what_stands_somewhere_is_never_overlooked() -> None:
    """The table of bits lets every context through that is followed by something."""
    rng = random.Random(2)
    ids = [rng.randrange(2**16 - 1) for _ in range(3_000)]
    index = index_of(ids, size=2**16 - 1)
    for at in range(4, 3_000):
        copy = index.follow(ids[at - 4 : at], 1, always)
        assert copy is not None
        assert copy.tokens == (ids[at],)
