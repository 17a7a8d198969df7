"""All phases in a row: from packages at hand to a model that completes, in one folder that can be gone on with.

Whatever is already in the folder is used as it is, so a stopped recipe goes on where it was.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sysconfig
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from torch import Tensor

from models.training.checkpoint import load_weights
from models.training.config import CONFIGS, Recipe, TrainConfig
from models.training.corpus.build import DOCUMENTS, Screen, texts_of
from models.training.corpus.heldout import (
    DEV_PACKAGES,
    BenchmarkText,
    HeldOutText,
    benchmark_texts,
    is_held_out_distribution,
)
from models.training.corpus.sources import Distribution, discover, installed, standard_library
from models.training.errors import TrainingError
from models.training.export import export_model
from models.training.phases import (
    collect,
    learn_vocabulary,
    open_trainer,
    python_texts,
    read_codec,
    render_stages,
    rows_are_complete,
)
from models.training.schedule import DeadlineBudget
from models.training.session import Session
from models.training.trainer import Trainer

LIMIT_MB = 5.0
SAMPLE_MB = 40.0
SAVE_MINUTES = 3.0
EVALUATE_EVERY = 250
MAX_WORKERS = 8


def follow(recipe: Recipe, console: Console) -> Path | None:
    """Make the model and return its folder, or None where a signal stopped the training.

    Raises:
        TrainingError: Something is missing or does not belong together.
    """
    config = CONFIGS[recipe.config]
    model = recipe.out / "model"
    if model.is_dir():
        raise TrainingError(f"{model} is finished; to train it further, give --init-from {model} and another --out")
    _check_folders(recipe)
    kept = recipe.tokenizer or recipe.init_from
    if kept is not None:
        read_codec(kept, config.model)
    _claim(recipe.out, recipe.config)
    held_out = _held_out(recipe)

    corpus = recipe.corpus or recipe.out / "corpus"
    if not (corpus / DOCUMENTS).is_file():
        screen = Screen(HeldOutText(texts_of(held_out)), BenchmarkText(_benchmarks(recipe.benchmarks)))
        collect(_distributions(recipe), screen, LIMIT_MB, corpus, console)
    tokenizer = recipe.tokenizer or recipe.init_from or recipe.out / "tokenizer"
    if tokenizer == recipe.out / "tokenizer" and not tokenizer.is_dir():
        learn_vocabulary(corpus, config.model, SAMPLE_MB, tokenizer, console)
    codec = read_codec(tokenizer, config.model)
    rows = recipe.out / "rows"
    if not rows_are_complete(rows, config):
        workers = min(os.cpu_count() or 1, MAX_WORKERS)
        render_stages(corpus, tokenizer, config, None, rows, console, workers=workers)

    measured = python_texts([distribution for distribution in held_out if distribution.name in DEV_PACKAGES])
    trainer = open_trainer(config, rows, codec, recipe.out / "run", recipe.init_from)
    if not _train(trainer, recipe.minutes, Session(trainer, codec, measured, recipe.out / "run", console), console):
        return None
    _export(load_weights(recipe.out / "run"), config, tokenizer, model)
    return model


def _train(trainer: Trainer, minutes: float, session: Session, console: Console) -> bool:
    """Train for what is left of the time; say whether its end was reached."""
    done = trainer.position.progress
    seconds = 60 * minutes * (1.0 - done)
    console.print(f"training for {seconds / 60:.1f} minutes on {trainer.device}; Ctrl-C stops safely")
    if find_spec("matplotlib") is None:
        console.print("without matplotlib (pip install verifill\\[train]) there is no picture of the loss")
    return session.run(DeadlineBudget(time.time() + seconds, done), SAVE_MINUTES, EVALUATE_EVERY)


def _claim(folder: Path, config: str) -> None:
    """Write down whose folder this is; rows and checkpoints of two sizes must not meet in one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.json"
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))["config"]
        if found != config:
            raise TrainingError(f"{folder} holds a run with --config {found}; go on with that or choose another --out")
    path.write_text(json.dumps({"config": config}) + "\n", encoding="utf-8")


def _check_folders(recipe: Recipe) -> None:
    """Find a wrong path now and not after an hour."""
    folders = (*recipe.archives, recipe.held_out, recipe.benchmarks, recipe.corpus, recipe.tokenizer, recipe.init_from)
    for folder in folders:
        if folder is not None and not folder.is_dir():
            raise TrainingError(f"{folder} is not a folder")
    if recipe.out.exists() and not recipe.out.is_dir():
        raise TrainingError(f"{recipe.out} is not a folder")


def _distributions(recipe: Recipe) -> list[Distribution]:
    library = standard_library(Path(sysconfig.get_path("stdlib")), platform.python_version())
    if recipe.archives:
        return [library, *(found for folder in recipe.archives for found in discover(folder))]
    return [library, *installed(_site_packages())]


def _held_out(recipe: Recipe) -> list[Distribution]:
    found = discover(recipe.held_out) if recipe.held_out else installed(_site_packages())
    return [distribution for distribution in found if is_held_out_distribution(distribution.name)]


def _benchmarks(folder: Path | None) -> Iterable[str]:
    return benchmark_texts(folder) if folder else ()


def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def _export(weights: dict[str, Tensor], config: TrainConfig, tokenizer: Path, folder: Path) -> None:
    """Export under another name first, so that the folder is there only when it is complete."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    export_model(weights, config.model, tokenizer, partial)
    partial.replace(folder)
