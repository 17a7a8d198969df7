"""Prompts in a model's own format are taken apart, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_api.templates import TEMPLATES, Template, taken_apart


def laid_out(template: Template, before: str, behind: str) -> str:
    """Return a prompt as a client would send it."""
    first, second = (behind, before) if template.suffix_first else (before, behind)
    return template.first + first + template.second + second + template.end


@given(st.sampled_from(TEMPLATES), st.text(), st.text(), st.sampled_from(["", "<s>", "<|file_sep|>b.py\nb = 1\n"]))
def test_every_format(template: Template, before: str, behind: str, other: str) -> None:
    """The code comes back as it was, whatever stands before the first mark."""
    assert taken_apart(other + laid_out(template, before, behind)) == (before, behind)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a = ",
        "<fim_prefix>a = <fim_suffix>",
        "<fim_prefix>a = <fim_suffix>b<fim_middle>c",
        "<fim_suffix>b<fim_prefix>a<fim_middle>",
        "<|fim_prefix|>a<fim_suffix>b<fim_middle>",
        "<|fim_prefix|>mark = '<|fim_suffix|>'\n<|fim_suffix|>\n<|fim_middle|>",
    ],
)
def test_no_format(prompt: str) -> None:
    """What has no marks, lacks one, or has one twice is not taken apart."""
    assert taken_apart(prompt) is None
