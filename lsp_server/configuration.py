"""What holds in each workspace folder, as it stands now: settings from all places, interpreter, trust.

It is worked out anew for every request: files that were written since count, and nothing has to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from completion.settings import Layer, Level
from completion.settings.holding import Holding, holding
from completion.trust import is_trusted
from lsp_server.settings import ServerSettings

SECTION = "verifill"
_EDITOR = "the editor's settings"

# The editor's word for its user's; that and the interpreter of its Python extension are no settings of anybody else.
_TRUSTED = "trusted"

# Keys of our section that VS Code's client library reads itself.
_EXTENSION = frozenset({"trace"})


class Configuration:
    """The settings of one window."""

    def __init__(self, start: ServerSettings, tell: Callable[[list[str]], None]) -> None:
        """Know what the command line says.

        Args:
            start: How the server was started.
            tell: Told what is wrong, each thing once.
        """
        self._start = start
        self._tell = tell
        self._told: set[str] = set()
        self._everywhere = Layer(_EDITOR, Level.CLIENT, {})
        self._in_folder: dict[str, Layer] = {}

    def take(self, values: object, folder: str | None = None) -> None:
        """Take over what the client says, in place of what it said before.

        Args:
            values: Settings by name; None says nothing, and changes nothing.
            folder: For this workspace folder; None for all that nothing else is said about.
        """
        if values is None:
            return
        if not isinstance(values, Mapping):
            self._news([f"{_EDITOR} are no object and are ignored"])
            return
        layer = Layer(_EDITOR, Level.CLIENT, values, _EXTENSION)
        if folder is None:
            self._everywhere = layer
        else:
            self._in_folder[folder] = layer

    def at(self, folder: str) -> Holding:
        """Return what holds in a workspace folder."""
        client = self._in_folder.get(folder, self._everywhere)
        command = Layer("the command line", Level.COMMAND, self._start.command)
        trusted = self._start.trusted or client.values.get(_TRUSTED) is True or is_trusted(folder)
        found = holding(Path(folder), trusted, (client, command))
        self._news([*found.problems, *_untrusted(found, folder)])
        return found

    def _news(self, problems: list[str]) -> None:
        news = [problem for problem in dict.fromkeys(problems) if problem not in self._told]
        self._told.update(news)
        if news:
            self._tell(news)


def _untrusted(found: Holding, folder: str) -> list[str]:
    """Return what a user should know whose environment is passed over."""
    if not found.interpreter.untrusted:
        return []
    return [f"analysis_untrusted: {found.interpreter.why}: verifill trust {folder}"]
