"""Several layers of settings make one: each may say something about some keys, the upper ones have the last word.

A value that cannot be used costs itself alone: one line says which, whose it is, and what holds instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from completion.settings.kinds import shown
from completion.settings.model import KEYS, Key, Level, Settings
from completion.settings.reference import plain, spelled


@dataclass(frozen=True)
class Layer:
    """What one place says.

    Attributes:
        name: The place as users know it, "pyproject.toml".
        level: Who is speaking there.
        values: Keys and values as they were read; None is not set.
        others: Keys of the place that something else reads.
        problems: What is wrong with the place beside its values, one line each.
    """

    name: str
    level: Level
    values: Mapping[str, object]
    others: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Merged:
    """What holds.

    Attributes:
        settings: The values.
        origins: The places of those that are not the default, by key.
        problems: One line for each value that is not used, and for all else that is wrong with a layer.
    """

    settings: Settings = Settings()
    origins: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def merge(layers: Iterable[Layer]) -> Merged:
    """Return what holds.

    Args:
        layers: The weakest first.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    # Those of a key end with what holds instead, which the last layer decides.
    problems: list[tuple[str, Key | None]] = []
    for layer in layers:
        known = _known(layer.level)
        problems += [(problem, None) for problem in layer.problems]
        for name, value in layer.values.items():
            if name in layer.others or value is None:
                continue
            key = known.get(name)
            if key is None:
                problems.append((f"{layer.name}: unknown key {shown(name)}; {_similar(name, layer.level)}", None))
                continue
            try:
                read = _read(key, value, layer.level)
            except ValueError as error:
                problems.append((f"{layer.name}: {name}: {error}", key))
            else:
                values[key.name] = key.kind.merge(values.get(key.name, key.default), read)
                origins[key.name] = layer.name
    settings = replace(Settings(), **values)
    said = (problem if key is None else f"{problem}; using {_held(settings, key)}" for problem, key in problems)
    return Merged(settings, origins, tuple(said))


def _held(settings: Settings, key: Key) -> str:
    return spelled(plain(getattr(settings, key.name)))


@cache
def _known(level: Level) -> Mapping[str, Key]:
    """Return the keys by the names that a layer of this level spells them with."""
    return {key.spelled(level): key for key in KEYS}


def _read(key: Key, value: object, level: Level) -> Any:
    if level not in key.levels:
        who = ", ".join(other.value for other in Level if other in key.levels)
        raise ValueError(f"not to be set here, only by: {who}")
    return key.kind.read(value)


def _similar(name: str, level: Level) -> str:
    """Return what the user may have meant, else what there is to set at this level."""
    names = {_letters(spelled): spelled for spelled, key in _known(level).items() if level in key.levels}
    close = difflib.get_close_matches(_letters(name), names, n=1)
    return f"is {names[close[0]]} meant?" if close else f"known are {', '.join(names.values())}"


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
