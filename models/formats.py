"""Fill-in-the-middle formats: how a checkpoint wants prefix and suffix to be laid out.

A format is found by what the vocabulary holds, never by a checkpoint's name.  Control tokens go
into the prompt by id, so text that spells one changes nothing.  That a vocabulary has the tokens
does not prove that the checkpoint was trained with them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.languages import language_of
from models.errors import ModelError
from models.vocabulary import Vocabulary


class Part(enum.Enum):
    """A place in a layout that text goes to."""

    CONTEXT = "other files"
    PREFIX = "text before the middle"
    SUFFIX = "text behind the middle"


@dataclass(frozen=True, slots=True)
class ContextFile:
    """Another file of the project, shown to the model before the current one."""

    path: str
    text: str


@dataclass(frozen=True)
class FimFormat:
    """The format of one checkpoint, its control tokens as ids.

    Attributes:
        name: Family, as the table below spells it.
        layout: Control ids and places for text, in the order of the prompt.
        end_ids: Ids that end the middle.
        separators: All control ids: what a copied draft must never contain.
        file_mark: Id before each file that is introduced, None if the family has none.
        file_head: What introduces a file; ``{path}`` is its path, ``{comment}`` what begins a comment in its language.
        lead: Text before the prefix, where a family was trained with one.
    """

    name: str
    layout: tuple[int | Part, ...]
    end_ids: frozenset[int]
    separators: frozenset[int]
    file_mark: int | None
    file_head: str
    lead: str

    def encode(
        self, vocabulary: Vocabulary, prefix: str, suffix: str, context: Sequence[ContextFile] = (), path: str = ""
    ) -> tuple[int, ...]:
        """Return the prompt; what the model writes next is the middle.

        Args:
            vocabulary: The one that the format was found in.
            prefix: Text before the middle; a typed part of the middle is appended by the caller.
            suffix: Text behind the middle.
            context: Other files, least relevant first.
            path: Of the current file, as a project would write it; "" not to tell.
        """
        ids: list[int] = []
        for part in self.layout:
            match part:
                case Part.CONTEXT:
                    ids += self._introduce(vocabulary, context, path)
                case Part.PREFIX:
                    ids += vocabulary.encode(self.lead + prefix)
                case Part.SUFFIX:
                    ids += vocabulary.encode(suffix)
                case control:
                    ids.append(control)
        return tuple(ids)

    def before_middle(self, prompt: Sequence[int]) -> tuple[int, ...]:
        """Return the ids of the prefix in a prompt of this format; none where the middle follows it anyway."""
        behind = sum(isinstance(part, int) for part in self.layout[self.layout.index(Part.PREFIX) :])
        marks = [place for place, token in enumerate(prompt) if token in self.separators]
        if not behind or len(marks) < behind:
            return ()
        start = marks[-behind - 1] + 1 if len(marks) > behind else 0
        return tuple(prompt[start : marks[-behind]])

    def _introduce(self, vocabulary: Vocabulary, context: Sequence[ContextFile], path: str) -> list[int]:
        """Return the other files, then what introduces the current one."""
        mark = [] if self.file_mark is None else [self.file_mark]
        ids: list[int] = []
        for file in context:
            text = file.text if file.text.endswith("\n") else file.text + "\n"
            ids += mark
            ids += vocabulary.encode(self._head(file.path) + text)
        if context or path:
            ids += mark
        if path:
            ids += vocabulary.encode(self._head(path))
        return ids

    def _head(self, path: str) -> str:
        """Return what introduces a file, as a comment of its language where a family has no way of its own."""
        comment = language_of("", path).comment or "#"
        return self.file_head.replace("{comment}", comment).replace("{path}", path)


def detect(vocabulary: Vocabulary, eos_ids: Iterable[int] = ()) -> FimFormat:
    """Return the format whose control tokens the vocabulary holds.

    Args:
        vocabulary: The checkpoint's.
        eos_ids: What the checkpoint's configuration calls its end of text.

    Raises:
        ModelError: It holds none of the known sets.
    """
    for family in FAMILIES:
        if vocabulary.control.keys() >= family.needs():
            return _resolve(family, vocabulary, frozenset(eos_ids))
    raise ModelError(
        "model has no fill-in-the-middle tokens; choose a code model trained for infilling, such as Qwen2.5-Coder"
    )


@dataclass(frozen=True)
class Family:
    """A row of the table: a format by the spelling of its control tokens.

    Attributes:
        name: Family.
        layout: Spellings and places for text.
        tells: Further control tokens that tell this family from others with the same marks.
        ends: What ends the middle, where the vocabulary has it; the layout's own tokens and the
            configured end of text always do.
        file_mark: Control token before each file; "" if the family has none.
        file_head: What introduces a file.
        lead: Text before the prefix.
    """

    name: str
    layout: tuple[str | Part, ...]
    tells: frozenset[str] = frozenset()
    ends: tuple[str, ...] = ()
    file_mark: str = ""
    file_head: str = "{comment} {path}\n"
    lead: str = ""

    def needs(self) -> frozenset[str]:
        """Return the control tokens without which this is not the family."""
        return self.tells | {part for part in self.layout if isinstance(part, str)}


_BARRED = (Part.CONTEXT, "<|fim_prefix|>", Part.PREFIX, "<|fim_suffix|>", Part.SUFFIX, "<|fim_middle|>")
_PLAIN = (Part.CONTEXT, "<fim_prefix>", Part.PREFIX, "<fim_suffix>", Part.SUFFIX, "<fim_middle>")

# First match wins, so the more particular rows stand first.
FAMILIES = (
    Family(
        "qwen-coder",
        _BARRED,
        frozenset({"<|file_sep|>"}),
        ("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
        "<|file_sep|>",
        "{path}\n",
    ),
    Family(
        "codegemma",
        ("<bos>", *_BARRED),
        frozenset({"<|file_separator|>"}),
        ("<|file_separator|>", "<eos>"),
        "<|file_separator|>",
    ),
    Family("granite-3.3", _BARRED, frozenset({"<|end_of_text|>"}), ("<|end_of_text|>", "<|fim_pad|>")),
    Family("fim-barred", _BARRED, ends=("<|endoftext|>", "<|fim_pad|>")),
    Family(
        "mellum",
        (Part.CONTEXT, "<fim_suffix>", Part.SUFFIX, "<fim_prefix>", Part.PREFIX, "<fim_middle>"),
        # StarCoder's marks in another order; chat marks are what StarCoder's vocabulary lacks.
        frozenset({"<filename>", "<|im_start|>"}),
        ("<|endoftext|>", "<filename>", "<fim_pad>"),
        "<filename>",
        "{path}\n",
    ),
    Family(
        "starcoder2",
        _PLAIN,
        frozenset({"<file_sep>", "<repo_name>"}),
        ("<file_sep>", "<|endoftext|>"),
        "<file_sep>",
        # In training the current file's path stood behind the prefix mark; here it stands before it, as others' do.
        "{path}\n",
    ),
    Family(
        "starcoder",
        _PLAIN,
        frozenset({"<reponame>", "<filename>"}),
        ("<|endoftext|>", "<fim_pad>", "<filename>"),
        "<filename>",
        "{path}\n",
    ),
    Family("fim-plain", _PLAIN, ends=("<|endoftext|>", "<fim_pad>")),
    Family(
        "santacoder",
        (Part.CONTEXT, "<fim-prefix>", Part.PREFIX, "<fim-suffix>", Part.SUFFIX, "<fim-middle>"),
        ends=("<|endoftext|>", "<fim-pad>"),
    ),
    Family(
        "seed-coder",
        (Part.CONTEXT, "<[fim-suffix]>", Part.SUFFIX, "<[fim-prefix]>", Part.PREFIX, "<[fim-middle]>"),
        ends=("<[end\u2581of\u2581sentence]>",),
    ),
    Family(
        "deepseek-coder",
        (
            "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
            Part.CONTEXT,
            "<\uff5cfim\u2581begin\uff5c>",
            Part.PREFIX,
            "<\uff5cfim\u2581hole\uff5c>",
            Part.SUFFIX,
            "<\uff5cfim\u2581end\uff5c>",
        ),
        ends=("<\uff5cend\u2581of\u2581sentence\uff5c>", "<|EOT|>"),
        file_head="#{path}\n",
    ),
    Family(
        "codellama",
        ("<s>", Part.CONTEXT, "\u2581<PRE>", Part.PREFIX, "\u2581<SUF>", Part.SUFFIX, "\u2581<MID>"),
        ends=("\u2581<EOT>", "</s>"),
        # sentencepiece puts a blank before a text; only the prefix was encoded that way in training.
        lead=" ",
    ),
    Family(
        "codestral",
        ("<s>", Part.CONTEXT, "[SUFFIX]", Part.SUFFIX, "[PREFIX]", Part.PREFIX),
        ends=("</s>",),
        file_head="+++++ {path}\n",
    ),
    Family(
        "glm-4.5",
        (Part.CONTEXT, "<|code_prefix|>", Part.PREFIX, "<|code_suffix|>", Part.SUFFIX, "<|code_middle|>"),
        ends=("<|endoftext|>",),
    ),
)


def _resolve(family: Family, vocabulary: Vocabulary, eos_ids: frozenset[int]) -> FimFormat:
    ids = vocabulary.control
    layout = tuple(ids[part] if isinstance(part, str) else part for part in family.layout)
    marks = {part for part in layout if not isinstance(part, Part)}
    ends = {ids[spelling] for spelling in family.ends if spelling in ids}
    return FimFormat(
        name=family.name,
        layout=layout,
        end_ids=frozenset(marks | ends | eos_ids),
        separators=frozenset(ids.values()) | eos_ids,
        file_mark=ids.get(family.file_mark),
        file_head=family.file_head,
        lead=family.lead,
    )
