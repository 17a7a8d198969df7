"""Putting the rooms together: a model, the analysis, and the service over both."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from models.progress import Say, silent
from verifill.errors import BROKEN, NO_MODEL, Failure
from verifill.options import CompleteOptions, ModelOptions
from verifill.surroundings import say_once
from verifill.terminal import working

if TYPE_CHECKING:
    from completion.hosts.base import EngineHost, EngineSettings
    from completion.hosts.local import LocalHost
    from completion.hosts.process import ProcessHost
    from completion.loading import Service
    from completion.service import CompletionService
    from completion.types import CompletionRequest, CompletionResult
    from models.checkpoints import LoadedModel


def check_names(options: CompleteOptions) -> None:
    """See that all monitors and drafters asked for exist, before anything slow happens.

    Raises:
        Failure: One does not.
    """
    from decoding.drafters.registry import BUILDERS
    from monitors.registry import NAMES

    for kind, wanted, known in (
        ("monitor", options.monitors, NAMES),
        ("drafter", options.drafters, tuple(BUILDERS)),
    ):
        for name in wanted or ():
            if name not in known:
                raise Failure(f"unknown {kind} {name!r}; known are {', '.join(known)}")


def host_for(model: ModelOptions, in_process: bool, say: Say = silent) -> EngineHost:
    """Return where a model is to run: in this process, or in the engine that the user's windows share."""
    return _local_host(model, say) if in_process else _shared_host(model, say)


def host_at_hand(model: ModelOptions, in_process: bool, say: Say = silent) -> EngineHost:
    """Return the shared engine if it runs, else this process: for one completion no engine is started."""
    from completion.hosts.errors import EngineError

    shared = _shared_host(model, say)
    with contextlib.suppress(EngineError):
        if not in_process and shared.is_running():
            return shared
    return _local_host(model, say, index_workspaces=False)


def open_service(host: EngineHost) -> Service:
    """Open a host's service.

    Raises:
        Failure: The model or the engine cannot be used.
    """
    with as_failure():
        return host.open()


def completed(request: CompletionRequest, model: ModelOptions, in_process: bool) -> CompletionResult:
    """Complete once, with a service that is opened for it.

    Raises:
        Failure: The model or the engine cannot be used, or the request makes no sense.
    """
    with working("loading the model") as say:
        service = open_service(host_at_hand(model, in_process, say))
    try:
        with working("completing"), as_failure():
            return service.complete_now(request)
    except ValueError as error:
        if type(error) is not ValueError:  # its subclasses are no answers to a request
            raise
        raise Failure(str(error)) from error
    finally:
        service.close()


@contextlib.contextmanager
def as_failure() -> Iterator[None]:
    """Turn what the model or the engine cannot do into a ``Failure``."""
    from completion.hosts.errors import EngineError
    from models.errors import ModelError

    try:
        yield
    except ModelError as error:
        raise Failure(str(error), NO_MODEL) from error
    except EngineError as error:
        raise Failure(str(error), BROKEN) from error


def settings_of(model: ModelOptions) -> EngineSettings:
    """Return an engine's settings; they mean the same in every working directory."""
    from completion.hosts.base import EngineSettings
    from completion.settings.holding import user_settings

    chosen = user_settings()
    for problem in chosen.problems:
        say_once(problem)
    user = chosen.settings
    return EngineSettings(
        model=_in_full(model.name or user.model),
        dtype=model.dtype.value if model.dtype else user.dtype,
        device=model.device or user.device,
        draft_model=_in_full(model.draft or user.draft_model),
    )


def _in_full(name: str) -> str | None:
    """Return a model's name such that it means the same in every working directory; None for none."""
    folder = Path(name).expanduser()
    return str(folder.resolve()) if name and folder.is_dir() else name or None


def service_over(loaded: LoadedModel) -> CompletionService:
    """Return a service that completes with ``loaded``, with analysis workers of its own."""
    from completion.analysis import open_analysis
    from completion.service import CompletionService
    from models import calibration, selftest

    warning = selftest.warn(loaded, calibration.default_folder())
    return CompletionService(loaded, open_analysis(), warning=warning)


def _local_host(model: ModelOptions, say: Say = silent, index_workspaces: bool = True) -> LocalHost:
    from completion.hosts.local import LocalHost

    return LocalHost(settings_of(model), say, index_workspaces)


def _shared_host(model: ModelOptions, say: Say = silent) -> ProcessHost:
    from completion.hosts.process import ProcessHost

    settings = settings_of(model)
    name = () if settings.model is None else ("--model", settings.model)
    draft = () if settings.draft_model is None else ("--draft-model", settings.draft_model)
    options = ("--dtype", settings.dtype, "--device", settings.device)
    command = (sys.executable, "-P", "-m", "verifill", "engine", "run", *name, *draft, *options)
    return ProcessHost(settings, command, say)
