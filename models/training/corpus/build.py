"""The corpus builder: one pass over distributions, one reason for every file left out."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.training.corpus.heldout import (
    BenchmarkText,
    HeldOutText,
    is_held_out_distribution,
    is_held_out_path,
)
from models.training.corpus.licences import has_copyleft_notice
from models.training.corpus.quality import readable_text
from models.training.corpus.shingles import LINE_WINDOW, line_windows, word_set
from models.training.corpus.similarity import JaccardIndex
from models.training.corpus.sources import Distribution, SourceFile, read_files
from models.training.errors import TrainingError

DOCUMENTS = "documents.jsonl"
DUPLICATE_JACCARD = 0.85
# A file most of whose 10-line windows were seen before teaches little.
MAX_SEEN_WINDOWS = 0.3


@dataclass(frozen=True)
class Document:
    """One file of the corpus."""

    distribution: str
    path: str
    language: str
    text: str


@dataclass
class Report:
    """What a build kept and why it left out the rest."""

    kept: list[dict[str, object]] = field(default_factory=list)
    refused_distributions: dict[str, str] = field(default_factory=dict)
    dropped_files: Counter[str] = field(default_factory=Counter)


class Screen:
    """Decides file by file; remembers what passed so that copies do not."""

    def __init__(self, held_out: HeldOutText, benchmarks: BenchmarkText) -> None:
        """Nothing that resembles `held_out` or quotes `benchmarks` will pass."""
        self._held_out = held_out
        self._benchmarks = benchmarks
        self._seen_words = JaccardIndex(DUPLICATE_JACCARD)
        self._seen_windows: set[int] = set()

    def judge(self, file: SourceFile) -> tuple[str | None, str]:
        """Return the text to keep (or None) and the reason."""
        if is_held_out_path(file.path):
            return None, "held-out or vendored path"
        if has_copyleft_notice(file.data):
            return None, "copyleft notice"
        text = readable_text(file.path, file.language, file.data)
        if text is None:
            return None, "generated, minified, broken or tiny"
        if self._benchmarks.occurs_in(text):
            return None, "benchmark text"
        if self._held_out.resembles(text):
            return None, "near copy of a held-out file"
        if self._is_duplicate(text):
            return None, "duplicate within the corpus"
        return text, "kept"

    def _is_duplicate(self, text: str) -> bool:
        words = word_set(text)
        windows = line_windows(text, LINE_WINDOW).tolist()
        n_seen = sum(map(self._seen_windows.__contains__, windows))
        if n_seen > MAX_SEEN_WINDOWS * len(windows) or self._seen_words.has_similar(words):
            return True
        self._seen_words.add(words)
        self._seen_windows.update(windows)
        return False


def build(
    distributions: Iterable[Distribution],
    screen: Screen,
    limit_bytes: int,
    on_distribution: Callable[[str, int], None],
) -> tuple[list[Document], Report]:
    """Collect documents, at most `limit_bytes` of text from each distribution.

    `on_distribution` hears the name and kept bytes of each distribution as it is finished.
    """
    documents: list[Document] = []
    report = Report()
    seen: set[str] = set()
    for distribution in distributions:
        reason = _refusal(distribution, seen)
        seen.add(distribution.name)
        if reason:
            report.refused_distributions[distribution.name] = reason
            continue
        found = list(_documents(distribution, screen, limit_bytes, report.dropped_files))
        n_bytes = sum(len(d.text.encode()) for d in found)
        documents.extend(found)
        if found:
            report.kept.append(_manifest_row(distribution, len(found), n_bytes))
        on_distribution(distribution.name, n_bytes)
    return documents, report


def write_corpus(documents: Iterable[Document], report: Report, folder: Path) -> None:
    """Write `manifest.csv`, `report.json` and, when these are there, `documents.jsonl` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["distribution", "version", "licence", "files", "bytes"])
        writer.writeheader()
        writer.writerows(report.kept)
    summary = {"refused_distributions": report.refused_distributions, "dropped_files": report.dropped_files}
    (folder / "report.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    partial = folder / (DOCUMENTS + ".partial")
    with partial.open("w", encoding="utf-8") as out:
        for document in documents:
            out.write(json.dumps(document.__dict__, ensure_ascii=False) + "\n")
    partial.replace(folder / DOCUMENTS)


def read_corpus(folder: Path) -> Iterator[Document]:
    """Yield the documents of a corpus folder in the order in which they were written.

    Raises:
        TrainingError: The folder holds no corpus.
    """
    if not (folder / DOCUMENTS).is_file():
        raise TrainingError(f"{folder} has no {DOCUMENTS}; build a corpus first, or name its folder")
    with (folder / DOCUMENTS).open(encoding="utf-8") as lines:
        for line in lines:
            yield Document(**json.loads(line))


def texts_of(distributions: Iterable[Distribution]) -> Iterator[str]:
    """Yield the text of every source file of held-out distributions, vendored parts included."""
    for distribution in distributions:
        for file in read_files(distribution):
            yield file.data.decode("utf-8", "replace")


def _refusal(distribution: Distribution, seen: set[str]) -> str | None:
    if distribution.name in seen:
        return "already read"
    if is_held_out_distribution(distribution.name):
        return "held out"
    if not distribution.permissive:
        return f"licence: {distribution.licence}"
    return None


def _documents(
    distribution: Distribution, screen: Screen, limit_bytes: int, dropped: Counter[str]
) -> Iterator[Document]:
    n_bytes = 0
    for file in _shuffled(list(read_files(distribution)), distribution.name):
        if n_bytes + len(file.data) > limit_bytes:
            dropped["over the limit of its distribution"] += 1
            continue
        text, reason = screen.judge(file)
        if text is None:
            dropped[reason] += 1
            continue
        n_bytes += len(text.encode())
        yield Document(distribution.name, file.path, file.language, text)


def _shuffled(files: list[SourceFile], name: str) -> list[SourceFile]:
    """Order files at random (seeded by name), so that a limit takes from everywhere in a package."""
    order = np.random.default_rng(list(name.encode())).permutation(len(files))
    return [files[i] for i in order]


def _manifest_row(distribution: Distribution, n_files: int, n_bytes: int) -> dict[str, object]:
    return {
        "distribution": distribution.name,
        "version": distribution.version,
        "licence": distribution.licence,
        "files": n_files,
        "bytes": n_bytes,
    }
