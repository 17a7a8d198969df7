"""The languages, one row each: how a document's is told, and what its text consists of.

A new language is a row here.  What a row does not say is not assumed: brackets are counted only
where ``lexis`` knows every string and comment that could hide one.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass, replace
from typing import Final

from analysis.python.lexicon import LETTERS
from analysis.source.lexis import UNKNOWN, Lexis, Text


class Blocks(enum.Enum):
    """What holds statements together."""

    BRACES = "braces"
    INDENTATION = "indentation"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Language:
    """A row of the table.

    Attributes:
        id: Its name among us, the one that most editors use.
        aliases: Other names that editors use.
        suffixes: Ends of its files' names, in lower case.
        comment: What begins a line that is only read by people; "" if there is no such line.
        lexis: Its tokens.
        blocks: What holds its statements together.
        grammar: Module and function that return its tree-sitter grammar; empty if there is none.
    """

    id: str
    aliases: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    comment: str = ""
    lexis: Lexis = UNKNOWN
    blocks: Blocks = Blocks.NONE
    grammar: tuple[str, str] | None = None


_DOLLAR: Final = LETTERS | {ord("$")}
_QUOTED: Final = Text(b'"', b'"')
_APOSTROPHED: Final = Text(b"'", b"'")
_SLASHES: Final = Lexis((b"//",), ((b"/*", b"*/"),), texts=(_QUOTED, _APOSTROPHED))
"""What C has left behind in most languages with braces."""

_SCRIPT: Final = replace(
    _SLASHES,
    texts=(_QUOTED, _APOSTROPHED, Text(b"`", b"`", multiline=True, hole=b"${")),
    letters=_DOLLAR | {ord("#")},
    members=(b".", b"?."),
    before_regex=frozenset(
        b"return typeof case in of delete void throw new instanceof do else yield await default extends".split()
    ),
)
_C: Final = replace(_SLASHES, members=(b".", b"->"), digit_marks=frozenset(b"'"), directives=True)
_CPP: Final = replace(_C, members=(b".", b"->", b"::"), raw_names=frozenset(b"R LR uR UR u8R".split()))
_RUST: Final = replace(
    _SLASHES,
    nested_comments=True,
    texts=(replace(_QUOTED, multiline=True),),
    members=(b".", b"::"),
    raw_names=frozenset(b"r br cr".split()),
    raw_hashes=True,
    lifetimes=True,
)

PYTHON: Final = Language(
    "python",
    suffixes=(".py", ".pyi", ".pyw"),
    comment="#",
    blocks=Blocks.INDENTATION,
    grammar=("tree_sitter_python", "language"),
)
"""Python has a scanner of its own (``analysis.python.scanner``), which knows more than a ``Lexis`` can say."""

PLAIN: Final = Language("plaintext", ("plain", "text"), (".txt", ".text", ".log"))
"""Nothing is known: words and lines."""

LANGUAGES: Final = (
    PYTHON,
    Language(
        "javascript",
        ("js",),
        (".js", ".mjs", ".cjs"),
        "//",
        replace(_SCRIPT, elements=True),
        Blocks.BRACES,
        ("tree_sitter_javascript", "language"),
    ),
    Language(
        "javascriptreact",
        ("jsx",),
        (".jsx",),
        "//",
        replace(_SCRIPT, elements=True),
        Blocks.BRACES,
        ("tree_sitter_javascript", "language"),
    ),
    Language(
        "typescript",
        ("ts",),
        (".ts", ".mts", ".cts"),
        "//",
        _SCRIPT,
        Blocks.BRACES,
        ("tree_sitter_typescript", "language_typescript"),
    ),
    Language(
        "typescriptreact",
        ("tsx",),
        (".tsx",),
        "//",
        replace(_SCRIPT, elements=True),
        Blocks.BRACES,
        ("tree_sitter_typescript", "language_tsx"),
    ),
    Language(
        "go",
        ("golang",),
        (".go",),
        "//",
        replace(_SLASHES, texts=(_QUOTED, _APOSTROPHED, Text(b"`", b"`", escapes=False, multiline=True))),
        Blocks.BRACES,
        ("tree_sitter_go", "language"),
    ),
    Language("c", (), (".c", ".h"), "//", _C, Blocks.BRACES, ("tree_sitter_c", "language")),
    Language(
        "cpp",
        ("c++",),
        (".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".inl", ".ipp"),
        "//",
        _CPP,
        Blocks.BRACES,
        ("tree_sitter_cpp", "language"),
    ),
    Language("rust", (), (".rs",), "//", _RUST, Blocks.BRACES, ("tree_sitter_rust", "language")),
    Language(
        "java",
        (),
        (".java",),
        "//",
        replace(
            _SLASHES,
            texts=(_QUOTED, Text(b'"""', b'"""', multiline=True), _APOSTROPHED),
            letters=_DOLLAR,
            members=(b".", b"::"),
        ),
        Blocks.BRACES,
        ("tree_sitter_java", "language"),
    ),
    Language(
        "json", (), (".json",), "", Lexis(texts=(_QUOTED,), members=()), Blocks.BRACES, ("tree_sitter_json", "language")
    ),
    Language("jsonc", (), (".jsonc",), "//", replace(_SLASHES, texts=(_QUOTED,), members=()), Blocks.BRACES),
    Language("csharp", ("c#",), (".cs",), "//", blocks=Blocks.BRACES),
    Language("kotlin", (), (".kt", ".kts"), "//", blocks=Blocks.BRACES),
    Language("swift", (), (".swift",), "//", blocks=Blocks.BRACES),
    Language("scala", (), (".scala",), "//", blocks=Blocks.BRACES),
    Language("dart", (), (".dart",), "//", blocks=Blocks.BRACES),
    Language("php", (), (".php",), "//", blocks=Blocks.BRACES),
    Language("css", (), (".css",), "", blocks=Blocks.BRACES),
    Language("scss", ("less",), (".scss", ".less"), "//", blocks=Blocks.BRACES),
    Language("ruby", (), (".rb",), "#", blocks=Blocks.INDENTATION),
    Language("lua", (), (".lua",), "--", blocks=Blocks.INDENTATION),
    Language("shellscript", ("sh", "bash", "zsh"), (".sh", ".bash", ".zsh"), "#", blocks=Blocks.INDENTATION),
    Language("yaml", (), (".yaml", ".yml"), "#", blocks=Blocks.INDENTATION),
    Language("toml", (), (".toml",), "#"),
    Language("sql", (), (".sql",), "--"),
    Language("makefile", ("make",), (".mk", "makefile"), "#", blocks=Blocks.INDENTATION),
    Language("dockerfile", (), (".dockerfile", "dockerfile"), "#"),
    Language("html", (), (".html", ".htm"), "", blocks=Blocks.INDENTATION),
    Language("xml", (), (".xml", ".svg"), "", blocks=Blocks.INDENTATION),
    Language("markdown", ("md",), (".md", ".markdown"), ""),
    PLAIN,
)

_DIALECTS: Final = (
    frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"}),
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin", "scala"}),
)

_BY_NAME: Final = {name: row for row in LANGUAGES for name in (row.id, *row.aliases)}
_BY_SUFFIX: Final = {suffix: row for row in LANGUAGES for suffix in row.suffixes}


def language_of(name: str, path: str = "") -> Language:
    """Return a document's language.

    Args:
        name: What an editor calls it; "" if nobody said.
        path: Of the document: it tells where the name does not.

    Returns:
        ``PLAIN`` if neither is known.
    """
    row = _BY_NAME.get(name.lower())
    if row is not None:
        return row
    file = os.path.basename(path).lower()
    return _BY_SUFFIX.get(os.path.splitext(file)[1]) or _BY_SUFFIX.get(file) or PLAIN


def akin(one: Language, other: Language) -> bool:
    """Say whether code in one language helps who writes the other: the same, or one that lives in the same projects."""
    return one is other or any(one.id in group and other.id in group for group in _DIALECTS)
