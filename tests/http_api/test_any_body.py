"""Any JSON at all gets an answer or an error that blames the client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_api import infill, native, openai, tabby
from tests.http_api.scripted import ScriptedService, error_of, serving

PATHS = {
    "/v1/completions": (*openai.Body.model_fields, *openai.UNSERVED, *tabby.Body.model_fields),
    "/v1/complete": tuple(native.Body.model_fields),
    "/infill": tuple(infill.Body.model_fields),
}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.text(st.characters(categories=["L", "Cs"]), max_size=4)
    | st.sampled_from(["hold me", "x = ", "stop", "wait", "heal", "\0", "\u2028", "😀", "../.."])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["prefix", "suffix", "x"]), inner),
    max_leaves=5,
)
# Enough to be a request, so that the other fields are looked at.
ENOUGH = {"prompt": "x", "suffix": "", "path": "a.py", "text": "x", "line": 1, "input_prefix": "", "input_suffix": ""}


def body_for(fields: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Return bodies that have some of the fields with any values, and often what is required."""
    enough = {field: value for field, value in ENOUGH.items() if field in fields}
    some = st.dictionaries(st.sampled_from(fields), VALUES, max_size=3)
    return st.builds(lambda base, changes: {**base, **changes}, st.sampled_from([enough, {}]), some)


@pytest.mark.parametrize("path", PATHS)
def test_any_body(path: str) -> None:
    """No body makes the server fail, and every error is one line."""
    with serving(ScriptedService()) as client:

        @given(body_for(PATHS[path]))
        def check(body: dict[str, Any]) -> None:
            reply = client.post(path, content=json.dumps(body))
            assert reply.status_code in (200, 400, 422), reply.text
            if reply.status_code != 200:
                assert error_of(reply.json()).isprintable()

        check()
