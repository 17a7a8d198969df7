"""The monitor ``formats``: arguments are counted against the format string before them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from monitors.base import Check, Lexed
from monitors.formats import Formats
from monitors.strength import Rate, Strength
from tests.monitors.laws import FRAGMENTS, NO_FACTS, check_continuations, check_forbidden, check_pieces, cut_points
from tests.monitors.sites import site

EXTRA, MISSING, SURPLUS, LACK = (math.log(rate) for rate in (0.01, 0.02, 0.03, 0.04))
STRENGTH = Strength(
    {
        "formats.percent.extra": Rate(600, 1, 0.01),
        "formats.percent.missing": Rate(600, 5, 0.02),
        "formats.format.extra": Rate(600, 9, 0.03),
        "formats.format.missing": Rate(600, 12, 0.04),
    },
)

# A middle, and what it costs.
PENALTIES = (
    ("x = '%s %d' % (a, b)", 0.0),
    ("x = '%s %d' % (a, b,", EXTRA),
    ("x = '%s %d' % (a, b, c)", EXTRA),
    ("x = '%s %d' % (a, b, c, d)", 2 * EXTRA),
    ("x = '%s %d' % (a,)", MISSING),
    ("x = '%s %d' % (a)", 0.0),
    ("x = '%s %d' % a", 0.0),
    ("x = '%s' % (a,)", 0.0),
    ("x = '%s' % (a, b)", EXTRA),
    ("x = '%s' % (a, b, c)", EXTRA),
    ("x = '%s %d' % (*a, b, c)", 0.0),
    ("x = '%s %d' % (f(a, b, c), [d, e])", 0.0),
    ("x = '%s %d' % (f(a, b, c))", 0.0),
    ("x = '%s %d' % (',', b)", 0.0),
    ("x = '%s %d' % (lambda a, b, c: 1, 2)", 0.0),
    ("x = ('%s '\n     \"%d\" % (a, b, c", EXTRA),
    ("x = r'%5.2f%%\\n' % (a,)", 0.0),
    ("x = '%*d' % (a, b)", 0.0),
    ("x = '%*d' % (a,)", MISSING),
    ("x = '%(key)s' % (a, b, c)", 0.0),
    ("x = '%y' % (a, b, c)", 0.0),
    ("x = f'%s' % (a, b, c)", 0.0),
    ("x = b'%s' % (a, b, c)", 0.0),
    ("x = y * '%s' % (a, b, c)", 0.0),
    ("x = y % (a, b, c)", 0.0),
    ("x = 7 % (a, b, c)", 0.0),
    ("x = '%s %d' % (\n    a,\n    b,\n)", 0.0),
    ("x = '%s %d' % (\n    a,\n)", MISSING),
    ("x = '%s %d' % (\n    a,\n    b,  # why\n)", 0.0),
    ("x = '%s' % (\n    a,  # why\n)", 0.0),
    ("x = '%s' % f(a, b, c)", 0.0),
    ("x = print('%s %s' % (a, b), c)", 0.0),
    ("x = print('%s %s' % (a,), c)", MISSING),
    # the method
    ("x = '{} {}'.format(a, b)", 0.0),
    ("x = '{} {}'.format(a)", LACK),
    ("x = '{} {}'.format(a, b,", SURPLUS),
    ("x = '{} {}'.format(a, b, c)", SURPLUS),
    ("x = '{}'.format(\n    a,\n)", 0.0),
    ("f(\n    '{} '\n    '{}'.format(a", 0.0),
    ("f(\n    '{} '\n    '{}'.format(a)", LACK),
    ("f('%s' % (a, g('{} '\n    '{}'.format(a, b,", SURPLUS),
    ("x = '{0} {0} {1.b}'.format(a, b)", 0.0),
    ("x = '{1}'.format(a)", LACK),
    ("x = '{:{}}'.format(a, b)", 0.0),
    ("x = '{:{}}'.format(a)", LACK),
    ("x = '{} {key[0]}'.format(a, key=b)", 0.0),
    ("x = '{} {key}'.format(a, b)", LACK),
    ("x = '{key}'.format(a=b)", LACK),
    ("x = '{}'.format(*a)", 0.0),
    ("x = '{key}'.format(**a)", 0.0),
    ("x = '{} {'.format(a)", 0.0),
    ("x = '{{}}'.format()", 0.0),
    ("x = template.format(a)", 0.0),
    ("x = '{} {}'.format(f(a, b, c), d)", 0.0),
    ("x = '{}'.format('{} {}'.format(a))", LACK),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """The comma before a surplus argument costs, and a bracket that closes too early."""
    at = site("$0\n")
    monitor = Formats(at, STRENGTH)
    assert monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), FactView())[0] == pytest.approx(penalty)


def test_checks_tell_what_was_counted() -> None:
    """Every finished format string is judged, for the table of penalties; what the user typed is not."""
    at = site("x = '%s' % (a, b), $0\n")
    monitor, text = (
        Formats(at, STRENGTH),
        b"'%s' % (a,), '%s %s' % (b,), '%s' % (a, b), '{}'.format(), '%s %s' % (1, 2,)",
    )
    state = monitor.step(monitor.start(), Lexed.of(at.start, at.typed + text), FactView())[1]
    assert monitor.checks(state) == (
        Check("'%s' % ()", "this line", True, "formats.percent", ""),
        Check("'%s %s' % ()", "this line", False, "formats.percent", "missing"),
        Check("'%s' % ()", "this line", False, "formats.percent", "extra"),
        Check("'{}'.format()", "this line", False, "formats.format", "missing"),
        Check("'%s %s' % ()", "this line", False, "formats.percent", "extra"),
    )


@pytest.mark.parametrize(
    ("text", "is_full"),
    [
        ("x = '%s %d' % (a, b", True),
        ("x = '%s %d' % (a, [b]", True),
        ("x = '{}'.format(a", True),
        ("x = '%s %d' % (a, [b", False),
        ("x = '%s %d' % (a, 'b", False),
        ("x = '%s %d' % (a", False),
        ("x = '%s %d' % (\n    a, b", False),
        ("x = '%s' % (a, b", False),
        ("x = '%s %d' % (a, b)", False),
    ],
)
def test_where_nothing_more_fits_all_but_a_comma_may_come(text: str, is_full: bool) -> None:
    """The set is finite, so that the doubts of a weak model do not count for the comma."""
    at = site("$0\n")
    monitor = Formats(at, STRENGTH)
    found = monitor.continuations(monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), NO_FACTS)[1])
    assert (found is not None) is is_full
    assert found is None or set(found.texts) == {bytes((byte,)) for byte in range(256)} - {b","}


PIECES = (*FRAGMENTS, b"'%s %d' % (", b"'{} {}'.format(", b", a", b", ", b")", b"\n", b"'%s'", b" % (", b".format(")


@given(text=st.lists(st.sampled_from(PIECES), min_size=1, max_size=24).map(b"".join), cuts=cut_points())
def test_laws(text: bytes, cuts: list[int]) -> None:
    """The laws hold inside the arguments of the prefix and outside; facts play no part."""
    for document in ("$0\n", "x = '%s %d' % (\n    a,\n    $0\n)\n"):
        at = site(document)
        check_pieces(Formats(at, STRENGTH), at.start, at.typed + text, cuts, NO_FACTS)
        check_forbidden(Formats(at, STRENGTH), at.start, at.typed + text, NO_FACTS)
        check_continuations(Formats(at, STRENGTH), at.start, at.typed + text, NO_FACTS)
