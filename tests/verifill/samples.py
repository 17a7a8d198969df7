"""Results made by hand, as a service would return them."""

from __future__ import annotations

from dataclasses import replace

from completion.types import Candidate, CompletionResult, Denied, Reason, Token

COUNTERS = {
    "prompt_tokens": 96,
    "prefilled_tokens": 96,
    "reused_tokens": 0,
    "new_tokens": 8,
    "forward_passes": 4,
    "drafted": {"heal": 1, "monitor": 2, "copyspec": 4},
    "accepted": {"heal": 1, "monitor": 2, "copyspec": 1},
    "denied": {"dereference": 2},
    "unknown": {},
    "facts": {"asked": 2, "on_time": 1, "late": 0, "unknown": 1, "unresolved": 1, "failed": 0, "verified_late": 0},
}

TIMINGS = {
    "total": 212.4,
    "context": 3.1,
    "prefill": 120.0,
    "decode": 61.2,
    "monitor_thread": 2.2,
    "analysis_wait": 28.1,
}

DOCUMENT = """from fernery import Fernery

def close(house: Fernery) -> None:
    house.hu
    print("closed")
"""

OFFSET = DOCUMENT.index("house.hu") + len("house.hu")

TOKENS = (
    Token(11, "hu", "heal", denied=(Denied("heal", "get"),)),
    Token(12, "sh", "model", denied=(Denied("dereference", "ge"), Denied("dereference", "\n"), Denied("stop", ""))),
    Token(13, "_f", "monitor"),
    Token(14, "ans", "monitor"),
    Token(15, "()", "copyspec"),
    Token(16, "\n    ", "model"),
    Token(17, "house", "model", cut=True),
    Token(2, "", "model", cut=True),
)

RESULT = CompletionResult(
    candidates=(Candidate("sh_fans()\n    ", -1.5, "stop"), Candidate("sh_fans", -2.25, "length")),
    reason=None,
    certificate="1 name checked against fernery, 1 unknown",
    model="embedded",
    dtype="float32",
    device="cpu",
    timings_ms=TIMINGS,
    counters=COUNTERS,
    tokens=TOKENS,
)

NOTHING = replace(
    RESULT,
    candidates=(Candidate("", 0.0, "monitor"),),
    reason=Reason.NO_LEGAL_CONTINUATION,
    certificate=None,
    tokens=(),
)
