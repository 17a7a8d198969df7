"""HumanEval-Infilling (Bavarian et al. 2022, arXiv 2207.14255): one line is cut out of a solution, tests judge.

The stop rule is the product's single-line mode: the cursor stands on an empty line, without indentation, and the
middle is that logical line; a line end is added.  So there is nothing to cut afterwards.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.execution import all_run
from completion.types import CompletionRequest, Document, Limits

Problem = Mapping[str, str]

STOP_RULE = "one logical line, from column 0; a line end is added; at most 64 tokens"
NEW_TOKENS = 64

# Published pass@1 of other models on all 1,033 single-line cases, with their own stop rules.
ANCHORS = (
    ("OpenAI FIM 50M to 164M", "only in figures", "Bavarian et al. 2022, fig. 6"),
    ("OpenAI FIM 411M, 100B tokens", "54.8 to 58.6 %", "Bavarian et al. 2022, tab. 2"),
    ("OpenAI FIM 844M, 100B tokens", "59.5 to 62.2 %", "Bavarian et al. 2022, tab. 1"),
    ("OpenAI FIM 6.9B", "73.0 %", "Bavarian et al. 2022, tab. 4"),
    ("Qwen2.5-Coder-0.5B-Instruct", "74.2 %", "third party"),
    ("StarCoder2-3B", "75.6 %", "third party"),
    ("DeepSeek-Coder-1.3B", "79.5 %", "third party"),
)


def read_problems(path: Path) -> list[Problem]:
    """Read the benchmark's file, gzipped or not."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines]


def drawn(problems: Sequence[Problem], limit: int | None, seed: int) -> list[Problem]:
    """Return so many problems, drawn, in their order; all of them if there are not more."""
    if limit is None or limit >= len(problems):
        return list(problems)
    return [problems[i] for i in sorted(random.Random(seed).sample(range(len(problems)), limit))]


def request_of(problem: Problem, monitors: tuple[str, ...] | None) -> CompletionRequest:
    """Return the request at the cursor of a problem; the file exists nowhere."""
    return CompletionRequest(
        document=Document("/humaneval/solution.py", problem["prompt"] + "\n" + problem["suffix"]),
        offset=len(problem["prompt"]),
        workspace="/humaneval",
        monitors=monitors,
        limits=Limits(NEW_TOKENS, multiline=False),
    )


def group_of(problem: Problem) -> str:
    """Return the HumanEval problem that a case was cut out of: cases of one are not independent."""
    found = re.search(r"HumanEval/\d+", problem["task_id"])
    return found[0] if found else problem["task_id"]


def program(problem: Problem, text: str) -> str:
    """Return the program that runs to its end if ``text`` is right."""
    body = problem["prompt"] + text + "\n" + problem["suffix"]
    return f"{body}\n{problem['test']}\ncheck({problem['entry_point']})\n"


def scores(problems: Sequence[Problem], texts: Sequence[str]) -> dict[str, list[float]]:
    """Return a number a case by metric.

    An empty line may pass, where the tests do not reach the line that is missing: so it is counted apart.
    "exact" leaves white space around aside.
    """
    truths = [problem["canonical_solution"] for problem in problems]
    passed = all_run([program(problem, text) for problem, text in zip(problems, texts, strict=True)])
    empty = [not text.strip() for text in texts]
    return {
        "passes": [float(one) for one in passed],
        "passes_empty": [float(one and blank) for one, blank in zip(passed, empty, strict=True)],
        "exact": [float(text.strip() == truth.strip()) for text, truth in zip(texts, truths, strict=True)],
        "empty": [float(blank) for blank in empty],
    }
