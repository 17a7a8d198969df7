"""Where language servers are installed: a folder of the user's, made by ``verifill languages add``.

::

    bridge/            a virtual environment with multilspy; requirements.txt in it says which
    typescript/        a language, with what npm installed for it
        server.json    which server is run

A program is looked for when a language is added, never later: a project has no say in what is run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.analyzers.language_servers.catalogue import SERVERS, Server
from analysis.analyzers.language_servers.worker import Wish
from analysis.languages import language_of

RECORD = "server.json"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True)
class Installed:
    """A server that was added.

    Attributes:
        version: Its name and version, as it says itself.
        binary: Its program, absolute; "" for the one that npm installed in the language's folder.
        source: Where it comes from; words for users.
    """

    version: str
    binary: str
    source: str


@dataclass(frozen=True)
class Home:
    """The folder.

    Attributes:
        folder: Absolute; need not exist.
    """

    folder: Path

    @property
    def bridge(self) -> Path:
        """The virtual environment that holds multilspy."""
        return self.folder / "bridge"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.bridge / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def bridge_is_current(self) -> bool:
        """Whether the environment is there, and holds what this version of Verifill wants."""
        try:
            held = (self.bridge / REQUIREMENTS.name).read_bytes()
        except OSError:
            return False
        return self.python.exists() and held == REQUIREMENTS.read_bytes()

    def of(self, server: Server) -> Path:
        """Return a language's folder."""
        return self.folder / server.name

    def installed(self, server: Server) -> Installed | None:
        """Return what was added for a language; None if nothing was, or nothing that can be read."""
        return read_record(self.of(server))

    def added(self, server: Server) -> int:
        """Return when a language was added, in nanoseconds; 0 if it was not."""
        try:
            return (self.of(server) / RECORD).stat().st_mtime_ns
        except OSError:
            return 0

    def all_installed(self) -> Iterator[tuple[Server, Installed]]:
        """Yield the languages that were added."""
        for server in SERVERS:
            if (installed := self.installed(server)) is not None:
                yield server, installed


def read_record(folder: Path) -> Installed | None:
    """Return what a language's folder says of its server; None if it says nothing."""
    try:
        return Installed(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(folder: Path, installed: Installed) -> None:
    """Have a language's folder tell of its server."""
    (folder / RECORD).write_text(json.dumps(asdict(installed), indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Limits:
    """How long a server may take, seconds.

    Attributes:
        start: Until it is ready: one that reads a large project first may take minutes.
        answer: For one question; a first look at a project may take most of it.
    """

    start: float = 180.0
    answer: float = 20.0


USUAL = Limits()


def program(server: Server, folder: Path, installed: Installed) -> Path:
    """Return a server's program; it may have been removed since.

    Args:
        server: The server.
        folder: The language's folder.
        installed: What it says.
    """
    if installed.binary:
        return Path(installed.binary)
    name = server.programs[0] + (".cmd" if os.name == "nt" else "")
    return folder / "node_modules" / ".bin" / name


def wish(server: Server, binary: Path, workspace: str, limits: Limits = USUAL) -> Wish:
    """Return what a worker is to run.

    Args:
        server: The server.
        binary: Its program.
        workspace: The project folder.
        limits: How long it may take.
    """
    return Wish(
        language=server.bridge,
        root=workspace,
        binary=str(binary),
        arguments=list(server.arguments),
        environment=dict(server.environment),
        options=dict(server.options),
        suffixes=[suffix for each in server.languages for suffix in language_of(each).suffixes],
        whole=server.whole,
        reopens=server.reopens,
        lags=server.lags,
        plain=server.plain,
        ready=server.ready,
        start_s=limits.start,
        answer_s=limits.answer,
    )
