"""Other programs beside ours: someone types, and every key asks each of them for a completion.

    python -m bench.peers.setup          (once; makes the programs)
    python -m bench.peers [--files 10] [--characters 6] [--minutes 7] [--stages embedded/float32 107M/bfloat16]

All read the same prompts, a text before and behind the cursor that grows by what is typed; have the same weights in
the same precision; compute on the same number of threads; write greedily, 24 tokens at most or up to the model's own
end; and take turns at every keystroke, in an order that rotates.  Who can keeps keys and values from one keystroke to
the next; who cannot (marked "from nothing") is asked at one keystroke of each file.

* ours: engine and loop without monitors, plain, with drafts from the prompt and from what the model wrote behind single
  tokens before, and with its whole text of the keystroke before among the drafts;
* llama.cpp's server with its prompt cache, plain and with n-gram drafts set for short texts; its time is its own
  clock's, HTTP is not counted; keys and values in half precision except in float32;
* transformers' ``generate``, OpenVINO GenAI (with its prefix cache), CTranslate2.

Models: the embedded one, and one of 107 million parameters that computes the same function (``bench.peers.widened``),
so that guesses are as often right as in a real model, for every program.  int8 is compared with Q8_0 of GGUF.
float32 is compared with float32, and with llama.cpp from an F16 file: our engine too stores a matrix in half
precision where that holds it exactly, as it does these.

Results are ratios of total times, paired by keystroke; where two wrote different numbers of tokens, which rounding
brings about, that keystroke is left out.  Intervals are over files.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.progress import track

from bench.chart import bars
from bench.common import RESULTS, write_results
from bench.keystrokes import places
from bench.peers.files import MODELS, ModelFiles
from bench.peers.gguf_identity import outcome
from bench.peers.peer import PeerError, Way, Written
from bench.peers.prompts import Keystroke, keystrokes
from bench.peers.setup import FOLDER, server_in
from bench.peers.stages import PLAIN, PRECISIONS, Setting, opened
from bench.peers.summary import Row, as_bars, as_overview, as_table, summary
from models.checkpoints import LoadedModel, load
from models.placement import threads, use_threads

NEW_TOKENS = 24

# What is typed into however long it takes.
LEAST_FILES = 3

# Seconds between two programs: threads that have just worked wait for more before they sleep.
REST = 0.005

STAGES = tuple(f"{model}/{dtype}" for model in MODELS for dtype in PRECISIONS)


def main() -> int:
    """Run from the command line; 3 if a program is missing or does not answer."""
    options = _parse()
    if not server_in(options.programs).exists():
        sys.stderr.write(f"no programs in {options.programs}; python -m bench.peers.setup makes them\n")
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stages = {}
    end = time.monotonic() + 60 * options.minutes
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number, stage in enumerate(options.stages):
                now = time.monotonic()
                share = (end - now) / (len(options.stages) - number)
                rows = measured(stage, ModelFiles(Path(folder)), now + share, options)
                stages[stage] = summary(rows)
    except PeerError as error:
        sys.stderr.write(f"bench.peers: {error}\n")
        return 3
    numbers = {"threads": threads(), "new_tokens": NEW_TOKENS, "context": options.context, "stages": stages}
    table = f"{as_overview(stages)}\n\n{as_table(stages)}"
    write_results("peers", numbers, table, options.out)
    groups = as_bars(stages)
    most = max(bar.high for shown in groups.values() for bar in shown)
    chart = bars("Time of a completion beside Verifill's with drafts, which is 100 %", groups, most)
    (options.out / "peers.svg").write_text(chart, encoding="utf-8")
    print(table)
    return 0


def measured(stage: str, files: ModelFiles, end: float, options: argparse.Namespace) -> list[Row]:
    """Type into files with one model in one precision; from ``end`` on the clock into no further one than the least."""
    name, dtype = stage.split("/")
    model = load(str(files.checkpoint(name)), dtype, "cpu")
    if options.threads:
        use_threads(options.threads)
    setting = Setting(name, model, files, options.programs, threads(), options.context)
    rows: list[Row] = []
    with opened(setting) as ways:
        for number, path in enumerate(track(places(options.files, options.seed), description=stage)):
            if number >= LEAST_FILES and time.monotonic() > end:
                break
            for stroke in keystrokes(path, options.characters, model, options.context - NEW_TOKENS):
                rows += asked(ways, stroke)
    return with_margins(model, rows)


def asked(ways: Sequence[Way], stroke: Keystroke) -> Iterator[Row]:
    """Ask everyone; what opening a document costs is not counted."""
    first = stroke.number % len(ways)
    written: dict[str, Written] = {}
    for way in (*ways[first:], *ways[:first]):
        if way.warm or stroke.number == 1:
            time.sleep(REST)
            written[way.name] = way.peer.write(stroke.prompt, NEW_TOKENS)
    if stroke.number:
        yield from (Row(way.name, way.warm, stroke, written[way.name]) for way in ways if way.name in written)


def with_margins(model: LoadedModel, rows: Sequence[Row]) -> list[Row]:
    """Say of each text that is not our plain one how near a tie they part at."""
    ours = {row.stroke: row.written.tokens for row in rows if row.way == PLAIN}
    return [
        row
        if row.written.tokens == ours[row.stroke]
        else row._replace(margin=outcome(model, row.stroke.prompt, row.written.tokens).margin)
        for row in rows
    ]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, help="models and precisions")
    parser.add_argument("--files", type=int, default=10, help="of the standard library that are typed into, at most")
    parser.add_argument("--minutes", type=float, default=7, help="fewer files rather than much longer")
    parser.add_argument("--characters", type=int, default=6, help="typed into each")
    parser.add_argument("--context", type=int, default=512, help="tokens of prompt and text at most")
    parser.add_argument("--threads", type=int, help="of every program; default as many as ours would take")
    parser.add_argument("--seed", type=int, default=5, help="of the choice of files")
    parser.add_argument("--programs", type=Path, default=FOLDER, help="folder that bench.peers.setup has made")
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
