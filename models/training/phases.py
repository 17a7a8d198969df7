"""The phases of making a model, each from files to files: corpus, vocabulary, rows, run.

What a phase writes is there only when it is complete, so that a phase that was stopped begins again.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from safetensors import SafetensorError

from models.training.config import ModelConfig, TrainConfig
from models.training.corpus.build import Document, Report, Screen, build, read_corpus, write_corpus
from models.training.corpus.sources import Distribution, read_files
from models.training.errors import TrainingError
from models.training.export import import_weights
from models.training.rows import DOCUMENTS_PER_CHUNK, RowPlan, open_rows, render
from models.training.tokenizer import TextCodec, save_tokenizer, train_tokenizer
from models.training.trainer import Trainer

GROUP_FILES = 8


def collect(
    distributions: Sequence[Distribution], screen: Screen, limit_mb: float, out: Path, console: Console
) -> Report:
    """Write a corpus of at most `limit_mb` of text from each distribution.

    Raises:
        TrainingError: Nothing was worth keeping.
    """
    with console.status("reading distributions") as status:
        documents, report = build(
            distributions,
            screen,
            int(1e6 * limit_mb),
            lambda name, n_bytes: status.update(f"reading distributions: {name}, {n_bytes / 1e6:.2f} MB"),
        )
    if not documents:
        raise TrainingError("no file may be learnt from; name more archives of permissively licensed packages")
    write_corpus(documents, report, out)
    n_bytes = sum(len(document.text) for document in documents)
    console.print(f"corpus: {len(documents):,} files, {n_bytes / 1e6:.0f} MB, {len(report.kept)} distributions")
    for reason, n_files in report.dropped_files.most_common():
        console.print(f"  left out {n_files:,}: {reason}")
    return report


def learn_vocabulary(corpus: Path, model: ModelConfig, sample_mb: float, out: Path, console: Console) -> None:
    """Learn merges from a random part of a corpus and write a tokenizer."""
    limit, texts, total = int(1e6 * sample_mb), [], 0
    for document in _shuffled(list(read_corpus(corpus)), seed=0):
        if total > limit:
            break
        texts.append(document.text)
        total += len(document.text)
    with console.status(f"learning {model.vocab_size} words from {total / 1e6:.0f} MB"):
        tokenizer = train_tokenizer(texts, model.vocab_size)
    if tokenizer.get_vocab_size() != model.vocab_size:
        raise TrainingError(
            f"the corpus is too small for {model.vocab_size} words (it gave {tokenizer.get_vocab_size()}); "
            "name more archives"
        )
    partial = out.with_name(out.name + ".partial")
    save_tokenizer(tokenizer, partial, model.max_positions)
    shutil.rmtree(out, ignore_errors=True)
    os.replace(partial, out)
    console.print(f"vocabulary: {model.vocab_size:,} words from {total / 1e6:.0f} MB")


def render_stages(
    corpus: Path,
    tokenizer: Path,
    config: TrainConfig,
    n_tokens: float | None,
    out: Path,
    console: Console,
    *,
    seed: int = 0,
    workers: int = 1,
) -> None:
    """Render the rows of every stage, each from documents of its own.

    `n_tokens` is the most over all stages; with None every document is read to its end.
    """
    out.mkdir(parents=True, exist_ok=True)
    documents = _shuffled(list(read_corpus(corpus)), seed)
    borders = np.cumsum([0.0, *(stage.share for stage in config.stages)]) * len(documents)
    for index, stage in enumerate(config.stages):
        part = documents[int(borders[index]) : int(borders[index + 1])]
        most = sys.maxsize if n_tokens is None else int(n_tokens * stage.share / stage.row_tokens)
        plan = RowPlan(stage.row_tokens + 1, most, seed)
        n_rows = 0
        with console.status(f"rendering rows of {stage.row_tokens} tokens") as status:
            n_busy = min(workers, -(-len(part) // DOCUMENTS_PER_CHUNK)) or 1
            for n_rows in render(part, tokenizer, plan, _rows_path(out, index), n_busy):
                status.update(f"rendering rows of {stage.row_tokens} tokens: {n_rows:,}")
        console.print(f"rows of {stage.row_tokens} tokens: {n_rows:,}, {n_rows * stage.row_tokens / 1e6:.1f}M tokens")


def rows_are_complete(folder: Path, config: TrainConfig) -> bool:
    """Say whether `render_stages` finished in a folder."""
    return all(_rows_path(folder, index).is_file() for index in range(len(config.stages)))


def open_trainer(config: TrainConfig, rows: Path, codec: TextCodec, out: Path, init_from: Path | None) -> Trainer:
    """Make a trainer that goes on from the checkpoint in `out`, else from exported weights, else from nothing.

    Raises:
        TrainingError: Rows or weights are missing or do not belong together.
    """
    arrays = [open_stage(rows, config, index) for index in range(len(config.stages))]
    if not any(len(array) >= stage.batch_rows for array, stage in zip(arrays, config.stages, strict=True)):
        raise TrainingError(f"{rows} has too few rows for one step; a larger corpus is needed")
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(config, arrays, codec.special, out, "cuda" if torch.cuda.is_available() else "cpu")
    if not trainer.resume() and init_from:
        load_into(trainer.model, init_from)
    return trainer


def open_stage(folder: Path, config: TrainConfig, index: int) -> np.ndarray:
    """Map the rows [n, row_tokens + 1] of a stage.

    Raises:
        TrainingError: They were not rendered.
    """
    if not rows_are_complete(folder, config):
        raise TrainingError(f"{folder} lacks rows of some stage; render them with this --config first")
    return open_rows(_rows_path(folder, index), config.stages[index].row_tokens + 1)


def load_into(model: torch.nn.Module, folder: Path) -> None:
    """Load the weights of an exported folder.

    Raises:
        TrainingError: There are none, or they are those of another model.
    """
    try:
        model.load_state_dict(import_weights(folder))
    except (RuntimeError, SafetensorError) as error:
        raise TrainingError(f"{folder} holds no model of this size; choose its --config") from error


def read_codec(folder: Path, model: ModelConfig) -> TextCodec:
    """Read a tokenizer whose vocabulary fits a model.

    Raises:
        TrainingError: There is none, or it has another size, or lacks special tokens.
    """
    if not (folder / "tokenizer.json").is_file():
        raise TrainingError(f"{folder} has no tokenizer.json; name a tokenizer's folder")
    try:
        codec = TextCodec.from_folder(folder)
    except KeyError as error:
        raise TrainingError(f"{folder} has no token {error}; take a vocabulary made by this program") from error
    if len(codec.token_bytes) != model.vocab_size:
        raise TrainingError(f"{folder} has {len(codec.token_bytes)} words, the model {model.vocab_size}; take another")
    return codec


def python_texts(distributions: Sequence[Distribution]) -> list[str]:
    """Return the Python files of distributions, in a fixed order."""
    files = sorted((f.path, f.data) for d in distributions for f in read_files(d) if f.language == "python")
    return [data.decode("utf-8") for _, data in files]


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
