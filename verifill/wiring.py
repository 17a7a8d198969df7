"""Putting the rooms together: a model, the analysis, and the service over both."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from verifill.errors import NO_MODEL, Failure
from verifill.options import CompleteOptions, ModelOptions

if TYPE_CHECKING:
    from analysis.store import FactStore
    from completion.service import CompletionService
    from models.checkpoints import LoadedModel


def check_names(options: CompleteOptions) -> None:
    """See that all monitors and drafters asked for exist, before anything slow happens.

    Raises:
        Failure: One does not.
    """
    from decoding.drafters.registry import BUILDERS
    from monitors.registry import FACTORIES

    for kind, wanted, known in (
        ("monitor", options.monitors, tuple(FACTORIES)),
        ("drafter", options.drafters, tuple(BUILDERS)),
    ):
        for name in wanted or ():
            if name not in known:
                raise Failure(f"unknown {kind} {name!r}; known are {', '.join(known)}")


def open_service(model: ModelOptions) -> CompletionService:
    """Load a model and return a service that completes with it.

    The analysis starts first: its worker warms up while torch is imported and the model is read.

    Raises:
        Failure: The model cannot be used.
    """
    from models.errors import ModelError

    facts = start_analysis()
    try:
        with lasting():
            from completion import service

            return service.open_service(model.name, model.dtype.value, model.device, facts)
    except ModelError as error:
        raise Failure(str(error), NO_MODEL) from error


def service_over(loaded: LoadedModel) -> CompletionService:
    """Return a service that completes with ``loaded``, with analysis workers of its own."""
    from completion.service import CompletionService

    return CompletionService(loaded, start_analysis())


def start_analysis() -> FactStore:
    """Return an empty fact store over analysis workers that begin to warm up."""
    from analysis.analyzers.jedi_pool import JediPool
    from analysis.store import FactStore

    return FactStore(JediPool())


@contextmanager
def lasting() -> Iterator[None]:
    """Take what is made meanwhile to stay until the end: the garbage collector never looks through it.

    Importing torch makes a quarter of a million objects, and looking through them takes a tenth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
