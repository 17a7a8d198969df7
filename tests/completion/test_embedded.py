"""What the embedded model is good for, checked on the real thing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.languages import language_of
from analysis.lexing import scan
from completion.service import CompletionService, open_service
from completion.types import CompletionRequest, Document
from monitors.registry import FACTORIES, rulebook_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service() -> Iterator[CompletionService]:
    """A service on the embedded model."""
    opened = open_service()
    yield opened
    opened.close()


@pytest.mark.parametrize("text", ["import os\nprint(os.path.", "import os\nx = os.path.", "import os\nx = [os.path."])
def test_a_name_behind_a_dot_exists_whether_or_not_brackets_are_closed(
    service: CompletionService, tmp_path: Path, text: str
) -> None:
    """A bracket that is still open is no reason to say nothing."""
    request = CompletionRequest(Document(str(tmp_path / "a.py"), text), len(text), str(tmp_path))
    result = service.complete_now(request)
    assert re.split(r"\W", result.text)[0] in dir(os.path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "class Stack {\n  push(item) {\n    $0\n  }\n}\n"),
        ("a.tsx", "export function A() {\n  return <p>{$0}</p>;\n}\n"),
        ("a.go", "package a\n\nfunc add(a, b int) int {\n\t$0\n}\n"),
        ("a.rs", "fn add(a: i32, b: i32) -> i32 {\n    $0\n}\n"),
        ("a.cpp", "int add(int a, int b) {\n    return $0;\n}\n"),
        ("A.java", "class A {\n    int add(int a, int b) {\n        $0\n    }\n}\n"),
        ("a.txt", "Shopping list:\n- milk\n- eggs\n$0\n"),
        ("a.yaml", "a:\n  b: 1\n  $0\n"),
    ],
)
def test_other_languages_come_to_an_end(service: CompletionService, tmp_path: Path, name: str, text: str) -> None:
    """No rule of Python is asked, brackets fit the suffix, and nothing of it is written again."""
    before, behind = text.split("$0")
    document = Document(str(tmp_path / name), before + behind)
    result = service.complete_now(CompletionRequest(document, len(before), str(tmp_path), facts="none"))
    state = scan(before + result.text + behind, language_of("", name))
    assert state.nesting == ()
    assert not result.text.endswith("\n")
    assert not behind.strip() or not result.text.rstrip().endswith(behind.strip())
    of_python = set(FACTORIES) - set(rulebook_of(language_of("go")).factories)
    assert not of_python & result.counters["denied"].keys()
