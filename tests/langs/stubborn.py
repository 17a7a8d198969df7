"""A model that wants to write certain texts, the first one most, as a service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.store import FactStore
from completion.service import CompletionService, ServiceSettings
from completion.types import CompletionRequest, Document, Limits
from models import formats
from models.checkpoints import LoadedModel
from models.engines.base import Rows, Slab
from models.engines.testing import TinyEngine
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

# What the first text is more likely than the second, and the second than anything else, nats.
PREFERENCE = 2.0


class Stubborn(TinyEngine):
    """Writes one of some texts, the first if nobody objects; then it ends."""

    def __init__(self, vocabulary: Vocabulary, end: int, middle: int, texts: Sequence[str]) -> None:
        """Want some texts.

        Args:
            vocabulary: Of the tokens.
            end: The token that ends a middle.
            middle: The token that a middle follows.
            texts: What is wanted, most first, with the cursor's line before it.
        """
        super().__init__(vocabulary_size=vocabulary.size, max_length=1024)
        self._vocabulary = vocabulary
        self._end = end
        self._middle = middle
        self._texts = [text.encode() for text in texts]

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` and return what is wanted behind each."""
        before = list(slab.tokens)
        super().forward(slab, tokens)
        return Rows(torch.stack([self._row([*before, *tokens[: n + 1]]) for n in range(len(tokens))]))

    def _row(self, tokens: list[int]) -> torch.Tensor:
        written = tokens[len(tokens) - tokens[::-1].index(self._middle) :] if self._middle in tokens else []
        text = self._vocabulary.decode(written)
        row = torch.zeros(self.vocabulary_size, dtype=torch.float64)
        for rank, wanted in enumerate(self._texts):
            rest = wanted[len(text) :] if wanted.startswith(text) else b""
            if rest:
                token = self._vocabulary.encode(rest.decode())[0]
                row[token] = max(float(row[token]), 20.0 - PREFERENCE * rank)
        if not row.any():
            row[self._end] = 20.0
        return row


def service(folder: Path, line: str, *texts: str) -> CompletionService:
    """Return a service over the servers that are installed in ``folder``; ``line`` stands before the cursor."""
    vocabulary = Vocabulary.of(tiny_tokenizers.qwen())
    fim = formats.detect(vocabulary)
    (end, *_), middle = fim.end_ids, fim.layout[-1]
    assert isinstance(middle, int)
    engine = Stubborn(vocabulary, end, middle, [line + text for text in texts])
    model = LoadedModel("stubborn", engine, vocabulary, fim, "float64", "cpu", "cpu")
    return CompletionService(model, FactStore(LanguageServers(folder)), ServiceSettings(cache=None))


def request(path: Path, marked: str, workspace: Path, facts: str = "wait", trusted: bool = True) -> CompletionRequest:
    """Return the request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    return CompletionRequest(
        Document(str(path), before + after, language=""),
        len(before),
        str(workspace),
        limits=Limits(max_tokens=24, multiline=False),
        facts=facts,
        trusted=trusted,
        filters=(),
    )
