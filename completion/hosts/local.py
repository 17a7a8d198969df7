"""The engine in this process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from completion.hosts.base import EngineSettings
from models.progress import Say, silent

if TYPE_CHECKING:
    from completion.service import CompletionService

# Collections of the middle generation before one of all, where Python has 10: some minutes of work.
FULL_COLLECTION = 1000


@dataclass(frozen=True)
class LocalHost:
    """Loads the model here; an ``EngineHost``.

    Attributes:
        settings: Which model.
        say: Told what is done while a large model is loaded.
        index_workspaces: As for ``ServiceSettings``; pays from the second completion in a project on.
    """

    settings: EngineSettings
    say: Say = silent
    index_workspaces: bool = True

    def open(self) -> CompletionService:
        """Load the model; see ``EngineHost.open``.

        The analysis starts first: its worker warms up while torch is imported and the model is read.
        """
        from completion.analysis import open_analysis

        facts = open_analysis()
        with lasting():
            from completion.hosts.pace import Pace
            from completion.service import ServiceSettings, open_service

            wanted, settings = self.settings, ServiceSettings(index_workspaces=self.index_workspaces)
            return open_service(
                wanted.model, wanted.dtype, wanted.device, facts, settings, Pace().step, self.say, wanted.draft_model
            )


@contextmanager
def lasting() -> Iterator[None]:
    """Take what is made meanwhile to stay until the end: the garbage collector never looks through it.

    Importing torch makes a quarter of a million objects, and looking through them takes a tenth of the time.  The
    collector looks through all others seldom, too: that keeps who types waiting for up to a tenth of a second, where
    completions leave no garbage to be found (``tests/completion/test_garbage.py``).
    """
    gc.disable()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_COLLECTION)
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
