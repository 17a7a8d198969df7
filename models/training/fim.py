"""Fill-in-the-middle examples of an exact number of tokens.

Prefix first, then suffix, then middle, as Qwen2.5-Coder spells it (PSM; Bavarian et al. 2022), a few
of them suffix first. At completion time the typed part of the current line is forced at the start
of the middle, so in half of the examples the middle consists of whole lines: the prefix ends
before a line start and the suffix begins at one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.training.spans import SpanTable
from models.training.tokenizer import END, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, TextCodec

# Four special tokens frame an example.
N_FRAME = 4
_GUESS_BYTES_PER_TOKEN = 5


@dataclass(frozen=True)
class FimSettings:
    """How examples are drawn. Shares are probabilities; kinds carry relative weights."""

    fim_share: float = 0.9
    spm_share: float = 0.08
    line_share: float = 0.55
    no_suffix_share: float = 0.06
    no_prefix_share: float = 0.03
    line_kinds: tuple[tuple[str, float], ...] = (
        ("line", 8.0),
        ("few lines", 1.0),
        ("statement", 2.5),
        ("block", 0.7),
        ("body", 0.7),
    )
    cursor_kinds: tuple[tuple[str, float], ...] = (
        ("rest of line", 5.0),
        ("after dot", 2.0),
        ("attribute", 1.0),
        ("arguments", 1.5),
        ("expression", 1.0),
        ("characters", 1.0),
        ("statement", 0.7),
        ("body", 0.4),
        ("call text", 0.3),
    )


@dataclass(frozen=True)
class Example:
    """Token ids of an example, and the byte at which reading of the file may go on."""

    ids: list[int]
    next_byte: int


class FimSampler:
    """Draws examples from files, window after window."""

    def __init__(self, codec: TextCodec, settings: FimSettings) -> None:
        """`codec` encodes the text of files, special tokens spelled in it included."""
        self._codec = codec
        self._settings = settings

    def draw(self, table: SpanTable, start: int, budget: int, rng: np.random.Generator) -> Example:
        """Make an example of at most `budget` tokens from the file's bytes from `start` on.

        `start` is a line start. The result is shorter than the budget only where the file ends.
        """
        if rng.random() < self._settings.fim_share:
            span = self._choose(table, start, budget, rng)
            if span is not None:
                return self._infill(table, start, span, budget, rng)
        return self._continuation(table, start, budget)

    def _choose(self, table: SpanTable, start: int, budget: int, rng: np.random.Generator) -> tuple[int, int] | None:
        """Choose the middle within the part of the window that surely fits, at a random depth."""
        settings = self._settings
        whole = rng.random() < settings.line_share
        kinds = settings.line_kinds if whole else settings.cursor_kinds
        weights = np.array([weight for _, weight in kinds])
        high = min(start + int(2.6 * budget), len(table.data))
        for _ in range(4):
            kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))][0]
            span = _draw_span(table, kind, start, high, rng)
            if span is None:
                continue
            span = table.whole_lines(*span) if whole else span
            if start <= span[0] < span[1] <= high and span[1] - span[0] <= budget:
                return span
        return None

    def _infill(
        self, table: SpanTable, start: int, span: tuple[int, int], budget: int, rng: np.random.Generator
    ) -> Example:
        encode, data, special = self._codec.encode, table.data, self._codec.special
        middle = encode(_text(data[span[0] : span[1]]))
        prefix = [] if rng.random() < self._settings.no_prefix_share else encode(_text(data[start : span[0]]))
        room = max(budget - N_FRAME - len(middle), 0)
        suffix: list[int] = []
        if rng.random() >= self._settings.no_suffix_share:
            reach = span[1] + _GUESS_BYTES_PER_TOKEN * room
            suffix = encode(_text(data[span[1] : reach]))
            prefix = prefix[max(0, len(prefix) - max(room - len(suffix), room - room // 4)) :]
            suffix = suffix[: room - len(prefix)]
        prefix = prefix[max(0, len(prefix) - room) :]
        used = sum(self._codec.token_bytes[i] for i in suffix)
        if rng.random() < self._settings.spm_share:
            ids = [special[FIM_PREFIX], special[FIM_SUFFIX], *suffix, special[FIM_MIDDLE], *prefix, *middle]
        else:
            ids = [special[FIM_PREFIX], *prefix, special[FIM_SUFFIX], *suffix, special[FIM_MIDDLE], *middle]
        return Example([*ids, special[END]], span[1] + used)

    def _continuation(self, table: SpanTable, start: int, budget: int) -> Example:
        """Plain text from `start` on, closed by the end token where the file ends."""
        ids = self._codec.encode(_text(table.data[start : start + _GUESS_BYTES_PER_TOKEN * budget]))[: budget - 1]
        used = start + sum(self._codec.token_bytes[i] for i in ids)
        if used >= len(table.data):
            ids.append(self._codec.special[END])
        return Example(ids, used)


def _draw_span(table: SpanTable, kind: str, low: int, high: int, rng: np.random.Generator) -> tuple[int, int] | None:
    if kind not in ("line", "few lines", "rest of line", "characters"):
        return table.draw(kind, low, high, rng)
    place = int(rng.integers(low, max(high, low + 1)))
    if kind == "characters":
        return _character_boundaries(table.data, place, place + int(np.exp(rng.uniform(0.7, 5.0))))
    start, end = table.whole_lines(place, place)
    if not table.data[start:end].strip():
        return None
    if kind == "few lines":
        return start, table.whole_lines(end, min(end + int(rng.integers(1, 120)), len(table.data)))[1]
    if kind == "rest of line":
        return _character_boundaries(table.data, place, end - 1) if place < end - 1 else None
    return start, end


def _character_boundaries(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Move offsets forward to where UTF-8 characters begin."""
    while start < len(data) and data[start] & 0xC0 == 0x80:
        start += 1
    end = max(min(end, len(data)), start)
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return start, end


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "ignore")
