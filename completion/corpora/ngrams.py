"""The n-grams of the document that a request is about, as they stand when it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from completion.corpora.request import Corpora, Ids, Unseen
from decoding.blending import Blend
from decoding.run import Job
from decoding.types import forced_from
from models.checkpoints import LoadedModel
from models.formats import FimFormat, Part
from models.ngrams import ORDERS, DocumentNgrams


def blend_of(job: Job, unseen: Unseen, corpora: Corpora, model: LoadedModel) -> Blend:
    """Return what mixes n-grams of the document into rows: of what the prompt shows of it, and of the rest.

    Args:
        job: What is written.
        unseen: The parts of the document that are not in its prompt.
        corpora: Knows their ids.
        model: What writes it, with the shares that n-grams have beside it.
    """
    behind_marks = job.prompt[forced_from(job.prompt, job.separators) :]
    seen = between(document_in(job.prompt, model.format), job.separators)
    texts: tuple[Ids | Sequence[int], ...] = (*corpora.beside(unseen), *seen)
    before = (*job.before, *behind_marks)[-ORDERS:]
    return Blend(DocumentNgrams(texts, model.shares), tuple(sorted(model.format.end_ids)), before)


def document_in(prompt: Sequence[int], fim: FimFormat) -> Sequence[int]:
    """Return a prompt from the document's first mark on: other files, which may come late, and paths stand before."""
    n_marks = sum(isinstance(part, int) for part in fim.layout[fim.layout.index(Part.CONTEXT) :])
    marks = [place for place, token in enumerate(prompt) if token in fim.separators]
    return prompt[marks[-n_marks] :]


def between(prompt: Sequence[int], separators: frozenset[int]) -> Iterator[Sequence[int]]:
    """Yield what stands between special ids."""
    start = 0
    for end in (place for place, token in enumerate(prompt) if token in separators):
        yield prompt[start:end]
        start = end + 1
    yield prompt[start:]
