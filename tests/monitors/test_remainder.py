from __future__ import annotations

import pytest

from monitors.remainder import typed_over


@pytest.mark.parametrize(
    ("remainder", "over"),
    [
        (b"", b""),
        (b"  ", b""),
        (b")", b")"),
        (b" ) ] }\t", b")]}"),
        (b'"),', b'"),'),
        (b"'''", b"'''"),
        (b"):  ", b"):"),
        (b", b)", b""),
        (b"(", b""),
        (b") # c", b""),
    ],
)
def test_typed_over(remainder: bytes, over: bytes) -> None:
    """Only a rest of closers, quotes and separators may be written again."""
    assert typed_over(remainder) == over
