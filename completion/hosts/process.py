"""The engine in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from completion.hosts import control
from completion.hosts.base import EngineSettings
from completion.hosts.build import build_id
from completion.hosts.finding import Finder
from completion.hosts.remote import RemoteService
from completion.hosts.run_folder import run_folder
from models.progress import Say, silent


@dataclass(frozen=True)
class ProcessHost:
    """Finds the user's engine, or starts it; an ``EngineHost``.

    Attributes:
        settings: Which engine.
        command: Starts it in the foreground; ``run_engine`` is what it has to call.
        say: Told what the engine does while it loads its model.
    """

    settings: EngineSettings
    command: tuple[str, ...]
    say: Say = silent

    def open(self) -> RemoteService:
        """Return the engine's service when its model is loaded; see ``EngineHost.open``."""
        finder = self._finder()
        service = RemoteService(finder.find_or_start, partial(control.stop, finder.files), self.say)
        try:
            service.wait()
        except BaseException:
            service.close()
            raise
        return service

    def is_running(self) -> bool:
        """Whether there is such an engine already.

        Raises:
            EngineError: The run folder cannot be used.
        """
        return self._finder().files.is_running()

    def _finder(self) -> Finder:
        return Finder(self.settings, self.command, run_folder(), build_id())
