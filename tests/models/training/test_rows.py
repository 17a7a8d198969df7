"""Rows: of one length, without padding, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training import rows as rows_module
from models.training.corpus.build import Document
from models.training.rows import RowPacker, RowPlan, open_rows, render
from models.training.tokenizer import END, FILE_SEP, FIM_MIDDLE, FIM_PAD, TextCodec

WIDTH = 129


def pack(codec: TextCodec, documents: list[Document], width: int, seed: int) -> np.ndarray:
    packer = RowPacker(codec, width, np.random.default_rng(seed))
    for document, neighbour in zip(documents, [None, *documents], strict=False):
        packer.add(document, neighbour)
    return np.array(packer.rows)


def test_rows_are_full_and_mostly_to_be_filled_in(codec: TextCodec, documents: list[Document]) -> None:
    rows = pack(codec, documents, WIDTH, 0)
    assert rows.shape[1] == WIDTH
    assert not (rows == codec.special[FIM_PAD]).any()
    has_middle = (rows == codec.special[FIM_MIDDLE]).any(axis=1)
    assert 0.7 < has_middle.mean() < 1.0


def test_every_middle_of_a_row_ends_in_it(codec: TextCodec, documents: list[Document]) -> None:
    middle, end = codec.special[FIM_MIDDLE], codec.special[END]
    for row in pack(codec, documents, WIDTH, 1).tolist():
        for place in (i for i, token in enumerate(row) if token == middle):
            assert end in row[place:]


def test_long_rows_sometimes_hold_a_second_file(codec: TextCodec, documents: list[Document]) -> None:
    rows = pack(codec, documents * 3, 1_025, 0)
    assert (rows == codec.special[FILE_SEP]).sum(axis=1).max() >= 2


def test_rendering_is_reproducible_with_any_number_of_workers_and_stops_at_the_limit(
    tmp_path: Path, tokenizer_folder: Path, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "DOCUMENTS_PER_CHUNK", 1)
    for n_rows in (25, 400):
        for n_workers in (1, 2):
            path = tmp_path / f"{n_workers}.bin"
            assert (
                list(render(documents, tokenizer_folder, RowPlan(WIDTH, n_rows, seed=3), path, n_workers))[-1] == n_rows
            )
        first, second = (open_rows(tmp_path / f"{n_workers}.bin", WIDTH) for n_workers in (1, 2))
        assert first.shape == (n_rows, WIDTH) and np.array_equal(first, second)
