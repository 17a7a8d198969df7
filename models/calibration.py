"""What was measured on this machine is kept on disk: measuring takes a second, reading it nothing.

A measurement belongs to a processor, a torch version, a model, a precision and a device; any other
one is not found and measured anew.  Importing this imports torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import platform
from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

from models.checkpoints import LoadedModel
from models.engines.cost import CostCurve, measuring

# Two numbers of threads are compared by the passes that decoding is made of.
_COMPARED = (1, 4)


@dataclass(frozen=True)
class Calibration:
    """What is known of a model on this machine.

    Attributes:
        threads: On which passes are fastest.
        curve: What they cost there.
    """

    threads: int
    curve: CostCurve


def calibrating(model: LoadedModel) -> Generator[None, None, Calibration]:
    """Measure a model, yielding before each pass; torch's threads are set to the best number found.

    Besides the number that torch has now, one thread is tried: beside the analysis, it is often faster.
    """
    found: list[Calibration] = []
    before = torch.get_num_threads()
    try:
        for threads in sorted({before, 1}) if model.device == "cpu" else [before]:
            found.append(Calibration(threads, (yield from _on(threads, model))))
    finally:
        torch.set_num_threads(before)
    best = min(found, key=lambda one: sum(one.curve.at(n) for n in _COMPARED))
    apply(best)
    return best


def apply(calibration: Calibration) -> None:
    """Let torch compute on the calibrated number of threads."""
    torch.set_num_threads(calibration.threads)


def _on(threads: int, model: LoadedModel) -> Generator[None, None, CostCurve]:
    """Measure on a number of threads; between the passes others run on theirs."""
    usual = torch.get_num_threads()
    steps = measuring(model.engine)
    while True:
        torch.set_num_threads(threads)
        try:
            next(steps)
        except StopIteration as end:
            curve: CostCurve = end.value
            return curve
        finally:
            torch.set_num_threads(usual)
        yield


def read(folder: Path, model: LoadedModel) -> Calibration | None:
    """Return what was measured before; None if nothing was, or if it cannot be read."""
    try:
        stored = json.loads(_file(folder, model).read_text(encoding="utf-8"))
        curve = CostCurve(tuple(map(int, stored["tokens"])), tuple(map(float, stored["seconds"])))
        threads = int(stored["threads"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Calibration(threads, curve) if threads > 0 and sound(curve) else None


def sound(curve: CostCurve) -> bool:
    """Whether a curve is one: it begins with one token, rises, and all its times are positive."""
    rising = all(a < b for a, b in pairwise(curve.tokens))
    positive = all(0 < seconds < math.inf for seconds in curve.seconds)
    return curve.tokens[:1] == (1,) and len(curve.tokens) == len(curve.seconds) and rising and positive


def write(folder: Path, model: LoadedModel, calibration: Calibration) -> None:
    """Keep a measurement, readable for the user alone; where that cannot be, it is measured again next time."""
    file = _file(folder, model)
    text = json.dumps({
        "for": _subject(model),
        "threads": calibration.threads,
        "tokens": calibration.curve.tokens,
        "seconds": calibration.curve.seconds,
    })  # fmt: skip
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        part.replace(file)


def default_folder() -> Path:
    """Return where measurements are kept, by the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verifill" / "calibration"


def _file(folder: Path, model: LoadedModel) -> Path:
    name = hashlib.blake2b(json.dumps(_subject(model)).encode(), digest_size=12).hexdigest()
    return folder / f"{name}.json"


def _subject(model: LoadedModel) -> list[str]:
    """Return what a measurement is of."""
    engine = model.engine
    return [
        _processor(model.device),
        str(os.cpu_count()),
        str(torch.__version__),
        type(engine).__name__,
        f"{model.name} {engine.vocabulary_size} {engine.max_length}",
        model.dtype,
        model.device,
    ]


def _processor(device: str) -> str:
    """Return the name of what computes."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
