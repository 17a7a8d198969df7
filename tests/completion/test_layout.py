"""A document and a cursor become prompt sides that only grow while one types."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import OpenFile
from completion.layout import Layout, as_document, fit, lay_out, newline_of
from completion.types import CompletionRequest, Document


def at_cursor(marked: str) -> Layout:
    """Lay out a text whose cursor is marked by ``$0``."""
    before, _, after = marked.partition("$0")
    return lay_out(CompletionRequest(Document("/p/a.py", before + after), len(before), "/p"))


@pytest.mark.parametrize(
    ("marked", "prefix", "typed", "remainder", "model_suffix"),
    [
        ("$0", "", "", "", ""),
        ("a\nb$0c\nd\n", "a\n", "b", "c", "c\nd\n"),
        ("a\nfoo(x$0)\nd\n", "a\n", "foo(x", ")", "d\n"),
        ("foo(x$0)", "", "foo(x", ")", ""),
        ("a\r\n  b$0\r\nc", "a\n", "  b", "", "c"),
        ("a\rb$0\rc", "a\n", "b", "", "c"),
        ("a\n\n$0\n", "a\n\n", "", "", ""),
        ("a\x0cb\u2028c$0\nd", "", "a\x0cb\u2028c", "", "d"),
        ("x = '$0'  \ny", "", "x = '", "'  ", "y"),
    ],
)
def test_sides(marked: str, prefix: str, typed: str, remainder: str, model_suffix: str) -> None:
    """The prefix ends at the line start; closers behind the cursor stay out of the model's suffix."""
    layout = at_cursor(marked)
    assert (layout.prefix, layout.typed, layout.remainder, layout.model_suffix) == (
        prefix, typed, remainder, model_suffix,
    )  # fmt: skip


def test_a_cursor_between_cr_and_lf_stands_before_both() -> None:
    """A line end is never torn apart."""
    layout = lay_out(CompletionRequest(Document("/p/a.py", "a\r\nb"), 2, "/p"))
    assert (layout.typed, layout.after) == ("a", "\nb")


def test_an_offset_outside_is_refused() -> None:
    """The message names offset and length."""
    with pytest.raises(ValueError, match="offset 4 lies outside the document of 3 characters"):
        lay_out(CompletionRequest(Document("/p/a.py", "abc"), 4, "/p"))


def test_the_base_document_knows_the_other_documents() -> None:
    """As they are, and it is another one for each of their texts: what is known of one is not of the next."""
    request = CompletionRequest(Document("/p/a.ts", "x\n", "typescript"), 0, "/p")
    documents = [
        lay_out(replace(request, unsaved=tuple(Document("/p/b.ts", text, "typescript") for text in texts))).document
        for texts in ((), ("1\r\n",), ("2",))
    ]
    assert documents[1].others == (OpenFile("/p/b.ts", "typescript", "1\r\n"),)
    assert len({document.digest for document in documents}) == 3


def test_the_base_document_has_a_hole_instead_of_the_line() -> None:
    """What is typed on the line changes neither digest nor text of the base document."""
    first, second = at_cursor("a\n  x.$0\nb\n"), at_cursor("a\n  x.fo$0 + 1\nb\n")
    assert first.document == second.document
    assert (first.document.prefix, first.document.suffix, first.document.indent) == ("a\n", "b\n", "  ")


@pytest.mark.parametrize(("text", "newline"), [("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r")])
def test_the_first_line_end_counts(text: str, newline: str) -> None:
    """New text gets the document's own line ends."""
    assert newline_of(text) == newline
    assert as_document("x\ny", newline) == f"x{newline}y"


lines = st.lists(st.sampled_from(["a b c\n", "\n", "x\n", "one two three four five\n"]), max_size=80).map("".join)


@given(lines, lines, st.integers(0, 60))
def test_fit_keeps_whole_lines_within_the_budget(prefix: str, suffix: str, budget: int) -> None:
    """Both sides keep what is next to the cursor, in whole lines, within the budget."""
    kept_prefix, kept_suffix = fit(prefix, suffix, budget, lambda text: len(text.split()))
    assert len(kept_prefix.split()) + len(kept_suffix.split()) <= budget
    assert suffix.startswith(kept_suffix)
    assert prefix.endswith(kept_prefix)
    assert len(kept_prefix) == len(prefix) or prefix[len(prefix) - len(kept_prefix) - 1 :][:1] in ("\n", "")
