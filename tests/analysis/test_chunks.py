"""Files in pieces: what stands together stays together, nothing is lost, nothing is too long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.chunks import MOST_BYTES, MOST_LINES, OUTLINE_BYTES, chunks_of, outline_of

METHOD = "    def move{n}(self, x: int) -> None:\n        self.x += x\n" + "        self.y += x\n" * 8
SMALL = "class Small:\n    a = 1\n\n    def f(self):\n        return self.a\n"
LARGE = "@final\nclass Large(Base):\n    kind: str = ''\n\n" + "".join(METHOD.format(n=n) + "\n" for n in range(4))
SOURCE = f"import os\n\nLIMIT = 3\n\n\n{SMALL}\n\n{LARGE}\n\ndef last(\n    a: int,\n) -> int:\n    return a\n"


def test_definitions_are_chunks() -> None:
    """Small definitions are whole; a large class is cut into its methods, and each names the class."""
    texts = [chunk.text for chunk in chunks_of(SOURCE, "python")]
    assert texts[0] == "import os\n\nLIMIT = 3\n"
    assert texts[1] == SMALL
    assert texts[2] == "@final\nclass Large(Base):\n    kind: str = ''\n" or texts[2].startswith("class Large(Base):\n")
    assert [text.partition("\n")[0] for text in texts[3:7]] == ["class Large(Base):"] * 4
    assert [text.split("\n")[1].split("(")[0] for text in texts[3:7]] == [f"    def move{n}" for n in range(4)]
    assert texts[7] == "def last(\n    a: int,\n) -> int:\n    return a\n"


def test_lines_are_those_of_the_file() -> None:
    """A chunk says where it begins."""
    lines = SOURCE.split("\n")
    for chunk in chunks_of(SOURCE, "python"):
        own = [line for line in chunk.text.split("\n") if line.strip() and line != "class Large(Base):"][0]
        assert own in lines[chunk.line : chunk.line + 3]


@pytest.mark.parametrize("text", ["", "\n\n", "((\n)\n", "x = " + "1 + " * 1000 + "1\n"])
def test_nothing_to_read(text: str) -> None:
    """Blank files, brackets and lines that nobody wrote make no chunks."""
    assert chunks_of(text, "python") == []


def test_other_languages_are_cut_by_lines() -> None:
    """Without a grammar a file is cut into windows."""
    chunks = chunks_of("let a = 1\n" * 60, "none")
    assert [chunk.line for chunk in chunks] == [0, MOST_LINES, 2 * MOST_LINES]


@pytest.mark.parametrize(
    ("language", "head", "methods"),
    [
        ("typescript", "export class Large {", [f"  move{n}(x: number) {{" for n in range(4)]),
        ("java", "class Large {", [f"  void move{n}(int x) {{" for n in range(4)]),
        ("cpp", "class Large {", [f"  void move{n}(int x) {{" for n in range(4)]),
        ("rust", "impl Large {", [f"  fn move{n}(&self, x: i32) {{" for n in range(4)]),
        ("go", "", [f"func (l *Large) move{n}(x int) {{" for n in range(4)]),
    ],
)
def test_definitions_of_other_languages_are_chunks(language: str, head: str, methods: list[str]) -> None:
    """Where there is a grammar methods are kept whole, and say what they are methods of."""
    bodies = [f"{method}\n" + "    x = x + 1;\n" * 12 + "  }\n" for method in methods]
    end = ";\n" if language == "cpp" else "\n"
    text = "\n".join([head, *bodies, "}" + end]) if head else "package p\n\n" + "\n".join(bodies)
    texts = [chunk.text for chunk in chunks_of(text, language)]
    for method in methods:
        assert any(found.startswith(f"{head}\n{method}\n" if head else f"{method}\n") for found in texts)


pieces = st.sampled_from(
    [
        "def f(a):\n",
        "    return a\n",
        "class A:\n",
        "    x = 1\n",
        "\n",
        "x = (\n",
        ")\n",
        "'''\n",
        "@d\n",
        "\ta\n",
        "é = 1\r\n",
    ]
)


@given(st.lists(pieces, max_size=80).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_cut_into_bounded_pieces(text: str) -> None:
    """Broken code too: each line that says something is in exactly one place, in order, and pieces are small."""
    chunks = chunks_of(text, "python")
    heads = {line for line in text.split("\n") if line.startswith("class")}
    assert [chunk.line for chunk in chunks] == sorted({chunk.line for chunk in chunks})
    for chunk in chunks:
        assert chunk.text.count("\n") <= MOST_LINES + 1
        assert len(chunk.text.encode()) <= MOST_BYTES + 20

    def told(lines: list[str]) -> list[str]:
        return [line for line in lines if any(c.isalnum() for c in line) and line not in heads]

    assert told([line for chunk in chunks for line in chunk.text.split("\n")]) == told(
        text.replace("\r\n", "\n").split("\n")
    )


OUTLINED = '''\
import os

@dataclass
class Point(Base):
    """What it is."""

    x: int = 0
    y: int = 0

    def move(
        self, by: int
    ) -> None:
        """Go."""
        self.x += by

    @property
    def size(self) -> float:
        return 1.0

    class Inner:
        z = 1

async def load(path): return path
'''


def test_outline() -> None:
    """A class is its fields and its methods' headers, a function its header."""
    assert outline_of(OUTLINED, 3) == (
        "class Point(Base):\n    x: int = 0\n    y: int = 0\n    def move(\n        self, by: int\n    ) -> None: ...\n"
        "    def size(self) -> float: ...\n"
    )
    assert outline_of(OUTLINED, 16) == "    def size(self) -> float: ...\n"
    assert outline_of(OUTLINED, 22) == "async def load(path): return path\n"


@pytest.mark.parametrize("line", [0, 2, 6, 99])
def test_no_definition_begins_there(line: int) -> None:
    """Any other line has no outline."""
    assert outline_of(OUTLINED, line) == ""


def test_outlines_are_bounded() -> None:
    """Of a class of many fields the first ones are kept, in whole lines."""
    outline = outline_of("class Many:\n" + "".join(f"    field_{i}: int = {i}\n" for i in range(200)), 0)
    assert len(outline.encode()) <= OUTLINE_BYTES
    assert outline.endswith("\n") and outline.startswith("class Many:\n    field_0: int = 0\n")
