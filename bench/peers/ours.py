"""Our own engine and loop, without monitors, as the service runs them: keys and values are kept between requests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from bench.forced import measured_curve, parts_of
from bench.peers.peer import Written
from completion.previous import spelled
from completion.slabs import SlabStore
from decoding.draft_length import DraftLength
from decoding.drafters import registry
from decoding.loop import generate
from decoding.recorder import Recorder
from decoding.run import Job
from decoding.types import forced_from
from models.checkpoints import LoadedModel

SLAB_BYTES = 512 * 2**20


class Ours:
    """Writes with given drafters, which have the prompt to go by and, if wanted, what was written before."""

    def __init__(self, model: LoadedModel, drafters: tuple[str, ...] | None, remembers: bool = False) -> None:
        """Write with ``model``; ``drafters`` are names, None for the default ones.

        Where it remembers, what it wrote at one keystroke is a guess at the next one.
        """
        self._model = model
        self._drafters = drafters
        self._slabs = SlabStore(model.engine, SLAB_BYTES)
        self._length = DraftLength(measured_curve(model))
        self._successors: dict[int, int] = {}
        self._remembers = remembers
        self._previous: tuple[int, ...] = ()

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write behind a prompt, up to an end token."""
        begin = time.perf_counter()
        model, ids = self._model, tuple(prompt)
        job = Job(ids, b"", b"", most, model.format.separators, model.format.before_middle(ids))
        previous, middle = self._previous, ids[forced_from(ids, job.separators) :]
        if previous:
            typed, written = (model.vocabulary.decode(part) for part in (middle, previous))
            ends = tuple(token for token in previous[-1:] if token in model.format.end_ids)
            previous = (*spelled(model.vocabulary, written, typed, middle), *ends)
        material = registry.Material(model.vocabulary, previous=previous, heads=model.heads, draft=model.draft)
        drafters = registry.build(self._drafters, material)
        with self._slabs.lease("typed", ids, most) as slab:
            parts = replace(
                parts_of(model.engine, model, self._length, drafters), slab=slab, successors=self._successors
            )
            run = generate(job, parts, Recorder(), lambda: False)
        self._previous = (*middle, *run.tokens) if self._remembers else ()
        return Written(run.tokens, time.perf_counter() - begin)
