from __future__ import annotations

from analysis.names import EMPTY


def test_names_grow_without_changing_their_origin() -> None:
    """Adding makes a new set; sets with the same names are equal whatever way they were made."""
    one = EMPTY.add(b"a")
    two = one.add(b"b").add(b"a")
    assert (EMPTY.names, one.names, two.names) == (frozenset(), {"a"}, {"a", "b"})
    assert two == EMPTY.add(b"b").add(b"a")
    assert hash(two) == hash(EMPTY.add(b"b").add(b"a"))
    assert one != two


def test_later_names_are_worked_out_once_when_wanted() -> None:
    """A set given as a function costs nothing until it is looked at."""
    calls: list[str] = []

    def names() -> frozenset[str]:
        calls.append("asked")
        return frozenset({"x"})

    grown = EMPTY.add(b"a").later(names)
    assert calls == []
    assert (grown.names, grown.names) == ({"a", "x"}, {"a", "x"})
    assert grown.add(b"b").names == {"a", "b", "x"}
    assert calls == ["asked"]


def test_names_that_are_no_utf8_are_kept_apart() -> None:
    """Broken UTF-8 gives names that differ where the bytes differ."""
    assert EMPTY.add(b"\xff").names != EMPTY.add(b"\xfe").names
    assert EMPTY != b"a"
