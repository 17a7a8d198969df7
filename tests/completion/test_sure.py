"""Nothing that is done to a model's text takes away, cuts or doubles what is right."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from completion.service import CompletionService, ServiceSettings
from completion.types import CompletionRequest, Document, Limits
from models.checkpoints import load
from tests.completion.sure import Sure
from tests.models.tiny_checkpoints import save
from tests.monitors.replay import library_files


@dataclass
class Author:
    """Somebody who knows what belongs at a cursor, and writes it through the service."""

    service: CompletionService
    engine: Sure

    def write(self, text: str, offset: int, truth: str, multiline: bool) -> str:
        """Return what comes out."""
        line = text[text.rfind("\n", 0, offset) + 1 : offset]
        self.engine.text = (line + truth).encode()
        limits = Limits(len(self.engine.text) + 8, multiline)
        document = Document("/project/a.py", text)
        request = CompletionRequest(
            document, offset, "/project", facts="none", drafters=(), ngrams=False, sources=(), limits=limits
        )
        return self.service.complete_now(request).text


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Author]:
    """A service on a model that is sure."""
    model = load(str(save(tmp_path_factory.mktemp("checkpoint"))))
    engine = Sure(model.vocabulary, model.format, model.engine.vocabulary_size)
    model = replace(model, engine=engine)
    service = CompletionService(model, FactStore(HeldAnalyzer()), ServiceSettings(cache=None))
    yield Author(service, engine)
    service.close()


@pytest.mark.parametrize("multiline", [True, False])
@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("x = f(a$0)\n", ", b=2"),
        ("x = d($0)\n", "lambda: 0"),
        ("x = f(key=$0: y)\n", "lambda"),
        ("x = f'{a$0}'\n", "!r:>10"),
        ("print(f'{$0}')\n", "x:{w}.{p}f"),
        ("x = $0\nf(\n    a,\n)\n", "f(a)[0]"),
        ("x = g$0\n    a,\n)\n", "(b,"),
        ("import a\n\n\n@$0(b)\ndef f():\n    pass\n", "a.c"),
        ("$0\ndef f():\n    pass\n", "@a.b"),
        ("if a[$0]:\n    b\n", "1:, ..., c := 2"),
        ("if a[$0]\n    b\n", "0"),
        ("def f($0)\n    pass\n", "a, b: int = 1"),
        ("f(\n    a,\n    $0\n)\n", "b=1,"),
        ("x = {\n    'a': 1,\n    $0\n}\n", "**b,"),
        ("try:\n    a\nexcept $0:\n    b\n", "(A, B) as e"),
        ("async def f():\n    async with $0:\n        pass\n", "a.b() as c, d() as e"),
    ],
)
def test_one_line(author: Author, text: str, truth: str, multiline: bool) -> None:
    """What goes in the place of one line, or a part of it."""
    assert author.write(text.replace("$0", ""), text.index("$0"), truth, multiline) == truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("def f(a):\n    # why\n    $0\n", "b = 1\n    return a + b"),
        ("def f(a,\n      b):\n    $0\n", "return a + b"),
        ("if a:\n    # why\n    $0\nelse:\n    b\n", "c = 1\n    d = 2"),
        ("class A:\n    # why\n    # and so on\n    $0\n    c: int\n", "b: int"),
        ("@a\n$0\n", "def f():\n    return 1"),
        ("match a:\n    # why\n    $0\n", "case 1:\n        b = 1\n    case _:\n        b = 2"),
        ("try:\n    a = 1\n$0\n", "except A:\n    pass"),
    ],
)
def test_several_lines(author: Author, text: str, truth: str) -> None:
    """What goes in the place of a block."""
    assert author.write(text.replace("$0", ""), text.index("$0"), truth, multiline=True) == truth


def test_statements_of_real_files(author: Author) -> None:
    """Statements and the rest of them, with and without what stands behind the cursor in the same brackets."""
    tried = 0
    files = (path for path in library_files(40, seed=5) if path.read_bytes().isascii())
    for number, path in enumerate(files):
        text = path.read_text()
        for start, cursor, end in places(text, random.Random(number)):
            for multiline in (True, False):
                found = author.write(text[:cursor] + text[end:], cursor, text[cursor:end], multiline)
                assert found == text[cursor:end], (path.name, text[start:cursor])
                tried += 1
    assert tried > 100


def places(text: str, chance: random.Random) -> Iterator[tuple[int, int, int]]:
    """Yield statements of one line: start, a place in it, and end, in characters."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    plain = (ast.Assign, ast.AugAssign, ast.Return, ast.Assert, ast.Delete, ast.Expr)
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, plain) and is_alone(node, lines)]
    for node in chance.sample(found, min(3, len(found))):
        start, end = (starts[node.lineno - 1] + column for column in (node.col_offset, node.end_col_offset or 0))
        yield start, chance.choice([start, *(at for at in range(start, end) if text[at] in "(, ")]), end


def is_alone(node: ast.stmt, lines: list[str]) -> bool:
    """Whether a statement has a line for itself, and is no string."""
    line = lines[node.lineno - 1]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return node.lineno == node.end_lineno and line.strip() == line[node.col_offset : node.end_col_offset]
