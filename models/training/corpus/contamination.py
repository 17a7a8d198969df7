"""Proof that a corpus folder holds nothing that must never be learnt from.

The check reads what was written, file by file, and trusts nothing that the builder did. It refuses
to judge with an incomplete reference: an empty folder of held-out archives would find everything clean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.training.corpus.build import Document, texts_of
from models.training.corpus.heldout import (
    BENCHMARK_FOLDERS,
    HELD_OUT,
    BenchmarkText,
    HeldOutText,
    benchmark_texts,
    is_held_out_distribution,
    is_held_out_path,
)
from models.training.corpus.sources import discover
from models.training.errors import TrainingError


@dataclass(frozen=True)
class Finding:
    """A file that must not be in a corpus, and why."""

    distribution: str
    path: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a check read and what it found."""

    n_files: int
    n_bytes: int
    findings: tuple[Finding, ...]

    @property
    def reasons(self) -> Counter[str]:
        """How many files were found for each reason."""
        return Counter(finding.reason for finding in self.findings)


class Reference:
    """Held-out files and benchmark texts to compare with."""

    def __init__(self, held_out: Iterable[str], benchmarks: Iterable[str]) -> None:
        """`held_out` are whole files, `benchmarks` whatever strings the benchmarks hold."""
        held_out, benchmarks = list(held_out), list(benchmarks)
        self.n_held_out = len(held_out)
        self.n_benchmark_texts = len(benchmarks)
        self._held_out = HeldOutText(held_out)
        self._benchmarks = BenchmarkText(benchmarks)

    @classmethod
    def from_folders(cls, held_out: Path, benchmarks: Path) -> Reference:
        """Read the archives of all held-out distributions and all benchmarks.

        Raises:
            TrainingError: A held-out distribution or a benchmark is missing.
        """
        distributions = list(discover(held_out))
        missing = sorted(HELD_OUT - {d.name for d in distributions})
        if missing:
            raise TrainingError(f"{held_out} has no archive of {', '.join(missing)}; pip download adds them")
        missing = [name for name in BENCHMARK_FOLDERS if not any((benchmarks / name).glob("*.jsonl.gz"))]
        if missing:
            raise TrainingError(f"{benchmarks} has no *.jsonl.gz in the folders {', '.join(missing)}")
        return cls(texts_of(distributions), benchmark_texts(benchmarks))

    def reason_against(self, document: Document) -> str | None:
        """Say why a file must not be in a corpus, or None where nothing speaks against it."""
        if is_held_out_distribution(document.distribution):
            return "held-out distribution"
        if is_held_out_path(document.path):
            return "held-out or vendored path"
        if self._benchmarks.occurs_in(document.text):
            return "benchmark text"
        if self._held_out.resembles(document.text):
            return "near copy of a held-out file"
        return None


def check(documents: Iterable[Document], reference: Reference) -> Verdict:
    """Compare every file of a corpus with a reference."""
    n_files = n_bytes = 0
    findings = []
    for document in documents:
        n_files += 1
        n_bytes += len(document.text.encode())
        reason = reference.reason_against(document)
        if reason:
            findings.append(Finding(document.distribution, document.path, reason))
    return Verdict(n_files, n_bytes, tuple(findings))
