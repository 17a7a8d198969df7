"""The program that indexes a workspace: reads what is wanted from standard input, and writes an index.

A process of its own, at the lowest priority: a busy thread beside the decode loop would make a forward pass
several times as long.  Nothing is written to disk.  Tokens of files that have not changed are taken from the
earlier index.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.source_files import SourceFile, source_files
from analysis.worker_process import step_back
from completion.privacy import no_context
from models.suffix_index import Entry, SuffixIndex
from models.vocabulary import Codec

# Tokens of all files, at most: 6 MB for vocabularies below 65,536 ids, and two seconds of work the first time.
MOST_TOKENS = 1_000_000

Ids = NDArray[np.uint32]


@dataclass(frozen=True)
class Order:
    """What is to be indexed.

    Attributes:
        workspace: Absolute path of the folder.
        excluded: Patterns of files that are not read, besides the built-in ones (``completion.privacy``).
        codec: The model's encoder of plain text.
        vocabulary_size: More than any id that it writes.
        earlier: The index so far, as bytes; empty for none.
    """

    workspace: str
    excluded: tuple[str, ...]
    codec: Codec
    vocabulary_size: int
    earlier: bytes


def main() -> None:
    """Serve one order; what comes out is empty if nothing has changed."""
    step_back()
    order: Order = pickle.load(sys.stdin.buffer)
    made = indexed(order)
    if made is not None:
        sys.stdout.buffer.write(made.to_bytes())


def indexed(order: Order, most_tokens: int = MOST_TOKENS) -> SuffixIndex | None:
    """Return an index of a workspace as it is now; None if that is the earlier one.

    Args:
        order: What is wanted.
        most_tokens: Tokens of all files; those changed last come first.
    """
    earlier = SuffixIndex.from_bytes(order.earlier) if order.earlier else None
    files = source_files(order.workspace, lambda path: no_context(path, order.excluded))
    texts = list(_within(most_tokens, files, _Tokens(order.codec, earlier)))
    entries = [entry for entry, _ in texts]
    if earlier is not None and sorted(entries, key=_path) == sorted(earlier.entries, key=_path):
        return None
    return SuffixIndex.build(texts, order.vocabulary_size)


def _within(
    most: int, files: Sequence[SourceFile], ids_of: Callable[[SourceFile], Ids | None]
) -> Iterator[tuple[Entry, Ids]]:
    """Yield files with their ids until there are so many."""
    left = most
    for file in files:
        ids = ids_of(file)
        if ids is None or not len(ids):
            continue
        left -= len(ids)
        if left < 0:
            return
        yield Entry(file.path, file.mtime_ns, file.size, len(ids)), ids


class _Tokens:
    """Ids of files, from an earlier index where they have not changed."""

    def __init__(self, codec: Codec, earlier: SuffixIndex | None) -> None:
        self._codec = codec
        self._earlier = earlier
        entries = earlier.entries if earlier else ()
        self._known = {(entry.path, entry.mtime_ns, entry.size): number for number, entry in enumerate(entries)}

    def __call__(self, file: SourceFile) -> Ids | None:
        """Return a file's ids; None if it cannot be read, or is no text."""
        number = self._known.get((file.path, file.mtime_ns, file.size))
        if number is not None and self._earlier is not None:
            return self._earlier.ids_of(number)
        try:
            text = Path(file.path).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return np.asarray(self._codec.encode(text.replace("\r\n", "\n").replace("\r", "\n")), np.uint32)


def _path(entry: Entry) -> str:
    return entry.path


if __name__ == "__main__":
    main()
