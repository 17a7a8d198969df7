"""What a request asks of the decoding loop.  Pure functions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from analysis.lexing import LexicalState, scan
from completion.corpora.request import Unseen
from completion.layout import Layout
from completion.project import options_of
from completion.prompt import Prompt
from completion.types import CompletionRequest, SamplingMode
from decoding.futures import Futures
from decoding.masking import Masker
from decoding.run import Job
from decoding.sampling import COLDEST, Sampler
from models.checkpoints import LoadedModel
from monitors.base import Site

# Bytes of the suffix that are asked whether the middle may end before them.
ENDING_BYTES = 64

# Alternatives after the first are drawn at no less than this: greedy ones would all be equal.
ALTERNATIVE_TEMPERATURE = 0.6


def job_of(
    request: CompletionRequest, layout: Layout, prompt: Prompt, model: LoadedModel
) -> tuple[Job, Site[LexicalState]]:
    """Return what the loop is to write and what the monitors may know; to both, the middle begins with the line."""
    typed = layout.typed.encode()
    site = Site(
        document=layout.document,
        start=scan(layout.prefix, layout.language),
        typed=typed,
        healed=prompt.healed,
        remainder=layout.remainder.encode(),
        suffix=layout.suffix.encode(),
        multiline=request.limits.multiline,
        options=options_of(request.workspace, request.strictness),
    )
    kept = typed[: len(typed) - len(prompt.healed)]
    before = model.format.before_middle(prompt.ids)
    limits = request.limits
    seconds = math.inf if limits.max_ms is None else limits.max_ms / 1000
    return Job(prompt.ids, kept, prompt.healed, limits.max_tokens, model.format.separators, before, seconds), site


def unseen_of(layout: Layout, prompt: Prompt) -> Unseen:
    """Return what of the document the model does not see."""
    seen_behind = len(layout.model_suffix) - prompt.unseen_behind
    return Unseen((layout.prefix + layout.typed)[: prompt.unseen_before], layout.model_suffix[seen_behind:])


def ending_of(site: Site[Any]) -> bytes:
    """Return the first bytes that follow the middle: enough to see a quote closed and a name go on."""
    return site.suffix[:ENDING_BYTES] or b"\n"


def masker_of(
    request: CompletionRequest, model: LoadedModel, site: Site[Any], candidate: int, futures: Futures | None
) -> Masker:
    """Return what chooses one candidate's tokens."""
    strength = None if request.sampling.mode is SamplingMode.EVIDENCE else request.sampling.strength
    sampler = sampler_of(request, candidate)
    return Masker(model.vocabulary, model.format.end_ids, ending_of(site), sampler, strength, futures)


def sampler_of(request: CompletionRequest, candidate: int) -> Sampler:
    """Return how one candidate's tokens are drawn."""
    wanted = request.sampling
    temperature = wanted.temperature if wanted.temperature >= COLDEST else 0.0
    sampler = Sampler(temperature, wanted.top_k, wanted.top_p, wanted.min_p, wanted.seed, candidate)
    if candidate == 0 and wanted.mode is not SamplingMode.ALIGNED:
        return sampler
    return replace(sampler, temperature=max(ALTERNATIVE_TEMPERATURE, wanted.temperature))
