"""Someone types 40 characters into real files: what does each completion cost, and is it the cold one's text?

    python -m bench.keystrokes [--files 30] [--characters 40] [--peer-every 4]

Files are of the standard library.  At a place inside a function the true text is taken out up to a line's
end and typed again, as an editor would: an opening bracket or quote brings its closer, a closer is typed
over, a new line comes with its indentation.  After each keystroke the service completes, with all monitors
and drafters and no facts.  Beside it, in turns:

* the same request on a service that keeps no keys and values: its tokens must be the same;
* every few keystrokes, transformers' greedy ``generate`` on the same prompt, from nothing, for as many
  tokens.

Both run on the same number of threads.  In float32 a pass over several tokens may round otherwise than
one over a single token: texts that differ are counted, and how many of those at two logits less than
1e-4 apart.
"""

from __future__ import annotations

import argparse
import random
import sysconfig
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rich.progress import track
from transformers import AutoModelForCausalLM, PreTrainedModel

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench.common import interval, markdown, write_results
from completion.generation import CONTEXT_TOKENS
from completion.layout import lay_out
from completion.prompt import Prompts
from completion.service import CompletionService, ServiceSettings
from completion.types import CompletionRequest, CompletionResult, Document, Limits, Trigger
from models.checkpoint_files import locate
from models.checkpoints import LoadedModel, load

NEW_TOKENS = 24
CLOSER = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
NEAR_TIE = 1e-4


@dataclass(frozen=True)
class State:
    """A document while it is typed into."""

    before: str
    behind: str


@dataclass(frozen=True)
class Stroke:
    """What one keystroke cost.

    Attributes:
        file: Where.
        prefilled: Prompt tokens that were computed.
        prompt: Prompt tokens in all.
        warm_ms: The service's time.
        cold_ms: The time of a service that keeps nothing.
        same: Both wrote the same tokens.
        near_tie: They did not, where two logits are all but equal.
        peer_ms: transformers' time, None where it was not run.
    """

    file: str
    prefilled: int
    prompt: int
    warm_ms: float
    cold_ms: float
    same: bool
    near_tie: bool
    peer_ms: float | None


def main() -> None:
    """Run the command line."""
    options = _options()
    model = load(options.model)
    peer = AutoModelForCausalLM.from_pretrained(locate(options.model)[0], dtype=torch.float32)
    services = [
        CompletionService(model, FactStore(JediPool()), settings)
        for settings in (ServiceSettings(cache=None), ServiceSettings(slab_bytes=1, cache=None))
    ]
    strokes: list[Stroke] = []
    try:
        for path in track(places(options.files, options.seed), description="typing"):
            strokes += type_into(path, options, model, services, peer)
    finally:
        for service in services:
            service.close()
    numbers = summary(strokes)
    table = as_table(numbers)
    write_results("keystrokes", numbers, table)
    print(table)


def places(files: int, seed: int) -> list[Path]:
    """Choose files of a usual size."""
    library = Path(sysconfig.get_path("stdlib"))
    found = sorted(path for path in library.rglob("*.py") if 4_000 < path.stat().st_size < 60_000)
    found = [path for path in found if not {"site-packages", "test", "tests", "idlelib"} & set(path.parts)]
    return random.Random(seed).sample(found, min(files, len(found)))


def typed(text: str, characters: int, rng: random.Random) -> Iterator[State]:
    """Yield the document before the first and after each keystroke at a place inside a function."""
    lines = text.splitlines(keepends=True)
    inside = [
        i for i, line in enumerate(lines) if line.startswith("        ") and line.strip() and 20 < i < len(lines) - 5
    ]
    at = sum(map(len, lines[: rng.choice(inside)]))
    at += len(text[at:]) - len(text[at:].lstrip(" "))
    end = text.find("\n", at + characters)
    before, behind = text[:at], text[end:]
    tail = len(behind)
    yield State(before, behind)
    place = at
    while place < at + characters:
        stroke = text[place]
        place += 1
        if stroke == "\n":
            indent = len(text[place:]) - len(text[place:].lstrip(" "))
            stroke, place = stroke + text[place : place + indent], place + indent
        waiting = behind[: len(behind) - tail]
        if waiting.startswith(stroke):
            behind = behind[1:]
        elif stroke in CLOSER:
            behind = CLOSER[stroke] + behind
        before += stroke
        yield State(before, behind)


def type_into(
    path: Path,
    options: argparse.Namespace,
    model: LoadedModel,
    services: Sequence[CompletionService],
    peer: PreTrainedModel,
) -> Iterator[Stroke]:
    """Type into one file."""
    prompts = Prompts(model.vocabulary, model.format)
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, state in enumerate(typed(text, options.characters, random.Random(path.name))):
        document = Document(str(path), state.before + state.behind)
        request = CompletionRequest(
            document, len(state.before), str(path.parent), Trigger.AUTOMATIC, facts="none", limits=Limits(NEW_TOKENS)
        )
        warm, cold = (service.complete_now(request) for service in services)
        budget = min(CONTEXT_TOKENS, model.engine.max_length - NEW_TOKENS)
        prompt = prompts.prompt(lay_out(request), budget).ids
        if len(prompt) != warm.counters["prompt_tokens"]:
            raise RuntimeError("the service reads another prompt than the one compared with")
        if not number:
            continue  # the document has just been opened
        same = [t.id for t in warm.tokens] == [t.id for t in cold.tokens]
        new_tokens = warm.counters["new_tokens"]
        yield Stroke(
            file=path.name,
            prefilled=warm.counters["prefilled_tokens"],
            prompt=len(prompt),
            warm_ms=warm.timings_ms["total"],
            cold_ms=cold.timings_ms["total"],
            same=same,
            near_tie=not same and is_near_tie(model, prompt, warm, cold),
            peer_ms=None if number % options.peer_every else generate_ms(peer, prompt, new_tokens),
        )


def generate_ms(peer: PreTrainedModel, prompt: Sequence[int], new_tokens: int) -> float:
    """Return the milliseconds that transformers takes for a greedy continuation from nothing."""
    begin = time.perf_counter()
    ids = torch.tensor([list(prompt)])
    with torch.inference_mode():
        peer.generate(  # type: ignore[operator]
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=new_tokens,
            min_new_tokens=new_tokens,
            do_sample=False,
            pad_token_id=0,
        )
    return 1000 * (time.perf_counter() - begin)


def is_near_tie(model: LoadedModel, prompt: Sequence[int], warm: CompletionResult, cold: CompletionResult) -> bool:
    """Whether two texts part where the model all but gives two tokens the same logit."""
    pairs = list(zip(warm.tokens, cold.tokens, strict=False))
    agree = next((i for i, (a, b) in enumerate(pairs) if a.id != b.id), None)
    if agree is None:
        return False
    slab = model.engine.new_slab()
    row = model.engine.forward(slab, (*prompt, *(a.id for a, _ in pairs[:agree]))).logits[-1]
    left, right = pairs[agree]
    return abs(float(row[left.id] - row[right.id])) < NEAR_TIE


def summary(strokes: Sequence[Stroke]) -> dict[str, Any]:
    """Sum the keystrokes up."""
    compared = [stroke for stroke in strokes if stroke.peer_ms is not None]
    files = [stroke.file for stroke in compared]
    return {
        "files": len({stroke.file for stroke in strokes}),
        "keystrokes": len(strokes),
        "threads": torch.get_num_threads(),
        "prompt_tokens_median": median(stroke.prompt for stroke in strokes),
        "prefilled_median": median(stroke.prefilled for stroke in strokes),
        "prefilled_mean": sum(stroke.prefilled for stroke in strokes) / len(strokes),
        "over_four": sum(stroke.prefilled > 4 for stroke in strokes),
        "warm_ms_median": median(stroke.warm_ms for stroke in strokes),
        "cold_ms_median": median(stroke.cold_ms for stroke in strokes),
        "peer_ms_median": median(stroke.peer_ms or 0.0 for stroke in compared),
        "against_peer_total": sum(s.peer_ms or 0.0 for s in compared) / sum(s.warm_ms for s in compared),
        "against_peer": interval([(s.peer_ms or 0.0) / s.warm_ms for s in compared], files),
        "against_cold_total": sum(s.cold_ms for s in strokes) / sum(s.warm_ms for s in strokes),
        "same": sum(stroke.same for stroke in strokes),
        "near_ties": sum(stroke.near_tie for stroke in strokes),
    }


def as_table(numbers: dict[str, Any]) -> str:
    """Return the README's table."""
    _, low, high = numbers["against_peer"]
    prefilled = f"{numbers['prefilled_median']:.0f} / {numbers['prefilled_mean']:.1f}"
    faster = f"**{numbers['against_peer_total']:.1f}x** (per keystroke, 95 %: {low:.1f} to {high:.1f})"
    rows = [
        ("keystrokes in files", f"{numbers['keystrokes']} in {numbers['files']}"),
        ("prompt, tokens (median)", f"{numbers['prompt_tokens_median']:.0f}"),
        ("of these computed per keystroke, median / mean", prefilled),
        ("keystrokes with more than four", numbers["over_four"]),
        ("completion, ms (median)", f"{numbers['warm_ms_median']:.0f}"),
        ("the same with nothing kept", f"{numbers['cold_ms_median']:.0f}"),
        ("transformers' generate, from nothing", f"{numbers['peer_ms_median']:.0f}"),
        ("faster than that, total time", faster),
        ("same tokens as with nothing kept", f"{numbers['same']} of {numbers['keystrokes']}"),
        ("of the others at a near-tie", numbers["near_ties"]),
    ]  # fmt: skip
    return markdown(("", ""), rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--characters", type=int, default=40, help="typed into each")
    parser.add_argument("--peer-every", type=int, default=4, help="run transformers at every n-th keystroke")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--seed", type=int, default=5, help="of the choice of files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
