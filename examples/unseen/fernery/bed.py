"""One bed of ferns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Bed:
    """Soil, fronds, and how both are doing.

    Attributes:
        label: What stands on the stake.
        dampness: Share of water in the soil, 0 to 1.
    """

    label: str
    dampness: float = 0.5
    _furled: list[str] = field(default_factory=list)

    def drizzle_roots(self, litres: float) -> None:
        """Water slowly, from below."""
        self.dampness = min(1.0, self.dampness + 0.1 * litres)

    def mist_fronds(self, seconds: int) -> None:
        """Wet the leaves, never at noon."""
        self.dampness = min(1.0, self.dampness + 0.001 * seconds)

    def unfurl_crozier(self, name: str) -> str:
        """Help a young leaf out of its coil."""
        self._furled.remove(name)
        return name

    def spore_tally(self) -> int:
        """Count the spots on the underside."""
        return 40 * (1 + len(self._furled))
