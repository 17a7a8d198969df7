"""What must never be learnt from: held-out distributions, their copies, and public benchmarks."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from models.training.corpus.shingles import LINE_WINDOW, any_in_sorted, line_windows, word_grams, word_set
from models.training.corpus.similarity import JaccardIndex
from models.training.corpus.sources import normalised

HELD_OUT = frozenset({"flask", "requests", "rich", "httpx", "click", "attrs", "sqlalchemy", "django"})
# Those of them whose results may be looked at while a model is made.
DEV_PACKAGES = ("requests", "click", "attrs", "httpx")
HELD_OUT_MODULES = HELD_OUT | {"attr"}
NEAR_COPY_JACCARD = 0.7
BENCHMARK_FOLDERS = ("humaneval", "humaneval_infilling", "mbpp", "canitedit")

_VENDORED_PARTS = frozenset(
    {
        "_vendor",
        "_vendored",
        "vendor",
        "vendored",
        "vendored_packages",
        "third_party",
        "thirdparty",
        "extern",
        "externals",
        "_bundled",
        "bundled",
        "site-packages",
        "node_modules",
    }
)
_STUB_NAMES = re.compile(r"(?:types-)?(?P<base>.+?)(?:-stubs)?")
_MARKERS = re.compile(rb"HumanEval/\d|check\(candidate\)|canonical_solution|CanItEdit|\bMBPP\b|HumanEval-Infilling")


def is_held_out_distribution(name: str) -> bool:
    """Say whether a distribution is held out itself or is the stub package of one that is."""
    match = _STUB_NAMES.fullmatch(normalised(name))
    return match is not None and match["base"] in HELD_OUT


def is_held_out_path(path: str) -> bool:
    """Say whether a path lies in a vendored tree or bears the module name of a held-out package."""
    pure = PurePosixPath(path)
    parts = set(pure.parts[:-1]) | {pure.stem}
    return bool(parts & _VENDORED_PARTS or parts & HELD_OUT_MODULES)


class HeldOutText:
    """Recognises near copies of held-out files: shared 10-line windows or much the same words."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are whole held-out files."""
        texts = list(texts)
        windows = [line_windows(text, LINE_WINDOW) for text in texts]
        self._windows = np.unique(np.concatenate([*windows, np.empty(0, np.uint64)]))
        self._words = JaccardIndex(NEAR_COPY_JACCARD, [word_set(text) for text in texts])

    def resembles(self, text: str) -> bool:
        """Say whether `text` must be dropped as a near copy."""
        if any_in_sorted(line_windows(text, LINE_WINDOW), self._windows):
            return True
        return self._words.has_similar(word_set(text))


class BenchmarkText:
    """Recognises text of public benchmarks: a shared gram of ten words, or a marker."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are prompts, solutions, tests: whatever a benchmark holds."""
        grams = [word_grams(text) for text in texts]
        self._grams = np.unique(np.concatenate([*grams, np.empty(0, np.uint64)]))

    def occurs_in(self, text: str) -> bool:
        """Say whether `text` quotes a benchmark."""
        if _MARKERS.search(text.encode()):
            return True
        return any_in_sorted(word_grams(text), self._grams)


def benchmark_texts(folder: Path) -> Iterator[str]:
    """Yield every string in the `*.jsonl.gz` files of the benchmark folders below `folder`."""
    for name in BENCHMARK_FOLDERS:
        for path in sorted((folder / name).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    yield from _strings(json.loads(line))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
