"""Language servers for the languages that have one: one process for each workspace and server."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from analysis.analyzers.language_servers.answers import KINDS
from analysis.analyzers.language_servers.catalogue import Server, server_of
from analysis.analyzers.language_servers.home import USUAL, Home, Limits, program, wish
from analysis.analyzers.language_servers.process import LspProcess, command
from analysis.analyzers.language_servers.seat import Seat
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey
from analysis.store import Deliver

# Servers that run at once; the one that was asked longest ago ends for a new one.
MOST_SERVERS = 4

_NOTES = 16


class LanguageServers:
    """Answers what can be asked of language servers (``answers``); an ``analysis.store.Analyzer``."""

    def __init__(
        self, folder: Path, limits: Limits = USUAL, worker: Sequence[str] = (), most: int = MOST_SERVERS
    ) -> None:
        """Start nothing: servers start when something is asked.

        Args:
            folder: Where servers are installed, ``home``.
            limits: How long things may take.
            worker: What starts a worker process; empty for the real one.
            most: Servers that run at once.
        """
        self._home = Home(folder)
        self._limits = limits
        self._worker = worker
        self._most = most
        self._seats: OrderedDict[tuple[str, str], Seat] = OrderedDict()
        self._notes: OrderedDict[str, str] = OrderedDict()
        self._changing = threading.Lock()

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Have a question answered; see ``analysis.store.Analyzer``."""
        server = _server_for(document)
        if server is None or key.kind not in KINDS:
            deliver(Fact(key, frozenset(), UNRESOLVED, ""))
            return
        seat = self._seat(server, document)
        if seat is None:
            deliver(None)
        else:
            seat.submit(document, key, deliver)

    def drop(self, document: str) -> None:
        """Deliver None for what is queued about a document; see ``analysis.store.Analyzer``."""
        for seat in self._all():
            seat.drop(document)

    def trouble(self, document: BaseDocument) -> str:
        """Return why a document's names are not known now; see ``analysis.store.Analyzer``."""
        server = _server_for(document)
        if server is None:
            return ""
        why = self._hindrance(server, document)
        if not why:
            with self._changing:
                seat = self._seats.get((server.name, document.workspace))
            why = seat.trouble if seat is not None else ""
        return why and f"{server.name}: {why}"

    def troubles(self) -> tuple[str, ...]:
        """Return which languages are not analysed, and why; see ``analysis.store.Analyzer``."""
        with self._changing:
            seats, notes = tuple(self._seats.items()), tuple(self._notes.values())
        failing = (f"{name} in {folder}: {seat.trouble}" for (name, folder), seat in seats if seat.trouble)
        return (*notes, *failing)

    def processes(self) -> tuple[int, ...]:
        """Return the numbers of the worker processes that run now."""
        return tuple(process for seat in self._all() if (process := seat.process) is not None)

    def close(self) -> None:
        """End the servers; questions still open are delivered as None."""
        with self._changing:
            seats, self._seats = tuple(self._seats.values()), OrderedDict()
        for seat in seats:
            seat.close()

    def _all(self) -> tuple[Seat, ...]:
        with self._changing:
            return tuple(self._seats.values())

    def _seat(self, server: Server, document: BaseDocument) -> Seat | None:
        """Return who answers questions about a document; None where no server may or can be started."""
        place = (server.name, document.workspace)
        why, added = self._hindrance(server, document), self._home.added(server)
        outgoing: list[Seat] = []
        with self._changing:
            self._note(f"{server.name} {document.workspace}", why)
            if place in self._seats and self._seats[place].added != added:
                outgoing.append(self._seats.pop(place))
            if not why and place not in self._seats:
                start = partial(self._start, server, document.workspace)
                self._seats[place] = Seat(document.workspace, start, added)
                if len(self._seats) > self._most:
                    outgoing.append(self._seats.popitem(last=False)[1])
            seat = self._seats.get(place)
            if seat is not None:
                self._seats.move_to_end(place)
        for each in outgoing:
            threading.Thread(target=each.close, daemon=True).start()
        return None if why else seat

    def _hindrance(self, server: Server, document: BaseDocument) -> str:
        """Return why no server may or can run for a document; "" if one can."""
        if not document.trusted:
            return f"no server is started in {document.workspace} before you trust it: verifill trust DIR"
        if self._home.installed(server) is None:
            return f"no server was added: verifill languages add {server.name}"
        if not self._worker and not self._home.bridge_is_current():
            return f"this version of Verifill wants its servers added again: verifill languages add {server.name}"
        return ""

    def _note(self, about: str, why: str) -> None:
        """Keep what hinders a server, or that nothing does any more.  The lock is held."""
        self._notes.pop(about, None)
        if why:
            self._notes[about] = f"{about.split()[0]}: {why}"
            if len(self._notes) > _NOTES:
                self._notes.popitem(last=False)

    def _start(self, server: Server, workspace: str) -> LspProcess:
        installed = self._home.installed(server)
        if installed is None:
            raise OSError("the server was removed")
        binary = program(server, self._home.of(server), installed)
        wanted = wish(server, binary, workspace, self._limits)
        return LspProcess(self._worker or command(self._home.python), wanted, installed.version)


def _server_for(document: BaseDocument) -> Server | None:
    """Return the server of a document; None if there is none, or the document has no place for it to look at."""
    if not (os.path.isabs(document.path) and os.path.isabs(document.workspace)):
        return None
    return server_of(document.language, document.path)
