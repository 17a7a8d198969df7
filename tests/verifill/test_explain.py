"""The human view, line by line, on a terminal without colours and on one with."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from completion.types import Candidate, CompletionResult, Reason, Token
from decoding.drafters.registry import BUILDERS
from tests.verifill.samples import DOCUMENT, NOTHING, OFFSET, RESULT
from verifill.explain.attribution import MODEL
from verifill.explain.look import Look, letter_of, meaning_of, visible
from verifill.explain.view import COMPACT, FULL, Detail, explain, reason_in_words

WIDE = Look(colours=False, unicode=True, width=100)


def shown(
    result: CompletionResult, detail: Detail, look: Look = WIDE, text: str = DOCUMENT, offset: int = OFFSET
) -> list[str]:
    """Return the printed lines without trailing blanks."""
    out = StringIO()
    system = "standard" if look.colours else None
    console = Console(file=out, width=look.width, color_system=system, force_terminal=look.colours, highlight=False)
    for row in explain(text, offset, result, detail, look):
        console.print(row, no_wrap=True, crop=True)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_full() -> None:
    """Everything is said: origins by letters, refusals, certificate, alternatives, what was cut, speed."""
    assert shown(RESULT, FULL) == [
        "   1 │ from fernery import Fernery",
        "   2 │",
        "   3 │ def close(house: Fernery) -> None:",
        " ▸ 4 │     house.hush_fans()",
        "     │             mmaaaaacc",
        " ▸ 5 │",
        "     │ mmmm",
        '   6 │     print("closed")',
        "   7 │",
        "",
        "       by  m the model   a forced by the analysis   c copied, then checked by the model",
        "  refused  house.hu~ge~ ~\\n~ ~(end)~ → sh  (dereference, stop)",
        "  checked  1 name checked against fernery, 1 unknown",
        "     or 2  sh_fans",
        "  cut off  house",
        "    speed  212 ms; 8 tokens in 4 forward passes",
        "  guesses  2 of 2 right by monitor, 1 of 1 right by heal, 1 of 4 right by copyspec",
        "     time  prefill 120 ms, decode 61 ms, analysis 28 ms, context 3 ms",
    ]


def test_compact_ascii() -> None:
    """The short form leaves details out, and ASCII does."""
    assert shown(RESULT, COMPACT, replace(WIDE, unicode=False)) == [
        "   1 | from fernery import Fernery",
        "   2 |",
        "   3 | def close(house: Fernery) -> None:",
        " > 4 |     house.hush_fans()",
        "     |             mmaaaaacc",
        " > 5 |",
        "     | mmmm",
        '   6 |     print("closed")',
        "   7 |",
        "",
        "       by  m the model   a forced by the analysis   c copied, then checked by the model",
        "  refused  house.hu~ge~ ~\\n~ ~(end)~ -> sh  (dereference, stop)",
        "  checked  1 name checked against fernery, 1 unknown",
        "    speed  212 ms; 8 tokens in 4 forward passes",
        "  guesses  2 of 2 right by monitor, 1 of 1 right by heal, 1 of 4 right by copyspec",
    ]


def test_nothing() -> None:
    """Where there is no completion, the reason stands in its place."""
    lines = shown(NOTHING, COMPACT)
    assert lines[3] == " ▸ 4 │     house.hu"
    assert "  nothing  nothing the model could write here is right (no_legal_continuation)" in lines


def test_every_reason_has_words() -> None:
    """A reason that is added is explained, too."""
    assert all(reason_in_words(reason) for reason in Reason)


def test_colours() -> None:
    """With colours the tokens carry them, refusals are struck out, and there are no letters."""
    lines = shown(RESULT, COMPACT, replace(WIDE, colours=True))
    assert "    house.hu\x1b[1;36msh\x1b[0m\x1b[1;35m_fans\x1b[0m\x1b[1;33m()\x1b[0m" in lines[3]
    assert lines[4].startswith(" ▸ \x1b[2m5 │ \x1b[0m")
    assert any("\x1b[9;31mge\x1b[0m" in line for line in lines)
    assert not any("~" in line for line in lines)


def written(text: str) -> CompletionResult:
    """Make a result with one token."""
    return replace(RESULT, candidates=(Candidate(text, 0.0, "stop"),), tokens=(Token(1, text, "model"),))


@pytest.mark.parametrize(
    ("before", "text", "after", "line"),
    [
        ("a" * 60, "WRITTEN", "", " ▸ 1 │ …" + "a" * 25 + "WRITTEN"),
        ("a", "W", "b" * 60, " ▸ 1 │ aW" + "b" * 30 + "…"),
        ("\tx\x1b[0m\x0c", "W", "", " ▸ 1 │     x\\x1b[0m\\x0cW"),
        ("", "W" * 60, "", " ▸ 1 │ …" + "W" * 32),
    ],
)
def test_difficult_lines(before: str, text: str, after: str, line: str) -> None:
    """Long lines are cut so that the completion is seen; control characters never reach the terminal."""
    result = written(text)
    lines = shown(result, COMPACT, replace(WIDE, width=40), before + after, len(before))
    assert lines[0] == line


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(newline: str) -> None:
    """All line ends are shown alike."""
    text = newline.join(["a", "b", "c", "d"])
    lines = shown(written(f"1{newline}2"), COMPACT, WIDE, text, text.index("b") + 1)
    assert lines[:7] == ["   1 │ a", " ▸ 2 │ b1", "     │  m", " ▸ 3 │ 2", "     │ m", "   4 │ c", "   5 │ d"]


def test_visible() -> None:
    """Control characters are spelled out."""
    assert visible("a\n\t\x00\x85\u2028é") == "a\\n\\t\\x00\\x85\\u2028é"


def test_every_drafter_has_a_mark_and_words() -> None:
    """No two have the same letter, and none is called by its name alone."""
    names = (MODEL, *BUILDERS)
    assert len({letter_of(name) for name in names} | {letter_of("another")}) == len(names) + 1
    assert [name for name in names if meaning_of(name) == name] == []
