"""Cases cut out of installed packages, and programs that judge completions of them.

A case is a JSON object with ``id``, ``path`` (below the interpreter's site-packages), ``prefix``, ``suffix``,
``truth`` and ``kind``; a ``deref`` case also has ``meta.ctx``.  Two programs are called as
``PROGRAM CASES PREDICTIONS --output ROWS`` and write a row with ``key`` a case: the *oracle* knows the
packages at run time (``status``: "valid", "invalid", "unknown"); the *metrics* compare text
(``first_line_exact_match``, ``next_identifier_match``) and look at the file (``parses``, ``new_undefined``).
Neither knows the analyser that drives the monitors.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from completion.types import CompletionRequest, Document, Limits

Case = dict[str, Any]
Row = dict[str, Any]

NAME = re.compile(r"\s*([^\W\d]\w*)")


@dataclass(frozen=True)
class Judges:
    """The programs.

    Attributes:
        python: Interpreter that has the packages of the cases.
        oracle: Program that judges names at run time.
        metrics: Program that compares and parses.
    """

    python: str
    oracle: Path
    metrics: Path

    def verdicts(self, cases: Sequence[Case], completions: Sequence[str]) -> list[str]:
        """Return what the oracle says of each completion."""
        return [row["status"] for row in self._rows(self.oracle, cases, completions)]

    def measures(self, cases: Sequence[Case], completions: Sequence[str]) -> list[Row]:
        """Return the metrics of each completion."""
        return self._rows(self.metrics, cases, completions)

    def _rows(self, program: Path, cases: Sequence[Case], completions: Sequence[str]) -> list[Row]:
        with tempfile.TemporaryDirectory() as folder:
            asked, predictions, rows = (
                Path(folder) / name for name in ("cases.jsonl", "predictions.jsonl", "rows.jsonl")
            )
            lines = (json.dumps({"id": c["id"], "completion": t}) for c, t in zip(cases, completions, strict=True))
            asked.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
            predictions.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            command = [self.python, program, asked, predictions, "--output", rows]
            subprocess.run([str(word) for word in command], check=True, capture_output=True)
            found = {row["key"]: row for row in map(json.loads, rows.read_text(encoding="utf-8").splitlines())}
        return [found[case["id"]] for case in cases]


def read_cases(path: Path) -> list[Case]:
    """Read a case file, gzipped or not; attributes that are assigned are left out, they may be new."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["kind"] != "deref" or row["meta"]["ctx"] == "Load"]


def sample(cases: Sequence[Case], kinds: Sequence[str], per_kind: int, seed: int) -> list[Case]:
    """Return so many cases of each kind, drawn; all of a kind that has fewer."""
    rng = random.Random(seed)
    chosen: list[Case] = []
    for kind in kinds:
        known = [case for case in cases if case["kind"] == kind]
        chosen += rng.sample(known, min(per_kind, len(known)))
    return chosen


def site_packages(python: str) -> Path:
    """Ask an interpreter where its packages are."""
    command = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def request_of(
    case: Case, packages: Path, python: str, monitors: tuple[str, ...] | None, tokens: int, facts: str = "wait"
) -> CompletionRequest:
    """Return the request at a case's cursor; the analysis gets the edited buffer instead of the file."""
    path = packages / case["path"]
    return CompletionRequest(
        document=Document(str(path), case["prefix"] + case["suffix"]),
        offset=len(case["prefix"]),
        workspace=str(path.parent),
        environment=python,
        facts=facts,
        monitors=monitors,
        limits=Limits(tokens, multiline=False),
    )


def first_name(text: str) -> str:
    """Return the identifier that a text begins with, "" if it begins otherwise."""
    found = NAME.match(text)
    return found[1] if found else ""
