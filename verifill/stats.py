"""``verifill stats``: what became of suggestions, on this machine."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from completion import statistics
from completion.statistics import ACCEPTED, ACCEPTED_IN_PART, KEPT, SHOWN, Happening
from verifill.terminal import note, screen

_EVERYTHING = "all"


@dataclass
class Sum:
    """What happened in one language.

    Attributes:
        times: How often, by happening.
        accepted_characters: Of all that was accepted.
        followed: Characters that were looked at after so many seconds, and how many were still there.
    """

    times: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    accepted_characters: int = 0
    followed: defaultdict[int, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))

    def add(self, one: Happening) -> None:
        """Add a happening."""
        if one.what == KEPT:
            characters, kept = self.followed[one.after]
            self.followed[one.after] = (characters + one.characters, kept + one.kept)
            return
        self.times[one.what] += 1
        if one.what != SHOWN:
            self.accepted_characters += one.characters

    def values(self) -> dict[str, Any]:
        """Return the sums for JSON."""
        return {
            SHOWN: self.times[SHOWN],
            ACCEPTED: self.times[ACCEPTED],
            ACCEPTED_IN_PART: self.times[ACCEPTED_IN_PART],
            "accepted_characters": self.accepted_characters,
            KEPT: {
                str(after): {"characters": characters, "kept": kept}
                for after, (characters, kept) in sorted(self.followed.items())
            },
        }


def show(as_json: bool) -> None:
    """Print the sums."""
    sums = sums_of(statistics.read())
    if as_json:
        sys.stdout.write(json.dumps({language: one.values() for language, one in sums.items()}) + "\n")
    elif sums:
        _print(sums)
    else:
        note("nothing is counted yet; the setting statistics = true begins it (docs/settings.md)")


def sums_of(happenings: Iterable[Happening]) -> Mapping[str, Sum]:
    """Return the sums by language, those of all languages last; nothing if nothing happened."""
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    everything = Sum()
    for one in happenings:
        sums[one.language].add(one)
        everything.add(one)
    return {**dict(sorted(sums.items())), _EVERYTHING: everything} if sums else {}


def _print(sums: Mapping[str, Sum]) -> None:
    from rich.table import Table

    console, _ = screen()
    spans = sorted({after for one in sums.values() for after in one.followed})
    table = Table(title="suggestions")
    table.add_column("language")
    for column in ("shown", "accepted", "in part", "characters", *(f"there after {_span(after)}" for after in spans)):
        table.add_column(column, justify="right")
    for language, one in sums.items():
        table.add_row(
            language,
            str(one.times[SHOWN]),
            f"{one.times[ACCEPTED]}{_share(one.times[ACCEPTED], one.times[SHOWN])}",
            str(one.times[ACCEPTED_IN_PART]),
            str(one.accepted_characters),
            *(_kept(*one.followed[after]) for after in spans),
        )
    console.print(table)


def _kept(characters: int, kept: int) -> str:
    return f"{kept / characters:.0%} of {characters}" if characters else ""


def _share(part: int, whole: int) -> str:
    """Return a share; nothing where the editor does not tell what it shows."""
    return f" ({part / whole:.0%})" if part <= whole and whole else ""


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
