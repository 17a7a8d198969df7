"""What a model has learnt: bits per byte of unseen files, and whether it ends what it begins."""

from __future__ import annotations

import ast
import math
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.training.loss import summed_loss
from models.training.model import Decoder
from models.training.tokenizer import END, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, TextCodec

PREFIX_TOKENS = 384
SUFFIX_TOKENS = 96


@dataclass(frozen=True)
class InfillCase:
    """A hole in a file: `prefix` ends and `suffix` begins at a line start; `truth` is the line between."""

    prefix: str
    truth: str
    suffix: str


@dataclass(frozen=True)
class InfillScores:
    """Counts over single-line infills. `parsed` and `exact` count among all cases."""

    n_cases: int
    ended: int
    parsed: int
    exact: int
    empty: int


def bits_per_byte(model: Decoder, texts: Iterable[str], codec: TextCodec, window: int, max_windows: int) -> float:
    """Return the mean bits per byte of texts, read in windows of at most `window` tokens.

    Files are read from their beginning until `max_windows` windows are full.
    """
    bits, n_bytes = bits_and_bytes(model, _windows(texts, codec, window, max_windows), codec)
    return bits / max(n_bytes, 1)


def package_bits(
    model: Decoder, packages: Mapping[str, Sequence[str]], codec: TextCodec, window: int
) -> dict[str, float]:
    """Return the bits per byte of all files of every package, and of everything under `all`."""
    sums = {
        name: bits_and_bytes(model, _windows(texts, codec, window, sys.maxsize), codec)
        for name, texts in packages.items()
    }
    sums["all"] = sum(bits for bits, _ in sums.values()), sum(n_bytes for _, n_bytes in sums.values())
    return {name: bits / max(n_bytes, 1) for name, (bits, n_bytes) in sums.items()}


def bits_and_bytes(model: Decoder, windows: Iterable[list[int]], codec: TextCodec) -> tuple[float, int]:
    """Return the bits that the tokens of windows cost, and their bytes; the first token of a window is given."""
    nats, n_bytes = 0.0, 0
    for ids in windows:
        nats += _loss(model, torch.tensor([ids]))
        n_bytes += sum(codec.token_bytes[i] for i in ids[1:])
    return nats / math.log(2), n_bytes


def single_line_cases(texts: Sequence[str], n_cases: int, seed: int) -> list[InfillCase]:
    """Cut single lines of code (no comments, at least 8 characters) out of Python files."""
    rng = np.random.default_rng(seed)
    cases: list[InfillCase] = []
    for _ in range(100 * n_cases):
        lines = texts[int(rng.integers(len(texts)))].splitlines(keepends=True)
        index = int(rng.integers(len(lines))) if lines else 0
        if len(cases) < n_cases and lines and _is_code(lines[index]):
            cases.append(InfillCase("".join(lines[:index]), lines[index], "".join(lines[index + 1 :])))
    return cases


def infill_scores(model: Decoder, cases: Sequence[InfillCase], codec: TextCodec, max_tokens: int) -> InfillScores:
    """Complete every case greedily, the indentation of the true line given, and count."""
    ended = parsed = exact = empty = 0
    for case in cases:
        indentation = case.truth[: len(case.truth) - len(case.truth.lstrip())]
        completion, has_ended = infill(model, codec, case.prefix, case.suffix, indentation, max_tokens)
        ended += has_ended
        parsed += _parses(case.prefix + completion + case.suffix)
        exact += completion.rstrip() == case.truth.rstrip()
        empty += not completion.strip()
    return InfillScores(len(cases), ended, parsed, exact, empty)


def infill(model: Decoder, codec: TextCodec, prefix: str, suffix: str, typed: str, max_tokens: int) -> tuple[str, bool]:
    """Complete greedily between prefix and suffix, the middle beginning with `typed`.

    Return the whole middle and whether the model ended it. A blank at the end of `typed` is left to
    the model, because the vocabulary writes it together with the word that follows.
    """
    special = codec.special
    before = codec.encode(prefix)[-PREFIX_TOKENS:]
    after = codec.encode(suffix)[:SUFFIX_TOKENS]
    ids = [special[FIM_PREFIX], *before, special[FIM_SUFFIX], *after, special[FIM_MIDDLE]]
    start = len(ids)
    ids += codec.encode(typed.removesuffix(" "))
    for _ in range(max_tokens):
        token = _most_likely(model, ids)
        if token == special[END]:
            return codec.decode(ids[start:]), True
        ids.append(token)
    return codec.decode(ids[start:]), False


@torch.inference_mode()
def _loss(model: Decoder, batch: Tensor) -> float:
    embedding = model.model.embed_tokens.weight
    batch = batch.to(model.device)
    with torch.autocast(model.device.type, torch.bfloat16):
        hidden = model(batch[:, :-1])
    return summed_loss(hidden.float(), embedding, batch[:, 1:])


@torch.inference_mode()
def _most_likely(model: Decoder, ids: list[int]) -> int:
    embedding = model.model.embed_tokens.weight
    with torch.autocast(model.device.type, torch.bfloat16):
        hidden = model(torch.tensor([ids], device=model.device))
    return int((embedding @ hidden[0, -1].float()).argmax())


def _windows(texts: Iterable[str], codec: TextCodec, window: int, max_windows: int) -> list[list[int]]:
    found: list[list[int]] = []
    for text in texts:
        ids = codec.encode(text)
        found += [ids[i : i + window] for i in range(0, len(ids) - 1, window)]
        if len(found) >= max_windows:
            break
    return [ids for ids in found[:max_windows] if len(ids) > 1]


def _is_code(line: str) -> bool:
    bare = line.strip()
    return len(bare) >= 8 and bare[0] not in "#\"'" and line.endswith("\n")


def _parses(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return False
    return True
