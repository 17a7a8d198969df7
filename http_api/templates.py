"""Prompts that a client has laid out for some model's fill-in-the-middle format, taken apart again.

Zed and minuet do that themselves and send no ``suffix``.  The service lays prompts out as its own model wants
them, and for it such marks would be plain text; so the code between them is what is completed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """How a format stands around code in a prompt.

    Attributes:
        first: Mark before the code that comes first.
        second: Mark between the two.
        end: Mark at the prompt's end; "" if there is none.
        suffix_first: Whether the code behind the cursor comes first.
    """

    first: str
    second: str
    end: str
    suffix_first: bool = False


TEMPLATES = (
    Template("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen, CodeGemma, Granite 3.3 and later
    Template("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder, Granite before, stable-code
    Template("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    Template("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),  # DeepSeek
    Template("<PRE> ", " <SUF>", " <MID>"),  # CodeLlama
    Template("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),  # GLM
    Template("[SUFFIX]", "[PREFIX]", "", suffix_first=True),  # Codestral
)


def taken_apart(prompt: str) -> tuple[str, str] | None:
    """Return the code before and behind the cursor, or None if the prompt is in no known format.

    What stands before the first mark, other files in formats that have them, is left out.  A prompt in which a
    mark stands twice, as in code that is about these formats, is not guessed at.

    >>> taken_apart("<fim_prefix>a = <fim_suffix>\\nb<fim_middle>")
    ('a = ', '\\nb')
    """
    for template in TEMPLATES:
        if prompt.count(template.first) != 1 or prompt.count(template.second) != 1:
            continue
        if template.end and prompt.count(template.end) != 1:
            continue
        if not prompt.endswith(template.end):
            continue
        body = prompt.partition(template.first)[2]
        first, mark, second = body[: len(body) - len(template.end)].partition(template.second)
        if mark:
            return (second, first) if template.suffix_first else (first, second)
    return None
