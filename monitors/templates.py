"""Format strings right before their arguments: how many places there are, and how many are filled.

``"%s %d" % (a, b)`` and ``"{} {}".format(a, b)``, read from the text of the logical line alone; library
reference, "printf-style String Formatting" and "Format String Syntax".
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.python.scanner import START, Mode, Scan, scan_text
from monitors.arguments import levels_of

PERCENT: Final = "percent"
FORMAT: Final = "format"

_CONVERSION: Final = re.compile(r"%(?:%|[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?[hlL]?[diouxXeEfFgGcrsa])")
_LITERAL: Final = re.compile(rb"[rRuU]?[\"']")
_TIGHTER: Final = (b"*", b"/", b"%", b"@", b"-", b"~", b".")
"""What before the literal would take it first: ``2 * "%s" % (x,)``."""
_UNCOUNTED: Final = re.compile(rb"[(,]\s*\*|\b(?:lambda|for)\b")
_FORMATTED: Final = re.compile(rb"\.format\s*\(")
_COMMENT: Final = re.compile(rb"#[^\r\n]*")
_COMMA: Final = ord(",")
_METHOD: Final = ".format"


class Filling(NamedTuple):
    """A format string and the arguments behind it so far.

    Attributes:
        kind: ``PERCENT`` or ``FORMAT``.
        source: The literal as it is written.
        places: How many arguments it takes by position.
        names: Those that it takes by name.
        filled: Arguments so far, the current one included.
        named: Names of the arguments passed by name.
        unpacked: Arguments are unpacked, so nothing can be counted.
        trailing: A comma stands behind the last one.
        lines: The arguments stand on more than one line.
    """

    kind: str
    source: str
    places: int
    names: frozenset[str]
    filled: int
    named: frozenset[str] = frozenset()
    unpacked: bool = False
    trailing: bool = False
    lines: bool = False

    @property
    def closed_to_more(self) -> bool:
        """Whether a comma here announces one argument too many; ``(a,)`` has one to be a tuple."""
        if self.unpacked or self.lines or self.names - self.named:
            return False
        return self.filled >= self._most

    @property
    def row(self) -> str:
        """What is wrong if the arguments end here: ``extra``, ``missing`` or nothing, ""."""
        if self.unpacked:
            return ""
        if self.filled < self.places or self.names - self.named:
            return "missing"
        return "extra" if self.filled > self.places or (self.trailing and self.closed_to_more) else ""

    @property
    def shown(self) -> str:
        """What the certificate calls it."""
        return self.source + (" % ()" if self.kind == PERCENT else ".format()")

    @property
    def announced(self) -> bool:
        """Whether a surplus was charged with its comma."""
        return self.filled > self._most or self.trailing

    @property
    def _most(self) -> int:
        return max(self.places, 2) if self.kind == PERCENT else self.places


def filling_at(scan: Scan) -> Filling | None:
    """Return the format string whose arguments are being written, None if none is, or it is not plain."""
    if scan.mode is not Mode.CODE or not scan.brackets.endswith(b"("):
        return None
    line, start = scan.line, scan.opening
    written = line[start:]
    if written.startswith(b"("):
        head = line[:start].rstrip(b" \t")
        return _of_tuple(head, written) if head.endswith(b"%") else None
    # Behind another bracket, since the literal may stand on several lines.
    return _of_call(b"(" + written) if _LITERAL.match(written) and _FORMATTED.search(written) else None


@lru_cache(maxsize=256)
def _of_call(line: bytes) -> Filling | None:
    """Read a line that ends inside the call that it holds behind a bracket, callee first."""
    call = levels_of(line)[-1]
    if call is None or not call.callee.endswith(_METHOD):
        return None
    call, source = call.finished(), call.callee.removesuffix(_METHOD)
    template = _template(source)
    fields = None if template is None else _fields(template)
    if fields is None:
        return None
    places, names = fields
    named = frozenset(name.decode("utf-8", "replace") for name in call.keywords)
    unpacked, written = call.starred or call.doubled or call.wrong, line[call.opening :]
    trailing = written.rstrip().endswith(b",")
    return Filling(FORMAT, source, places, names, call.positional, named, unpacked, trailing, b"\n" in written)


@lru_cache(maxsize=256)
def _of_tuple(head: bytes, written: bytes) -> Filling | None:
    """Read parentheses that are open behind a percent sign, the end of ``head``; a tuple has a comma."""
    commas, trailing = _commas(written)
    source, places = _conversions(head)
    if not places or not commas:
        return None
    unpacked = _UNCOUNTED.search(written) is not None
    filled, nobody = commas + (not trailing), frozenset[str]()
    return Filling(PERCENT, source, places, nobody, filled, nobody, unpacked, trailing, b"\n" in written)


@lru_cache(maxsize=16)
def _conversions(head: bytes) -> tuple[str, int | None]:
    """Return the literal before the percent sign that ends a line's beginning, and how many arguments it takes."""
    source = scan_text(head[:-1]).chain
    before = head[:-1].rstrip(b" \t").removesuffix(source.encode()).rstrip()
    return source, None if before.endswith(_TIGHTER) else _places(_template(source))


def _commas(line: bytes) -> tuple[int, bool]:
    """Return how many commas the bracket has that a line begins with, and whether nothing stands behind the last."""
    scan, commas, last = START, 0, 0
    for at, byte in enumerate(line):
        if byte == _COMMA and scan.depth == 1 and scan.mode is Mode.CODE:
            commas, last = commas + 1, at
        scan = scan.step(byte)
    return commas, not _COMMENT.sub(b"", line[last + 1 :]).strip()


def _template(source: str) -> str | None:
    """Return the value of string literals, None if that is not what stands there."""
    if not _LITERAL.match(source.encode()):
        return None
    try:
        value = ast.literal_eval(f"({source})")
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None


def _places(template: str | None) -> int | None:
    """Return how many arguments a template takes behind ``%``, None if they are named or it is broken."""
    if template is None or "%" in _CONVERSION.sub("", template):
        return None
    found = list(_CONVERSION.finditer(template))
    return sum(1 + (m[1] == "*") + (m[2] == "*") for m in found if m[0] != "%%")


def _fields(template: str) -> tuple[int, frozenset[str]] | None:
    """Return how many arguments ``format`` takes by position, and which by name; None if the template is broken."""
    try:
        fields = list(_names_in(template))
    except ValueError:
        return None
    automatic = fields.count("")
    numbers = [int(field) for field in fields if field.isdecimal()]
    if automatic and numbers:
        return None
    names = frozenset(field for field in fields if field and not field.isdecimal())
    return automatic or max(numbers, default=-1) + 1, names


def _names_in(template: str) -> Iterator[str]:
    """Yield what each replacement field names, those in format specifications too.

    Raises:
        ValueError: The template is broken.
    """
    for _, field, specification, _ in string.Formatter().parse(template):
        if field is not None:
            yield re.split(r"[.\[]", field, maxsplit=1)[0]
            yield from _names_in(specification or "")
