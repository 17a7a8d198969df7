"""What the monitors say of the tokens that may come at one position, each asked as little as needed.

A forbidden beginning forbids everything that begins like it, so it is remembered: where nothing
but a name may stand, one judgement of ``(`` settles the hundred tokens that begin with it.
"""

from __future__ import annotations

from typing import Final

from analysis.facts import FactView
from decoding.watch import Judgement, Watch
from models.vocabulary import Vocabulary
from monitors.base import FORBIDDEN

STRAY: Final = Judgement(-40.0, "spacing", ("spacing",))
"""Nearly a ban, for indentation in pieces that no tokenizer makes: the model has not seen what would follow."""

_CODE: Final = (b" x", b"x", b" if", b"if")
"""What code begins like behind a token of white space; most tokenizers join the last blank to the word.

A header's word is among it, since nothing else may stand before a block.
"""


class Verdicts:
    """Judgements at one position.

    Attributes:
        watch: The monitors' states before the token.
        view: Facts known.
    """

    def __init__(
        self, vocabulary: Vocabulary, endings: tuple[frozenset[int], bytes], watch: Watch, view: FactView
    ) -> None:
        """Judge with the states of ``watch``.

        Args:
            vocabulary: Ids and their bytes.
            endings: Ids that end the middle, and the first bytes of what follows it then.
            watch: The monitors' states before the token.
            view: Facts known.
        """
        self._vocabulary = vocabulary
        self._end_ids, self._ending = endings
        self.watch = watch
        self.view = view
        self._dead: dict[bytes, Judgement] = {}
        self._known: dict[int, Judgement] = {}
        self._clear: set[int] = set()

    def of(self, token: int) -> Judgement:
        """Return what the monitors say of one token; special tokens that end nothing are forbidden."""
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._look_at(token)
        return known

    def _look_at(self, token: int) -> Judgement:
        if token in self._end_ids:
            return self.watch.judge_end(self._ending, self.view)
        data = self._vocabulary.bytes_of(token)
        if not data:
            return Judgement(FORBIDDEN, "vocabulary")
        judgement = self.of_beginning(data)
        return STRAY if judgement.penalty == 0 and self._is_stray(data) else judgement

    def _is_stray(self, data: bytes) -> bool:
        """Whether ``data`` is a part of an indentation, and more blanks have to follow before any code may."""
        if data.strip(b" ") or not self.watch.scan.at_line_start:
            return False
        return all(self.watch.judge(data + code, self.view).penalty == FORBIDDEN for code in _CODE)

    def candidates(self) -> list[int]:
        """Return all tokens but those whose first byte is forbidden: a superset of the legal ones."""
        found = list(self._end_ids)
        for byte, node in self._vocabulary.trie.children.items():
            if self.of_beginning(bytes((byte,))).penalty != FORBIDDEN:
                found += node.below
        return found

    def of_beginning(self, data: bytes) -> Judgement:
        """Return what the monitors say of some bytes, which costs no more than any token that begins like that."""
        buried = self.buried(data)
        if buried is not None:
            return buried
        judgement = self.watch.judge(data, self.view)
        if judgement.penalty == FORBIDDEN:
            self._bury(data, judgement)
        elif judgement.penalty == 0:
            self._clear.add(data[0])
        return judgement

    def is_clear(self, byte: int) -> bool:
        """Whether nobody is known to object to a first byte, since something that begins with it costs nothing."""
        return byte in self._clear

    def buried(self, data: bytes) -> Judgement | None:
        """Return the judgement on a beginning of ``data`` that is known to be forbidden, None if none is."""
        if self._dead:
            for size in range(1, len(data) + 1):
                if (known := self._dead.get(data[:size])) is not None:
                    return known
        return None

    def _bury(self, data: bytes, judgement: Judgement) -> None:
        """Remember the shortest beginning of ``data`` that the same monitor forbids, as it does all longer ones."""
        free, size = 0, 1
        while free + 1 < len(data):
            if self.watch.penalty_by(judgement.monitor, data[:size], self.view) == FORBIDDEN:
                data = data[:size]
            else:
                free = size
            size = (free + len(data)) // 2
        self._dead[data] = judgement
