"""Keys and values that are kept for the next keystroke, within a limit on memory.

Each request leases the slab that shares most with its prompt.  Where that is little of what the slab
holds, or someone else is using it, a copy of the shared part is leased instead: going back and forth
between two places of a file then finds both again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from models.engines.base import Engine, Slab
from models.engines.prefill import common_length

# Slabs of one document: where it is edited, where it was edited before, and one to spare.
PER_DOCUMENT = 3

# A shorter beginning (the file's path, for one) is not worth a copy.
LEAST_COPIED = 16

# A slab that takes more than this many times what it needs is copied into less memory.
ROOMY = 1.2


@dataclass(eq=False)
class _Kept:
    """A slab and its place in the order of use."""

    document: str
    slab: Slab
    leased: bool
    used_at: int


@dataclass(frozen=True)
class SlabCounts:
    """What the slabs take.

    Attributes:
        count: Slabs.
        leased: Of these, in use.
        bytes: Memory they take.
        used_bytes: Memory that their tokens need.
        cap_bytes: Memory they may take.
        dropped: Slabs given up so far for lack of room.
        reason: Why the cap is lower than was set, or None.
    """

    count: int
    leased: int
    bytes: int
    used_bytes: int
    cap_bytes: int
    dropped: int
    reason: str | None


class SlabStore:
    """The slabs of one engine; for the thread that runs it, except ``counts``."""

    def __init__(self, engine: Engine, cap_bytes: int) -> None:
        """Keep slabs of ``engine`` in at most ``cap_bytes``, those in use included as far as that can be."""
        self._engine = engine
        self._cap = cap_bytes
        self._kept: list[_Kept] = []
        self._clock = 0
        self._dropped = 0
        self._token_bytes = 0
        self._reason: str | None = None

    @contextmanager
    def lease(self, document: str, tokens: Sequence[int], more: int = 0) -> Iterator[Slab]:
        """Lend a slab for a prompt, with what it shares with it already inside; an error destroys it.

        Args:
            document: Path that the prompt is of.
            tokens: The prompt.
            more: Tokens that may be written behind it.
        """
        kept = self._take(document, tokens, len(tokens) + more)
        try:
            yield kept.slab
        except Exception:
            self._kept.remove(kept)
            raise
        except GeneratorExit:
            self._put_back(kept)
            raise
        self._put_back(kept)

    def counts(self) -> SlabCounts:
        """Return what the slabs take now; from any thread."""
        kept = tuple(self._kept)
        return SlabCounts(
            count=len(kept),
            leased=sum(k.leased for k in kept),
            bytes=sum(k.slab.n_bytes for k in kept),
            used_bytes=sum(k.slab.used_bytes for k in kept),
            cap_bytes=self._cap,
            dropped=self._dropped,
            reason=self._reason,
        )

    def shrink(self, reason: str) -> None:
        """Give up all slabs that are not in use, and from now on keep half as much as there was."""
        self._cap = max(1, min(self._cap, self._bytes()) // 2)
        self._reason = reason
        self._evict(self._cap)

    def _take(self, document: str, tokens: Sequence[int], length: int) -> _Kept:
        """Find or make the slab to lease."""
        best = max(self._kept, key=lambda k: common_length(k.slab.tokens, tokens), default=None)
        common = common_length(best.slab.tokens, tokens) if best else 0
        wanted = int(ROOMY * self._token_bytes * length)
        if best is not None and not best.leased and 2 * common >= len(best.slab.tokens):
            self._evict(wanted - best.slab.n_bytes, keep=best)
        else:
            source = best if common >= LEAST_COPIED else None
            self._limit(document, source)
            self._evict(wanted, keep=source)
            best = self._begin(document, source.slab if source else None, common)
        self._engine.reserve(best.slab, len(tokens))
        best.document, best.leased = document, True
        return best

    def _begin(self, document: str, source: Slab | None, length: int) -> _Kept:
        """Add a slab: a copy of the beginning of ``source``, or an empty one."""
        slab = self._engine.new_slab() if source is None else self._engine.fork(source, length)
        self._kept.append(kept := _Kept(document, slab, False, 0))
        return kept

    def _put_back(self, kept: _Kept) -> None:
        slab = kept.slab
        if slab.tokens:
            self._token_bytes = slab.used_bytes // len(slab.tokens)
        if slab.n_bytes > ROOMY * slab.used_bytes:
            kept.slab = self._engine.fork(slab, len(slab.tokens))
        self._clock += 1
        kept.leased, kept.used_at = False, self._clock
        self._evict(0)

    def _limit(self, document: str, keep: _Kept | None) -> None:
        """Make room for one more slab of a document."""
        own = sorted((k for k in self._kept if k.document == document), key=lambda k: k.used_at)
        idle = [k for k in own if not k.leased and k is not keep]
        if len(own) >= PER_DOCUMENT and idle:
            self._kept.remove(idle[0])

    def _evict(self, wanted: int, keep: _Kept | None = None) -> None:
        """Drop the slabs unused longest until ``wanted`` bytes more would fit."""
        for kept in sorted(self._kept, key=lambda k: k.used_at):
            if self._bytes() + wanted <= self._cap:
                return
            if not kept.leased and kept is not keep:
                self._kept.remove(kept)
                self._dropped += 1

    def _bytes(self) -> int:
        return sum(kept.slab.n_bytes for kept in self._kept)
