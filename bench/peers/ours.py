"""Our own engine and loop, without monitors, as the service runs them: keys and values are kept between requests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from bench.forced import measured_curve, parts_of
from bench.peers.peer import Written
from completion.slabs import SlabStore
from decoding.draft_length import DraftLength
from decoding.drafters import registry
from decoding.loop import generate
from decoding.recorder import Recorder
from decoding.run import Job
from models.checkpoints import LoadedModel

SLAB_BYTES = 512 * 2**20


class Ours:
    """Writes with given drafters, which have the prompt to go by and nothing else."""

    def __init__(self, model: LoadedModel, drafters: tuple[str, ...] | None) -> None:
        """Write with ``model``; ``drafters`` are names, None for the default ones."""
        self._model = model
        self._drafters = drafters
        self._slabs = SlabStore(model.engine, SLAB_BYTES)
        self._length = DraftLength(measured_curve(model))

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write behind a prompt, up to an end token."""
        begin = time.perf_counter()
        model, ids = self._model, tuple(prompt)
        job = Job(ids, b"", b"", most, model.format.separators, model.format.before_middle(ids))
        material = registry.Material(model.vocabulary, heads=model.heads, draft=model.draft)
        drafters = registry.build(self._drafters, material)
        with self._slabs.lease("typed", ids, most) as slab:
            parts = replace(parts_of(model.engine, model, self._length, drafters), slab=slab)
            run = generate(job, parts, Recorder(), lambda: False)
        return Written(run.tokens, time.perf_counter() - begin)
