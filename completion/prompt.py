"""The prompt of a document, laid out so that typing only appends to it.

Prefix = [A0:C], forced beginning of the middle = [C:cursor], suffix = [next line:E].  The three marks
are kept while the user types: C while what was typed behind it stays short and in one block, A0 until
the prompt overflows, E as long as C.  Each keystroke then adds tokens at the prompt's end, for formats
that put the suffix first and for those that put it second alike, and all else is in the KV cache.
Parts of other files stand before all that, chosen when the marks are made and kept as long as they are.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePath

from completion.context.blocks import settled, within
from completion.context.sources import NO_WISHES, Wishes
from completion.layout import MOST_CHARACTERS, Layout, fit, head_within, tail_within
from completion.types import Snippet
from models.formats import ContextFile, FimFormat
from models.vocabulary import Vocabulary

# Tokens of the typed part, at most: beyond them the model sees too much of the file as middle.
TYPED_TOKENS = 96

# Of the prompt's tokens, at most so many are other files' parts: 1 of so many.
CONTEXT_SHARE = 4

# Parts of the document's path that the model is told.
PATH_PARTS = 3

# Documents whose marks are kept.
DOCUMENTS = 64

# Characters that the beginning of a prefix is found again by.
_HEAD = 160

# Where a prefix may begin after an overflow: at a statement that is in no block.
_TOP_LEVEL = re.compile(r"^(?=[A-Za-z_@])", re.MULTILINE)

# What editors write behind the cursor by themselves, with the line ends between.
_CLOSERS = re.compile(r"[\s)\]}\"',;:]*")


@dataclass(frozen=True)
class PromptLayout:
    """The marks of a document and what stands between them.

    Attributes:
        start: A0, in characters of the text before the cursor.
        cut: C.
        prefix: Text between them.
        suffix: Text behind the middle that the model sees.
        to_the_end: The document ends with it.
        size: Tokens without the typed part.
        ids: The prompt without the typed part.
        wishes: What the request said about other files.
        blocks: What is seen of them.
        context_tokens: Tokens of that.
        looked: Whether others were looked for.
    """

    start: int
    cut: int
    prefix: str
    suffix: str
    to_the_end: bool
    size: int
    ids: tuple[int, ...]
    wishes: Wishes = NO_WISHES
    blocks: tuple[Snippet, ...] = ()
    context_tokens: int = 0
    looked: bool = False

    def suits(self, layout: Layout, wishes: Wishes) -> bool:
        """Whether the marks still fit: nothing but the typed part has changed, and that is in one block."""
        if wishes != self.wishes:
            return False
        before = layout.prefix + layout.typed
        if len(before) < self.cut or not before.startswith(self.prefix, self.start):
            return False
        return one_block(before[self.cut :]) and self._leads_to(layout.suffix)

    def _leads_to(self, behind: str) -> bool:
        """Whether ``behind``, what follows the cursor, is the suffix behind nothing but closers."""
        closers = _CLOSERS.match(behind)
        most = closers.end() if closers else 0
        if self.to_the_end:
            at = len(behind) - len(self.suffix)
            return 0 <= at <= most and behind.endswith(self.suffix)
        return any(behind.startswith(self.suffix, at) for at in range(most + 1))


@dataclass(frozen=True)
class Prompt:
    """What the model reads for one request.

    Attributes:
        ids: Prompt and forced part of the middle.
        healed: Bytes of the typed part that are taken back and generated again.
        unseen_before: Characters before the cursor that were left out.
        unseen_behind: Characters behind it that were left out, what may be typed over excluded.
        blocks: Number of parts of other files.
        context_tokens: Their tokens.
        late: Places where parts were looked for and that had not answered in time.
    """

    ids: tuple[int, ...]
    healed: bytes
    unseen_before: int
    unseen_behind: int
    blocks: int = 0
    context_tokens: int = 0
    late: int = 0


class Prompts:
    """Lays prompts out for one model, with the marks of the documents seen last."""

    def __init__(self, vocabulary: Vocabulary, layout: FimFormat) -> None:
        """Write prompts with ``vocabulary`` in a model's format."""
        self._vocabulary = vocabulary
        self._format = layout
        self._held: OrderedDict[str, PromptLayout] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of documents whose marks are kept."""
        return len(self._held)

    def holds(self, layout: Layout, budget: int, wishes: Wishes) -> bool:
        """Whether the next prompt for this cursor has the last one's marks, made with a look at other files."""
        held = self._held.get(layout.document.path)
        return held is not None and held.looked and self._suits(held, layout, budget, wishes)

    def prompt(
        self,
        layout: Layout,
        budget: int,
        wishes: Wishes = NO_WISHES,
        found: tuple[Snippet, ...] | None = None,
    ) -> Prompt:
        """Return the prompt for a cursor.

        Args:
            layout: The cursor's surroundings.
            budget: Most tokens.
            wishes: What the request says about other files.
            found: Parts of them, the least relevant first; None if they were not looked for.
        """
        path = layout.document.path
        held = self._held.pop(path, None)
        if held is None or not self._suits(held, layout, budget, wishes) or (found is not None and not held.looked):
            held = self._lay_out(held, layout, budget, wishes, found)
        self._held[path] = held
        if len(self._held) > DOCUMENTS:
            self._held.popitem(last=False)
        before = layout.prefix + layout.typed
        typed, healed = forced(self._vocabulary, before[held.cut :], layout.typed)
        behind = max(0, len(layout.model_suffix) - len(held.suffix))
        return Prompt((*held.ids, *typed), healed, held.start, behind, len(held.blocks), held.context_tokens)

    def _suits(self, held: PromptLayout, layout: Layout, budget: int, wishes: Wishes) -> bool:
        """Whether the held marks do for a cursor."""
        if not held.suits(layout, wishes):
            return False
        typed = self._count((layout.prefix + layout.typed)[held.cut :])
        return typed <= typed_room(budget) and held.size + typed <= budget

    def _lay_out(
        self,
        held: PromptLayout | None,
        layout: Layout,
        budget: int,
        wishes: Wishes,
        found: tuple[Snippet, ...] | None,
    ) -> PromptLayout:
        """Return new marks."""
        path, before = layout.document.path, layout.prefix + layout.typed
        cut = len(layout.prefix) + self._line_cut(layout.typed, budget // 2)
        blocks = within((*wishes.given, *(found or ())), budget // CONTEXT_SHARE, self._count)
        blocks = settled(blocks, held.blocks if held else ())
        head = len(self._ids("", "", path, blocks))
        context_tokens = head - len(self._ids("", "", path))
        budget -= head + max(typed_room(budget), self._count(before[cut:]))
        start, suffix = self._sides(held, before[:cut], layout.model_suffix, max(0, budget))
        ids = self._ids(before[start:cut], suffix, path, blocks)
        return PromptLayout(
            start=start,
            cut=cut,
            prefix=before[start:cut],
            suffix=suffix,
            to_the_end=len(suffix) == len(layout.model_suffix),
            size=len(ids),
            ids=ids,
            wishes=wishes,
            blocks=blocks,
            context_tokens=context_tokens,
            looked=found is not None,
        )

    def _line_cut(self, typed: str, room: int) -> int:
        """Return where the typed part of a line begins: 0, or further on in a line of more than ``room`` tokens."""
        if len(typed) <= room:  # no character takes more than a few tokens, and hardly one takes more than one
            return 0
        ids = self._vocabulary.encode(typed)
        kept = self._vocabulary.decode(ids[-room:]) if len(ids) > room else typed.encode()
        return len(typed) - len(kept.decode("utf-8", "ignore"))

    def _sides(self, held: PromptLayout | None, before: str, suffix: str, budget: int) -> tuple[int, str]:
        """Return where the prefix begins and the suffix that is seen.

        The held beginning stays while both fit; once they do not, it moves on so far that half of what the suffix
        leaves is free.  It is given up where little stands between it and the cursor.
        """
        start = found_again(held, before) if held else None
        if start is not None:
            size = self._count(before[start:])
            seen = head_within(suffix[: budget * MOST_CHARACTERS], max(budget // 4, budget - size), self._count)
            left = budget - self._count(seen)
            if size > left:
                return self._later_start(before, start, left // 2), seen
            if start == 0 or size >= budget // 4:
                return start, seen
        prefix, seen = fit(before, suffix, budget, self._count)
        return len(before) - len(prefix), seen

    def _later_start(self, before: str, start: int, budget: int) -> int:
        """Return the first top-level statement behind ``start`` from which on ``budget`` tokens suffice."""
        statements = [match.start() for match in _TOP_LEVEL.finditer(before, start)]
        low, high = 0, len(statements)
        while low < high:
            middle = (low + high) // 2
            fits = self._count(before[statements[middle] :]) <= budget
            low, high = (low, middle) if fits else (middle + 1, high)
        if low < len(statements):
            return statements[low]
        return len(before) - len(tail_within(before[start:], budget, self._count))

    def _count(self, text: str) -> int:
        return len(self._vocabulary.encode(text))

    def _ids(self, prefix: str, suffix: str, path: str, blocks: tuple[Snippet, ...] = ()) -> tuple[int, ...]:
        files = [ContextFile(told(block.path), block.text) for block in blocks]
        return self._format.encode(self._vocabulary, prefix, suffix, files, told(path))


def told(path: str) -> str:
    """Return what the model is told of a path; bytes of it that are no UTF-8 are question marks."""
    return "/".join(PurePath(path).parts[-PATH_PARTS:]).encode("utf-8", "replace").decode()


def typed_room(budget: int) -> int:
    """Return how many tokens the typed part may have."""
    return min(TYPED_TOKENS, budget // 4)


def one_block(typed: str) -> bool:
    """Whether no line of ``typed``, which begins at a line start, is indented less than the first that is not blank."""
    lines = [line for line in typed.split("\n") if line.strip()]
    return all(indent(line) >= indent(lines[0]) for line in lines)


def indent(line: str) -> int:
    """Return how many blanks and tabs a line begins with."""
    return len(line) - len(line.lstrip(" \t"))


def found_again(held: PromptLayout, before: str) -> int | None:
    """Return where the held prefix begins in ``before``, also after an edit above it; None if nowhere."""
    head = held.prefix[:_HEAD]
    if not head:
        return 0 if held.start == 0 else None
    if before.startswith(head, held.start):
        return held.start
    at = before.find("\n" + head)
    return at + 1 if at >= 0 else None


def forced(vocabulary: Vocabulary, typed: str, line: str) -> tuple[tuple[int, ...], bytes]:
    """Return the ids of the typed part, less what healing takes back, and that.

    Args:
        vocabulary: Of the model.
        typed: From C to the cursor.
        line: The end of it that is on the cursor's line: healing goes no further back.
    """
    line = line[-len(typed) :] if typed else ""
    if not line:
        return vocabulary.encode(typed), b""
    ids, healed = vocabulary.split_for_healing(typed)
    if len(healed) <= len(line.encode()):
        return ids, healed
    return vocabulary.encode(typed[: len(typed) - len(line)]), line.encode()
