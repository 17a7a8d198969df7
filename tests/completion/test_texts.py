"""Texts as clients send them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from completion.texts import well_formed


@given(st.text(st.characters(categories=["L", "Cs"])))
def test_texts_are_made_well_formed(text: str) -> None:
    """Lone surrogates become U+FFFD, which has as many units in UTF-16 and bytes in UTF-8."""
    clean = well_formed(text)
    clean.encode()
    assert len(clean) == len(text)
    for codec in ("utf-8", "utf-16-le"):
        assert len(clean.encode(codec)) == sum(len(c.encode(codec, "surrogatepass")) for c in text)
