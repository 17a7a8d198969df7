"""The completion service: a request comes in, a checked completion goes out.

The service owns the model's slabs and the analysis, and runs one generation at a time on a
thread of its own; fronts await it.  It does no IO and knows no editor.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePath

from analysis.analyzers.jedi_pool import JediPool
from analysis.facts import FactSource
from analysis.scanner import scan_text
from analysis.store import FactStore
from completion.layout import Layout, fit, lay_out
from completion.result import Attempt, assemble, nothing
from completion.types import CancelToken, CompletionRequest, CompletionResult
from decoding.drafters import registry as drafters
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.watch import Watch
from models.checkpoints import LoadedModel, load
from models.engines.base import Slab
from monitors import registry as monitors
from monitors.base import Site
from monitors.questions import nearby
from monitors.stop import StopPolicy

# Prompt tokens at most.  The embedded model is trained on contexts of about this size, and on a
# CPU a longer prompt costs more wait than it brings.
CONTEXT_TOKENS = 1024

# Parts of the document's path that the model is told.
PATH_PARTS = 3

# Tokens a forward pass may verify beside the root.  Up to about eight rows cost little more than
# one on a CPU with bf16 units, and about twice as much in fp32 (measured, docs/decoding.md).
DRAFT_BUDGET = 10

# Bytes of the suffix that are asked whether the middle may end before them.
ENDING_BYTES = 64

# Alternatives after the first are drawn at no less than this: greedy ones would all be equal.
ALTERNATIVE_TEMPERATURE = 0.6


def open_service(
    source: str | None = None, dtype: str = "auto", device: str = "auto", facts: FactStore | None = None
) -> CompletionService:
    """Load a model (see ``models.checkpoints.load``) while the analysis beside it warms up.

    Args:
        source: As for ``load``.
        dtype: As for ``load``.
        device: As for ``load``.
        facts: The analysis, which the service takes over, also if it cannot be opened; None to start one here.

    Raises:
        ModelError: The model cannot be used, for a reason that the message names.
    """
    facts = facts or FactStore(JediPool())
    try:
        return CompletionService(load(source, dtype, device), facts)
    except BaseException:
        facts.close()
        raise


class CompletionService:
    """Completes code with one model.

    Closing it ends the analysis workers; a request that runs meanwhile is cancelled.
    """

    def __init__(self, model: LoadedModel, facts: FactStore) -> None:
        """Take over a loaded model and a fact store."""
        self._model = model
        self._facts = facts
        self._slab: Slab = model.engine.new_slab()
        self._one_at_a_time = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        self._closing = CancelToken()

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def device(self) -> str:
        """Device that it runs on."""
        return self._model.device

    async def complete(self, request: CompletionRequest, cancel: CancelToken) -> CompletionResult:
        """Complete on the decode thread.

        Raises:
            ValueError: The request makes no sense (offset outside the text, unknown monitor).
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.complete_now, request, cancel)

    def complete_now(self, request: CompletionRequest, cancel: CancelToken | None = None) -> CompletionResult:
        """Complete on this thread; see ``complete``."""
        cancel = cancel or CancelToken()
        with self._one_at_a_time:
            if cancel.cancelled or self._closing.cancelled:
                return nothing(self._model)
            return self._complete(request, cancel)

    def close(self) -> None:
        """Stop the decode thread and the analysis workers."""
        self._closing.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._facts.close()

    def _complete(self, request: CompletionRequest, cancel: CancelToken) -> CompletionResult:
        around = Recorder()
        with around.phase("context"):
            layout = lay_out(request)
            job, site = self._job(request, layout)
            source = self._facts.source(layout.document, request.facts)
        attempts = []
        for candidate in range(request.candidates):
            attempts.append(self._attempt(request, job, site, source, candidate, cancel))
            if cancel.cancelled or self._closing.cancelled:
                break
        result = assemble(layout, attempts, self._model, around, source.counters())
        if request.facts == "live":  # the analysis is idle now, and these are what the next keystrokes will ask about
            source.ask(nearby(layout.document))
        return result

    def _job(self, request: CompletionRequest, layout: Layout) -> tuple[Job, Site]:
        """Encode the prompt and describe the cursor to the monitors."""
        model, limits = self._model, request.limits
        kept_ids, healed = model.vocabulary.split_for_healing(layout.typed)
        typed = layout.typed.encode()
        budget = min(CONTEXT_TOKENS, model.engine.max_length - limits.max_tokens - len(kept_ids) - DRAFT_BUDGET - 8)
        prefix, suffix = fit(layout.prefix, layout.model_suffix, budget, lambda t: len(model.vocabulary.encode(t)))
        path = "/".join(PurePath(request.document.path).parts[-PATH_PARTS:])
        prompt = (*model.format.encode(model.vocabulary, prefix, suffix, path=path), *kept_ids)
        kept = typed[: len(typed) - len(healed)]
        site = Site(
            document=layout.document,
            start=scan_text(layout.prefix).fresh(),
            typed=typed,
            healed=healed,
            remainder=layout.remainder.encode(),
            suffix=layout.suffix.encode(),
        )
        return Job(prompt, kept, healed, limits.max_tokens, model.format.separators), site

    def _attempt(
        self,
        request: CompletionRequest,
        job: Job,
        site: Site,
        source: FactSource,
        candidate: int,
        cancel: CancelToken,
    ) -> Attempt:
        """Generate one candidate; all share the prompt's keys and values."""
        model = self._model
        watchers = monitors.build(request.monitors, site)
        parts = Parts(
            engine=model.engine,
            slab=self._slab,
            masker=Masker(model.vocabulary, model.format.end_ids, ending_of(site), sampler_of(request, candidate)),
            watch=Watch.start(watchers, site.start),
            stop=StopPolicy(site, request.limits.multiline),
            facts=source,
            drafters=drafters.build(request.drafters, model.vocabulary, job.healed),
            draft_budget=DRAFT_BUDGET,
        )
        recorder = Recorder()
        run = generate(job, parts, recorder, lambda: cancel.cancelled or self._closing.cancelled)
        return Attempt(run, recorder)


def ending_of(site: Site) -> bytes:
    """Return the first bytes that follow the middle: enough to see a quote closed and a name go on."""
    return site.suffix[:ENDING_BYTES] or b"\n"


def sampler_of(request: CompletionRequest, candidate: int) -> Sampler:
    """Return how one candidate's tokens are drawn."""
    wanted = request.sampling
    sampler = Sampler(wanted.temperature, wanted.top_k, wanted.top_p, wanted.min_p, wanted.seed, candidate)
    if candidate == 0:
        return sampler
    return replace(sampler, temperature=max(ALTERNATIVE_TEMPERATURE, wanted.temperature))
