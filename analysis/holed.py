"""A document with a hole, parsed by tree-sitter once and again with each text that is tried in the hole."""

from __future__ import annotations

from dataclasses import dataclass, field

import tree_sitter

from analysis.syntax import end_point, parser_of


@dataclass(frozen=True)
class Holed:
    """What stands around a hole.

    Attributes:
        before: Bytes before it.
        behind: Bytes behind it.
        language: Language id, one with a grammar.
        tree: Tree of both without anything between.
    """

    before: bytes
    behind: bytes
    language: str
    tree: tree_sitter.Tree = field(compare=False)

    @classmethod
    def of(cls, before: bytes, behind: bytes, language: str) -> Holed:
        """Parse what stands around the hole.

        Raises:
            ValueError: There is no grammar for the language.
        """
        return cls(before, behind, language, parser_of(language).parse(before + behind))

    def parses_with(self, middle: bytes) -> bool:
        """Whether the document has no error, and nothing missing, with ``middle`` in the hole."""
        source = self.before + middle
        start, point = len(self.before), end_point(self.before)
        tree = self.tree.copy()
        tree.edit(start, start, len(source), point, point, end_point(source))
        return not parser_of(self.language).parse(source + self.behind, tree).root_node.has_error
