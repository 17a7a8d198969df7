"""The page for newcomers names every program and every result."""

from __future__ import annotations

import re
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
PAGE = (BENCH / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"python -m bench\.([\w.]+)")


def test_every_program_is_named() -> None:
    """A program is what its own first lines say how to run."""
    for path in BENCH.rglob("*.py"):
        parts = path.relative_to(BENCH).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__main__")
        head = path.read_text(encoding="utf-8").partition('"""\n\nfrom')[0]
        if name in COMMAND.findall(head):
            named = rf"\[{name}\]\(|\| {name} \||`bench\.{name}`|python -m bench\.{name}`"
            assert re.search(named, PAGE), f"bench/README.md says nothing of {name}"


def test_every_result_is_linked_and_every_link_leads_somewhere() -> None:
    """Those to other pages, too."""
    links = set(re.findall(r"\]\(([^)]+)\)", PAGE))
    assert {f"results/{path.name}" for path in (BENCH / "results").glob("*.md")} <= links
    assert [link for link in links if not (BENCH / link).exists()] == []
