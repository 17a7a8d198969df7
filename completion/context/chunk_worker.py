"""The program that finds code like a text: one JSON object a line, questions in, answers out.

::

    {"workspace": FOLDER, "excluded": [PATTERN, ...], "path": FILE, "language": ID, "text": LINES, "most": N,
     "fresh": BOOL}
    [[PATH, TEXT], ...]

A process of its own, at the lowest priority.  What it has read of a workspace is held in memory only; it
looks whether files have changed after it has answered, or before if ``fresh``.  The end of standard input
ends it.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from analysis.languages import language_of
from analysis.source_files import source_files
from analysis.worker_process import step_back
from completion.context.chunk_index import ChunkIndex
from completion.privacy import no_context

# Workspaces that are held.
WORKSPACES = 4

# How long what was read counts as current.
FRESH_S = 10.0


class Library:
    """The indexes of some workspaces."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold none; ``clock`` tells seconds."""
        self._clock = clock
        self._held: OrderedDict[tuple[str, tuple[str, ...]], ChunkIndex] = OrderedDict()
        self._looked: dict[tuple[str, tuple[str, ...]], float] = {}

    def answer(self, question: dict[str, Any]) -> list[tuple[str, str]]:
        """Return paths and texts of what is found."""
        index = self._index(question, 0.0 if question["fresh"] else math.inf)
        found = index.like(question["text"], question["most"], question["path"], language_of(question["language"]))
        return [(snippet.path, snippet.text) for snippet in found]

    def refresh(self, question: dict[str, Any]) -> None:
        """Look whether the files that a question was about have changed, unless that was done just now."""
        self._index(question, FRESH_S)

    def _index(self, question: dict[str, Any], age: float) -> ChunkIndex:
        """Return the index for a question, made anew if it was looked through longer ago than ``age``, seconds."""
        workspace, excluded = question["workspace"], tuple(question["excluded"])
        key = workspace, excluded
        index = self._held.pop(key, None)
        if index is None or self._clock() - self._looked[key] >= age:
            index = index or ChunkIndex()
            index.update(source_files(workspace, lambda path: no_context(path, excluded)))
            self._looked[key] = self._clock()
        self._held[key] = index
        if len(self._held) > WORKSPACES:
            del self._looked[self._held.popitem(last=False)[0]]
        return index


def main() -> None:
    """Serve until standard input ends."""
    step_back()
    for reply in serve(sys.stdin, Library()):
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def serve(lines: Iterator[str] | TextIO, library: Library) -> Iterator[list[tuple[str, str]]]:
    """Yield an answer for each question."""
    for line in lines:
        question = json.loads(line)
        yield library.answer(question)
        library.refresh(question)


if __name__ == "__main__":
    main()
