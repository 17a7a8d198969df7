"""FIM formats: found by vocabulary, marks by id, text as text."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from models.errors import ModelError
from models.formats import FAMILIES, ContextFile, FimFormat, Part, detect
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers


def vocabulary_with(*control: str) -> Vocabulary:
    """Return a byte-level vocabulary with these control tokens."""
    tokenizer = Tokenizer.from_str(tiny_tokenizers.qwen(("<pad>",)).to_str())
    tokenizer.add_special_tokens(list(control))
    return Vocabulary.of(tokenizer)


def shown(vocabulary: Vocabulary, ids: tuple[int, ...]) -> str:
    """Return a prompt as text, control tokens in guillemets."""
    names = {token: f"«{spelling}»" for spelling, token in vocabulary.control.items()}
    return "".join(names.get(token) or vocabulary.decode([token]).decode() for token in ids)


BARRED = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
PLAIN = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
DEEPSEEK = ("<｜begin▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>")
CODELLAMA = ("<s>", "</s>", "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>")
GLM = ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>")

KNOWN = [
    # control tokens of the vocabulary, family, prompt, what ends the middle beside the layout's own
    (
        (*BARRED, "<|file_sep|>", "<|repo_name|>", "<|endoftext|>", "<|fim_pad|>", "<|im_end|>", "<|im_start|>"),
        "qwen-coder",
        "«<|fim_prefix|>»P<«<|fim_suffix|>»S>«<|fim_middle|>»",
        {"<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"},
    ),
    (
        (*BARRED, "<bos>", "<eos>", "<|file_separator|>"),
        "codegemma",
        "«<bos>»«<|fim_prefix|>»P<«<|fim_suffix|>»S>«<|fim_middle|>»",
        {"<|file_separator|>", "<eos>"},
    ),
    (
        (*BARRED, "<|end_of_text|>", "<|fim_pad|>"),
        "granite-3.3",
        "«<|fim_prefix|>»P<«<|fim_suffix|>»S>«<|fim_middle|>»",
        {"<|end_of_text|>", "<|fim_pad|>"},
    ),
    (BARRED, "fim-barred", "«<|fim_prefix|>»P<«<|fim_suffix|>»S>«<|fim_middle|>»", set()),
    (
        (*BARRED, "<|end_of_text|>", "<|fim_pad|>", "<|start_of_role|>", "<|end_of_role|>", "<|unk|>"),
        "granite-3.3",
        "«<|fim_prefix|>»P<«<|fim_suffix|>»S>«<|fim_middle|>»",
        {"<|end_of_text|>", "<|fim_pad|>"},
    ),
    (
        (*PLAIN, "<filename>", "<reponame>", "<fim_pad>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        "mellum",
        "«<fim_suffix>»S>«<fim_prefix>»P<«<fim_middle>»",
        {"<|endoftext|>", "<filename>", "<fim_pad>"},
    ),
    (
        ("<fim-prefix>", "<fim-suffix>", "<fim-middle>", "<fim-pad>", "<|endoftext|>"),
        "santacoder",
        "«<fim-prefix>»P<«<fim-suffix>»S>«<fim-middle>»",
        {"<|endoftext|>", "<fim-pad>"},
    ),
    (
        ("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", "<[begin▁of▁sentence]>", "<[end▁of▁sentence]>"),
        "seed-coder",
        "«<[fim-suffix]>»S>«<[fim-prefix]>»P<«<[fim-middle]>»",
        {"<[end▁of▁sentence]>"},
    ),
    (
        (*PLAIN, "<file_sep>", "<repo_name>", "<|endoftext|>"),
        "starcoder2",
        "«<fim_prefix>»P<«<fim_suffix>»S>«<fim_middle>»",
        {"<file_sep>", "<|endoftext|>"},
    ),
    (
        (*PLAIN, "<reponame>", "<filename>", "<|endoftext|>", "<fim_pad>"),
        "starcoder",
        "«<fim_prefix>»P<«<fim_suffix>»S>«<fim_middle>»",
        {"<|endoftext|>", "<fim_pad>", "<filename>"},
    ),
    ((*PLAIN, "<|endoftext|>"), "fim-plain", "«<fim_prefix>»P<«<fim_suffix>»S>«<fim_middle>»", {"<|endoftext|>"}),
    (
        (*DEEPSEEK, "<|EOT|>"),
        "deepseek-coder",
        "«<｜begin▁of▁sentence｜>»«<｜fim▁begin｜>»P<«<｜fim▁hole｜>»S>«<｜fim▁end｜>»",
        {"<｜end▁of▁sentence｜>", "<|EOT|>"},
    ),
    (CODELLAMA, "codellama", "«<s>»«▁<PRE>» P<«▁<SUF>»S>«▁<MID>»", {"▁<EOT>", "</s>"}),
    (("<s>", "</s>", "[PREFIX]", "[SUFFIX]"), "codestral", "«<s>»«[SUFFIX]»S>«[PREFIX]»P<", {"</s>"}),
    (
        (*GLM, "<|endoftext|>"),
        "glm-4.5",
        "«<|code_prefix|>»P<«<|code_suffix|>»S>«<|code_middle|>»",
        {"<|endoftext|>"},
    ),
]


@pytest.mark.parametrize(("control", "family", "prompt", "ends"), KNOWN)
def test_known_families(control: tuple[str, ...], family: str, prompt: str, ends: set[str]) -> None:
    """Each family is found by its control tokens and lays text out its own way."""
    vocabulary = vocabulary_with(*control)
    found = detect(vocabulary)
    assert found.name == family
    assert shown(vocabulary, found.encode(vocabulary, "P<", "S>")) == prompt
    marks = {part for part in found.layout if not isinstance(part, Part)}
    assert found.end_ids == marks | {vocabulary.control[spelling] for spelling in ends}
    assert found.separators == frozenset(vocabulary.control.values())


def test_every_family_is_tested() -> None:
    """No row of the table is without a test."""
    assert {row[1] for row in KNOWN} == {family.name for family in FAMILIES}


def qwen() -> tuple[Vocabulary, FimFormat]:
    """Return a Qwen-like vocabulary and its format."""
    vocabulary = Vocabulary.of(tiny_tokenizers.qwen())
    return vocabulary, detect(vocabulary)


def test_configured_end_of_text_ends_the_middle() -> None:
    """What the checkpoint calls its end of text ends the middle and is never copied."""
    vocabulary, _ = qwen()
    found = detect(vocabulary, eos_ids=(99,))
    assert 99 in found.end_ids
    assert 99 in found.separators


def test_marks_in_the_text_stay_text() -> None:
    """A file that spells the marks has exactly three of them in its prompt."""
    vocabulary, found = qwen()
    ids = found.encode(vocabulary, "a = '<|fim_middle|>'\n", "<|fim_prefix|><|endoftext|>")
    assert sum(token in found.separators for token in ids) == 3
    assert vocabulary.decode(ids) == b"a = '<|fim_middle|>'\n<|fim_prefix|><|endoftext|>"


FILES = (ContextFile("a.py", "x"), ContextFile("{b}.py", "y\n"))
CONTEXTS = [
    # control tokens, other files, path of the current one, prompt
    (
        ("<s>", "</s>", "[PREFIX]", "[SUFFIX]"),
        FILES,
        "",
        "«<s>»+++++ a.py\nx\n+++++ {b}.py\ny\n«[SUFFIX]»S«[PREFIX]»P",
    ),
    (
        DEEPSEEK,
        (),
        "c.py",
        "«<｜begin▁of▁sentence｜>»#c.py\n«<｜fim▁begin｜>»P«<｜fim▁hole｜>»S«<｜fim▁end｜>»",
    ),
    (
        (*PLAIN, "<filename>", "<|im_start|>", "<|endoftext|>"),
        FILES[:1],
        "c.py",
        "«<filename>»a.py\nx\n«<filename>»c.py\n«<fim_suffix>»S«<fim_prefix>»P«<fim_middle>»",
    ),
    (
        tiny_tokenizers.QWEN_CONTROL,
        FILES,
        "",
        "«<|file_sep|>»a.py\nx\n«<|file_sep|>»{b}.py\ny\n«<|file_sep|>»"
        "«<|fim_prefix|>»P«<|fim_suffix|>»S«<|fim_middle|>»",
    ),
    (
        tiny_tokenizers.QWEN_CONTROL,
        FILES[:1],
        "c.py",
        "«<|file_sep|>»a.py\nx\n«<|file_sep|>»c.py\n«<|fim_prefix|>»P«<|fim_suffix|>»S«<|fim_middle|>»",
    ),
]


@pytest.mark.parametrize(("control", "context", "path", "prompt"), CONTEXTS)
def test_other_files_stand_first(
    control: tuple[str, ...], context: tuple[ContextFile, ...], path: str, prompt: str
) -> None:
    """Other files stand before the current one, each introduced the family's way and ended by a newline."""
    vocabulary = vocabulary_with(*control)
    assert shown(vocabulary, detect(vocabulary).encode(vocabulary, "P", "S", context, path)) == prompt


@pytest.mark.parametrize("control", [(), ("<|endoftext|>",), BARRED[:2], ("[PREFIX]", "[SUFFIX]")])
def test_models_without_marks_are_refused(control: tuple[str, ...]) -> None:
    """A vocabulary without a whole set of marks is refused in one line."""
    with pytest.raises(ModelError, match="no fill-in-the-middle tokens; choose") as raised:
        detect(vocabulary_with(*control))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("control", [case[0] for case in KNOWN], ids=[case[1] for case in KNOWN])
def test_the_prefix_is_found_again_in_a_prompt(control: tuple[str, ...]) -> None:
    """What stands before the middle in the file, unless it does in the prompt, too."""
    vocabulary = vocabulary_with(*control)
    layout = detect(vocabulary)
    contiguous = layout.layout[-1] is Part.PREFIX
    for context in ((), (ContextFile("b.py", "b = 1\n"),)):
        prompt = layout.encode(vocabulary, "a = 1\n", "c = 3\n", context, "a.py")
        for typed in ("", "b = "):
            found = layout.before_middle((*prompt, *vocabulary.encode(typed)))
            assert vocabulary.decode(found).decode().endswith("" if contiguous else "a = 1\n")
            assert bool(found) is not contiguous
