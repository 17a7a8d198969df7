"""The JSON form of a result; docs/json.md is its contract."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from completion.types import Candidate, CompletionResult, Token


def dumps(result: CompletionResult) -> str:
    """Return the result as one line of JSON in ASCII, fit for any terminal and pipe."""
    return json.dumps(as_dict(result), allow_nan=False)


def as_dict(result: CompletionResult) -> dict[str, Any]:
    """Return the result as plain values, keys in the documented order."""
    return {
        "text": result.text,
        "candidates": [_candidate(candidate) for candidate in result.candidates],
        "reason": None if result.reason is None else result.reason.value,
        "certificate": result.certificate,
        "model": result.model,
        "dtype": result.dtype,
        "device": result.device,
        "timings_ms": dict(result.timings_ms),
        "counters": dict(result.counters),
        "tokens": [_token(token) for token in result.tokens],
        "trace": None if result.trace is None else asdict(result.trace),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "logprob": candidate.logprob,
        "finish_reason": candidate.finish_reason,
        "confidence": candidate.confidence,
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "text": token.text,
        "origin": token.origin,
        "denied": [{"monitor": denied.monitor, "text": denied.text} for denied in token.denied],
        "cut": token.cut,
    }
