"""Near duplicates are found by words, by lines and by grams, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.corpus.shingles import any_in_sorted, line_windows, word_grams, word_set
from models.training.corpus.similarity import JaccardIndex


def numbered(first: int, last: int) -> frozenset[int]:
    return word_set(" ".join(f"word{i}" for i in range(first, last)))


@pytest.mark.parametrize(("shift", "similar"), [(0, True), (10, True), (17, True), (19, False), (60, False)])
def test_jaccard_decides_exactly(shift: int, similar: bool) -> None:
    """Sets of 100 shifted by n share 100 - n of 100 + n words: 0.709 at 17, 0.681 at 19."""
    assert JaccardIndex(0.7, [numbered(0, 100)]).has_similar(numbered(shift, 100 + shift)) is similar


def test_empty_sets_are_similar_to_nothing() -> None:
    assert not JaccardIndex(0.7, [frozenset()]).has_similar(frozenset())


def test_ten_lines_in_a_row_are_recognised_whatever_their_indentation() -> None:
    lines = [f"value_{i} = {i}" for i in range(10)]
    shared = "\n".join(["def f():", *(f"    {line}  " for line in lines)])
    assert set(line_windows("\n\n".join(lines), 10)) & set(line_windows(shared, 10))
    assert not len(line_windows("\n".join(lines[:9]), 10))


def test_ten_words_in_a_row_are_recognised_across_lines() -> None:
    text = "one two three four five six seven eight nine ten eleven"
    assert set(word_grams(text)) & set(word_grams("zero\n" + text.replace(" ", "\n")))
    assert not len(word_grams("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, eleven"))


def test_membership_in_a_sorted_array() -> None:
    ordered = np.array([2, 5, 9], np.uint64)
    assert any_in_sorted(np.array([1, 9], np.uint64), ordered)
    assert not any_in_sorted(np.array([1, 10], np.uint64), ordered)
    assert not any_in_sorted(np.array([1], np.uint64), ordered[:0])
    assert not any_in_sorted(ordered[:0], ordered)
