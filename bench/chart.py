"""Bar charts of shares with their intervals, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, TOP = 640, 26, 200, 56
COLOURS = ("#9aa5b1", "#2f7d5b", "#3867a6", "#b0603a")


@dataclass(frozen=True)
class Bar:
    """One share, 0 to 1, with its bounds."""

    label: str
    value: float
    low: float
    high: float


def bars(title: str, groups: Mapping[str, Sequence[Bar]], most: float = 1.0) -> str:
    """Return a chart with a heading for each group and a bar for each share, the longest of ``most``."""
    lines, y = [], TOP
    scale = (WIDTH - LEFT - 70) / most
    for heading, shown in groups.items():
        lines.append(f'<text x="16" y="{y}" font-weight="bold">{escape(heading)}</text>')
        for number, bar in enumerate(shown):
            y += ROW
            colour = COLOURS[number % len(COLOURS)]
            low, high = LEFT + scale * bar.low, LEFT + scale * bar.high
            lines += [
                f'<text x="{LEFT - 10}" y="{y}" text-anchor="end">{escape(bar.label)}</text>',
                f'<rect x="{LEFT}" y="{y - 13}" width="{scale * bar.value:.1f}" height="17" fill="{colour}"/>',
                f'<path d="M{low:.1f} {y - 4.5}H{high:.1f}" stroke="#222"/>',
                f'<text x="{high + 8:.1f}" y="{y}">{100 * bar.value:.1f} %</text>',
            ]
        y += ROW + 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="13">'
    frame = f'<rect width="{WIDTH}" height="{y}" fill="#fff"/><text x="16" y="28" font-size="15">{escape(title)}</text>'
    return "\n".join((head, frame, *lines, "</svg>\n"))
