"""Project policy: names that must not be used, and literals that must not be keys.

The rules are the user's (``[tool.verifill]`` in his project), so they are never set aside, and each is a
monitor of its own: what refuses a text is named by its rule, ``policy:os.system``.
A name that belongs to a module is refused as soon as it stands there (``os.system``), and where it is
imported; a plain one (``eval``) once it has ended, as ``evaluate`` may begin like it.
Silent: in comments, in strings (but for keys), in definitions and keyword arguments, and on what was typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from analysis.python.lexicon import BLANKS, IMPORTS, WORD
from analysis.python.scanner import Mode, Scan
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Monitor, Site
from monitors.options import Ban

_EQUALS: Final = ord("=")
_DEFINITION: Final = re.compile(rb"(?:def|class)[ \t]+\w*$")
_IMPORTED: Final = re.compile(rb"from[ \t]+([\w.]+)[ \t]+import\b")
_MODULE: Final = re.compile(rb"[\w.]+$")

_KEY: Final = re.compile(
    rb"(?:AKIA|ASIA)[0-9A-Z]{8}|gh[pousr]_\w{8}|github_pat_\w{8}|glpat-[\w-]{8}|sk-[\w-]{12}"
    rb"|xox[abprs]-[\w-]{8}|AIza[\w-]{12}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
"""The beginnings of keys and tokens that services give out: their mark, and enough behind it to be no example."""
_LONGEST_KEY: Final = 48


def policies(site: Site) -> tuple[Monitor[State], ...]:
    """Make a monitor for each rule of the project."""
    bans = tuple(Banned(site, ban) for ban in site.options.banned)
    return (*bans, Secrets(site)) if site.options.secrets else bans


@dataclass(frozen=True, slots=True)
class State:
    """State of a rule.

    Attributes:
        ahead: Bytes of the typed part to come; they are the user's.
        tail: Last bytes of the string being written; only ``Secrets`` keeps them.
        dead: The rule was broken.
    """

    ahead: int
    tail: bytes = b""
    dead: bool = False


class Rule(Factless):
    """What the rules have in common; for inheriting."""

    # Right because the user says so: nothing that is only likely may stand above it.
    kind = Kind.SOUND

    def __init__(self, site: Site, name: str) -> None:
        """Leave the typed part alone."""
        self.name = f"policy:{name}"
        self._typed = len(site.typed)

    def start(self) -> State:
        """Return the state at the start of the middle."""
        return State(self._typed)


class Banned(Rule):
    """One name that must not be used."""

    def __init__(self, site: Site, ban: Ban) -> None:
        """Take the name apart."""
        super().__init__(site, f"{ban.name}, use {ban.instead}" if ban.instead else ban.name)
        self._path = ban.name.encode()
        self._last = self._path.rpartition(b".")[2]
        self._dotted = b"." in self._path

    def step(self, state: State, text: Lexed, view: FactView) -> tuple[float, State]:
        """Forbid the name."""
        if state.dead or self._is_used(text, state.ahead):
            return FORBIDDEN, State(0, dead=True)
        return 0.0, State(max(0, state.ahead - len(text.data))) if state.ahead else state

    def _is_used(self, text: Lexed, ahead: int) -> bool:
        if self._last not in text.before.name + text.data:
            return False
        before = text.before
        for index, (byte, after) in enumerate(zip(text.data, text.after, strict=True)):
            if index >= ahead and (self._stands(after) if self._dotted else self._ended(before, byte)):
                return True
            before = after
        return False

    def _stands(self, scan: Scan) -> bool:
        return scan.name == self._last and scan.mode is Mode.CODE and _used(scan) == self._path

    def _ended(self, scan: Scan, byte: int) -> bool:
        if byte in WORD or byte in BLANKS or byte == _EQUALS or not self._stands(scan):
            return False
        return not _DEFINITION.search(scan.line)


class Secrets(Rule):
    """Literals that look like the keys that services give out."""

    def __init__(self, site: Site) -> None:
        """Leave the typed part alone."""
        super().__init__(site, "secrets")

    def step(self, state: State, text: Lexed, view: FactView) -> tuple[float, State]:
        """Forbid the literal where it shows what it is."""
        if state.dead or text.is_suffix:
            return (FORBIDDEN if state.dead else 0.0), state
        if text.before.mode is not Mode.STRING and b"'" not in text.data and b'"' not in text.data:
            return 0.0, State(max(0, state.ahead - len(text.data))) if state.ahead else state
        ahead, tail, dead = state.ahead, state.tail, False
        for byte, after in zip(text.data, text.after, strict=True):
            tail = (tail + bytes((byte,)))[-_LONGEST_KEY:] if after.mode is Mode.STRING else b""
            dead = dead or (not ahead and _KEY.search(tail) is not None)
            ahead = max(0, ahead - 1)
        return (FORBIDDEN if dead else 0.0), State(ahead, tail, dead)


def _used(scan: Scan) -> bytes:
    """Return the name that is written here, with what it belongs to."""
    if scan.keyword in IMPORTS:
        imported, path = _IMPORTED.match(scan.line), _MODULE.search(scan.line)
        written = path[0] if path else b""
        return imported[1] + b"." + written if imported else written
    receiver = scan.receiver
    return scan.name if receiver is None else receiver.encode("utf-8", "surrogateescape") + b"." + scan.name
