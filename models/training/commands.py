"""What each subcommand does, shown with rich. The modules that do the work never print."""

from __future__ import annotations

import argparse
import itertools
import platform
import sysconfig
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from models.training.checkpoint import load_weights
from models.training.config import CONFIGS
from models.training.corpus.build import Document, Screen, build, read_corpus, texts_of, write_corpus
from models.training.corpus.heldout import BenchmarkText, HeldOutText, benchmark_texts
from models.training.corpus.sources import Distribution, discover, installed, read_files, standard_library
from models.training.evaluate import infill_scores, package_bits, single_line_cases
from models.training.export import export_model, import_weights
from models.training.model import Decoder
from models.training.rows import RowPlan, open_rows, render
from models.training.schedule import DeadlineBudget, StepBudget
from models.training.session import Session
from models.training.tokenizer import TextCodec, save_tokenizer, train_tokenizer
from models.training.trainer import Trainer

DEV_PACKAGES = ("requests", "click", "attrs", "httpx")
GROUP_FILES = 8
EVALUATION_WINDOW = 1_024
MAX_INFILL_TOKENS = 64

_console = Console()


def build_corpus(options: argparse.Namespace) -> None:
    """Collect documents and write them with their manifest."""
    held_out = HeldOutText(texts_of(discover(options.held_out)))
    screen = Screen(held_out, BenchmarkText(benchmark_texts(options.benchmarks)))
    documents, report = build(_distributions(options), screen, int(1e6 * options.limit_mb), _show_distribution)
    write_corpus(documents, report, options.out)
    _console.print(
        f"{len(documents)} files from {len(report.kept)} distributions; left out: {dict(report.dropped_files)}"
    )


def train_vocabulary(options: argparse.Namespace) -> None:
    """Learn merges from a random part of a corpus."""
    model = CONFIGS[options.config].model
    limit, texts, total = int(1e6 * options.sample_mb), [], 0
    for document in _shuffled(list(read_corpus(options.corpus)), seed=0):
        if total > limit:
            break
        texts.append(document.text)
        total += len(document.text)
    save_tokenizer(train_tokenizer(texts, model.vocab_size), options.out, model.max_positions)
    _console.print(f"vocabulary of {model.vocab_size} from {total / 1e6:.0f} MB in {options.out}")


def render_rows(options: argparse.Namespace) -> None:
    """Render the rows of every stage, each from documents of its own."""
    stages = CONFIGS[options.config].stages
    options.out.mkdir(parents=True, exist_ok=True)
    documents = _shuffled(list(read_corpus(options.corpus)), options.seed)
    borders = np.cumsum([0.0, *(stage.share for stage in stages)]) * len(documents)
    for index, stage in enumerate(stages):
        part = documents[int(borders[index]) : int(borders[index + 1])]
        n_rows = int(1e6 * options.million_tokens * stage.share / stage.row_tokens)
        plan = RowPlan(stage.row_tokens + 1, n_rows, options.seed)
        for n_written in render(part, options.tokenizer, plan, _rows_path(options.out, index), options.workers):
            _console.print(f"rows of {stage.row_tokens}: {n_written}")


def train(options: argparse.Namespace) -> None:
    """Train until the budget is spent or a signal asks to stop; a second call goes on."""
    config = CONFIGS[options.config]
    rows = [open_rows(_rows_path(options.rows, i), s.row_tokens + 1) for i, s in enumerate(config.stages)]
    options.out.mkdir(parents=True, exist_ok=True)
    codec = TextCodec.from_folder(options.tokenizer)
    trainer = Trainer(config, rows, codec.special, options.out, _device())
    resumed = trainer.resume()
    if options.init_from and not resumed:
        trainer.model.load_state_dict(import_weights(options.init_from))
    if options.compile:
        trainer.model.model.compile()
    texts = dev_texts(options.held_out, DEV_PACKAGES) if options.held_out else []
    session = Session(trainer, codec, texts, options.out, _console)
    session.run(_budget(options, trainer.position.progress), options.save_minutes, options.evaluate_every)


def export(options: argparse.Namespace) -> None:
    """Write the weights of a run as a Hugging Face folder."""
    weights = load_weights(options.checkpoint)
    export_model(weights, CONFIGS[options.config].model, options.tokenizer, options.out)
    _console.print(f"exported to {options.out}")


def evaluate(options: argparse.Namespace) -> None:
    """Print bits per byte of every package and the infill counts over all of them."""
    model = Decoder(CONFIGS[options.config].model)
    model.load_state_dict(import_weights(options.model))
    codec = TextCodec.from_folder(options.model)
    packages = {name: dev_texts(options.held_out, (name,)) for name in options.packages}
    for name, bits in package_bits(model.eval(), packages, codec, EVALUATION_WINDOW).items():
        _console.print(f"{name}: {bits:.4f} bits per byte")
    cases = single_line_cases([text for texts in packages.values() for text in texts], options.cases, seed=0)
    _console.print(infill_scores(model, cases, codec, MAX_INFILL_TOKENS))


def dev_texts(folder: Path, packages: tuple[str, ...]) -> list[str]:
    """Return the Python files of held-out packages, in a fixed order."""
    found = (d for d in discover(folder) if d.name in packages)
    files = sorted((f.path, f.data) for d in found for f in read_files(d) if f.language == "python")
    return [data.decode("utf-8") for _, data in files]


def _distributions(options: argparse.Namespace) -> Iterator[Distribution]:
    yield standard_library(Path(sysconfig.get_path("stdlib")), platform.python_version())
    yield from itertools.chain.from_iterable(map(discover, options.archives))
    yield from itertools.chain.from_iterable(map(installed, options.installed))


def _show_distribution(name: str, n_bytes: int) -> None:
    _console.print(f"{name}: {n_bytes / 1e6:.2f} MB")


def _shuffled(documents: list[Document], seed: int) -> list[Document]:
    """Shuffle groups of up to eight files of one folder, so that neighbours can serve as context."""
    folders: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        folders.setdefault((document.distribution, document.path.rpartition("/")[0]), []).append(document)
    groups = [files[i : i + GROUP_FILES] for files in folders.values() for i in range(0, len(files), GROUP_FILES)]
    order = np.random.default_rng(seed).permutation(len(groups))
    return [document for i in order for document in groups[i]]


def _rows_path(folder: Path, stage: int) -> Path:
    return folder / f"rows-{stage}.bin"


def _budget(options: argparse.Namespace, done: float) -> DeadlineBudget | StepBudget:
    if options.steps:
        return StepBudget(options.steps)
    if options.minutes:
        return DeadlineBudget(time.time() + 60 * options.minutes, done)
    hour, minute = map(int, options.until.split(":"))
    end = datetime.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
    return DeadlineBudget((end if end > datetime.now() else end + timedelta(days=1)).timestamp(), done)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
