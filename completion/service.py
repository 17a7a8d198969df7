"""The completion service: requests come in, checked completions go out.

The service owns the model's slabs and the analysis.  Requests run step by step on one thread, the most
urgent first (``completion.scheduler``), each on a slab of its own; fronts await them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from analysis.store import FactStore
from completion import popup
from completion.analysis import open_analysis
from completion.context.gathering import Surroundings
from completion.corpora.request import Corpora
from completion.generation import CONTEXT_TOKENS, Generation
from completion.histories import Histories
from completion.layout import check_offset, has_long_line
from completion.pass_size import PassSize
from completion.previous import Previous
from completion.prompt import Prompts
from completion.result import nothing
from completion.scheduler import Scheduler, Task, Work
from completion.slabs import SlabStore
from completion.trace import Trace
from completion.types import CancelToken, CompletionRequest, CompletionResult, Listing, Reason, Tell, Trigger
from decoding.draft_length import DraftLength
from decoding.scoring import NameEnds
from decoding.types import Steps
from models import calibration, selftest
from models.checkpoints import LoadedModel, load
from models.progress import Say, silent

MIB = 2**20

Answer = TypeVar("Answer")

# Answers a popup's question.
Look = Callable[[Generation], Steps[Answer]]


@dataclass(frozen=True)
class ServiceSettings:
    """What an owner of a service may set.

    Attributes:
        slab_bytes: Memory for keys and values, at most.
        cache: Folder of measurements of this machine; None to keep none.
        index_workspaces: Whether workspaces are indexed in the background, for guesses (``completion.corpora``)
            and for what the model reads of other files (``completion.context``).
    """

    slab_bytes: int = 512 * MIB
    cache: Path | None = field(default_factory=calibration.default_folder)
    index_workspaces: bool = False


# Tokens, seconds, and the seconds that were measured for so many; None before any were.
OnStep = Callable[[int, float, float | None], None]


def open_service(
    source: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    facts: FactStore | None = None,
    settings: ServiceSettings | None = None,
    on_step: OnStep | None = None,
    say: Say = silent,
    draft: str | None = None,
) -> CompletionService:
    """Load a model (see ``models.checkpoints.load``) while the analysis beside it warms up.

    One that was not trained to fill in middles is warned of in the log (``models.selftest``).

    Args:
        source: As for ``load``.
        dtype: As for ``load``.
        device: As for ``load``.
        facts: The analysis, which the service takes over, also if it cannot be opened; None to start one here.
        settings: As for ``CompletionService``.
        on_step: As for ``CompletionService``.
        say: As for ``load``.
        draft: As for ``load``.

    Raises:
        ModelError: The model cannot be used, for a reason that the message names.
    """
    facts = facts or open_analysis()
    try:
        model, settings = load(source, dtype, device, say, draft), settings or ServiceSettings()
        return CompletionService(model, facts, settings, on_step, selftest.warn(model, settings.cache))
    except BaseException:
        facts.close()
        raise


class CompletionService:
    """Completes code with one model, for any number of callers at once.

    Closing it ends the analysis workers; requests that run meanwhile are cancelled.
    """

    def __init__(
        self,
        model: LoadedModel,
        facts: FactStore,
        settings: ServiceSettings | None = None,
        on_step: OnStep | None = None,
        warning: str = "",
    ) -> None:
        """Take over a loaded model and a fact store.

        Args:
            model: The model.
            facts: The analysis.
            settings: None for the default ones.
            on_step: Told of every forward pass of the decode loop, on the thread that runs it.
            warning: See ``Service.warning``.
        """
        self._warning = warning
        self._settings = settings or ServiceSettings()
        self._model = model
        self._facts = facts
        self._slabs = SlabStore(model.engine, self._settings.slab_bytes)
        self._prompts = Prompts(model.vocabulary, model.format)
        self._previous = Previous(model.vocabulary)
        self._surroundings = Surroundings(facts, self._settings.index_workspaces)
        self._corpora = Corpora(model.vocabulary, self._settings.index_workspaces)
        self._name_ends = NameEnds(model.vocabulary, model.format.end_ids)
        self._histories = Histories()
        self._on_step = on_step
        self._successors: dict[int, int] = {}
        self._draft_length = DraftLength()
        self._pass_size = PassSize()
        self._calibrated: calibration.Calibration | None = None
        if known := self._stored_calibration():
            self._use(known)
        self._scheduler = Scheduler()

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def device(self) -> str:
        """Device that it runs on."""
        return self._model.device

    @property
    def context(self) -> int:
        """Most tokens of a prompt that the model reads."""
        return min(CONTEXT_TOKENS, self._model.engine.max_length)

    @property
    def warning(self) -> str:
        """What its user should know about the model, one line; "" for nothing."""
        return self._warning

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Complete; requests that run at once take turns, the most urgent ones first.

        A newer automatic or invoked request supersedes older automatic ones of the same document.  The text that
        ``tell`` is told is the beginning of the result's, unless memory runs out meanwhile.

        Raises:
            ValueError: The request makes no sense (offset outside the text, unknown monitor).
            ModelError: The model computes no numbers.
        """
        return await asyncio.wrap_future(self._submit(request, cancel, tell))

    def complete_now(self, request: CompletionRequest, cancel: CancelToken | None = None) -> CompletionResult:
        """Complete, and wait for it on this thread; see ``complete``."""
        return self._submit(request, cancel or CancelToken()).result()

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """List the names that may begin at the cursor.

        Raises:
            ValueError: The offset lies outside the document.
        """
        return await self._look(request, cancel, popup.listing, Listing())

    async def likelihoods(
        self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken
    ) -> tuple[float | None, ...]:
        """Return the log-probability of each name at the cursor, nats; none if cancelled, or memory does not suffice.

        Errors are those of ``names``, as for ``description``.
        """
        ends = self._name_ends
        return await self._look(request, cancel, lambda work: popup.likelihoods(work, names, ends), ())

    async def description(self, request: CompletionRequest, name: str, cancel: CancelToken) -> str:
        """Return how a listed name can be called at the cursor, a line for each way; "" if that is unknown."""
        return await self._look(request, cancel, lambda work: popup.description(work, name), "")

    async def trace(self, request: CompletionRequest) -> Trace | None:
        """Tell how the completion of a remembered request came about; None if it is not one of the last.

        Raises:
            ValueError: The offset lies outside the document.
        """
        return await self._look(request, CancelToken(), Generation.tracing, None)

    def warm(self, request: CompletionRequest) -> None:
        """Feed the prompt of a request that may come, when nothing more urgent is to be done; returns at once.

        Raises:
            ValueError: The offset lies outside the document.
        """
        check_offset(request)
        if has_long_line(request):
            return
        cancel, superseded = CancelToken(), CancelToken()
        steps = self._generation(request, cancel, superseded).warming()
        self._scheduler.submit(Task(steps, Trigger.WARM_UP, request.document.path, cancel, superseded))

    def calibrate(self) -> None:
        """Measure the machine while nothing else is to be done, unless that was done before; returns at once."""
        if self._calibrated is None:
            cancel = CancelToken()
            self._scheduler.submit(Task(self._calibrating(cancel), Trigger.WARM_UP, "", cancel, CancelToken()))

    def index(self, workspaces: Iterable[str]) -> None:
        """Index workspaces, and wait for it; without this they are indexed in the background."""
        self._corpora.index(workspaces)

    def status(self) -> Mapping[str, Any]:
        """Return what the service holds and has done, as plain values for JSON."""
        known = self._calibrated
        return {
            "model": self._model.name,
            "dtype": self._model.dtype,
            "device": self._model.device,
            "placement": self._model.placement,
            **asdict(self._scheduler.counts()),
            "documents": len(self._prompts),
            "slabs": asdict(self._slabs.counts()),
            "indexed": asdict(self._corpora.counts()),
            "not_analysed": list(self._facts.troubles()),
            "cost_curve": known and {
                "threads": known.threads,
                "tokens": list(known.curve.tokens),
                "ms": [round(1000 * seconds, 3) for seconds in known.curve.seconds],
            },
        }  # fmt: skip

    def wake(self) -> None:
        """Do nothing: it is awake until it is closed."""

    def end(self) -> None:
        """Close it: nobody else uses it."""
        self.close()

    def close(self) -> None:
        """Stop what runs, the decode thread and the analysis workers."""
        self._scheduler.close()
        self._surroundings.close()
        self._corpora.close()
        self._facts.close()

    def _submit(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> Future[CompletionResult]:
        superseded = CancelToken()
        steps = self._generation(request, cancel, superseded, tell).completing()
        task = Task(steps, request.trigger, request.document.path, cancel, superseded)
        if has_long_line(request):
            task.future.set_result(nothing(self._model, Reason.LONG_LINE))
        elif not self._scheduler.submit(task):
            task.future.set_result(nothing(self._model, Reason.CANCELLED))
        return task.future

    async def _look(self, request: CompletionRequest, cancel: CancelToken, look: Look[Answer], none: Answer) -> Answer:
        """Answer a popup's question beside what else is asked of its document; ``none`` once the service is closed."""
        check_offset(request)
        superseded = CancelToken()
        steps = look(self._generation(request, cancel, superseded))
        task = Task(steps, request.trigger, "", cancel, superseded)
        if has_long_line(request) or not self._scheduler.submit(task):
            return none
        answer: Answer = await asyncio.wrap_future(task.future)
        return answer

    def _generation(
        self, request: CompletionRequest, cancel: CancelToken, superseded: CancelToken, tell: Tell | None = None
    ) -> Generation:
        self._pass_size.asked(request.trigger)
        return Generation(
            request=request,
            model=self._model,
            facts=self._facts,
            slabs=self._slabs,
            prompts=self._prompts,
            previous=self._previous,
            surroundings=self._surroundings,
            corpora=self._corpora,
            successors=self._successors,
            draft_length=self._draft_length,
            cancel=cancel,
            superseded=superseded,
            histories=self._histories,
            on_pass=self._passed,
            most_tokens=partial(self._pass_size.most, request.trigger),
            tell=tell,
        )

    def _calibrating(self, cancel: CancelToken) -> Work:
        steps = calibration.calibrating(self._model)
        while not cancel.cancelled:
            yield None
            try:
                next(steps)
            except StopIteration as end:
                self._use(end.value)
                if self._settings.cache is not None:
                    calibration.write(self._settings.cache, self._model, end.value)
                return
        steps.close()

    def _stored_calibration(self) -> calibration.Calibration | None:
        return calibration.read(self._settings.cache, self._model) if self._settings.cache is not None else None

    def _use(self, known: calibration.Calibration) -> None:
        calibration.apply(known)
        self._calibrated, self._draft_length = known, DraftLength(known.curve)
        self._pass_size.measured(known.curve)

    def _passed(self, n_tokens: int, seconds: float) -> None:
        if self._on_step is not None:
            expected = None if self._calibrated is None else self._calibrated.curve.at(n_tokens)
            self._on_step(n_tokens, seconds, expected)
