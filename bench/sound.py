"""Do sound monitors ever forbid what stands in real files?  They must not, not once.

    python -m bench.sound --python ENVIRONMENT/bin/python --files 600

Lines of real files, of the standard library and of installed distributions, are taken out and written
again token by token, through the states and judgements that the decode loop uses (``decoding.watch``),
with two tokenizers: the embedded one, and a byte-level one of more than 100,000 entries that is trained
here on the standard library and kept in the temporary folder.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from tokenizers import Tokenizer

from analysis.facts import BaseDocument, FactView
from analysis.python.scanner import START, Scan, scan_text
from bench.common import RESULTS, markdown, write_results
from bench.sites import EVALUATION, STANDARD_LIBRARY, TABLE_DISTRIBUTIONS, packages_of, python_files, read_source
from bench.tokenizers import embedded, large
from completion.jobs import ending_of
from decoding.watch import Watch
from models.vocabulary import Vocabulary
from monitors import registry
from monitors.base import FORBIDDEN, Kind, Monitor, Site

MOST_LINES = 6

# Beside these a byte means something only together with its neighbours: no place for a cursor.
TIED = frozenset(b"\\{}\"'")


@dataclass(frozen=True)
class Cut:
    """Whole lines, logical and physical ones in turn, taken out of a file, with the cursor somewhere on the first.

    Attributes:
        path: The file.
        offset: Where the lines begin, bytes.
        site: The request.
        middle: What stood there, without its last line end.
    """

    path: Path
    offset: int
    site: Site
    middle: bytes


@dataclass(frozen=True)
class Refusal:
    """A sound monitor that forbade the truth.

    Attributes:
        monitor: Its name.
        where: File and byte offset.
        at: Bytes of the true middle before the token that was refused; its length if that was the end.
    """

    monitor: str
    where: str
    at: int


@dataclass(frozen=True)
class Outcome:
    """What came of one tokenizer.

    Attributes:
        files: Files looked at.
        cuts: Middles written.
        tokens: Tokens judged.
        refusals: What was forbidden.
    """

    files: int
    cuts: int
    tokens: int
    refusals: tuple[Refusal, ...]


Pieces = Callable[[bytes], Sequence[bytes]]
"""Cuts a text into the bytes of its tokens."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a sound monitor forbade the truth."""
    options = _parse(arguments)
    console = Console(stderr=True)
    files = chosen_files(options.files, packages_of(options.python), options.seed)
    outcomes: dict[str, Any] = {}
    for name, tokenizer in (("embedded", embedded()), ("100k", large(Path(tempfile.gettempdir()), console))):
        shown = track(files, f"{name}: {tokenizer.get_vocab_size():,} entries", console=console)
        outcome = check(shown, options.per_file, options.seed, pieces_of(tokenizer))
        outcomes[name] = {"entries": tokenizer.get_vocab_size(), **asdict(outcome)}
    table = as_table(outcomes)
    settings = {"files": options.files, "per_file": options.per_file, "seed": options.seed}
    write_results("sound", {"settings": settings, "tokenizers": outcomes}, table, options.out)
    console.print(table, soft_wrap=True)
    return 1 if any(outcome["refusals"] for outcome in outcomes.values()) else 0


def as_table(outcomes: dict[str, Any]) -> str:
    """Return the result as Markdown, the first refusals behind it."""
    header = ("tokenizer", "entries", "files", "middles", "tokens judged", "truth forbidden")
    rows = [
        (name, f"{o['entries']:,}", o["files"], f"{o['cuts']:,}", f"{o['tokens']:,}", len(o["refusals"]))
        for name, o in outcomes.items()
    ]
    lines = [f"- {name}: {refusal}" for name, o in outcomes.items() for refusal in o["refusals"][:10]]
    return "\n".join([markdown(header, rows), *lines])


def chosen_files(count: int, packages: Path, seed: int) -> list[Path]:
    """Return files, half of the standard library, the others in turn of the distributions that are installed."""
    rng = random.Random(f"{seed} sound")
    library = python_files(STANDARD_LIBRARY, Path(), rng)[: count // 2]
    others: list[list[Path]] = []
    for group in (*TABLE_DISTRIBUTIONS, *sorted(EVALUATION)):
        try:
            others.append(python_files(group, packages, rng))
        except LookupError:
            continue
    turns = [path for files in zip(*(_padded(files, count) for files in others), strict=True) for path in files if path]
    return [*library, *turns[: count - len(library)]]


def _padded(files: list[Path], count: int) -> list[Path | None]:
    return [*files[:count], *[None] * (count - len(files))]


def check_library(files: int, per_file: int, seed: int) -> tuple[int, list[Refusal]]:
    """Try the sound monitors byte by byte on the standard library; return the number of cuts, and the refusals."""
    paths = python_files(STANDARD_LIBRARY, Path(), random.Random(f"{seed} sound"))[:files]
    outcome = check(paths, per_file, seed)
    return outcome.cuts, list(outcome.refusals)


def single_bytes(text: bytes) -> Sequence[bytes]:
    """Cut a text into bytes: what every tokenizer can do."""
    return [bytes((byte,)) for byte in text]


def pieces_of(tokenizer: Tokenizer) -> Pieces:
    """Return how a tokenizer cuts a text."""
    vocabulary = Vocabulary.of(tokenizer)

    def pieces(text: bytes) -> Sequence[bytes]:
        return [vocabulary.bytes_of(token) or b"" for token in vocabulary.encode_bytes(text)]

    return pieces


def check(files: Iterable[Path], per_file: int, seed: int, pieces: Pieces = single_bytes) -> Outcome:
    """Try all sound monitors of the registry together on cuts of files."""
    rng = random.Random(f"{seed} cuts")
    looked_at = cuts = tokens = 0
    refusals: list[Refusal] = []
    for path in files:
        looked_at += 1
        for cut in cuts_of(path, per_file, rng):
            written, refusal = write([m for m in registry.build(None, cut.site) if m.kind is Kind.SOUND], cut, pieces)
            cuts, tokens = cuts + 1, tokens + written
            refusals += [refusal] if refusal is not None else []
    return Outcome(looked_at, cuts, tokens, tuple(refusals))


def cuts_of(path: Path, count: int, rng: random.Random) -> Iterator[Cut]:
    """Yield some cuts of a file; none if it is not UTF-8 or has no code."""
    text = (read_source(path) or "").encode()
    lines = (logical_lines(text), physical_lines(text))
    for number in range(count if len(lines[0]) > 1 else 0):
        starts = lines[number % 2]
        first = rng.randrange(len(starts) - 1)
        last = rng.randrange(first, min(first + MOST_LINES, len(starts) - 1))
        begin, end = starts[first], starts[last + 1] - 1
        places = cursor_places(text, begin, end)
        cursor = rng.choice(places)
        healed = rng.randrange(min(6, cursor - begin + 1))
        site = site_at(text, begin, cursor, end, healed, path)
        if is_closed(site.start, text[begin:end]):
            yield Cut(path, begin, site, text[begin:end])


def logical_lines(text: bytes) -> Sequence[int]:
    """Return where logical lines begin, and the end of the text if a line ends there."""
    starts, scan, offset = [0], START, 0
    while (end := text.find(b"\n", offset) + 1) > 0:
        scan, offset = scan_text(text[offset:end], scan), end
        if scan.at_line_start:
            starts.append(offset)
    return starts


def physical_lines(text: bytes) -> Sequence[int]:
    """Return where lines begin, also inside brackets and strings, and the end of the text if a line ends there."""
    return [0, *(end.end() for end in re.finditer(rb"(?<!\\)\n", text))]


def cursor_places(text: bytes, begin: int, end: int) -> Sequence[int]:
    """Return offsets on the first physical line where a cursor makes sense; at least its start."""
    stop = text.find(b"\n", begin, end)
    line_end = end if stop < 0 else stop
    free = [at for at in range(begin + 1, line_end + 1) if not TIED.intersection(text[at - 1 : at + 1])]
    return [begin, *free]


def is_closed(start: Scan, middle: bytes) -> bool:
    """Whether a middle closes what it opens and nothing else: that is what ``monitors.brackets`` takes for granted."""
    scan = start
    for byte in middle:
        scan = scan.step(byte)
        if scan.depth < start.depth:
            return False
    return scan.nesting == start.nesting


def site_at(text: bytes, begin: int, cursor: int, end: int, healed: int, path: Path) -> Site:
    """Return the request at ``cursor`` when the bytes from there to ``end`` are not written yet."""
    typed = text[begin:cursor]
    document = BaseDocument(str(path), str(path.parent), text[:begin].decode(), text[end + 1 :].decode())
    return Site(document, scan_text(text[:begin]).fresh(), typed, typed[len(typed) - healed :], b"", text[end:])


def write(monitors: Sequence[Monitor[Any]], cut: Cut, pieces: Pieces = single_bytes) -> tuple[int, Refusal | None]:
    """Write the true middle token by token behind what is kept of the typed part, then end it.

    Returns:
        How many tokens were judged, and what was forbidden first, if anything was.
    """
    kept = len(cut.site.typed) - len(cut.site.healed)
    view = FactView()
    watch = Watch.start(tuple(monitors), cut.site.start).advance(cut.middle[:kept], view)
    at, judged = kept, 0
    for data in pieces(cut.middle[kept:]):
        judged += 1
        if (judgement := watch.judge(data, view)).penalty == FORBIDDEN:
            return judged, Refusal(judgement.monitor, f"{cut.path.name}:{cut.offset}", at)
        watch, at = watch.advance(data, view), at + len(data)
    judgement = watch.judge_end(ending_of(cut.site), view)
    if judgement.penalty == FORBIDDEN:
        return judged, Refusal(judgement.monitor, f"{cut.path.name}:{cut.offset}", at)
    return judged, None


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the distributions installed")
    parser.add_argument("--files", type=int, default=600, help="files, half of them of the standard library")
    parser.add_argument("--per-file", type=int, default=4, help="middles of each file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of sound.json and sound.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
