"""Which metadata lets a distribution into the corpus."""

from __future__ import annotations

import pytest

from models.training.corpus.licences import has_copyleft_notice, is_permissive

OSI = "License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND BSD-3-Clause", True),
        ("Apache-2.0 OR GPL-2.0-or-later", True),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MPL-2.0", False),
        ("MPL-2.0 AND MIT", False),
        ("BSD-3-Clause AND GPL-3.0-with-GCC-exception", False),
        ("LicenseRef-Something-BSD-derived", False),
    ],
)
def test_an_spdx_expression_needs_a_permissive_choice_in_every_part(expression: str, allowed: bool) -> None:
    assert is_permissive(expression, (), None) is allowed


@pytest.mark.parametrize(
    ("classifiers", "free_text", "allowed"),
    [
        ([OSI + "MIT License"], None, True),
        ([OSI + "BSD License"], "Copyright (c) 2019 the authors. All rights reserved.", True),
        ([OSI + "Apache Software License", OSI + "GNU General Public License (GPL)"], None, False),
        ([OSI + "MIT License"], "GPL-3.0", False),
        ([OSI.removesuffix(" :: ")], "BSD 3-Clause", True),
        ([], "Apache 2.0", True),
        ([], "Apache modified", False),
        ([], "Proprietary", False),
        ([], "see the web page", False),
        ([], None, False),
    ],
)
def test_classifiers_decide_and_silence_refuses(classifiers: list[str], free_text: str | None, allowed: bool) -> None:
    assert is_permissive(None, classifiers, free_text) is allowed


def test_a_copyleft_notice_at_the_head_of_a_file_is_seen() -> None:
    assert has_copyleft_notice(b"# This is free software under the GNU Lesser General Public License.\n")
    assert not has_copyleft_notice(b"# Licensed under the Apache License, Version 2.0\n")
