"""Kinds of settings: what may be written for one, how two layers' values go together, and its JSON schema.

A kind is a value with three functions; ``model`` has one for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Schema = dict[str, Any]


class Kind(Protocol):
    """What a key's values are."""

    def read(self, value: object) -> Any:
        """Return the value as the program uses it.

        Raises:
            ValueError: It is none of this kind; the message goes on from the key's name.
        """

    def merge(self, below: Any, above: Any) -> Any:
        """Return what holds when a layer says ``above`` over ``below``."""

    def schema(self) -> Schema:
        """Return the JSON schema of the values that ``read`` takes."""


class Replacing:
    """The value of the upper layer holds; for inheriting."""

    def merge(self, below: Any, above: Any) -> Any:
        """Return ``above``."""
        return above


@dataclass(frozen=True)
class Flag(Replacing):
    """On or off."""

    def read(self, value: object) -> bool:
        """Take true and false."""
        if not isinstance(value, bool):
            raise ValueError(f"{shown(value)} is neither true nor false")
        return value

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Number(Replacing):
    """A number between two others.

    Attributes:
        least: Smallest.
        most: Largest.
        whole: Whether it is a count.
    """

    least: float
    most: float
    whole: bool = True

    def read(self, value: object) -> float:
        """Take a number within the limits; what is no number at all is none."""
        if isinstance(value, bool) or not isinstance(value, int | float) or (self.whole and value != int_of(value)):
            raise ValueError(f"{shown(value)} is not a {'whole number' if self.whole else 'number'}")
        if not self.least <= value <= self.most:
            raise ValueError(f"{value:g} is not between {self.least:g} and {self.most:g}")
        return int(value) if self.whole else float(value)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "integer" if self.whole else "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Choice(Replacing):
    """One word of several."""

    words: tuple[str, ...]

    def read(self, value: object) -> str:
        """Take one of the words."""
        if value not in self.words:
            raise ValueError(f"{shown(value)} is not one of {', '.join(self.words)}")
        return str(value)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class Text(Replacing):
    """A text without line ends: a path or a name; "" for none."""

    def read(self, value: object) -> str:
        """Take a text."""
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError(f"{shown(value)} is not a line of text")
        return value

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string"}


@dataclass(frozen=True)
class Names(Replacing):
    """Some of the names that there are.

    Attributes:
        known: Returns the names that there are; called when a value is read, because it may have to import them.
    """

    known: Callable[[], Iterable[str]]

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of known names."""
        names = texts(value)
        known = tuple(self.known())
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"unknown name {unknown[0]!r}; known are {', '.join(known)}")
        return names

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "array", "items": {"type": "string", "enum": list(self.known())}}


@dataclass(frozen=True)
class Globs:
    """Patterns of paths (``completion.privacy``); every layer adds its own, none takes away."""

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of texts that are not empty."""
        patterns = texts(value)
        if not all(pattern.strip("/") for pattern in patterns):
            raise ValueError("an empty pattern matches nothing")
        return patterns

    def merge(self, below: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
        """Return both, each pattern once."""
        return tuple(dict.fromkeys((*below, *above)))

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "array", "items": {"type": "string", "minLength": 1}}


@dataclass(frozen=True)
class Switches:
    """Things that are on or off by name; "*" stands for those that are not named.

    Attributes:
        values: Names and whether they are on.
    """

    values: tuple[tuple[str, bool], ...] = ()

    def is_on(self, name: str) -> bool:
        """Whether something is on; what nobody has named is.

        >>> Switches((("markdown", False),)).is_on("python"), Switches((("*", False),)).is_on("python")
        (True, False)
        """
        values = dict(self.values)
        return values.get(name, values.get("*", True))


@dataclass(frozen=True)
class SwitchMap:
    """A table of switches; a layer replaces those that it names."""

    def read(self, value: object) -> Switches:
        """Take a table of names, each with true or false."""
        if not isinstance(value, Mapping) or not all(isinstance(switch, bool) for switch in value.values()):
            raise ValueError(f"{shown(value)} is not a table of names, each with true or false")
        return Switches(tuple((str(name), switch) for name, switch in value.items()))

    def merge(self, below: Switches, above: Switches) -> Switches:
        """Return both tables in one."""
        return Switches(tuple({**dict(below.values), **dict(above.values)}.items()))

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "object", "additionalProperties": {"type": "boolean"}}


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts as a tuple.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{shown(value)} is not a list of texts")
    return tuple(value)


def int_of(value: float) -> int | None:
    """Return a number without its fraction; None for what has none to lose (infinity, not a number)."""
    try:
        return int(value)
    except (OverflowError, ValueError):
        return None


def shown(value: object) -> str:
    """Return a value as a message quotes it: short.

    >>> shown("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
    """
    text = repr(value)
    return text if len(text) <= 40 else text[:38] + "..."
