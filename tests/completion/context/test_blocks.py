"""What goes into the prompt, and where."""

from __future__ import annotations

from completion.context.blocks import LEAST_TOKENS, settled, within
from completion.types import Snippet


def count(text: str) -> int:
    """Count words and line ends."""
    return len(text.replace("\n", " ; ").split())


def lines(name: str, number: int) -> Snippet:
    """Return so many lines of two tokens."""
    return Snippet(name, f"{name}\n" * number)


def test_the_most_relevant_fit_whole() -> None:
    """The last ones come first into the budget, and stay last."""
    found = within([lines("a", 20), lines("b", 20), lines("c", 20)], 100, count)
    assert [snippet.path for snippet in found] == ["b", "c"]
    assert found[1] == lines("c", 20)
    assert sum(count(snippet.text) + count(snippet.path) + 2 for snippet in found) <= 100


def test_the_least_relevant_one_is_cut_at_a_line() -> None:
    """Its beginning is kept if that is worth showing."""
    found = within([lines("a", 20), lines("b", 20)], 80, count)
    assert found == (lines("a", (80 - 43 - 3) // 2), lines("b", 20))
    assert within([lines("a", 20), lines("b", 20)], 43 + LEAST_TOKENS, count) == (lines("b", 20),)


def test_no_room() -> None:
    """Nothing, and nothing to choose from."""
    assert within([lines("a", 20)], 5, count) == within([], 100, count) == ()


def test_a_huge_text_is_not_counted_whole() -> None:
    """A client may send a file of megabytes."""
    seen: list[int] = []

    def counting(text: str) -> int:
        seen.append(len(text))
        return count(text)

    within([Snippet("a", "x y\n" * 1_000_000)], 100, counting)
    assert max(seen) < 5000


def test_what_stays_keeps_its_place() -> None:
    """Order changes cost a whole prompt; new ones come behind."""
    a, b, c = (lines(name, 1) for name in "abc")
    assert settled([c, a, b], [a, b]) == (a, b, c)
    assert settled([c, b], [a, b]) == (b, c)
    assert settled([b, a], []) == (b, a)
