from __future__ import annotations

import pytest

from monitors.remainder import closed_next, typed_over


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


@pytest.mark.parametrize(
    ("remainder", "closed"),
    [(b"", b""), (b") for x in y)", b")"), (b' "] + z', b'"]'), (b"x)", b""), (b", b)", b"")],
)
def test_closed_next(remainder: bytes, closed: bytes) -> None:
    """Closers count as far as the remainder begins with them."""
    assert closed_next(remainder) == closed
