r"""Whether parts of other files help, source by source; also how unsure a model may be of what it shows.

    python -m bench.context --cases CASES.jsonl.gz --python INTERPRETER --no-texts
    python -m bench.context --cases CASES.jsonl.gz --python INTERPRETER --configurations without --name confidence

Cases of real packages (``bench.cases``), each completed with nothing of other files and with what each source
finds in the rest of its package; all else is equal, and greedy.  Two numbers a case: the bits that the true
middle costs, which needs no luck, and whether the text is the true one.  ``open_files`` is what an editor would
send: a region of two files that the document imports.

The second table is about the texts written without other files: how many right and wrong ones are shown if
those are left out whose confidence (``completion.types.Candidate``) is below a threshold.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench import cases
from bench.common import RESULTS, interval, markdown, write_results
from completion.context.gathering import Surroundings
from completion.context.sources import DEFINITIONS, OPEN_FILES, WORKSPACE, Wishes
from completion.generation import CONTEXT_TOKENS
from completion.layout import lay_out
from completion.prompt import Prompt, Prompts
from completion.service import CompletionService, ServiceSettings
from completion.types import CompletionRequest, Limits, Snippet
from models.checkpoints import LoadedModel, load

KINDS = {"deref": 24, "midline": 32, "callargs": 32, "line": 48}
THRESHOLDS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)

# What an editor sends of an open file.
REGION_LINES = 40
MOST_OPEN = 2

PLAIN, ALL = "without", "all"
CONFIGURATIONS = (PLAIN, OPEN_FILES, WORKSPACE, DEFINITIONS, ALL)
_IMPORT = re.compile(r"^from \.+(\w+) import|^from \w+\.(\w+) import", re.MULTILINE)

Found = Mapping[str, list[dict[str, float]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console, model = Console(stderr=True), load(options.model, options.dtype, options.device)
    chosen = cases.sample(cases.read_cases(options.cases), tuple(KINDS), options.limit, options.seed)
    found, seconds = measured(model, chosen, options, console)
    numbers = {
        "model": {"name": model.name, "dtype": model.dtype, "device": model.device},
        "settings": {"limit": options.limit, "seed": options.seed, "prompt_tokens": CONTEXT_TOKENS},
        "sources": compared(chosen, found),
        "gathering_ms": {name: 1000 * value for name, value in seconds.items()},
        "confidence": thresholds(found[PLAIN]),
    }
    table = as_tables(numbers)
    write_results(options.name, numbers, table, options.out)
    console.print(table, soft_wrap=True, markup=False)


def measured(
    model: LoadedModel, chosen: Sequence[cases.Case], options: argparse.Namespace, console: Console
) -> tuple[dict[str, list[dict[str, float]]], dict[str, float]]:
    """Return a row a case by configuration, and the mean time until all was found."""
    packages = cases.site_packages(options.python)
    facts = FactStore(JediPool())
    service = CompletionService(model, facts, ServiceSettings(index_workspaces=True, cache=None))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options.configurations}
    waited = dict.fromkeys(found, 0.0)
    surroundings = Surroundings(facts, index_workspaces=True)
    try:
        for case in track(chosen, "cases", console=console):
            requests = configurations(case, packages, options)
            for name in options.configurations:
                request = requests[name]
                start = time.perf_counter()
                prompt = prompt_of(model, surroundings, request)
                waited[name] += time.perf_counter() - start
                row = {"bits": bits_of(model, prompt, case["truth"]), "context_tokens": prompt.context_tokens}
                if options.texts:
                    row |= text_of(service, request, case)
                found[name].append(row)
    finally:
        surroundings.close()
        service.close()
    return found, {name: value / max(1, len(chosen)) for name, value in waited.items()}


def configurations(case: cases.Case, packages: Path, options: argparse.Namespace) -> dict[str, CompletionRequest]:
    """Return the requests of a case; each is for a path of its own, so that none sees another's prompt."""
    plain = cases.request_of(case, packages, options.python, None, KINDS[case["kind"]])
    plain = replace(plain, sources=(), limits=Limits(KINDS[case["kind"]], multiline=False))
    opened = open_files(case, packages)
    return {
        PLAIN: plain,
        OPEN_FILES: replace(plain, context=opened),
        WORKSPACE: replace(plain, sources=(WORKSPACE,)),
        DEFINITIONS: replace(plain, sources=(DEFINITIONS,)),
        ALL: replace(plain, context=opened, sources=(WORKSPACE, DEFINITIONS)),
    }


def open_files(case: cases.Case, packages: Path) -> tuple[Snippet, ...]:
    """Return regions of files of the package that the document imports, drawn by the case's name."""
    rng = random.Random(case["id"])
    folder = (packages / case["path"]).parent
    names = sorted({a or b for a, b in _IMPORT.findall(case["prefix"])})
    paths = [folder / f"{name}.py" for name in names if (folder / f"{name}.py").is_file()]
    snippets = []
    for path in rng.sample(paths, min(MOST_OPEN, len(paths))):
        lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
        start = rng.randrange(max(1, len(lines) - REGION_LINES))
        snippets.append(Snippet(str(path), "".join(lines[start : start + REGION_LINES])))
    return tuple(snippets)


def prompt_of(model: LoadedModel, surroundings: Surroundings, request: CompletionRequest) -> Prompt:
    """Lay a request out for the first time, with all that its sources find."""
    layout = lay_out(request)
    steps = surroundings.gathering(request, layout, lambda: False)
    try:
        while True:
            time.sleep(next(steps) or 0.0)
    except StopIteration as end:
        snippets: tuple[Snippet, ...] = end.value.snippets
    budget = min(CONTEXT_TOKENS, model.engine.max_length - request.limits.max_tokens)
    return Prompts(model.vocabulary, model.format).prompt(layout, budget, Wishes.of(request), snippets)


def bits_of(model: LoadedModel, prompt: Prompt, truth: str) -> float:
    """Return the bits that the true middle costs behind a prompt."""
    targets = model.vocabulary.encode(prompt.healed.decode("utf-8", "replace") + truth)
    ids = (*prompt.ids, *targets[:-1])
    slab = model.engine.new_slab()
    model.engine.extend(slab, prompt.ids[:-1])
    logits = model.engine.forward(slab, ids[len(prompt.ids) - 1 :]).logits
    wanted = torch.tensor(targets, device=logits.device)
    return float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum")) / math.log(2)


def text_of(service: CompletionService, request: CompletionRequest, case: cases.Case) -> dict[str, float]:
    """Complete, and compare with what stood there."""
    service._prompts._held.clear()
    result = service.complete_now(request)
    return {
        "exact": float(result.text.strip() == case["truth"].strip()),
        "name": float(
            bool(cases.first_name(result.text)) and cases.first_name(result.text) == cases.first_name(case["truth"])
        ),
        "shown": float(bool(result.text)),
        "confidence": result.candidates[0].confidence,
    }


def compared(chosen: Sequence[cases.Case], found: Found) -> dict[str, Any]:
    """Return means by source and the paired differences to none, with intervals over files."""
    groups = [case["path"] for case in chosen]
    n_bytes = [len(case["truth"].encode()) for case in chosen]
    plain, table = found[PLAIN], {}
    for name, rows in found.items():
        numbers: dict[str, Any] = {
            "bits_per_byte": math.fsum(row["bits"] for row in rows) / sum(n_bytes),
            "context_tokens": math.fsum(row["context_tokens"] for row in rows) / len(rows),
            "with_context": sum(row["context_tokens"] > 0 for row in rows) / len(rows),
            "bits_change": interval([a["bits"] - b["bits"] for a, b in zip(rows, plain, strict=True)], groups),
        }
        for metric in ("exact", "name"):
            if metric in rows[0]:
                numbers[metric] = interval([row[metric] for row in rows], groups)
                change = [a[metric] - b[metric] for a, b in zip(rows, plain, strict=True)]
                numbers[f"{metric}_change"] = interval(change, groups)
        table[name] = numbers
    return {"cases": len(chosen), "mean_bits": math.fsum(row["bits"] for row in plain) / len(plain), "by_source": table}


def thresholds(rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return what is shown, right and wrong, by threshold; nothing if no texts were written."""
    shown = [row for row in rows if row.get("shown")]
    right, wrong = [row for row in shown if row["exact"]], [row for row in shown if not row["exact"]]
    return [
        {
            "least": least,
            "right": sum(row["confidence"] >= least for row in right) / max(1, len(right)),
            "wrong": sum(row["confidence"] >= least for row in wrong) / max(1, len(wrong)),
            "precision": sum(row["confidence"] >= least for row in right)
            / max(1, sum(row["confidence"] >= least for row in shown)),
        }
        for least in (THRESHOLDS if shown else ())
    ]


def as_tables(numbers: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    found = numbers["sources"]
    parts = [
        f"# Context of {numbers['model']['name']}, {numbers['model']['dtype']}: {found['cases']} cases, "
        f"{found['mean_bits']:.1f} bits a middle without any"
    ]
    header = (
        "source",
        "tokens",
        "cases with it",
        "bits per byte",
        "change, bits a middle",
        "exact",
        "change",
        "ms to find",
    )
    rows = [
        (
            name,
            f"{row['context_tokens']:.0f}",
            f"{100 * row['with_context']:.0f} %",
            f"{row['bits_per_byte']:.4f}",
            span(row["bits_change"], 1, 2),
            f"{100 * row['exact'][0]:.1f} %" if "exact" in row else "",
            span(row["exact_change"], 100, 1) + " %" if "exact" in row else "",
            f"{numbers['gathering_ms'][name]:.0f}",
        )
        for name, row in found["by_source"].items()
    ]
    parts.append(markdown(header, rows))
    if numbers["confidence"]:
        shares = [
            (row["least"], *(f"{100 * row[key]:.1f} %" for key in ("right", "wrong", "precision")))
            for row in numbers["confidence"]
        ]
        parts.append(markdown(("least probability", "right ones shown", "wrong ones shown", "right of shown"), shares))
    return "\n\n".join(parts)


def span(row: Sequence[float], factor: float, digits: int) -> str:
    """Return a mean with its interval."""
    mean, low, high = (factor * value for value in row)
    return f"{mean:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=Path, required=True, help="case file")
    parser.add_argument("--python", required=True, help="interpreter that has the packages")
    parser.add_argument("--model", help="instead of the embedded one")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--limit", type=int, default=75, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--texts", action=argparse.BooleanOptionalAction, default=True, help="also write texts")
    parser.add_argument("--configurations", nargs="+", default=CONFIGURATIONS, choices=CONFIGURATIONS)
    parser.add_argument("--name", default="context")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if PLAIN not in options.configurations:
        parser.error(f"--configurations: all are compared with {PLAIN!r}; add it")
    return options


if __name__ == "__main__":
    main()
