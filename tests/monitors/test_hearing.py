"""The law of selective monitors, for all of them and at places where they differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors import registry
from monitors.base import Selective, Site
from tests.monitors.laws import NO_FACTS, check_hearing, cut_points
from tests.monitors.sites import site

SITES = (
    site("import os\n\ndef f(a):\n    x = $0\n    return x\n"),
    site("def f(a):\n    $0\n"),
    site("try:\n    f(\n        a, $0)\nexcept ValueError:\n    pass\n"),
    site("$0"),
    replace(site("x = $0\ny\n"), multiline=False),
)
STATEMENTS = (
    *(b"x = f(a, b)", b"import a.b", b"from a import b, c", b"raise E", b"except E:", b"if x: y", b"# note"),
    *(b"'%s' % (a, b)", b"'{}'.format(a, b)", b"x.format", b"x = '%s' % (a, b, c, "),
    *(b"x = f(a)\nraise E", b"x.y = a\nexcept (E, F):", b"x = f(a)\nimport a.b"),
)
PIECES = (b" ", b"\n", b"\n    ", b"\r\n", b"; ", b"(", b")", b"\xc3\xa9", b"\xff", b".", b"as", b":")
TEXTS = st.lists(st.sampled_from([*STATEMENTS, *PIECES]), min_size=1, max_size=6).map(b"".join)
NAMES = tuple(monitor.name for monitor in registry.build(None, SITES[0]) if isinstance(monitor, Selective))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", SITES)
@settings(max_examples=100, deadline=None)
@given(text=TEXTS, cuts=cut_points())
def test_what_is_not_heard_changes_nothing(name: str, place: Site, text: bytes, cuts: list[int]) -> None:
    """Whatever was written before, behind what was typed."""
    (monitor,) = (monitor for monitor in registry.build((name,), place) if monitor.name == name)
    behind = [cut + len(place.typed) for cut in cuts]
    check_hearing(monitor, place.start, place.typed + text, behind, NO_FACTS)


def test_most_monitors_are_selective() -> None:
    """Else nothing is saved."""
    assert len(NAMES) > len(registry.FACTORIES) / 2
