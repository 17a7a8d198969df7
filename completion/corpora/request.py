"""Which corpora one request has."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from completion.corpora.workspace import Searched, WorkspaceIndex
from completion.types import CompletionRequest, Snippet
from models.suffix_index import Entry, SuffixIndex
from models.vocabulary import Vocabulary

# Workspaces whose index is held, and sets of open texts.
WORKSPACES = 8
OPEN_SETS = 4

# Characters of one open text; 64,000 are encoded in 30 ms, once for as long as the text stays.
MOST_CHARACTERS = 64_000

# Texts whose tokens are held.
TEXTS = 64


Ids = NDArray[np.uint32]


@dataclass(frozen=True)
class CorporaCounts:
    """What the indexes of workspaces hold.

    Attributes:
        workspaces: How many are indexed.
        files: Their files.
        tokens: Tokens of these.
        bytes: Memory.
    """

    workspaces: int
    files: int
    tokens: int
    bytes: int


@dataclass(frozen=True)
class Unseen:
    """What of the document stands outside the prompt.

    Attributes:
        before: Its beginning.
        behind: Its end.
    """

    before: str
    behind: str


class Corpora:
    """The texts outside prompts that may be copied from, for one model.

    For one thread, except ``close`` and ``counts``.
    """

    def __init__(self, vocabulary: Vocabulary, index_workspaces: bool) -> None:
        """Hold nothing yet.

        Args:
            vocabulary: The model's.
            index_workspaces: Whether files that are not open may be read.
        """
        self._vocabulary = vocabulary
        self._index_workspaces = index_workspaces
        self._workspaces: OrderedDict[tuple[str, tuple[str, ...]], WorkspaceIndex] = OrderedDict()
        self._open: OrderedDict[tuple[str, ...], SuffixIndex] = OrderedDict()
        self._encoded: OrderedDict[str, Ids] = OrderedDict()

    def of(self, request: CompletionRequest, unseen: Unseen) -> tuple[Searched, ...]:
        """Return what a request may copy from, the nearest first; what can be made in the background is."""
        found = [Searched(self._open_index(unseen, request.context), lambda entry: True)]
        if self._index_workspaces and request.workspace:
            held = self.workspace(request.workspace, request.exclude_context)
            held.refresh()
            opened = frozenset({request.document.path, *(snippet.path for snippet in request.context)})
            if (searched := held.searched(opened)) is not None:
                found.append(searched)
        return tuple(corpus for corpus in found if corpus.index.n_tokens)

    def beside(self, unseen: Unseen) -> tuple[Ids, ...]:
        """Return the ids of the parts of a document that are not in its prompt, as far as they are near."""
        return self._ids(unseen.before[-MOST_CHARACTERS:]), self._ids(unseen.behind[:MOST_CHARACTERS])

    def index(self, folders: Iterable[str]) -> None:
        """Have workspaces indexed as they are now, and wait for it."""
        for folder in folders:
            self.workspace(folder).renew()

    def workspace(self, folder: str, excluded: tuple[str, ...] = ()) -> WorkspaceIndex:
        """Return the index of a workspace without what some patterns exclude; with others it is another one."""
        key = folder, excluded
        held = self._workspaces.pop(key, None) or WorkspaceIndex(folder, self._vocabulary, excluded)
        self._workspaces[key] = held
        if len(self._workspaces) > WORKSPACES:
            self._workspaces.popitem(last=False)[1].close()
        return held

    def counts(self) -> CorporaCounts:
        """Return what is held now; from any thread."""
        held = [workspace.index for workspace in tuple(self._workspaces.values())]
        made = [index for index in held if index is not None]
        return CorporaCounts(
            len(made),
            sum(len(index.entries) for index in made),
            sum(index.n_tokens for index in made),
            sum(index.n_bytes for index in made),
        )

    def close(self) -> None:
        """End the workers."""
        for held in self._workspaces.values():
            held.close()

    def _open_index(self, unseen: Unseen, context: Iterable[Snippet]) -> SuffixIndex:
        """Return an index of texts that are at hand; the same as long as they are."""
        texts = (
            unseen.before[-MOST_CHARACTERS:],
            unseen.behind[:MOST_CHARACTERS],
            *(snippet.text[:MOST_CHARACTERS] for snippet in context),
        )
        index = self._open.pop(texts, None)
        if index is None:
            encoded = [(Entry("", 0, 0, len(ids)), ids) for text in texts if len(ids := self._ids(text))]
            index = SuffixIndex.build(encoded, self._vocabulary.size)
        self._open[texts] = index
        if len(self._open) > OPEN_SETS:
            self._open.popitem(last=False)
        return index

    def _ids(self, text: str) -> Ids:
        ids = self._encoded.pop(text, None)
        if ids is None:
            ids = np.array(self._vocabulary.encode(text), np.uint32)
        self._encoded[text] = ids
        if len(self._encoded) > TEXTS:
            self._encoded.popitem(last=False)
        return ids
