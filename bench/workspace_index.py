"""What the index of a workspace costs: the worker's time, memory, and looking something up.

    python -m bench.workspace_index [--workspace FOLDER]

The workspace is the standard library, of which a million tokens are taken.  Looked up are places of its own
files, which all match, and places whose last token is another one, most of which do not.
"""

from __future__ import annotations

import argparse
import random
import resource
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.common import RESULTS, markdown, write_results
from completion.corpora.workspace import WorkspaceIndex
from models.checkpoint_files import locate, read_vocabulary

LOOKS = 3_000
LOOKS_OF_A_REQUEST = 20
CONTEXT = 16
DRAFTED = 10


def main() -> None:
    """Run the command line."""
    options = _options()
    vocabulary = read_vocabulary(*locate(None))
    held = WorkspaceIndex(options.workspace, vocabulary)
    first, again = made(held), made(held)
    index = held.index
    if index is None:
        raise SystemExit(f"nothing to index in {options.workspace}")
    contexts = sampled(held, random.Random(options.seed))
    other = [(*context[:-1], (context[-1] + 7) % vocabulary.size) for context in contexts]
    numbers: dict[str, Any] = {
        "tokens": index.n_tokens,
        "files": len(index.entries),
        "bytes": index.n_bytes,
        "worker_seconds": first,
        "worker_seconds_again": again,
        "match_us": looked_up(held, contexts),
        "other_us": looked_up(held, other),
    }
    held.close()
    table = as_table(numbers)
    write_results("workspace_index", numbers, table, options.out)
    print(table)


def made(held: WorkspaceIndex) -> float:
    """Have an index made, and return the worker's seconds of computing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    held.renew()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sampled(held: WorkspaceIndex, rng: random.Random) -> list[tuple[int, ...]]:
    """Draw places of indexed files."""
    assert held.index is not None
    files = rng.sample(range(len(held.index.entries)), min(60, len(held.index.entries)))
    texts = [ids for ids in (held.index.ids_of(number).tolist() for number in files) if len(ids) > 2 * CONTEXT]
    return [draw(rng.choice(texts), rng) for _ in range(LOOKS)]


def draw(ids: Sequence[int], rng: random.Random) -> tuple[int, ...]:
    """Return the context of some place."""
    at = rng.randrange(CONTEXT, len(ids))
    return tuple(ids[at - CONTEXT : at])


def looked_up(held: WorkspaceIndex, contexts: Sequence[tuple[int, ...]]) -> dict[str, float]:
    """Return the microseconds of a look, median and 95th percentile."""
    taken = []
    for first in range(0, len(contexts), LOOKS_OF_A_REQUEST):
        searched = held.searched(frozenset())
        assert searched is not None
        for context in contexts[first : first + LOOKS_OF_A_REQUEST]:
            begin = time.perf_counter()
            searched.follow(context, DRAFTED)
            taken.append(1e6 * (time.perf_counter() - begin))
    return {"median": median(taken), "p95": quantiles(taken, n=20)[-1]}


def as_table(numbers: dict[str, Any]) -> str:
    """Return the numbers as a table."""
    rows = [
        ("tokens, files", f"{numbers['tokens']:,}, {numbers['files']}"),
        ("memory", f"{numbers['bytes'] / 2**20:.1f} MB, {numbers['bytes'] / numbers['tokens']:.1f} bytes a token"),
        ("worker, first time", f"{numbers['worker_seconds']:.2f} s"),
        ("worker, nothing changed", f"{numbers['worker_seconds_again']:.2f} s"),
    ]
    for name, what in (("match_us", "looking up what is there"), ("other_us", "what mostly is not")):
        rows.append((what, f"{numbers[name]['median']:.0f} us (95th percentile {numbers[name]['p95']:.0f})"))
    return markdown(("", ""), rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", default=sysconfig.get_path("stdlib"), help="default: the standard library")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
