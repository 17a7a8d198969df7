"""Rows of tokens of one length, packed from examples without padding, in a uint16 memory map."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from models.training.corpus.build import Document
from models.training.fim import FimSampler, FimSettings
from models.training.spans import SpanTable
from models.training.tokenizer import FILE_SEP, TextCodec

# Room in a row that is too small for an example is filled with plain text.
MIN_EXAMPLE_TOKENS = 40
HEADER_SHARE = 0.15
CONTEXT_SHARE = 0.1
# A second file needs a row of some length to be of use.
MIN_CONTEXT_ROW = 512
DOCUMENTS_PER_CHUNK = 100


@dataclass(frozen=True)
class RowPlan:
    """What to render: the row width (inputs plus one target) and how many rows at most."""

    width: int
    max_rows: int
    seed: int


class RowPacker:
    """Turns documents into rows. One packer per chunk of documents; what does not fill a row is dropped."""

    def __init__(self, codec: TextCodec, width: int, rng: np.random.Generator) -> None:
        """`width` is the number of tokens of a row."""
        self._codec = codec
        self._sampler = FimSampler(codec, FimSettings())
        self._width = width
        self._rng = rng
        self._row: list[int] = []
        self.rows: list[list[int]] = []

    def add(self, document: Document, neighbour: Document | None) -> None:
        """Read one document from its beginning to its end, `neighbour` serving as context now and then."""
        table = SpanTable(document.text.encode(), document.language)
        if self._rng.random() < HEADER_SHARE:
            self._append_header(document)
        start = 0
        while start < len(table.data):
            if not self._row and neighbour and self._width > MIN_CONTEXT_ROW and self._rng.random() < CONTEXT_SHARE:
                self._append_context(neighbour)
                self._append_header(document)
            start = self._append_example(table, start)

    def _append_example(self, table: SpanTable, start: int) -> int:
        room = self._width - len(self._row)
        if room < MIN_EXAMPLE_TOKENS:
            text = table.data[start : start + 8 * room].decode("utf-8", "ignore")
            self._append((self._codec.encode(text) + [self._codec.special[FILE_SEP]] * room)[:room])
            return start
        example = self._sampler.draw(table, start, room, self._rng)
        self._append(example.ids)
        return _next_line_start(table.data, max(example.next_byte, start + 1))

    def _append_context(self, neighbour: Document) -> None:
        limit = int(self._width * self._rng.uniform(0.15, 0.4))
        self._append_header(neighbour)
        self._append(self._codec.encode(neighbour.text[: 6 * limit])[:limit])

    def _append_header(self, document: Document) -> None:
        path = "/".join(PurePosixPath(document.path).parts[-3:])
        header = [self._codec.special[FILE_SEP], *self._codec.encode(path + "\n")]
        if len(self._row) + len(header) + MIN_EXAMPLE_TOKENS <= self._width:
            self._append(header)

    def _append(self, ids: list[int]) -> None:
        self._row.extend(ids)
        if len(self._row) >= self._width:
            self.rows.append(self._row[: self._width])
            self._row = []


def render(
    documents: Sequence[Document], tokenizer_folder: Path, plan: RowPlan, path: Path, workers: int
) -> Iterator[int]:
    """Write rows [n, width] of uint16 to `path`, yielding the number written so far.

    One worker is this process; the rows do not depend on their number.
    """
    n_rows = 0
    jobs = (
        (chunk, tokenizer_folder, plan.width, [plan.seed, index])
        for index, chunk in enumerate(_chunks(documents, DOCUMENTS_PER_CHUNK))
    )
    partial = path.with_suffix(".partial")
    with _mapping(workers) as map_in_order, partial.open("wb") as out:
        for rows in map_in_order(_render_chunk, jobs):
            kept = rows[: plan.max_rows - n_rows]
            out.write(kept.tobytes())
            n_rows += len(kept)
            yield n_rows
            if n_rows >= plan.max_rows:
                break
    partial.replace(path)


def open_rows(path: Path, width: int) -> np.ndarray:
    """Map a file written by `render` as an array [n, width] of uint16."""
    if not path.stat().st_size:
        return np.empty((0, width), np.uint16)
    return np.memmap(path, np.uint16, "r").reshape(-1, width)


_Job = tuple[list[Document], Path, int, list[int]]


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[[Callable[[_Job], np.ndarray], Iterable[_Job]], Iterator[np.ndarray]]]:
    if workers == 1:
        yield map
        return
    with multiprocessing.get_context("spawn").Pool(workers, _leave_interrupts) as pool:
        yield pool.imap


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers without a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render_chunk(job: _Job) -> np.ndarray:
    documents, tokenizer_folder, width, seed = job
    rng = np.random.default_rng(seed)
    packer = RowPacker(_codec(tokenizer_folder), width, rng)
    folders: dict[tuple[str, str], Document] = {}
    for document in documents:
        folder = document.distribution, document.path.rpartition("/")[0]
        packer.add(document, folders.get(folder))
        folders[folder] = document
    rows = np.array(packer.rows, np.uint16).reshape(-1, width)
    return rows[rng.permutation(len(rows))]


_CODECS: dict[Path, TextCodec] = {}


def _codec(folder: Path) -> TextCodec:
    if folder not in _CODECS:
        _CODECS[folder] = TextCodec.from_folder(folder)
    return _CODECS[folder]


def _chunks(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    for document in documents:
        chunk.append(document)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _next_line_start(data: bytes, offset: int) -> int:
    """Return the first line start at or after `offset`."""
    if offset >= len(data) or data[offset - 1] == ord("\n"):
        return offset
    line_end = data.find(b"\n", offset)
    return line_end + 1 if line_end >= 0 else len(data)
