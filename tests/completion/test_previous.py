"""What was written last as a guess at what is written next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.previous import DOCUMENTS, Previous, Written
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())
ABOVE = "import os\n\n"
END = (0,)


def held(text: str, above: str = ABOVE) -> Previous:
    """Return the memory of a text that was written behind some lines, and ended by the model."""
    previous = Previous(VOCABULARY)
    previous.keep("/p/a.py", Written(len(above), text.encode(), END))
    return previous


def guess(previous: Previous, before: str, typed: str, healed: str = "") -> bytes:
    """Return the guess as text; ``typed`` stands of the middle in the prompt, and ``healed`` behind it."""
    ids = previous.guess("/p/a.py", before, VOCABULARY.encode(typed), healed.encode())
    assert ids[-1:] == END
    return VOCABULARY.decode(ids[:-1])


@pytest.mark.parametrize(
    ("before", "typed", "healed"),
    [
        (ABOVE, "", ""),  # at its own place
        (ABOVE + "x = os.pa", "x = os.", "pa"),  # typed along
        (ABOVE + "x = os.path\n    y", "x = os.path\n    ", "y"),  # over a line's end
        (ABOVE + "y = o", "y = ", "o"),  # otherwise
        (ABOVE + "x", ABOVE, "x"),  # the prompt's forced part begins further up
    ],
)
def test_the_last_text_is_the_guess(before: str, typed: str, healed: str) -> None:
    """From where the forced part begins on, however far the user has come."""
    text = "x = os.path\n    y = 3"
    expected = ABOVE + text if typed == ABOVE else text
    assert guess(held(text), before, typed, healed) == expected.encode()


def test_what_is_above_the_forced_part_is_left_out() -> None:
    """Once the prompt is laid out anew behind what was typed along, the guess begins there."""
    assert guess(held("x = 1\ny = 2\nz = 3"), ABOVE + "x = 1\ny", "", "y") == b"y = 2\nz = 3"


def test_what_was_typed_along_keeps_its_ids() -> None:
    """The guess begins with the very ids of the prompt, though other ones spell the same."""
    previous, typed = held("path = 1"), VOCABULARY.encode("pa")
    assert typed != VOCABULARY.encode("path")[: len(typed)]
    assert previous.guess("/p/a.py", ABOVE + "pa", typed, b"")[: len(typed)] == typed


def test_only_the_last_text_of_a_document_counts() -> None:
    """Of other documents, and of one that was never written in, there is none."""
    previous = held("old")
    assert previous.guess("/p/b.py", "", (), b"") == ()
    previous.keep("/p/a.py", Written(len(ABOVE), b"new", END))
    assert guess(previous, ABOVE, "") == b"new"


def test_few_documents_are_remembered() -> None:
    """The one that was written in longest ago is forgotten."""
    previous = held("first")
    for number in range(DOCUMENTS):
        previous.keep(f"/p/{number}.py", Written(0, b"x"))
    assert len(previous) == DOCUMENTS
    assert previous.guess("/p/a.py", ABOVE, (), b"") == ()
    assert previous.guess("/p/0.py", "", (), b"") == VOCABULARY.encode("x")


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12), st.integers(0, 12))
def test_any_text_can_be_asked_for(above: str, text: str, typed: str, split: int) -> None:
    """Whatever stands before the cursor, the guess is made of ids of the vocabulary."""
    previous = held(text, above)
    kept, healed = typed[:split], typed[split:]
    ids = previous.guess("/p/a.py", above[:6] + typed, VOCABULARY.encode(kept), healed.encode())
    assert all(0 <= token < VOCABULARY.size for token in ids)
