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

from analysis.python.scanner import START, Mode, Scan
from monitors.arguments import Call, levels_at

PERCENT: Final = "percent"
FORMAT: Final = "format"

_CONVERSION: Final = re.compile(r"%(?:%|[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?[hlL]?[diouxXeEfFgGcrsa])")
_LITERAL: Final = re.compile(r"[rRuU]?[\"']")
_TIGHTER: Final = (b"*", b"/", b"%", b"@", b"-", b"~", b".")
"""What before the literal would take it first: ``2 * "%s" % (x,)``."""
_UNCOUNTED: Final = re.compile(rb"[(,]\s*\*|\b(?:lambda|for)\b")
_FILLED: Final = re.compile(rb"%\s*\(|\.format\s*\(")
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
    if scan.mode is not Mode.CODE or not scan.brackets.endswith(b"(") or not _FILLED.search(scan.line):
        return None
    return _read(scan.line)


@lru_cache(maxsize=256)
def _read(line: bytes) -> Filling | None:
    """Read a logical line that ends inside parentheses."""
    levels = levels_at(_scan(line))
    call = levels[-1] if levels else None
    return _of_tuple(line) if call is None else _of_call(call.finished(), line)


def _of_call(call: Call, line: bytes) -> Filling | None:
    if not call.callee.endswith(_METHOD):
        return None
    source = call.callee.removesuffix(_METHOD)
    template = _template(source)
    fields = None if template is None else _fields(template)
    if fields is None:
        return None
    places, names = fields
    named = frozenset(name.decode("utf-8", "replace") for name in call.keywords)
    unpacked, written = call.starred or call.doubled or call.wrong, line[call.opening :]
    trailing = written.rstrip().endswith(b",")
    return Filling(FORMAT, source, places, names, call.positional, named, unpacked, trailing, b"\n" in written)


def _of_tuple(line: bytes) -> Filling | None:
    """Read the innermost parentheses of a line that ends inside them; a tuple has a comma."""
    opening, commas, trailing = _innermost(line)
    head = line[:opening].rstrip(b" \t")
    if not head.endswith(b"%") or not commas:
        return None
    source = _scan(head[:-1]).chain
    written, before = line[opening:], head[:-1].rstrip(b" \t").removesuffix(source.encode()).rstrip()
    places = None if before.endswith(_TIGHTER) else _places(_template(source))
    if not places:
        return None
    unpacked = _UNCOUNTED.search(written) is not None
    filled, nobody = commas + (not trailing), frozenset[str]()
    return Filling(PERCENT, source, places, nobody, filled, nobody, unpacked, trailing, b"\n" in written)


def _innermost(line: bytes) -> tuple[int, int, bool]:
    """Return where the innermost bracket opens, how many commas it has, and whether nothing stands behind the last."""
    scan, opened = START, list[tuple[int, int, int]]()
    for at, byte in enumerate(line):
        after = scan.step(byte)
        del opened[after.depth :]
        opened += [(at, 0, at)] * (after.depth - len(opened))
        if byte == _COMMA and scan.mode is Mode.CODE and opened:
            opening, commas, _ = opened[-1]
            opened[-1] = (opening, commas + 1, at)
        scan = after
    opening, commas, last = opened[-1]
    return opening, commas, not _COMMENT.sub(b"", line[last + 1 :]).strip()


def _scan(text: bytes) -> Scan:
    scan = START
    for byte in text:
        scan = scan.step(byte)
    return scan


def _template(source: str) -> str | None:
    """Return the value of string literals, None if that is not what stands there."""
    if not _LITERAL.match(source):
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
