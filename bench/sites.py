"""Places in real files at which monitors are tried: sampled lines of installed distributions."""

from __future__ import annotations

import ast
import random
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

STANDARD_LIBRARY = "standard library"

# Never looked at: held out from everything, see docs/evaluation.md.
HELD_OUT = frozenset({"flask", "rich", "sqlalchemy", "django"})
# Shown in reports, kept out of everything that is tuned.
EVALUATION = frozenset({"requests", "click", "attrs", "httpx"})

# Permissively licensed, of many styles: servers, data, tools, typed and untyped, old and new.
TABLE_DISTRIBUTIONS = (
    "aiohttp",
    "black",
    "boto3",
    "botocore",
    "celery",
    "fastapi",
    "jinja2",
    "mypy",
    "networkx",
    "numpy",
    "pydantic",
    "pytest",
    "sphinx",
    "starlette",
    "tornado",
    "werkzeug",
)

VENDORED = frozenset({"_vendor", "_vendored", "vendor", "vendored", "site-packages", "lib2to3", "__pycache__"})
SMALLEST, LARGEST = 1_000, 150_000


@dataclass(frozen=True)
class Line:
    """A line of a real file, taken out of it.

    Attributes:
        group: The distribution, or ``STANDARD_LIBRARY``.
        path: The file.
        root: Folder that its imports start from.
        prefix: Text before the line.
        text: The line without its line end.
        suffix: Text behind it.
    """

    group: str
    path: Path
    root: Path
    prefix: str
    text: str
    suffix: str


def drawn_files(
    python: str, groups: Sequence[str] | None, count: int, seed: int
) -> Iterator[tuple[str, Path, Path, random.Random]]:
    """Yield files of distributions, by default all that are measured: group, file, root of its imports, chance."""
    packages = packages_of(python)
    for group in groups or (STANDARD_LIBRARY, *TABLE_DISTRIBUTIONS, *sorted(EVALUATION)):
        rng = random.Random(f"{seed} {group}")
        root = Path(sysconfig.get_path("stdlib")) if group == STANDARD_LIBRARY else packages
        for path in python_files(group, packages, rng)[:count]:
            yield group, path, root, rng


def python_files(group: str, packages: Path, rng: random.Random) -> list[Path]:
    """Return the source files of a distribution in random order.

    Raises:
        LookupError: It is not installed there.
        ValueError: It is held out.
    """
    if group.lower() in HELD_OUT:
        raise ValueError(f"{group} is held out from all development")
    if group == STANDARD_LIBRARY:
        root = Path(sysconfig.get_path("stdlib"))
        files = [path for path in root.rglob("*.py") if not VENDORED.intersection(path.relative_to(root).parts)]
    else:
        found = next(iter(metadata.distributions(name=group, path=[str(packages)])), None)
        if found is None:
            raise LookupError(f"{group} is not installed in {packages}; pip install it there")
        listed = (packages / str(file) for file in found.files or () if str(file).endswith(".py"))
        files = [path for path in listed if not VENDORED.intersection(path.relative_to(packages).parts)]
    files = sorted(path for path in files if path.is_file() and SMALLEST <= path.stat().st_size <= LARGEST)
    rng.shuffle(files)
    return files


def sampled_lines(group: str, packages: Path, files: int, per_file: int, seed: int) -> Iterator[Line]:
    """Yield lines of so many files: for each query at most so many of a file that give it something to judge."""
    rng = random.Random(f"{seed} {group}")
    root = Path(sysconfig.get_path("stdlib")) if group == STANDARD_LIBRARY else packages
    taken = 0
    for path in python_files(group, packages, rng):
        if taken >= files:
            return
        text = read_source(path) or ""
        numbers = sample(text, per_file, rng)
        lines = text.split("\n")
        for number in numbers:
            yield cut(group, path, root, lines, number)
        taken += bool(numbers)


def sample(text: str, per_query: int, rng: random.Random) -> list[int]:
    """Return numbers, from 1, of lines drawn for each query; none if the file is no valid Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found = ((sorted(lines_with(tree)), per_query * RARE.get(name, 1)) for name, lines_with in FINDERS.items())
    return sorted({number for lines, most in found for number in rng.sample(lines, min(most, len(lines)))})


def cut(group: str, path: Path, root: Path, lines: Sequence[str], number: int) -> Line:
    """Take line ``number`` (from 1) out of a file."""
    before, behind = lines[: number - 1], lines[number:]
    prefix = "".join(line + "\n" for line in before)
    return Line(group, path, root, prefix, lines[number - 1], "\n".join(behind))


def read_source(path: Path) -> str | None:
    """Return a file's text with line feeds only, or None if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def attribute_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which an attribute's name ends."""
    return {node.end_lineno or 0 for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def import_lines(tree: ast.Module) -> set[int]:
    """Return the lines of import statements."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {number for node in imports for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def name_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which a plain name is read."""
    return {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def keyword_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which a keyword argument begins; calls without keywords stand on most other lines."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {word.lineno for node in calls for word in node.keywords}


def exception_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which something is raised or caught."""
    raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
    caught = (node.type for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    return {node.lineno for node in (*raised, *caught) if node is not None}


def format_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which the arguments of a format string end."""
    percents = (node.right for node in ast.walk(tree) if isinstance(node, ast.BinOp) and is_text(node.left))
    tuples = (node for node in percents if isinstance(node, ast.Tuple))
    formatted = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_format(node.func))
    return {node.end_lineno or 0 for node in (*tuples, *formatted)}


def key_lines(tree: ast.Module) -> set[int]:
    """Return the lines on which a string key of a dictionary is read whose name a literal is assigned to."""
    pairs = ((node.targets[0], node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign))
    shown = {ast.unparse(target) for target, value in pairs if isinstance(value, ast.Dict) and value.keys}
    reads = (node for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load))
    return {node.lineno for node in reads if is_text(node.slice) and ast.unparse(node.value) in shown}


def is_format(node: ast.expr) -> bool:
    """Whether an expression is the method ``format`` of a string literal."""
    return isinstance(node, ast.Attribute) and node.attr == "format" and is_text(node.value)


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string literal."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


FINDERS: Mapping[str, Callable[[ast.Module], set[int]]] = {
    "attributes": attribute_lines,
    "imports": import_lines,
    "names": name_lines,
    "keywords": keyword_lines,
    "exceptions": exception_lines,
    "formats": format_lines,
    "keys": key_lines,
}
"""Where each kind of judgement finds something to judge: numbers of lines."""

RARE: Mapping[str, int] = {"formats": 4, "keys": 4}
"""Kinds of which a file has many lines or none: how many times as many are drawn of it."""


def packages_of(python: str) -> Path:
    """Return the folder in which an interpreter's distributions are installed."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())
