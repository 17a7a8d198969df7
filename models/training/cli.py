"""Subcommands `corpus`, `check`, `tokenizer`, `tokenize`, `train`, `heads`, `export` and `evaluate`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from models.training import commands
from models.training.config import CONFIGS
from models.training.corpus.heldout import DEV_PACKAGES
from models.training.errors import TrainingError


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand and return the exit status."""
    options = vars(_parser().parse_args(arguments))
    n_threads, run = options.pop("threads"), options.pop("run")
    if n_threads:
        torch.set_num_threads(n_threads)
    try:
        status: int | None = run(**options)
    except TrainingError as error:
        sys.stderr.write(f"models.training: {error}\n")
        return 2
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--threads", type=int, default=0, help="torch threads (0: torch's own choice)")
    subcommands = parser.add_subparsers(required=True)
    _add_corpus(subcommands.add_parser("corpus", help="collect permissively licensed source text"))
    _add_check(subcommands.add_parser("check", help="fail where a corpus holds what is held out"))
    _add_tokenizer(subcommands.add_parser("tokenizer", help="learn the vocabulary"))
    _add_tokenize(subcommands.add_parser("tokenize", help="render rows of FIM examples"))
    _add_train(subcommands.add_parser("train", help="train, or go on training"))
    _add_heads(subcommands.add_parser("heads", help="train extra heads on a model that stays as it is"))
    _add_export(subcommands.add_parser("export", help="write a Hugging Face folder"))
    _add_evaluate(subcommands.add_parser("evaluate", help="bits per byte and infilling on held-out files"))
    return parser


def _add_corpus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--archives", type=Path, nargs="*", default=[], help="folders of wheels, sdists, npm archives")
    parser.add_argument("--installed", type=Path, nargs="*", default=[], help="site-packages folders")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of archives nothing may resemble")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of public benchmarks to stay clear of")
    parser.add_argument("--limit-mb", type=float, default=5.0, help="most text from one distribution")
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=commands.build_corpus)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True, help="folder with an archive of each held-out package")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of public benchmarks")
    parser.set_defaults(run=commands.check_corpus)


def _add_tokenizer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--sample-mb", type=float, default=40.0, help="text to learn merges from")
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=commands.train_vocabulary)


def _add_tokenize(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--million-tokens", type=float, required=True, help="tokens to render over all stages")
    parser.add_argument("--seed", type=int, default=0, help="order of documents and choice of spans")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=commands.render_rows)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--rows", type=Path, required=True, help="folder written by tokenize")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, help="folder of archives to measure bits per byte on")
    parser.add_argument("--out", type=Path, required=True, help="run folder; training goes on from its checkpoint")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="length of the whole run, stops not counted")
    budget.add_argument("--until", help="end at this local time, HH:MM")
    budget.add_argument("--steps", type=int, help="end after this many steps")
    parser.add_argument("--init-from", type=Path, help="exported folder to start from instead of random weights")
    parser.add_argument("--compile", action="store_true", help="use torch.compile (pays on CUDA)")
    parser.add_argument("--save-minutes", type=float, default=3.0)
    parser.add_argument("--evaluate-every", type=int, default=250, help="steps")
    parser.set_defaults(run=commands.train)


def _add_heads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--model", type=Path, required=True, help="exported folder; the heads are written into it")
    parser.add_argument("--rows", type=Path, required=True, help="folder written by tokenize")
    parser.add_argument("--heads", dest="n_heads", type=int, default=3)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float)
    budget.add_argument("--steps", type=int)
    parser.set_defaults(run=commands.train_extra_heads)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--checkpoint", type=Path, required=True, help="run folder")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=commands.export)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", choices=CONFIGS, default="nano")
    parser.add_argument("--model", type=Path, required=True, help="exported folder")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of held-out archives")
    parser.add_argument("--packages", nargs="*", default=DEV_PACKAGES)
    parser.add_argument("--cases", type=int, default=60)
    parser.set_defaults(run=commands.evaluate)
