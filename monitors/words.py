"""Sets of words that can be asked for what begins with some bytes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from analysis.facts import Fact

# Behind a dot, behind def or class, or at a line's start before "=" or ":".
KNOWN_NAME = re.compile(r"\.\s*([^\W\d]\w*)|\b(?:def|class)\s+(\w+)|^[ \t]*([^\W\d]\w*)\s*[:=]", re.MULTILINE)
WORD = re.compile(r"[^\W\d]\w*")

# Kinds of facts about a method's own object.
OWN = frozenset(("self", "super"))


@dataclass(frozen=True, slots=True)
class Words:
    """A set of words, as UTF-8.

    Attributes:
        ordered: The words in ascending order, each once.
    """

    ordered: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, words: Iterable[bytes]) -> Words:
        """Sort some words."""
        return cls(tuple(sorted(set(words))))

    def __contains__(self, word: bytes) -> bool:
        """Whether the word itself is there."""
        at = bisect_left(self.ordered, word)
        return at < len(self.ordered) and self.ordered[at] == word

    def fits(self, beginning: bytes) -> bool:
        """Whether some word begins like that."""
        at = bisect_left(self.ordered, beginning)
        return at < len(self.ordered) and self.ordered[at].startswith(beginning)

    def starting_with(self, beginning: bytes) -> tuple[bytes, ...]:
        """Return the words that begin like that."""
        first = last = bisect_left(self.ordered, beginning)
        while last < len(self.ordered) and self.ordered[last].startswith(beginning):
            last += 1
        return self.ordered[first:last]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The union of some sets of words."""

    sets: tuple[Words, ...]

    def __contains__(self, word: bytes) -> bool:
        """Whether the word itself is there."""
        return any(word in words for words in self.sets)

    def fits(self, beginning: bytes) -> bool:
        """Whether some word begins like that."""
        for words in self.sets:
            if words.fits(beginning):
                return True
        return False

    def starting_with(self, beginning: bytes) -> tuple[bytes, ...]:
        """Return the words that begin like that, each once."""
        return tuple(dict.fromkeys(word for words in self.sets for word in words.starting_with(beginning)))


@lru_cache(maxsize=256)
def encoded(names: frozenset[str], banned: frozenset[str] = frozenset()) -> Words:
    """Return the words of a fact but those that are banned; facts are shared, so this is done once for each."""
    return Words.of(name.encode() for name in names - banned)


def is_hidden(name: str, kind: str) -> bool:
    """Whether a name is of those that are hardly ever meant.

    Args:
        name: An attribute, or a module's name.
        kind: Class of the fact that lists it: a method's own object hides only names like ``__this__``.
    """
    return name.startswith("__") and name.endswith("__") if kind in OWN else name.startswith("_")


@lru_cache(maxsize=256)
def open_names(fact: Fact) -> frozenset[str]:
    """Return the names of a fact that are not hidden; facts are shared, so this is done once for each."""
    return frozenset(name for name in fact.names if not is_hidden(name, fact.kind))


@lru_cache(maxsize=8)
def known_names(prefix: str, suffix: str) -> Words:
    """Return what a text around a hole uses as attribute or defines."""
    found = (name for text in (prefix, suffix) for match in KNOWN_NAME.findall(text) for name in match if name)
    return Words.of(name.encode("utf-8", "surrogatepass") for name in found)


@lru_cache(maxsize=8)
def all_words(prefix: str, suffix: str) -> frozenset[str]:
    """Return every word of a text around a hole, keywords included."""
    return frozenset(WORD.findall(prefix)) | frozenset(WORD.findall(suffix))


@lru_cache(maxsize=8)
def written_words(prefix: str, suffix: str) -> Words:
    """Return the same as sorted bytes."""
    return Words.of(word.encode("utf-8", "surrogatepass") for word in all_words(prefix, suffix))
