r"""How much n-grams of the document should count beside a model (``models.ngrams``), and what that brings.

    python -m bench.ngrams --python ENVIRONMENT/bin/python --update-table

Middles are cut out of real files, and the model reads the prompt that a completion there would have.  The share of
each order is the one that makes the true middles likeliest: expectation maximisation over which order a token is from
(Jelinek & Mercer 1980).  What they bring is judged by the evaluation packages, which stay out of the shares: bits, and
how often the likeliest token is the true one.

``--update-table`` writes the shares beside the model's weights, where whoever loads it finds them: without them
documents' n-grams do not count.  Shares belong to weights, so after training they are measured again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from bench.common import RESULTS, interval, markdown, write_results
from bench.sites import EVALUATION, STANDARD_LIBRARY, TABLE_DISTRIBUTIONS, packages_of, python_files, read_source
from completion.corpora.ngrams import blend_of
from completion.corpora.request import Corpora
from completion.generation import CONTEXT_TOKENS
from completion.jobs import job_of, unseen_of
from completion.layout import lay_out
from completion.prompt import Prompts
from completion.types import CompletionRequest, Document
from decoding.blending import Blend
from decoding.sampling import log_probability
from models.checkpoint_files import locate
from models.checkpoints import LoadedModel, load
from models.engines.base import Row
from models.ngrams import FILE_NAME, ORDERS, Shares

Floats = npt.NDArray[np.float64]

# Lines of a middle, at most, and the tokens of it that are looked at.
MOST_LINES = 6
MOST_TOKENS = 96

# Before anything is known.  Counts as much as this many tokens.
FIRST_SHARE, PRIOR = 0.1, 2.0
STEPS = 100


@dataclass(frozen=True)
class Middle:
    """A part of a real file.

    Attributes:
        group: The distribution.
        path: The file.
        prefix: Text before it.
        text: It, up to the end of a line.
        suffix: Text behind it, from that line end on.
    """

    group: str
    path: Path
    prefix: str
    text: str
    suffix: str


@dataclass(frozen=True)
class Measured:
    """The tokens of a middle.

    Attributes:
        group: The distribution.
        file: The file.
        n_bytes: Of the middle.
        model: What the model gives each, ``[tokens]``.
        orders: What each order does, ``[tokens, ORDERS]``; NaN for one that has no place, or no say.
        blended: What both give it together with the shares at hand, ``[tokens]``.
        right: Whether the likeliest token is it, for the model and for both, ``[tokens, 2]``.
    """

    group: str
    file: str
    n_bytes: int
    model: Floats
    orders: Floats
    blended: Floats
    right: Floats


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console, model = Console(stderr=True), load(options.model)
    packages = packages_of(options.python)
    learnt = drawn((STANDARD_LIBRARY, *TABLE_DISTRIBUTIONS), packages, options)
    shares = fitted([measured(model, one, (FIRST_SHARE,) * ORDERS) for one in track(learnt, "shares", console=console)])
    asked = drawn(sorted(EVALUATION), packages, options)
    judged = [measured(model, one, shares) for one in track(asked, "judging", console=console)]
    result: dict[str, Any] = {
        "model": {"name": model.name, "dtype": model.dtype},
        "settings": {"files": options.files, "per_file": options.per_file, "seed": options.seed},
        "middles": len(learnt),
        "shares": [round(share, 4) for share in shares],
        "judged": {
            name: compared([one for one in judged if name in ("all", one.group)])
            for name in (*sorted(EVALUATION), "all")
        },
    }
    write_results("ngrams", result, as_tables(result), options.out)
    if options.update_table:
        table = {name: result[name] for name in ("model", "middles", "shares")}
        path = locate(options.model)[0] / FILE_NAME
        path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    console.print(as_tables(result), soft_wrap=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the distributions installed")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--files", type=int, default=20, help="files of each distribution")
    parser.add_argument("--per-file", type=int, default=2, help="middles of each file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of ngrams.json and ngrams.md")
    parser.add_argument("--update-table", action="store_true", help=f"write {FILE_NAME} beside the model")
    return parser.parse_args(arguments)


def drawn(groups: Sequence[str], packages: Path, options: argparse.Namespace) -> list[Middle]:
    """Return the middles of some distributions."""
    found: list[Middle] = []
    for group in groups:
        rng = random.Random(f"{options.seed} {group}")
        root = Path(sysconfig.get_path("stdlib")) if group == STANDARD_LIBRARY else packages
        for path in python_files(group, root, rng)[: options.files]:
            found += middles_of(group, path, read_source(path) or "", options.per_file, rng)
    return found


def middles_of(group: str, path: Path, text: str, count: int, rng: random.Random) -> Iterator[Middle]:
    """Yield middles that begin at a line's first character or at a word or sign in it, and end with a line."""
    lines = text.split("\n")
    full = [number for number, line in enumerate(lines) if line.strip()]
    for number in rng.sample(full, min(count, len(full))):
        line, behind = lines[number], number + rng.randint(1, MOST_LINES)
        first = len(line) - len(line.lstrip())
        inside = [at for at in range(first, len(line)) if not (line[at].isspace() or line[at - 1 : at + 1].isalnum())]
        cut = rng.choice((first, rng.choice(inside)))
        above = "".join(f"{each}\n" for each in lines[:number])
        middle = "\n".join((line[cut:], *lines[number + 1 : behind]))
        yield Middle(group, path, above + line[:cut], middle, text[len(above) + cut + len(middle) :])


def measured(model: LoadedModel, middle: Middle, shares: Shares) -> Measured:
    """Have the model read a middle where it belongs."""
    document = Document(str(middle.path), middle.prefix + middle.suffix)
    request = CompletionRequest(document, len(middle.prefix), str(middle.path.parent))
    layout, engine, vocabulary = lay_out(request), model.engine, model.vocabulary
    budget = min(CONTEXT_TOKENS, engine.max_length - MOST_TOKENS)
    prompt = Prompts(vocabulary, model.format).prompt(layout, budget)
    job, _ = job_of(request, layout, prompt, model)
    corpora = Corpora(vocabulary, index_workspaces=False)
    blend = blend_of(job, unseen_of(layout, prompt), corpora, replace(model, shares=shares))
    whole = vocabulary.encode_bytes(job.healed + middle.text.encode() + b"\n")
    tokens = (*whole, min(model.format.end_ids))[:MOST_TOKENS]
    slab = engine.new_slab()
    engine.extend(slab, job.prompt[:-1])
    rows = engine.forward(slab, (job.prompt[-1], *tokens[:-1]))
    places = [weighed(blend, rows.at(place), tokens[:place], token) for place, token in enumerate(tokens)]
    model_s, blended, right, orders = (np.array(column, np.float64) for column in zip(*places, strict=True))
    n_bytes = len(vocabulary.decode(tokens))
    return Measured(middle.group, str(middle.path), n_bytes, model_s, orders, blended, right)


def weighed(
    blend: Blend, row: Row, written: tuple[int, ...], token: int
) -> tuple[float, float, tuple[bool, bool], list[float]]:
    """Return what model and mixture give a token, whether they give no other one more, and what the orders give it."""
    both, context = blend(row, written), (*blend.before, *written)[-ORDERS:]
    found = blend.ngrams.following(context) if token not in blend.end_ids else []
    room = 1 - sum(np.exp(log_probability(row.logits, end)) for end in blend.end_ids)
    orders = [room * float((following == token).mean()) for following in found]
    return (
        float(np.exp(log_probability(row.logits, token))),
        float(np.exp(log_probability(both.logits, token))),
        (int(row.logits.argmax()) == token, int(both.logits.argmax()) == token),
        [*orders, *[float("nan")] * (ORDERS - len(orders))],
    )


def fitted(found: Sequence[Measured]) -> Shares:
    """Return the shares that make the middles likeliest."""
    model, orders = np.concatenate([one.model for one in found]), np.concatenate([one.orders for one in found])
    has, given = ~np.isnan(orders), np.nan_to_num(orders)
    shares = np.full(ORDERS, FIRST_SHARE)
    for _ in range(STEPS):
        mixed = [model]
        for order, share in enumerate(np.where(has, shares, 0.0).T):
            mixed.append((1 - share) * mixed[-1] + share * given[:, order])
        asked = np.ones(len(model))  # how likely a token is from this order or a lower one
        for order in reversed(range(ORDERS)):
            own = np.where(has[:, order], shares[order] * given[:, order] / np.maximum(mixed[order + 1], 1e-300), 0.0)
            meant, known = asked @ own, asked @ has[:, order]
            shares[order] = (meant + PRIOR * FIRST_SHARE) / (known + PRIOR)
            asked = asked * (1 - own)
    return tuple(float(share) for share in shares)


def compared(found: Sequence[Measured]) -> dict[str, Any]:
    """Return bits per byte and tokens whose likeliest is right, for the model and for both together."""
    files = [one.file for one in found for _ in one.model]
    n_bytes = sum(one.n_bytes for one in found)
    bits = [-np.log2(np.concatenate(each)) for each in ([m.model for m in found], [m.blended for m in found])]
    right = np.concatenate([one.right for one in found])
    return {
        "tokens": len(files),
        "bits_per_byte": [round(float(each.sum()) / n_bytes, 4) for each in bits],
        "bits_per_token_difference": interval((bits[1] - bits[0]).tolist(), files),
        "right": [round(float(each), 4) for each in right.mean(axis=0)],
        "right_difference": interval((right[:, 1] - right[:, 0]).tolist(), files),
    }


def as_tables(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    shares = markdown(("order", *range(1, ORDERS + 1)), [("share", *(f"{share:.3f}" for share in result["shares"]))])
    rows = []
    for name, row in result["judged"].items():
        bits, right = row["bits_per_byte"], row["right"]
        fewer, more = row["bits_per_token_difference"], [100 * each for each in row["right_difference"]]
        rows.append(
            (
                name,
                row["tokens"],
                f"{bits[0]:.3f}",
                f"{bits[1]:.3f}",
                f"{fewer[0]:+.2f} ({fewer[1]:+.2f} to {fewer[2]:+.2f})",
                f"{100 * right[0]:.1f} %",
                f"{100 * right[1]:.1f} %",
                f"{more[0]:+.1f} ({more[1]:+.1f} to {more[2]:+.1f})",
            )
        )
    header = (
        "middles of",
        "tokens",
        "bits per byte",
        "with n-grams",
        "bits a token",
        "right",
        "with n-grams",
        "points",
    )
    return "\n\n".join((f"# N-grams of the document beside {result['model']['name']}", shares, markdown(header, rows)))


if __name__ == "__main__":
    main()
