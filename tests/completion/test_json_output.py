"""The JSON contract, as docs/json.md has it."""

from __future__ import annotations

import json
from dataclasses import replace

from completion.json_output import as_dict, dumps
from completion.types import Candidate
from tests.verifill.samples import COUNTERS, NOTHING, RESULT, TIMINGS


def test_result() -> None:
    """Every part of a result has its key, in the documented order."""
    printed = json.loads(dumps(RESULT))
    assert list(printed) == [
        "text", "candidates", "reason", "certificate", "model", "dtype", "device", "timings_ms", "counters", "tokens",
        "trace",
    ]  # fmt: skip
    assert printed["text"] == "sh_fans()\n    "
    assert printed["candidates"] == [
        {"text": "sh_fans()\n    ", "logprob": -1.5, "finish_reason": "stop", "confidence": 1.0},
        {"text": "sh_fans", "logprob": -2.25, "finish_reason": "length", "confidence": 1.0},
    ]
    assert printed["reason"] is None
    assert printed["certificate"] == "1 name checked against fernery, 1 unknown"
    assert (printed["model"], printed["dtype"], printed["device"]) == ("embedded", "float32", "cpu")
    assert printed["timings_ms"] == TIMINGS
    assert printed["counters"] == COUNTERS
    refused = [{"monitor": "heal", "text": "get"}]
    assert printed["tokens"][0] == {"id": 11, "text": "hu", "origin": "heal", "denied": refused, "cut": False}
    assert printed["tokens"][1]["denied"] == [
        {"monitor": "dereference", "text": "ge"},
        {"monitor": "dereference", "text": "\n"},
        {"monitor": "stop", "text": ""},
    ]
    assert printed["tokens"][-1]["cut"] is True
    assert printed["trace"] is None


def test_reason() -> None:
    """A result without text has a reason code."""
    printed = as_dict(NOTHING)
    assert (printed["text"], printed["reason"], printed["certificate"]) == ("", "no_legal_continuation", None)


def test_one_line_of_ascii() -> None:
    """The object is one line, and any terminal and pipe can carry it."""
    line = dumps(replace(RESULT, candidates=(Candidate("é😀\n", 0.0, "stop"),)))
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["text"] == "é😀\n"
