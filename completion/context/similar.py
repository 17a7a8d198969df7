"""Code like the lines around the cursor, from the files of the workspace: the side that asks the worker."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from analysis.worker_process import end_group, own_group, worker_variables
from completion.context.near import lines_near
from completion.layout import Layout
from completion.types import CompletionRequest, Snippet

WORKER = "completion.context.chunk_worker"

# Chunks that one prompt may hold: more than fit into any budget.
MOST_CHUNKS = 8

# The first look at a workspace of several thousand files takes seconds of a core that is left to others.
LIMIT_S = 120.0

# Questions that wait; nobody waits for older ones any more.
MOST_WAITING = 4

# Documents whose last answers are kept, for when the next ones come late.
DOCUMENTS = 64

# A worker that ends without an answer is started again so many times.
MOST_STARTS = 3


@dataclass(frozen=True)
class Question:
    """What is looked for.

    Attributes:
        workspace: Absolute path of the folder.
        excluded: Patterns of files that are not read, beside the built-in ones (``completion.privacy``).
        path: The document, which is left out.
        language: Its language's id; others are of no use.
        text: Lines around the cursor.
        fresh: Files that have just changed are looked at again first.
    """

    workspace: str
    excluded: tuple[str, ...]
    path: str
    language: str
    text: str
    fresh: bool


@dataclass(eq=False)
class _Look:
    """A question; ``answer`` is set once, by the thread that asks the worker, or never."""

    question: Question
    before: tuple[Snippet, ...]
    given_up: bool = False
    answer: tuple[Snippet, ...] | None = None

    def pending(self) -> bool:
        """Whether an answer is on its way."""
        return self.answer is None and not self.given_up

    def complete(self) -> bool:
        """Whether it has been answered."""
        return self.answer is not None

    def snippets(self) -> tuple[Snippet, ...]:
        """Return the answer, or the last one about the same document."""
        return self.before if self.answer is None else self.answer


class SimilarCode:
    """Finds similar code in a worker process; a ``completion.context.gathering.Source``.

    The worker is started for the first question.
    """

    def __init__(self, module: str = WORKER) -> None:
        """Start nothing yet; ``module`` is what runs in the worker."""
        self._module = module
        self._waiting: list[_Look] = []
        self._last: OrderedDict[str, _Look] = OrderedDict()
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._starts = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    def look(self, request: CompletionRequest, layout: Layout) -> _Look:
        """Ask; see ``Source``."""
        path = request.document.path
        last = self._last.pop(path, None)
        fresh = request.facts == "wait"
        language = layout.language.id
        question = Question(request.workspace, request.exclude_context, path, language, lines_near(layout), fresh)
        stands_in = last is not None and last.question.excluded == question.excluded
        look = _Look(question, last.snippets() if last is not None and stands_in else ())
        self._last[path] = look
        if len(self._last) > DOCUMENTS:
            self._last.popitem(last=False)
        self._ask(look)
        return look

    def ahead(self, request: CompletionRequest, layout: Layout) -> None:
        """An answer takes a millisecond: nothing is worth asking ahead."""

    def close(self) -> None:
        """End the worker."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            if self._process is not None:
                end_group(self._process)
        if self._thread is not None:
            self._thread.join()

    def _ask(self, look: _Look) -> None:
        """Queue a question; the one that has waited longest is given up if there are too many."""
        with self._changed:
            if self._closed:
                look.given_up = True
                return
            self._waiting.append(look)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.pop(0).given_up = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="similar-code", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _serve(self) -> None:
        while (look := self._next()) is not None:
            look.answer = self._answer(look.question)
            look.given_up = look.answer is None
        if self._process is not None:
            self._end(self._process)

    def _next(self) -> _Look | None:
        """Wait for a question and take the newest; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            return None if self._closed else self._waiting.pop()

    def _answer(self, question: Question) -> tuple[Snippet, ...] | None:
        """Ask the worker; None if there is none, or it breaks."""
        process = self._running()
        if process is None or process.stdin is None or process.stdout is None:
            return None
        limit = threading.Timer(LIMIT_S, end_group, (process,))
        limit.daemon = True
        limit.start()
        try:
            process.stdin.write(json.dumps({**vars(question), "most": MOST_CHUNKS}) + "\n")
            process.stdin.flush()
            rows: Any = json.loads(process.stdout.readline())
            return tuple(Snippet(path, text) for path, text in rows)
        except (OSError, ValueError):
            self._end(process)
            return None
        finally:
            limit.cancel()

    def _running(self) -> subprocess.Popen[str] | None:
        """Return the worker, started if there is none; None if it cannot be, or broke too often."""
        with self._changed:
            if self._process is None and not self._closed and self._starts < MOST_STARTS:
                self._starts += 1
                try:
                    self._process = subprocess.Popen(
                        [sys.executable, "-P", "-m", self._module],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        cwd=sys.prefix,
                        env={**worker_variables(), "OMP_NUM_THREADS": "1"},
                        encoding="utf-8",
                        **own_group(),
                    )
                except OSError:
                    return None
            return self._process

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Kill the worker and forget it."""
        end_group(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        with self._changed:
            self._process = None
