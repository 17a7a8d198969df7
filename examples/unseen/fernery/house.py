"""The house around the beds."""

from __future__ import annotations

from collections.abc import Iterator

from fernery.bed import Bed


class Fernery:
    """Roof, fans and beds."""

    def __init__(self, beds: list[Bed]) -> None:
        """Build a house over some beds."""
        self.beds = beds
        self.roof_degrees = 0

    def unshutter_roof(self, degrees: int) -> None:
        """Let light and air in."""
        self.roof_degrees = degrees

    def thirsty_beds(self, below: float) -> Iterator[Bed]:
        """Yield the beds that are drier than that."""
        return (bed for bed in self.beds if bed.dampness < below)

    def beckon_bumblebees(self) -> int:
        """Open the flap for the bees and count those that come."""
        return self.roof_degrees // 3

    def hush_fans(self) -> None:
        """Stop the fans for the night."""
