"""The settings: every key with its default, its kind, who may set it, and what it is for.

Everything else about settings follows from this class: how files and editors are read (``layers``), the JSON
schema, the table in docs/settings.md and the part of the VS Code extension's ``package.json`` (``reference``).
A key is here only if something reads it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from completion.context.sources import SOURCES
from completion.settings.kinds import Choice, Flag, Globs, Kind, Names, Number, Switches, SwitchMap, Text
from completion.types import MOST_CANDIDATES, MOST_STRICTNESS, MOST_TOKENS, Limits


class Level(enum.Enum):
    """Who is speaking, the weakest first; the value is what users read."""

    WORKSPACE = "any project"
    TRUSTED = "a trusted project"
    USER = "your own settings file"
    CLIENT = "the editor"
    COMMAND = "the command line"


EVERYBODY: Final = frozenset(Level)
NO_STRANGER: Final = EVERYBODY - {Level.WORKSPACE}
"""For what names a program: a project may set it when it is trusted."""
NO_PROJECT: Final = NO_STRANGER - {Level.TRUSTED}
"""For what a project has no say in."""
EDITOR: Final = frozenset({Level.CLIENT})
"""For what the editor tells of itself."""
ENGINE: Final = frozenset({Level.USER, Level.COMMAND})
"""For what belongs to the engine that all windows share."""


@dataclass(frozen=True)
class Key:
    """One setting.

    Attributes:
        name: As settings files and the program spell it, ``max_tokens``.
        kind: What its values are.
        default: The value when nobody sets it.
        words: One sentence for users.
        levels: Who may set it.
    """

    name: str
    kind: Kind
    default: Any
    words: str
    levels: frozenset[Level]

    @property
    def client_name(self) -> str:
        """As editors spell it, ``maxTokens``."""
        first, *others = self.name.split("_")
        return first + "".join(word.capitalize() for word in others)

    def spelled(self, level: Level) -> str:
        """Return the name as a layer of this level spells it."""
        return self.client_name if level is Level.CLIENT else self.name


def _key(default: Any, kind: Kind, words: str, levels: frozenset[Level] = EVERYBODY) -> Any:
    return field(default=default, metadata={"kind": kind, "words": words, "levels": levels})


def _monitors() -> Iterable[str]:
    from monitors.registry import NAMES

    return NAMES


def _filters() -> Iterable[str]:
    from completion.filters import FILTERS

    return FILTERS


def _sources() -> Iterable[str]:
    return SOURCES


@dataclass(frozen=True)
class Settings:
    """What holds for one workspace, all layers together; the attributes are the keys."""

    python: str = _key(
        "", Text(), "Your project's Python interpreter, or its environment's folder; empty: look for one.", NO_STRANGER
    )
    editor_python: str = _key("", Text(), "The interpreter that the editor's Python extension has chosen.", EDITOR)
    trusted: bool = _key(False, Flag(), "Whether the editor's user trusts the workspace.", EDITOR)
    strictness: float = _key(
        1.0,
        Number(0, MOST_STRICTNESS, whole=False),
        "How hard facts push: 1 as hard as their measured error allows, 0 not at all, more than 1 harder.",
    )
    ngrams: bool = _key(
        True,
        Flag(),
        "Whether what the file repeats counts in what the model expects; only for models that it was measured for.",
    )
    monitors: tuple[str, ...] | None = _key(
        None, Names(_monitors), "Only these monitors (docs/monitors.md); all if not set."
    )
    candidates: int = _key(
        3,
        Number(1, MOST_CANDIDATES),
        "Alternatives offered when you ask for a completion explicitly; typing gets one.",
    )
    max_tokens: int = _key(Limits.max_tokens, Number(1, MOST_TOKENS), "Most tokens of new text.")
    multiline: bool = _key(Limits.multiline, Flag(), "Whether a completion may go beyond the cursor's statement.")
    popup: str = _key(
        "auto",
        Choice(("auto", "on", "off")),
        "Names in the editor's popup list, in the model's order; auto: where the editor shows no inline completions.",
        NO_PROJECT,
    )
    debounce_ms: int = _key(
        150, Number(0, 2000), "Longest wait after a keystroke before the model is asked, ms.", NO_PROJECT
    )
    filters: tuple[str, ...] | None = _key(
        None, Names(_filters), "Only these filters of finished texts; those that suit the occasion if not set."
    )
    least_confidence: float | None = _key(
        None,
        Number(0, 1, whole=False),
        "A text is not shown if its tokens have a lower mean probability; if not set, what suits the occasion.",
    )
    context: tuple[str, ...] | None = _key(
        None, Names(_sources), "What the model reads besides the file; nothing if not set."
    )
    exclude: tuple[str, ...] = _key(
        (), Globs(), "Files in which nothing is suggested, as patterns; added to the built-in ones."
    )
    exclude_context: tuple[str, ...] = _key(
        (), Globs(), "Files that the model never reads for other files' sake, as patterns; added to the built-in ones."
    )
    languages: Switches = _key(
        Switches(), SwitchMap(), 'Languages with suggestions while typing, by id; "*" stands for all others.'
    )
    statistics: bool = _key(
        False,
        Flag(),
        "Whether to count, on this machine only and without any code, what is shown, accepted and kept.",
        NO_PROJECT,
    )
    model: str = _key("", Text(), "Checkpoint folder or hub id instead of the embedded model.", ENGINE)
    dtype: str = _key(
        "auto",
        Choice(("auto", "float32", "bfloat16", "float16", "float64", "int8")),
        "Precision of the model.",
        ENGINE,
    )
    device: str = _key("auto", Text(), "Where the model runs: auto, cpu, cuda, cuda:1 or mps.", ENGINE)
    draft_model: str = _key(
        "",
        Text(),
        "Smaller checkpoint of the same tokenizer that guesses ahead for the model; the text is the same.",
        ENGINE,
    )


KEYS: Final = tuple(
    Key(f.name, f.metadata["kind"], f.default, f.metadata["words"], f.metadata["levels"]) for f in fields(Settings)
)
