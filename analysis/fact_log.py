"""Recording the facts of a request, and giving them again without any analysis.

A log says at which step each fact came, where a step is any look at the facts and any wait for
them.  Writing the same completion again with ``replay:LOG`` as its fact mode, every step finds what
it found then: early facts are early again, late ones late, and the text comes about in the same
way, on a machine that has neither the user's libraries nor a second to wait.

A log holds names of the user's code.  It is made for its owner alone, where and when that one asks
for it, and nothing else keeps a copy.  One JSON object a line: what text the log is for, then the
waits that brought an answer and the facts::

    {"facts": 2, "text": DIGEST}
    {"at": 2, "came": true}
    {"at": 3, "kind": ..., "receiver": ..., "middle": ..., "names": [...], "class": ..., "origin": ...,
     "signatures": [[[NAME, KIND, REQUIRED, STRINGS], ...], ...]}
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from analysis.facts import BaseDocument, Fact, FactKey, FactSource, FactView, Parameter, ParameterKind, Signature
from analysis.modes import tally

FORMAT = 2
BEGINNING = b'{"facts":'


class RecordingFacts:
    """Passes on what another source gives, and writes down when."""

    def __init__(self, source: FactSource, document: BaseDocument, log: Path) -> None:
        """Begin a log; one of an earlier request in that place is replaced, another file is not.

        Raises:
            ValueError: The file cannot be written, or is something else.
        """
        self._source = source
        self._document = document.digest
        self._log = log
        self._steps = 0
        self._written: set[FactKey] = set()
        try:
            if log.exists() and not log.read_bytes().startswith(BEGINNING) and log.stat().st_size:
                raise ValueError(f"{log} is no log of facts and would be overwritten; name another file")
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.close(descriptor)
            os.chmod(log, 0o600)
        except OSError as error:
            raise ValueError(f"facts cannot be recorded in {log}: {error.strerror}") from error
        self._append([{"facts": FORMAT, "text": text_digest(document)}])

    def view(self) -> FactView:
        """Return what is known now."""
        self._steps += 1
        view = self._source.view()
        new = [f for k, f in view.facts.items() if k.document == self._document and k not in self._written]
        if new:
            self._written.update(fact.key for fact in new)
            self._append([{"at": self._steps, **as_json(fact)} for fact in new])
        return view

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have these questions answered some time."""
        self._source.ask(keys)

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool | None:
        """Give these questions the time that the other source's mode allows."""
        came = self._source.settle(keys, at_cursor)
        if came is not None:
            self._steps += 1
        if came:
            self._append([{"at": self._steps, "came": True}])
        return came

    def counters(self) -> Mapping[str, int]:
        """Return the other source's counts."""
        return self._source.counters()

    def _append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        with self._log.open("a", encoding="ascii") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


@dataclass(frozen=True)
class Log:
    """What was recorded.

    Attributes:
        facts: By the step that first saw them.
        waits: The steps that waited and got an answer.
    """

    facts: tuple[tuple[int, Fact], ...]
    waits: frozenset[int]


class ReplayedFacts:
    """Fact mode ``replay``: what a log holds, when it says so.  For one request and one thread."""

    def __init__(self, log: Log) -> None:
        """Give these facts."""
        self._log = log
        self._steps = 0
        self._asked: dict[FactKey, None] = {}
        self._missed: set[FactKey] = set()

    def view(self) -> FactView:
        """Return what had come by this step."""
        self._steps += 1
        view = self._known()
        self._missed.update(key for key in self._asked if view.get(key) is None)
        return view

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Note the questions for the counters."""
        self._asked.update(dict.fromkeys(keys))

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
        """Return at once whether an answer came then."""
        self.ask(keys)
        self._steps += 1
        return self._steps in self._log.waits

    def counters(self) -> Mapping[str, int]:
        """Return what was asked and what came of it."""
        return tally(self._asked, self._known(), self._missed, failed=0)

    def _known(self) -> FactView:
        facts = {fact.key: fact for at, fact in self._log.facts if at <= self._steps}
        return FactView(MappingProxyType(facts), len(facts))


def replay(log: Path, document: BaseDocument) -> ReplayedFacts:
    """Read a log of a request at the same place of the same text, wherever the file lies now.

    Raises:
        ValueError: It cannot be read, or is for another text.
    """
    try:
        header, *rows = (json.loads(line) for line in log.read_text(encoding="ascii").splitlines())
        known, text = header["facts"] == FORMAT, header["text"]
        facts = tuple((row["at"], from_json(row, document.digest)) for row in rows if "came" not in row)
        waits = frozenset(row["at"] for row in rows if "came" in row)
    except OSError as error:
        raise ValueError(f"the facts in {log} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{log} is no log of facts") from error
    if not known:
        raise ValueError(f"the facts in {log} were recorded by another version of Verifill")
    if text != text_digest(document):
        raise ValueError(f"the facts in {log} were recorded at another cursor or in another text")
    return ReplayedFacts(Log(facts, waits))


def text_digest(document: BaseDocument) -> str:
    """Return the name of a document's text, 16 hexadecimal digits, wherever it lies."""
    parts = (document.indent, document.prefix, document.suffix)
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def as_json(fact: Fact) -> dict[str, Any]:
    """Return a fact as plain values, without the document that it is about."""
    return {
        "kind": fact.key.kind,
        "receiver": fact.key.receiver,
        "middle": fact.key.middle,
        "names": sorted(fact.names),
        "class": fact.kind,
        "origin": fact.origin,
        "signatures": [[[p.name, p.kind, p.required, p.strings] for p in s.parameters] for s in fact.signatures],
    }


def from_json(row: Mapping[str, Any], document: str) -> Fact:
    """Return the fact about ``document`` that ``as_json`` wrote."""
    key = FactKey(row["kind"], document, row["receiver"], row["middle"])
    signatures = tuple(
        Signature(
            tuple(Parameter(name, ParameterKind(kind), req, tuple(strings)) for name, kind, req, strings in parameters)
        )
        for parameters in row["signatures"]
    )
    return Fact(key, frozenset(row["names"]), row["class"], row["origin"], signatures)
