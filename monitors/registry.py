"""The monitors by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitors.base import Monitor, Site
from monitors.brackets import Brackets
from monitors.dereference import Dereference
from monitors.dot import Dot
from monitors.heal import Heal
from monitors.lexical import Lexical
from monitors.strength import load
from monitors.utf8 import Utf8

ALWAYS = frozenset(("heal", "utf8"))
"""Without them the typed part would not be kept, or the middle would not be text."""

FACTORIES: dict[str, Callable[[Site], Monitor[Any]]] = {
    "heal": Heal,
    "utf8": Utf8,
    "lexical": Lexical,
    "brackets": Brackets,
    "dot": Dot,
    "dereference": lambda site: Dereference(site, load()),
}
"""The most trusted first: when nothing is legal, the last one that is not sound stands down."""

DEFAULT = tuple(FACTORIES)


def build(names: tuple[str, ...] | None, site: Site) -> tuple[Monitor[Any], ...]:
    """Make the monitors of one request, in the order of ``FACTORIES``.

    Args:
        names: Which, those of ``ALWAYS`` in any case; None for ``DEFAULT``.
        site: Where.

    Raises:
        ValueError: There is no monitor of that name.
    """
    wanted = DEFAULT if names is None else names
    for name in wanted:
        if name not in FACTORIES:
            raise ValueError(f"unknown monitor {name!r}; known are {', '.join(FACTORIES)}")
    return tuple(make(site) for name, make in FACTORIES.items() if name in wanted or name in ALWAYS)
