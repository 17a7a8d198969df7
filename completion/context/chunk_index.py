"""The chunks of a workspace, found by the words they share with a text (BM25).

RepoCoder (Zhang et al., EMNLP 2023) looks for code like the lines before the cursor in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np

from analysis.chunks import Chunk, chunks_of
from analysis.languages import Language, akin, language_of
from analysis.source_files import SourceFile
from completion.context.words import words_of
from completion.types import Snippet

# Text that is held, at most; files changed last come first.
MOST_BYTES = 8_000_000

# Chunks of the file that is left out may be the best ones.
MOST_OF_ONE_FILE = 64


@dataclass(frozen=True)
class _Read:
    """A file as it was read."""

    file: SourceFile
    chunks: tuple[Chunk, ...]
    words: tuple[list[str], ...]


class ChunkIndex:
    """The chunks of some files; for one thread."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._read: dict[str, _Read] = {}
        self._chunks: list[tuple[str, Chunk]] = []
        self._ranking: bm25s.BM25 | None = None

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self._chunks)

    def update(self, files: Iterable[SourceFile]) -> bool:
        """Hold these files as they are now, and no others; return whether anything had changed."""
        wanted: dict[str, SourceFile] = {}
        left = MOST_BYTES
        for file in files:
            left -= file.size
            if left < 0:
                break
            wanted[file.path] = file
        if wanted == {path: held.file for path, held in self._read.items()}:
            return False
        held = self._read
        self._read = {
            path: held[path] if path in held and held[path].file == file else _read(file)
            for path, file in sorted(wanted.items())
        }
        self._rank()
        return True

    def like(self, text: str, most: int, but: str, language: Language) -> list[Snippet]:
        """Return the chunks most like a text, of its language or one akin to it, the best one last.

        Args:
            text: Lines around a cursor.
            most: How many.
            but: Path of the file that they are from; its own chunks are left out.
            language: That of the file.
        """
        words = set(words_of(text))
        if self._ranking is None or not words:
            return []
        scores = self._ranking.get_scores(sorted(words))
        scores[[not akin(language_of("", path), language) for path, _ in self._chunks]] = 0
        found: dict[str, str] = {}
        for at in np.argsort(-scores, kind="stable")[: most + MOST_OF_ONE_FILE]:
            path, chunk = self._chunks[at]
            if scores[at] > 0 and path != but and len(found) < most:
                found.setdefault(chunk.text, path)
        return [Snippet(path, text) for text, path in reversed(found.items())]

    def _rank(self) -> None:
        self._chunks = [(path, chunk) for path, read in self._read.items() for chunk in read.chunks]
        words = [words for read in self._read.values() for words in read.words]
        self._ranking = None
        if any(words):
            self._ranking = bm25s.BM25()
            self._ranking.index(words, show_progress=False)


def _read(file: SourceFile) -> _Read:
    try:
        text = Path(file.path).read_text("utf-8", "replace")
    except OSError:
        text = ""
    chunks = tuple(chunks_of(text, language_of("", file.path).id))
    return _Read(file, chunks, tuple(words_of(chunk.text) for chunk in chunks))
