"""The certificate says in one line what was checked against what."""

import pytest

from completion.certificate import certificate
from monitors.base import Check

KNOWN, OTHER, UNKNOWN = Check("get", "httpx 0.28.1", True), Check("x", "this file", True), Check("y", "", False)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], None),
        ([KNOWN], "1 name checked against httpx 0.28.1"),
        ([KNOWN, OTHER, UNKNOWN], "2 names checked against httpx 0.28.1, this file, 1 unknown"),
        ([KNOWN, KNOWN], "2 names checked against httpx 0.28.1"),
        ([Check("foo", "this file", False)], "1 name checked against this file, not found there: foo"),
        ([UNKNOWN], "1 unknown"),
    ],
)
def test_certificate(checks: list[Check], expected: str | None) -> None:
    """Counts, origins once each, names that a fact lacks, and what nobody could tell."""
    assert certificate(checks) == expected
