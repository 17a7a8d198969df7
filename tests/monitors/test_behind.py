from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.python.blocks import Column, read_on
from monitors.behind import behind_line
from monitors.indentation import blocks_before
from tests.monitors.sites import site

LOOP = "def f():\n    for a in b:\n"


def takes(text: str, multiline: bool = False) -> dict[int, str] | None:
    """Return what the cursor's line may be at each column, "plain", "header" or "both"; None if anything may stand."""
    request = replace(site(text), multiline=multiline)
    start = blocks_before(request)
    behind = behind_line(request, start)
    if behind is None:
        return None
    blocks = read_on(start, request.start, request.typed)[0]
    found = {}
    for width in range(0, 16, 4):
        column = Column(width, width)
        if blocks.takes(column):
            plain, header = behind.takes_plain(blocks, column), behind.takes_header(blocks, column)
            found[width] = "both" if plain and header else "plain" if plain else "header" if header else ""
    return found


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (LOOP + "        c\n$0\n        d\n", {0: "header", 4: "header", 8: "plain"}),
        (LOOP + "        c\n$0\n    d\n", {0: "header", 4: "plain", 8: "plain"}),
        (LOOP + "$0\n            c\n", {8: "header", 12: "plain"}),
        (LOOP + "$0\n            c\n        d\n", {8: "header", 12: ""}),
        (LOOP + "        if c:\n            d\n$0\n        else:\n            e\n", {0: "", 4: "", 8: "", 12: "plain"}),
        (LOOP + "        c\n$0\nd\n", {0: "plain", 4: "plain", 8: "plain"}),
        (LOOP + "        c\n$0", {0: "plain", 4: "plain", 8: "plain"}),
        (LOOP + "$0\n# why\n", {8: "plain", 12: "plain"}),
    ],
)
def test_where_a_line_may_stand(text: str, columns: dict[int, str]) -> None:
    """It closes no block that the suffix stands in, unless it opens it anew; before nothing it opens none."""
    assert takes(text) == columns


@pytest.mark.parametrize(
    "text",
    [
        LOOP + "        c\n        $0d\n        e\n",
        LOOP + "        c = $0\n        e\n",
        "x = (\n$0\n    b)\n",
    ],
)
def test_anything_may_stand(text: str) -> None:
    """Before or behind other code on its line, and in brackets."""
    assert takes(text) is None


def test_more_lines_may_open_what_the_suffix_stands_in() -> None:
    """Nothing is asked of the first of several."""
    assert takes(LOOP + "        c\n$0\n        d\n", multiline=True) is None


def test_what_only_the_first_statement_fits_to_is_asked_by_that_one_alone() -> None:
    """A suffix that is broken further on."""
    assert takes("def f():\n    a\n$0\n    b\n  c\n") == {0: "header", 4: "plain"}
