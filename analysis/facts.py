"""Facts: what static analysis knows about a place in the code, and how the decode loop sees it.

A fact answers one query about one *base document*: the user's text with a hole where the
completion goes.  Queries are values, so a fact found for one keystroke, draft branch or
candidate serves every other one that asks the same question.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file as an editor holds it, which is not what is on disk.

    Attributes:
        path: Absolute.
        language: Language id.
        text: All of it.
    """

    path: str
    language: str
    text: str


@dataclass(frozen=True)
class BaseDocument:
    """A document with a hole, as the analysis sees it.

    Attributes:
        path: Absolute path of the document; it need not exist on disk.
        workspace: Absolute path of the project folder.
        prefix: Text before the hole; it ends at a line start.
        suffix: Text after the hole; it begins at a line start.
        indent: White space at the start of the line that stands in the hole.
        environment: The user's Python interpreter, or "" for the standard library alone.
        language: Language id as editors spell it.
        trusted: Whether the user trusts the workspace: a language server runs programs that lie there.
        urgent: Whether somebody types in it: what programs ask is answered later, wherever questions queue.
        others: Other files of the project that are open and not saved; a language server sees them like this.
    """

    path: str
    workspace: str
    prefix: str
    suffix: str
    indent: str = ""
    environment: str = ""
    language: str = "python"
    trusted: bool = False
    urgent: bool = True
    others: tuple[OpenFile, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Name of this document by content, 16 hexadecimal digits."""
        parts = [self.path, self.workspace, self.environment, self.language, self.indent, self.prefix, self.suffix]
        parts += [part for other in self.others for part in (other.path, other.text)]
        return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class FactKey:
    """One question to the analysis.

    Attributes:
        kind: What is asked.  About Python a key of ``analyzers.jedi.worker.ANSWERS``: "attributes" lists the names that
            may follow ``receiver.``.  About other languages one of ``analyzers.language_servers.answers.KINDS``.
        document: Digest of the base document.
        receiver: Source text of what is asked about, for example ``self._session``; for "names" the line's
            indentation.
        middle: Text in the hole up to the receiver's statement, when it may change the
            answer (the receiver's root is bound there); else "".
    """

    kind: str
    document: str
    receiver: str
    middle: str = ""


class ParameterKind(enum.StrEnum):
    """Which arguments reach a parameter."""

    POSITIONAL_ONLY = "positional only"
    POSITIONAL = "positional or keyword"
    KEYWORD_ONLY = "keyword only"
    VAR_POSITIONAL = "*"
    VAR_KEYWORD = "**"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as its callers see it: a bound method has no ``self``.

    Attributes:
        name: Its name, without stars.
        kind: Which arguments reach it.
        required: Whether a call has to pass it.
        strings: The string literals that it takes by its annotation, in order; empty if it takes any.
    """

    name: str
    kind: ParameterKind
    required: bool
    strings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call something; an overloaded function has several."""

    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """Where something comes from.

    Attributes:
        path: Absolute path of the file.
        text: Its source there, without the bodies of functions.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer.

    Attributes:
        key: The question.
        names: Names that may stand there; empty when the analysis could not tell.
        kind: Fact class, the row of the measured error table (``monitors/strength.py``) that
            says how hard this fact may push; "unresolved" pushes nothing.
        origin: Where the names come from, for the certificate: "httpx 0.28.1", "this file", "Python 3.11".
        signatures: How it can be called, if that was the question.
        definitions: Of what is asked about, if that was the question.
    """

    key: FactKey
    names: frozenset[str]
    kind: str
    origin: str
    signatures: tuple[Signature, ...] = ()
    definitions: tuple[Definition, ...] = ()


UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class FactView:
    """An immutable snapshot of the facts known at one moment.

    Attributes:
        facts: Answers by question.
        version: Grows with every fact; two views of one store with equal versions are equal.
    """

    facts: Mapping[FactKey, Fact] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0

    def get(self, key: FactKey) -> Fact | None:
        """Return the answer, or None while there is none."""
        return self.facts.get(key)


class FactSource(Protocol):
    """Where the decode loop gets facts; the fact modes are its implementations."""

    def view(self) -> FactView:
        """Return what is known now."""

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have these questions answered some time; returns at once."""

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool | None:
        """Give these questions the time this mode allows; returns at once, to be called again while that lasts.

        Args:
            keys: The questions.
            at_cursor: They are about the name at the cursor, and nothing has been written yet.

        Returns:
            None while an answer is worth waiting for; then whether one arrived that the last ``view`` lacked.
        """

    def counters(self) -> Mapping[str, int]:
        """Return what was asked and what came of it.

        Keys: ``asked``; ``on_time`` (answered before a view without the answer was taken);
        ``late`` (answered after that); ``unknown`` (asked, and nothing usable came); of the unknown,
        ``unresolved`` (the analysis could not tell) and ``failed`` (it crashed or took too long).
        """


COUNTERS = ("asked", "on_time", "late", "unknown", "unresolved", "failed")


class NoFacts:
    """Fact mode ``none``: the analysis is never asked."""

    def view(self) -> FactView:
        """Return the empty view."""
        return FactView()

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Ignore the questions."""

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
        """Return at once: nothing will arrive."""
        return False

    def counters(self) -> Mapping[str, int]:
        """Return zeros."""
        return dict.fromkeys(COUNTERS, 0)
