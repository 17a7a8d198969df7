"""One request from document to result, as work in small steps for ``completion.scheduler``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from analysis.fact_trace import TracedFacts
from analysis.facts import FactSource
from analysis.store import FactStore
from completion.context.gathering import Surroundings
from completion.context.sources import Wishes
from completion.corpora.ngrams import blend_of
from completion.corpora.request import Corpora, Unseen
from completion.filters import Showing
from completion.histories import Histories
from completion.jobs import job_of, masker_of, unseen_of
from completion.layout import Layout, lay_out
from completion.previous import Previous, Written
from completion.prompt import Prompt, Prompts
from completion.result import Attempt, assemble, nothing
from completion.scheduler import Work
from completion.slabs import SlabStore
from completion.telling import Teller
from completion.trace import Trace
from completion.tracing import History, trace_of
from completion.types import CancelToken, CompletionRequest, CompletionResult, Reason, SamplingMode, Tell
from decoding.blending import Mix, unblended
from decoding.draft_length import DraftLength
from decoding.drafters import registry as drafters
from decoding.futures import Futures
from decoding.loop import Heed, generating
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.settled import Settled
from decoding.together import together
from decoding.types import Lenient, Passes, Steps, forced_from
from decoding.watch import Watch
from models.checkpoints import LoadedModel
from models.engines.base import Slab
from models.engines.memory import is_out_of_memory
from models.engines.prefill import feed, keep_common
from monitors import registry as monitors
from monitors.base import Site

# Prompt tokens at most.  The embedded model is trained on contexts of about this size, and on a
# CPU a longer prompt costs more wait than it brings.
CONTEXT_TOKENS = 1024

# Candidates that are written at once, each with a copy of the prompt's keys and values.
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Generation:
    """A request and everything it is worked on with.

    Attributes:
        request: What is wanted.
        model: Writes it.
        facts: The analysis.
        slabs: Keys and values of the requests before.
        prompts: Lays the prompt out.
        previous: What was written last.
        surroundings: Finds what the model reads of other files.
        corpora: What may be copied from besides the prompt.
        successors: What last followed each token, as in ``Parts``.
        draft_length: Decides how much of a draft is verified.
        cancel: Given by who asked.
        superseded: Fires when a newer request makes this one pointless.
        histories: How the last completions came about.
        on_pass: Told of every forward pass of the loop: its tokens and seconds.
        most_tokens: Returns how many tokens a pass may have now.
        tell: Told the text while it is written, if anybody wants to know.
    """

    request: CompletionRequest
    model: LoadedModel
    facts: FactStore
    slabs: SlabStore
    prompts: Prompts
    previous: Previous
    surroundings: Surroundings
    corpora: Corpora
    successors: dict[int, int]
    draft_length: DraftLength
    cancel: CancelToken
    superseded: CancelToken
    histories: Histories
    on_pass: Callable[[int, float], None]
    most_tokens: Callable[[], int]
    tell: Tell | None = None

    def completing(self) -> Steps[CompletionResult]:
        """Complete.

        Raises:
            ValueError: The request makes no sense.
            ModelError: The model computes no numbers.
        """
        for _ in range(2):
            try:
                return (yield from self._completing())
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self.slabs.shrink("out of memory")
                self.histories.clear()
        return nothing(self.model, Reason.OUT_OF_MEMORY)

    def tracing(self) -> Steps[Trace | None]:
        """Tell how the completion of this very request came about; None if that is not remembered."""
        yield None
        history = self.histories.of(self.request)
        return None if history is None else trace_of(history, self.model.vocabulary)

    def warming(self) -> Work:
        """Feed the prompt into a slab, and leave it there."""
        yield None
        if self.stopped():
            return
        prompt = yield from self.gathering(lay_out(self.request))
        with self.slabs.lease(self.request.document.path, prompt.ids) as slab:
            yield from self.feeding(slab, prompt)

    def prompt(self, layout: Layout) -> Prompt:
        """Return what the model reads, without a look at other files."""
        return self.prompts.prompt(layout, self._budget(), Wishes.of(self.request))

    def gathering(self, layout: Layout) -> Steps[Prompt]:
        """Return what the model reads; where the prompt is laid out anew, other files are looked at first."""
        budget, wishes = self._budget(), Wishes.of(self.request)
        if self.prompts.holds(layout, budget, wishes):
            return self.prompts.prompt(layout, budget, wishes)
        found = yield from self.surroundings.gathering(self.request, layout, self.stopped)
        if self.stopped():  # what was found so far is not what the next request shall keep
            return self.prompt(layout)
        return replace(self.prompts.prompt(layout, budget, wishes, found.snippets), late=found.late)

    def feeding(self, slab: Slab, prompt: Prompt) -> Work:
        """Have a slab hold a prompt but for its last token, chunk by chunk; less of it if the work is stopped."""
        keep_common(self.model.engine, slab, prompt.ids[:-1])
        while len(slab.tokens) < len(prompt.ids) - 1 and not self.stopped():
            feed(self.model.engine, slab, prompt.ids[:-1], self.most_tokens())
            yield None

    def blend(self, job: Job, unseen: Unseen) -> Mix:
        """Return what mixes n-grams of the document into the model's rows, if it is known how many of them do good."""
        counted = self.request.ngrams and self.model.shares
        return blend_of(job, unseen, self.corpora, self.model) if counted else unblended

    def stopped(self) -> bool:
        """Whether nobody wants the result any more."""
        return self.cancel.cancelled or self.superseded.cancelled

    def _completing(self) -> Steps[CompletionResult]:
        request, around = self.request, self._recorder()
        if self.stopped():
            return self._nothing()
        with around.phase("context"):
            showing, layout = Showing.of(request), lay_out(request)
            prompt = yield from self.gathering(layout)
        yield None  # laying out and looking around take some milliseconds each: who types waits for neither
        with around.phase("context"):
            job, site = job_of(request, layout, prompt, self.model)
            record = Path(request.record_facts) if request.record_facts else None
            source = self.facts.source(layout.document, request.facts, record)
            unseen = unseen_of(layout, prompt)
            corpora, blend = self.corpora.of(request, unseen), self.blend(job, unseen)
            material = drafters.Material(
                vocabulary=self.model.vocabulary,
                healed=job.healed,
                corpora=corpora,
                replaced=request.replaced.encode(),
                previous=self.previous.guess(
                    request.document.path,
                    layout.prefix + layout.typed,
                    job.prompt[forced_from(job.prompt, job.separators) :],
                    job.healed,
                ),
                heads=self.model.heads,
                draft=self.model.draft,
            )
            traced = TracedFacts(source) if request.trace or request.remembered else None
            source = traced or source
        yield None
        if self.stopped():
            return self._nothing()
        futures = Futures() if request.sampling.mode is SamplingMode.ALIGNED else None
        attempts: list[Attempt] = []
        with self.slabs.lease(request.document.path, prompt.ids, request.limits.max_tokens) as slab:
            maskers = [masker_of(request, self.model, site, number, futures) for number in range(request.candidates)]
            at_once = SIDE_BY_SIDE if futures is None else 1
            teller = self._teller(showing, layout)
            for first in range(0, len(maskers), at_once):
                group = maskers[first : first + at_once]
                works = [
                    self._attempt(job, site, source, material, slab, masker, masker is group[0], heed, blend)
                    for masker, heed in zip_longest(group, [teller] if first == 0 else ())
                ]
                attempts += yield from together(self.model.engine, works, self.on_pass)
                if futures is not None:
                    futures.learn(steps_of(attempts[-1].run, group[0]))
                if self.stopped():
                    break
        if self.superseded.cancelled:
            return self._nothing()
        self.previous.keep(request.document.path, written_by(attempts[0].run, len(layout.prefix)))
        trouble = self.facts.trouble(layout.document)
        result = assemble(showing, layout, prompt, attempts, self.model, around, source.counters(), trouble)
        if traced is not None:
            asked = traced.asked if request.facts != "none" else ()
            history = History.of(attempts[0].run, around, asked)
            if request.trace:
                result = replace(result, trace=trace_of(history, self.model.vocabulary))
            else:
                self.histories.keep(request, history)
        if request.facts == "live":  # the analysis is idle now, and these are what the next keystrokes will ask about
            source.ask(monitors.rulebook_of(site.language).ahead(layout.document))
            self.surroundings.ahead(request, layout)
        return result

    def _attempt(
        self,
        job: Job,
        site: Site[Any],
        source: FactSource,
        material: drafters.Material,
        slab: Slab,
        masker: Masker,
        first: bool,
        heed: Heed | None,
        blend: Mix,
    ) -> Passes[Attempt]:
        """Generate one candidate; the first of those side by side takes the slab, the others a copy of its prompt."""
        request, model = self.request, self.model
        watchers = monitors.build(request.monitors, site)
        yield None
        parts = Parts(
            engine=model.engine,
            slab=slab if first else model.engine.fork(slab, min(len(slab.tokens), len(job.prompt) - 1)),
            masker=masker,
            watch=Watch.start(watchers, site.start),
            stop=monitors.rulebook_of(site.language).stop(site, request.limits.multiline),
            facts=source,
            drafters=drafters.build(request.drafters, material),
            draft_length=self.draft_length,
            inspector=monitors.inspector(request.monitors, site) or Lenient(),
            most_tokens=self.most_tokens,
            successors=self.successors,
            blend=blend,
        )
        recorder = self._recorder()
        return Attempt((yield from generating(job, parts, recorder, self.stopped, heed)), recorder)

    def _teller(self, showing: Showing, layout: Layout) -> Teller | None:
        """Return who tells the first candidate while it is written."""
        late = self.request.facts != "none"
        return None if self.tell is None else Teller(showing, layout, self.tell, Settled(late))

    def _recorder(self) -> Recorder:
        return Recorder(spans=[] if self.request.trace or self.request.remembered else None)

    def _nothing(self) -> CompletionResult:
        return nothing(self.model, Reason.SUPERSEDED if self.superseded.cancelled else Reason.CANCELLED)

    def _budget(self) -> int:
        """Return how many tokens the prompt may have."""
        return min(CONTEXT_TOKENS, self.model.engine.max_length - self.request.limits.max_tokens)


def written_by(run: Run, start: int) -> Written:
    """Return what a run has written behind so many characters of the document."""
    ended = run.tokens[-1:] if run.tokens and run.tokens[-1] in run.parts.masker.end_ids else ()
    return Written(start, run.text, ended)


def steps_of(run: Run, masker: Masker) -> Iterator[tuple[int | None, Mapping[int, float]]]:
    """Yield what ``Futures`` learns from a finished candidate."""
    for emitted in run.emitted:
        yield emitted.token, masker.shares(emitted.row, emitted.before, run.view)
    if run.finish == "monitor":
        yield None, {}
