"""Texts told while they are written, by the embedded model, with real monitors and an analysis that is late."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.facts import BaseDocument, Fact, FactKey
from analysis.store import Deliver, FactStore
from completion.service import CompletionService, ServiceSettings, open_service
from completion.types import CancelToken, CompletionRequest, CompletionResult, Document, Limits, Sampling, Trigger

pytestmark = pytest.mark.slow

PROJECT = Path("/project")  # the model is told where a file is
HEAD = "import collections\nimport json\nimport os\n\n\n"
PLACES = {
    "function": HEAD + "def read(path):\n    $0\n",
    "method": HEAD + "class Account:\n    def __init__(self, owner, limit, balance, path):\n        $0\n",
    "call": HEAD + "def main() -> None:\n    parser = json.JSONDecoder()\n    $0\n\n\nmain()\n",
    "module": HEAD + "WIDTH = 80\nHEIGHT = 24\n$0\n\n\ndef main():\n    pass\n",
    "CRLF": (HEAD + "counts = collections.Counter()\nfor name in os.listdir('.'):\n    $0\n").replace("\n", "\r\n"),
}


NAMES = ("self", "os", "json", "path", "name", "join", "open", "read", "owner", "data", "value", "None")
CLASSES = {"attributes": "instance", "names": "scope", "modules": "environment", "exports": "module"}


class Unpunctual:
    """Answers with some names, late, and in any order: something comes when something else is asked."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._chance = random.Random(5)
        self._held: list[tuple[Deliver, Fact | None]] = []

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Hold the answer, and deliver some of those that are held."""
        names = frozenset(self._chance.sample(NAMES, self._chance.randrange(3, 9)))
        kind = CLASSES.get(key.kind)
        self._held.append((deliver, None if kind is None else Fact(key, names, kind, "this file")))
        self._chance.shuffle(self._held)
        while self._held and self._chance.random() < 0.6:
            delivering, fact = self._held.pop()
            delivering(fact)

    def drop(self, document: str) -> None:
        """Drop nothing."""

    def trouble(self, document: BaseDocument) -> str:
        """Have none."""
        return ""

    def troubles(self) -> tuple[str, ...]:
        """Have none."""
        return ()

    def close(self) -> None:
        """Deliver what is left."""
        for deliver, _ in self._held:
            deliver(None)


@pytest.fixture(scope="module")
def passes() -> list[int]:
    """Tokens of each forward pass of the service."""
    return []


@pytest.fixture(scope="module")
def service(passes: list[int]) -> Iterator[CompletionService]:
    facts = FactStore(Unpunctual())
    opened = open_service(
        facts=facts, settings=ServiceSettings(cache=None), on_step=lambda tokens, *_: passes.append(tokens)
    )
    yield opened
    opened.close()


def request_at(marked: str, folder: Path, **changes: object) -> CompletionRequest:
    """Return a request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    document = Document(str(folder / "a.py"), before + after)
    plain = CompletionRequest(document, len(before), str(folder), Trigger.PROGRAM, facts="live", limits=Limits(64))
    return replace(plain, **changes)  # type: ignore[arg-type]


def told_by(service: CompletionService, request: CompletionRequest) -> tuple[list[str], CompletionResult]:
    """Return what is told, and the result."""
    told: list[str] = []
    return told, asyncio.run(service.complete(request, CancelToken(), told.append))


def test_what_is_told_begins_the_text(service: CompletionService) -> None:
    """Whenever facts come, for any drawn text, alone and with alternatives."""
    pieces = late = 0
    for seed in range(5):
        sampling = Sampling(temperature=0.7 * (seed > 0), seed=seed)
        for name, marked in PLACES.items():
            folder = PROJECT / f"{name}{seed}"  # nothing is known of it yet
            told, result = told_by(service, request_at(marked, folder, sampling=sampling, candidates=1 + seed % 2))
            assert all(later.startswith(earlier) for earlier, later in pairwise([*told, result.text]))
            pieces += len(told)
            late += result.counters["facts"]["verified_late"]
    assert pieces > 5
    assert late > 5, "facts must be late for the test to mean anything"


def test_nobody_is_told_what_must_reach_a_confidence(service: CompletionService) -> None:
    """That is known at the end."""
    told, result = told_by(service, request_at(PLACES["method"], PROJECT, least_confidence=0.01))
    assert (told, bool(result.text)) == ([], True)


def test_listening_changes_nothing(service: CompletionService) -> None:
    """The text is the one that nobody hears of before its end, and takes as many passes."""
    request = request_at(PLACES["method"], PROJECT, drafters=(), monitors=("lexical", "brackets", "viability"))
    told, heard = told_by(service, request)
    unheard = service.complete_now(request)
    assert told
    assert heard.text == unheard.text
    assert heard.counters["forward_passes"] == unheard.counters["forward_passes"]


def test_how_early_lines_are_there(service: CompletionService, passes: list[int]) -> None:
    """Each line of several is there when it has ended, not when all have; a single one just before the end."""
    shares = []
    for seed in range(40):
        sampling, monitors = Sampling(temperature=0.5, seed=seed), ("lexical", "brackets", "viability")
        request = request_at(PLACES["module"], PROJECT, drafters=(), monitors=monitors, sampling=sampling)
        ends: list[int] = []
        passes.clear()
        asyncio.run(service.complete(request, CancelToken(), lambda _, ends=ends: ends.append(len(passes))))
        shares += [ends[0] / len(passes)] if ends else []
    assert min(shares) < 0.6
