"""Who wrote which part of a completion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from completion.types import Candidate, CompletionResult, Denied, Token
from tests.verifill.samples import RESULT
from verifill.explain.attribution import Piece, Refusal, pieces, refusals


def result_of(text: str, *tokens: tuple[str, str]) -> CompletionResult:
    """Make a result with a text and tokens given as (text, origin)."""
    made = tuple(Token(index, text, origin) for index, (text, origin) in enumerate(tokens))
    return replace(RESULT, candidates=(Candidate(text, 0.0, "stop"),), tokens=made)


@pytest.mark.parametrize(
    ("typed", "result", "expected"),
    [
        ("", result_of("ab", ("a", "model"), ("b", "copyspec")), [("a", "model"), ("b", "copyspec")]),
        ("", result_of("ab", ("a", "model"), ("b", "model")), [("ab", "model")]),
        ("x.pr", result_of("int", ("pr", "heal"), ("int", "monitor")), [("int", "monitor")]),
        ("x.pr", result_of("int", ("print", "heal")), [("int", "heal")]),
        ("", result_of("a", ("a", "model"), ("\nb", "model")), [("a", "model")]),
        ("", result_of("a", ("ab", "model")), [("a", "model")]),
        ("", result_of("a\r\nb", ("a\n", "model"), ("b", "copyspec")), [("a\n", "model"), ("b", "copyspec")]),
        ("", result_of("é!", ("\ufffd", "model"), ("\ufffd", "model"), ("!", "heal")), [("é", "model"), ("!", "heal")]),
        ("x.", result_of("é!", (".\ufffd", "heal"), ("\ufffd!", "model")), [("é!", "model")]),
        ("", result_of(""), []),
    ],
)
def test_pieces(typed: str, result: CompletionResult, expected: list[tuple[str, str]]) -> None:
    """Characters go to the token that wrote them; what was typed, healed or cut off is left out."""
    assert pieces(result, typed) == tuple(Piece(text, origin) for text, origin in expected)


def test_refusals() -> None:
    """A refusal stands where the text was at that moment, with what was written instead."""
    refused = (("ge", "dereference"), ("\n", "dereference"), ("", "stop"))
    assert refusals(RESULT, "    house.hu") == (Refusal("    house.hu", refused, "sh"),)


def test_refusals_without_text() -> None:
    """What was refused is told also when nothing came of it."""
    tokens = (Token(1, ".", "heal"), Token(2, "_x", "model", denied=(Denied("dereference", "get"),)))
    nothing = replace(RESULT, candidates=(Candidate("", 0.0, "length"),), tokens=tokens)
    assert refusals(nothing, "x.") == (Refusal("x.", (("get", "dereference"),), "_x"),)
