"""How the human view looks: colours, marks and glyphs for what a terminal can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.style import Style

from verifill.explain.attribution import MODEL

QUIET = Style(dim=True)
STRONG = Style(bold=True)
REFUSED = Style(color="red", strike=True)

_COPIED = Style(color="yellow", bold=True)
_GUESSED = Style(color="green", bold=True)

# One colour for each kind of origin, and one letter for each; these stand under the code where there is no colour.
_ORIGINS = {
    MODEL: (Style(color="cyan", bold=True), "m"),
    "monitor": (Style(color="magenta", bold=True), "a"),
    "heal": (Style(color="blue", bold=True), "h"),
    "copyspec": (_COPIED, "c"),
    "copyspec-paper": (_COPIED, "p"),
    "suffix": (_COPIED, "s"),
    "edit_copy": (_COPIED, "e"),
    "previous": (_COPIED, "l"),
    "names": (_GUESSED, "n"),
    "draft_model": (_GUESSED, "d"),
    "heads": (_GUESSED, "x"),
    "recycling": (_GUESSED, "r"),
}
_OTHER = Style(color="bright_green", bold=True), "+"

# What an origin means to somebody who has not read the documentation.
_MEANING = {
    MODEL: "the model",
    "monitor": "forced by the analysis",
    "heal": "what you had typed",
    "copyspec": "copied, then checked by the model",
    "copyspec-paper": "copied with the paper's settings, then checked by the model",
    "suffix": "copied from elsewhere in the project, then checked by the model",
    "edit_copy": "copied from what stood there before, then checked by the model",
    "previous": "copied from what was written there last, then checked by the model",
    "names": "guessed among the names that the analysis lists, then checked by the model",
    "draft_model": "guessed by a smaller model, then checked",
    "heads": "guessed by the model's own heads, then checked by it",
    "recycling": "guessed by the model's habits, then checked by it",
}


@dataclass(frozen=True)
class Look:
    """What a terminal can show.

    Attributes:
        colours: Whether it shows colours; marks stand in for them if not.
        unicode: Whether it shows more than ASCII.
        width: Columns.
    """

    colours: bool
    unicode: bool
    width: int

    @classmethod
    def of(cls, console: Console) -> Look:
        """Return what ``console`` can show; NO_COLOR and pipes are respected by rich."""
        colours = console.color_system is not None and not console.no_color
        return cls(colours, console.encoding.lower().startswith("utf"), console.width)

    @property
    def bar(self) -> str:
        """Between the line numbers and the code."""
        return "│" if self.unicode else "|"

    @property
    def pointer(self) -> str:
        """Before the number of a line that was written to."""
        return "▸" if self.unicode else ">"

    @property
    def swatch(self) -> str:
        """A patch of colour in the legend."""
        return "■" if self.unicode else "#"

    @property
    def arrow(self) -> str:
        """Between what was refused and what was written."""
        return "→" if self.unicode else "->"

    @property
    def ellipsis(self) -> str:
        """In place of what does not fit."""
        return "…" if self.unicode else "..."

    def refused(self, text: str) -> tuple[str, Style]:
        """Return a struck-out text and its style; without colours its strike is written out."""
        return (text, REFUSED) if self.colours else (f"~{text}~", Style())


def style_of(origin: str) -> Style:
    """Return the colour of an origin."""
    return _ORIGINS.get(origin, _OTHER)[0]


def letter_of(origin: str) -> str:
    """Return the letter of an origin."""
    return _ORIGINS.get(origin, _OTHER)[1]


def meaning_of(origin: str) -> str:
    """Say what an origin is."""
    return _MEANING.get(origin, origin)


def in_order(origins: Iterable[str]) -> list[str]:
    """Return the distinct origins, the model first."""
    known = list(_ORIGINS)
    return sorted(set(origins), key=lambda origin: (known.index(origin) if origin in known else len(known), origin))


def visible(text: str) -> str:
    """Return the text with control characters made visible, so that none reaches the terminal."""
    return "".join(char if char.isprintable() else _visible_control(char) for char in text)


def _visible_control(char: str) -> str:
    if char == "\n":
        return "\\n"
    if char == "\t":
        return "\\t"
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"
