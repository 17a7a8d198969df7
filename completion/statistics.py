"""What became of suggestions, counted on this machine for its user alone, if he wants it (``Settings.statistics``).

One line a happening, in a file of mode 0600 in the folder for state: when, what, in which language, how many
characters.  No code, no names, no paths.  ``verifill stats`` sums them up, ``verifill purge`` removes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from completion.user_folders import state_folder

SHOWN: Final = "shown"
ACCEPTED: Final = "accepted"
ACCEPTED_IN_PART: Final = "accepted_in_part"
KEPT: Final = "kept"

MOST_BYTES: Final = 2_000_000
"""At this size a file becomes the old one, of which there is one."""


@dataclass(frozen=True)
class Happening:
    """One line.

    Attributes:
        at: Seconds since the epoch.
        what: One of the four above.
        language: Id of the document's language.
        characters: Of the suggestion, or of the part that was accepted.
        after: Seconds after accepting; of "kept" alone.
        kept: Characters of it still there; of "kept" alone.
    """

    at: int
    what: str
    language: str
    characters: int
    after: int = 0
    kept: int = 0


def write(happening: Happening) -> None:
    """Append a line.

    Raises:
        OSError: The file cannot be written.
    """
    path = newest_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps(asdict(happening), separators=(",", ":")) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)
        size = file.tell()
    if size > MOST_BYTES:
        os.replace(path, older_file())


def read() -> Iterator[Happening]:
    """Yield all, the oldest first; lines that say something else are left out."""
    for path in (older_file(), newest_file()):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                yield from filter(None, map(_happening, file))
        except OSError:
            continue


def newest_file() -> Path:
    """Return the file that is written."""
    return state_folder() / "statistics.jsonl"


def older_file() -> Path:
    """Return the file that was full."""
    return state_folder() / "statistics.old.jsonl"


def _happening(line: str) -> Happening | None:
    try:
        return Happening(**json.loads(line))
    except (ValueError, TypeError):
        return None
