"""What each subcommand does, its options as arguments. The modules that do the work never print."""

from __future__ import annotations

import itertools
import platform
import sysconfig
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from models.training.checkpoint import load_weights
from models.training.config import CONFIGS
from models.training.corpus.build import Screen, read_corpus, texts_of
from models.training.corpus.contamination import Reference, check
from models.training.corpus.heldout import DEV_PACKAGES, BenchmarkText, HeldOutText, benchmark_texts
from models.training.corpus.sources import Distribution, discover, installed, standard_library
from models.training.errors import TrainingError
from models.training.evaluate import infill_scores, package_bits, single_line_cases
from models.training.export import export_model
from models.training.heads import ResidualHeads, head_accuracy, save_heads, train_heads
from models.training.model import Decoder
from models.training.phases import (
    collect,
    learn_vocabulary,
    load_into,
    open_stage,
    open_trainer,
    python_texts,
    read_codec,
    render_stages,
)
from models.training.schedule import Budget, DeadlineBudget, StepBudget
from models.training.session import Session

EVALUATION_WINDOW = 1_024
MAX_INFILL_TOKENS = 64
N_FINDINGS_SHOWN = 20
# Rows of the first stage that heads are measured on instead of trained.
N_HEAD_TEST_ROWS = 128

_console = Console()


def build_corpus(
    archives: Sequence[Path], installed: Sequence[Path], held_out: Path, benchmarks: Path, limit_mb: float, out: Path
) -> None:
    """Collect documents and write them with their manifest."""
    screen = Screen(HeldOutText(texts_of(discover(held_out))), BenchmarkText(benchmark_texts(benchmarks)))
    collect(list(_distributions(archives, installed)), screen, limit_mb, out, _console)


def check_corpus(corpus: Path, held_out: Path, benchmarks: Path) -> int:
    """Look for held-out files and benchmark text in a corpus; return 1 where there are any."""
    reference = Reference.from_folders(held_out, benchmarks)
    verdict = check(track(read_corpus(corpus), "comparing", console=_console, transient=True), reference)
    _console.print(
        f"{verdict.n_files:,} files, {verdict.n_bytes / 1e6:.1f} MB, compared with {reference.n_held_out:,} held-out "
        f"files and {reference.n_benchmark_texts:,} benchmark texts: {len(verdict.findings)} findings",
        soft_wrap=True,
    )
    for reason, n_files in verdict.reasons.most_common():
        _console.print(f"  {n_files:,}: {reason}")
    for finding in verdict.findings[:N_FINDINGS_SHOWN]:
        _console.print(f"  {finding.distribution}: {finding.path}: {finding.reason}", markup=False, soft_wrap=True)
    return 1 if verdict.findings else 0


def train_vocabulary(corpus: Path, sample_mb: float, config: str, out: Path) -> None:
    """Learn merges from a random part of a corpus."""
    learn_vocabulary(corpus, CONFIGS[config].model, sample_mb, out, _console)


def render_rows(
    corpus: Path, tokenizer: Path, config: str, million_tokens: float, seed: int, workers: int, out: Path
) -> None:
    """Render the rows of every stage."""
    n_tokens = 1e6 * million_tokens
    render_stages(corpus, tokenizer, CONFIGS[config], n_tokens, out, _console, seed=seed, workers=workers)


def train(
    config: str,
    rows: Path,
    tokenizer: Path,
    held_out: Path | None,
    out: Path,
    minutes: float | None,
    until: str | None,
    steps: int | None,
    init_from: Path | None,
    compile: bool,
    save_minutes: float,
    evaluate_every: int,
) -> None:
    """Train until the budget is spent or a signal asks to stop; a second call goes on."""
    codec = read_codec(tokenizer, CONFIGS[config].model)
    trainer = open_trainer(CONFIGS[config], rows, codec, out, init_from)
    if compile:
        trainer.model.model.compile()
    texts = python_texts(_named(held_out, DEV_PACKAGES)) if held_out else []
    session = Session(trainer, codec, texts, out, _console)
    session.run(_budget(minutes, until, steps, trainer.position.progress), save_minutes, evaluate_every)


def train_extra_heads(
    config: str, model: Path, rows: Path, n_heads: int, minutes: float | None, steps: int | None
) -> None:
    """Train heads on a frozen model and write them beside it."""
    settings = CONFIGS[config]
    trunk = Decoder(settings.model).to("cuda" if torch.cuda.is_available() else "cpu").eval()
    load_into(trunk, model)
    stage, all_rows = settings.stages[0], open_stage(rows, settings, 0)
    test_rows = torch.from_numpy(all_rows[:N_HEAD_TEST_ROWS].astype(np.int64)).to(trunk.device)
    heads = ResidualHeads(n_heads, settings.model.hidden_size).to(trunk.device)
    budget = _budget(minutes, None, steps, 0.0)
    n_steps, loss = 0, float("nan")
    with _console.status("training heads") as status:
        for n_steps, loss in enumerate(
            train_heads(trunk, heads, all_rows[N_HEAD_TEST_ROWS:], budget, stage.batch_rows), start=1
        ):
            status.update(f"training heads: step {n_steps}, loss {loss:.3f}")
    save_heads(heads, model)
    shares = ", ".join(f"{share:.1%}" for share in head_accuracy(trunk, heads, test_rows))
    _console.print(f"{n_steps} steps, loss {loss:.3f}; right guesses, nearest token first: {shares}")


def export(config: str, checkpoint: Path, tokenizer: Path, out: Path) -> None:
    """Write the weights of a run as a Hugging Face folder."""
    export_model(load_weights(checkpoint), CONFIGS[config].model, tokenizer, out)
    _console.print(f"exported to {out}")


def evaluate(config: str, model: Path, held_out: Path, packages: Sequence[str], cases: int) -> None:
    """Print bits per byte of every package and the infill counts over all of them."""
    decoder = Decoder(CONFIGS[config].model)
    load_into(decoder, model)
    codec = read_codec(model, CONFIGS[config].model)
    texts = {name: python_texts(_named(held_out, (name,))) for name in packages}
    for name, bits in package_bits(decoder.eval(), texts, codec, EVALUATION_WINDOW).items():
        _console.print(f"{name}: {bits:.4f} bits per byte")
    holes = single_line_cases([text for found in texts.values() for text in found], cases, seed=0)
    _console.print(infill_scores(decoder, holes, codec, MAX_INFILL_TOKENS))


def _named(folder: Path, names: Sequence[str]) -> list[Distribution]:
    return [distribution for distribution in discover(folder) if distribution.name in names]


def _distributions(archives: Sequence[Path], site_packages: Sequence[Path]) -> Iterator[Distribution]:
    yield standard_library(Path(sysconfig.get_path("stdlib")), platform.python_version())
    yield from itertools.chain.from_iterable(map(discover, archives))
    yield from itertools.chain.from_iterable(map(installed, site_packages))


def _budget(minutes: float | None, until: str | None, steps: int | None, done: float) -> Budget:
    """Make the budget of a run that is `done` so far; `minutes` are those of the whole run, stops not counted."""
    if steps:
        return StepBudget(steps)
    if minutes:
        return DeadlineBudget(time.time() + 60 * minutes * (1.0 - done), done)
    try:
        hour, minute = map(int, (until or "").split(":"))
        end = datetime.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError as error:
        raise TrainingError(f"{until!r} is no time of day; write it as HH:MM") from error
    return DeadlineBudget((end if end > datetime.now() else end + timedelta(days=1)).timestamp(), done)
