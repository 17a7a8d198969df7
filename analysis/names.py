"""Sets of names that grow one by one: persistent, cheap to extend, materialised when asked."""

from __future__ import annotations

from collections.abc import Callable


class Names:
    """An immutable set of names, kept as a chain of additions.

    Adding costs the same however many names there are, so that a state per byte of text stays
    cheap; ``names`` walks the chain once and remembers the result.
    """

    __slots__ = ("_added", "_names", "_parent")

    def __init__(self, parent: Names | None, added: Callable[[], frozenset[str]] | bytes) -> None:
        """Extend ``parent`` by one name, or by a set that is worked out when it is wanted."""
        self._parent = parent
        self._added = added
        self._names: frozenset[str] | None = None

    def add(self, name: bytes) -> Names:
        """Return this set with one more name."""
        return Names(self, name)

    def later(self, added: Callable[[], frozenset[str]]) -> Names:
        """Return this set with those of ``added``, which is called at most once."""
        return Names(self, added)

    @property
    def names(self) -> frozenset[str]:
        """The names."""
        if self._names is None:
            self._names = self._collect()
        return self._names

    def _collect(self) -> frozenset[str]:
        found: set[str] = set()
        node: Names | None = self
        while node is not None:
            if node._names is not None:
                found |= node._names
                break
            added = node._added
            if isinstance(added, bytes):
                found.add(added.decode("utf-8", "surrogateescape"))
            else:
                found |= added()
            node = node._parent
        return frozenset(found)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same names."""
        if not isinstance(other, Names):
            return NotImplemented
        return self is other or self.names == other.names

    def __hash__(self) -> int:
        """Hash of the names."""
        return hash(self.names)


EMPTY = Names(None, frozenset)
