"""The index of a workspace, made and made again in the background."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.source_files import SourceFile
from analysis.worker_process import own_group, worker_variables
from completion.corpora.worker import Order
from models.suffix_index import Copy, Entry, SuffixIndex
from models.vocabulary import Vocabulary

WORKER = "completion.corpora.worker"

# A first index takes two seconds of a free core, and the worker gets what others leave.
LIMIT_S = 120.0

# So long after an index was made the workspace is looked through again, sooner if a file was found changed.
FRESH_S = 60.0
STALE_S = 5.0

# Files whose state on disk is looked at for one request.
MOST_LOOKS = 32


@dataclass(frozen=True)
class Searched:
    """An index as a drafter sees it; a ``decoding.types.Corpus``.

    Attributes:
        index: The texts.
        is_current: Whether a text may be copied from.
    """

    index: SuffixIndex
    is_current: Callable[[Entry], bool]

    def follow(self, context: Sequence[int], count: int) -> Copy | None:
        """Return what follows the longest match; see ``SuffixIndex.follow``."""
        return self.index.follow(context, count, self.is_current)


class WorkspaceIndex:
    """The index of one workspace; for any thread.

    Attributes:
        index: The latest one; None while there is none.
    """

    def __init__(
        self,
        workspace: str,
        vocabulary: Vocabulary,
        excluded: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold nothing yet.

        Args:
            workspace: Absolute path of the folder.
            vocabulary: What files are written with.
            excluded: Patterns of files that are not read, besides the built-in ones.
            clock: Seconds, monotonic.
        """
        self._workspace = workspace
        self._vocabulary = vocabulary
        self._excluded = excluded
        self._clock = clock
        self.index: SuffixIndex | None = None
        self._lock = threading.Lock()
        self._making: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._made_at = -FRESH_S
        self._is_stale = False
        self._closed = False

    def searched(self, open_files: frozenset[str]) -> Searched | None:
        """Return the index for one request; None while there is none.

        Args:
            open_files: Paths of files whose text comes with the request: what the disk has of them is out of date.
        """
        index = self.index
        return Searched(index, _Current(open_files, self._found_stale)) if index is not None else None

    def refresh(self) -> None:
        """Have the index made again if it is time to; returns at once."""
        with self._lock:
            age = self._clock() - self._made_at
            if age >= (STALE_S if self._is_stale else FRESH_S):
                self._begin()

    def renew(self) -> None:
        """Have the index made again, and wait for it."""
        self.wait()
        with self._lock:
            self._begin()
        self.wait()

    def wait(self) -> None:
        """Wait until nothing is being made."""
        making = self._making
        if making is not None:
            making.join()

    def close(self) -> None:
        """End a worker that runs."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self.wait()

    def _begin(self) -> None:
        """Start to make it, unless that is being done or it is too late; the lock is held."""
        if not self._closed and self._making is None:
            self._making = threading.Thread(target=self._make, name="index", daemon=True)
            self._making.start()

    def _found_stale(self) -> None:
        self._is_stale = True

    def _make(self) -> None:
        self._is_stale = False
        earlier = self.index.to_bytes() if self.index is not None else b""
        vocabulary = self._vocabulary
        order = Order(self._workspace, self._excluded, vocabulary.codec, vocabulary.size, earlier)
        made = self._ask(pickle.dumps(order))
        if made:
            with contextlib.suppress(ValueError):
                self.index = SuffixIndex.from_bytes(made)
        with self._lock:
            self._made_at, self._making, self._process = self._clock(), None, None

    def _ask(self, order: bytes) -> bytes:
        """Return what the worker writes; nothing if it fails."""
        variables = {**worker_variables(), "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
        try:
            with self._lock:
                if self._closed:
                    return b""
                process = self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", WORKER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd=sys.prefix,
                    env=variables,
                    **own_group(),
                )
        except OSError:
            return b""
        try:
            made, _ = process.communicate(order, LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return b""
        return made if process.returncode == 0 else b""


class _Current:
    """Whether files are as they were when they were indexed; each is looked at once."""

    def __init__(self, open_files: frozenset[str], found_stale: Callable[[], None]) -> None:
        self._known = dict.fromkeys(open_files, False)
        self._found_stale = found_stale
        self._looks = 0

    def __call__(self, entry: Entry) -> bool:
        """Look, unless that was done before or too many were looked at."""
        known = self._known.get(entry.path)
        if known is not None or self._looks >= MOST_LOOKS:
            return bool(known)
        self._looks += 1
        current = self._known[entry.path] = SourceFile(entry.path, entry.mtime_ns, entry.size).is_current()
        if not current:
            self._found_stale()
        return current
