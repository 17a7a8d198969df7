"""Whether a language server works here: a question with a known answer about a project of a few lines."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from analysis.analyzers.language_servers.catalogue import Server
from analysis.analyzers.language_servers.home import Home, Limits, wish
from analysis.analyzers.language_servers.process import LspProcess, command
from analysis.facts import BaseDocument, FactKey
from analysis.worker_process import WorkerError

_LIMITS = Limits(start=60.0, answer=60.0)


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        works: Whether the answer was right.
        version: What the server calls itself; "" if it does not say.
        words: One line for people.
    """

    works: bool
    version: str
    words: str


def try_out(home: Home, server: Server, binary: Path) -> Trial:
    """Start a server in a folder of its own, and ask it.

    Args:
        home: Holds what the worker needs.
        server: The server.
        binary: Its program.
    """
    if not home.bridge_is_current():
        return Trial(False, "", f"what it runs in is missing or old: verifill languages add {server.name}")
    if not binary.exists():
        return Trial(False, "", f"{binary} is not there any more: verifill languages add {server.name}")
    with tempfile.TemporaryDirectory(prefix="verifill-", ignore_cleanup_errors=True) as folder:
        try:
            process = LspProcess(command(home.python), wish(server, binary, folder, _LIMITS), "")
        except OSError as error:
            return Trial(False, "", f"the worker cannot be started: {error.strerror}")
        try:
            return _asked(process, server, Path(folder))
        except WorkerError as error:
            return Trial(False, "", str(error))
        finally:
            process.close()


def _asked(process: LspProcess, server: Server, folder: Path) -> Trial:
    """Ask about the sample.

    Raises:
        WorkerError: The server does not start, or ends.
    """
    sample = server.sample
    for name, text in sample.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    path = str(folder / next(iter(sample.files)))
    document = BaseDocument(path, str(folder), sample.before, sample.after, "    ", "", server.languages[-1], True)
    version = process.wait()
    fact = process.ask(document, FactKey("members", document.digest, sample.receiver))
    if fact is None:
        return Trial(False, version, "it does not answer in time")
    if sample.name not in fact.names:
        return Trial(False, version, f"it does not list {sample.name!r} behind {sample.receiver!r}")
    return Trial(True, version, f"{version or server.programs[0]} answers")
