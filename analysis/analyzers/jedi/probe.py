"""What the questions to jedi have in common: how it is asked, and the shape of an answer.

Runs inside a worker process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jedi

from analysis.analyzers.origins import Origins
from analysis.facts import UNRESOLVED, BaseDocument, Definition, Signature
from analysis.python.scanner import scan_text

CLOSER = {ord("("): ")", ord("["): "]", ord("{"): "}"}


@dataclass(frozen=True)
class Interpreter:
    """The Python that the user's code runs on.

    Attributes:
        environment: As jedi knows it.
        sys_path: Folders to import from.
        origins: Tells where definitions come from.
    """

    environment: Any
    sys_path: tuple[str, ...]
    origins: Origins


@dataclass(frozen=True)
class Answer:
    """Names, fact class, origin, signatures and definitions, see ``analysis.facts.Fact``."""

    names: frozenset[str]
    kind: str
    origin: str
    signatures: tuple[Signature, ...] = ()
    definitions: tuple[Definition, ...] = ()


NOTHING = Answer(frozenset(), UNRESOLVED, "")


@dataclass(frozen=True)
class Probe:
    """A document in which what is asked about stands; ``line`` (from 1) and ``column`` (characters) tell its end."""

    text: str
    line: int
    column: int


def probes(document: BaseDocument, head: str, asked: str, tail: str = "") -> Iterator[Probe]:
    """Yield the document with ``asked`` in its hole: as it is, with brackets closed, without the suffix.

    Args:
        document: The document.
        head: What the hole holds before.
        asked: What is asked about.
        tail: Completes the expression.  The comma behind it lets it be one more element where the
            hole is inside brackets.
    """
    before = document.prefix + head + asked
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    yield Probe(f"{before}{tail},\n{document.suffix}", line, column)
    closers = "".join(CLOSER.get(byte, "") for byte in reversed(scan_text(before).brackets))
    if closers:
        yield Probe(f"{before}{tail}{closers}\n{document.suffix}", line, column)
    yield Probe(f"{before}{tail}{closers}\n", line, column)


def script_of(document: BaseDocument, text: str, interpreter: Interpreter) -> Any:
    """Return jedi's view of ``text`` as the document's."""
    project = jedi.Project(document.workspace, sys_path=interpreter.sys_path)
    script = jedi.Script(text, path=document.path, environment=interpreter.environment, project=project)
    script._inference_state.reset_recursion_limitations()
    return script
