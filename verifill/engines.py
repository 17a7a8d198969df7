"""``verifill engine``: the process that runs the model for all windows."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from completion.hosts import control
from completion.hosts.engine_process import AlreadyRunning, run_engine
from completion.hosts.local import LocalHost
from completion.hosts.run_folder import EngineFiles, engines, run_folder
from models.progress import Say
from verifill.errors import BROKEN, INTERRUPTED, Failure
from verifill.options import ModelOptions
from verifill.terminal import note
from verifill.wiring import as_failure, settings_of

if TYPE_CHECKING:
    from completion.service import CompletionService

NO_ENGINE = "no engine is running; editors and verifill serve start one when they need it"


def run(model: ModelOptions, idle_s: float) -> int:
    """Be the engine, and return the exit code: 0 also where one runs already.

    Raises:
        Failure: The model or the run folder cannot be used.
    """
    settings = settings_of(model)

    def load(say: Say) -> CompletionService:
        return LocalHost(settings, say).open()

    with as_failure():
        try:
            ended_by = run_engine(settings, load, run_folder(), idle_s, lambda: note("the engine is ready"))
        except AlreadyRunning as error:
            note(str(error))
            return 0
    return INTERRUPTED if ended_by is signal.SIGINT else 0


def status(as_json: bool) -> None:
    """Print what the running engines say of themselves.

    Raises:
        Failure: The run folder cannot be used.
    """
    found = [control.status_of(files) for files in _running()]
    if as_json:
        sys.stdout.write(json.dumps([one for one in found if one is not None]) + "\n")
        return
    for one in found:
        sys.stdout.write(_in_words(one) + "\n")
    if not found:
        note(NO_ENGINE)


def stop() -> None:
    """End all engines.

    Raises:
        Failure: The run folder cannot be used, or an engine does not end.
    """
    found = _running()
    for files in found:
        record = files.read_record()
        if not control.stop(files):
            raise Failure(f"the engine, process {record.pid if record else 'unknown'}, does not end", BROKEN)
    if not found:
        note(NO_ENGINE)


def _running() -> list[EngineFiles]:
    with as_failure():
        return list(engines(run_folder()))


def _in_words(values: Mapping[str, Any] | None) -> str:
    if values is None:
        return "an engine that does not answer; verifill engine stop ends it"
    head = f"process {values['pid']}, up {values['uptime_s'] / 60:.0f} min, {_megabytes(values['memory_bytes'])}"
    service = values["service"]
    if service is None:
        return f"{head}: loading the model"
    slabs = service["slabs"]
    fewer = f" (fewer than usual: {slabs['reason']})" if slabs["reason"] else ""
    return (
        f"{head}: model {service['model']} in {service['dtype']} on {service['placement']}; "
        f"windows and servers: {values['fronts']}; "
        f"requests: {service['running']} running, {service['waiting']} waiting, {service['finished']} finished; "
        f"prompts kept: {slabs['count']}, {_megabytes(slabs['bytes'])}{fewer}"
        + "".join(f"; not analysed: {trouble}" for trouble in service["not_analysed"])
    )


def _megabytes(number: int | None) -> str:
    return "unknown memory" if number is None else f"{number / 1e6:.0f} MB"
