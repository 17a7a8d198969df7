"""Does a model fill in middles, or does its vocabulary only spell the tokens?  Five small holes tell.

General models share vocabularies with code models and carry fill-in-the-middle tokens that were never trained;
they write on as if there were no suffix, and never end.  So each case asks for two things that only training
brings: of two middles, each fits the suffix that needs it better than the other one does, and where the middle is
complete, the model expects its end.  Importing this is cheap.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.checkpoints import LoadedModel

logger = logging.getLogger(__name__)

# The least probability of the end where a middle is complete; a small trained model gives it a third and more.
LEAST_END = 0.1

# So many of the cases have to pass; an untrained model passes none, a small trained one may miss some.
LEAST_PASSED = 3


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole and two ways to go on behind it.

    Attributes:
        prefix: Whole lines before it.
        middles: What belongs there, one for each suffix; whole lines.
        suffixes: Whole lines behind it.
    """

    prefix: str
    middles: tuple[str, str]
    suffixes: tuple[str, str]


CASES = (
    Hole(
        "def area(width, height):\n",
        ("    result = width * height\n", "    product = width * height\n"),
        ("    return result\n", "    return product\n"),
    ),
    Hole(
        "import json\n\n\ndef load(path):\n",
        ("    with open(path) as file:\n", "    with open(path) as stream:\n"),
        ("        return json.load(file)\n", "        return json.load(stream)\n"),
    ),
    Hole(
        "def report(values):\n    total = 0\n",
        ("    for value in values:\n", "    for number in values:\n"),
        ("        total += value\n    return total\n", "        total += number\n    return total\n"),
    ),
    Hole(
        "",
        ("import os\n", "import re\n"),
        (
            "\n\ndef names(folder):\n    return os.listdir(folder)\n",
            "\n\ndef words(text):\n    return re.findall('[a-z]+', text)\n",
        ),
    ),
    Hole(
        "class Point:\n",
        ("    def __init__(self, x, y):\n", "    def __init__(self, name):\n"),
        ("        self.x = x\n        self.y = y\n", "        self.name = name\n"),
    ),
)


@dataclass(frozen=True, slots=True)
class FimReport:
    """What came of the cases.

    Attributes:
        cases: How many there were.
        fitting: In how many each middle fits its own suffix better.
        ending: In how many both middles are expected to end where they do.
        passed: In how many both.
    """

    cases: int
    fitting: int
    ending: int
    passed: int

    @property
    def trained(self) -> bool:
        """Whether the model was trained to fill in middles, as far as this tells."""
        return self.passed >= LEAST_PASSED

    @property
    def in_words(self) -> str:
        """One line for people, without the mend."""
        how = f"{self.passed} of {self.cases} pass: {self.fitting} fit what follows, {self.ending} end"
        return f"trained to fill in middles ({how})" if self.trained else f"not trained to fill in middles ({how})"


def run(model: LoadedModel) -> FimReport:
    """Try the cases: some twenty short forward passes."""
    found = [_try(model, hole) for hole in CASES]
    return FimReport(
        cases=len(found),
        fitting=sum(fits for fits, _ in found),
        ending=sum(ends for _, ends in found),
        passed=sum(fits and ends for fits, ends in found),
    )


def warn(model: LoadedModel, cache: Path | None) -> str:
    """Log and return a warning if a checkpoint was not trained to fill in middles, else ""; tried once a checkpoint.

    Args:
        model: The embedded model and objects in memory are known, and not tried.
        cache: Folder of what was found before; None to keep nothing.
    """
    if not model.identity:
        return ""
    report = _read(cache, model.identity) or run(model)
    _write(cache, model.identity, report)
    if report.trained:
        return ""
    mend = "choose one made for infilling, such as Qwen2.5-Coder"
    warning = f"model {model.name} was {report.in_words}; {mend}"
    logger.warning("%s", warning)
    return warning


def _try(model: LoadedModel, hole: Hole) -> tuple[bool, bool]:
    """Return whether both middles fit their suffixes, and whether both end."""
    scores = [[_score(model, hole, suffix, middle) for middle in hole.middles] for suffix in hole.suffixes]
    (own, other), (other_too, own_too) = scores
    return own[0] + own_too[0] > other[0] + other_too[0], min(own[1], own_too[1]) >= LEAST_END


def _score(model: LoadedModel, hole: Hole, suffix: str, middle: str) -> tuple[float, float]:
    """Return the log-probability of a middle, and the probability that it ends where it does."""
    import torch

    prompt = model.format.encode(model.vocabulary, hole.prefix, suffix)
    ids = model.vocabulary.encode(middle)
    rows = model.engine.forward(model.engine.new_slab(), (*prompt, *ids)).logits[-len(ids) - 1 :]
    logs = torch.log_softmax(rows.double(), dim=-1)
    ends = [token for token in model.format.end_ids if token < logs.shape[-1]]
    written = sum(float(logs[i, token]) for i, token in enumerate(ids))
    return written, float(logs[-1, ends].exp().sum())


def _read(folder: Path | None, identity: str) -> FimReport | None:
    if folder is None:
        return None
    try:
        stored = json.loads((folder / f"fim-{identity}.json").read_text(encoding="utf-8"))
        return FimReport(*(int(stored[name]) for name in ("cases", "fitting", "ending", "passed")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(folder: Path | None, identity: str, report: FimReport) -> None:
    """Keep a report; where that cannot be, the model is tried again next time."""
    if folder is None:
        return
    file = folder / f"fim-{identity}.json"
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(asdict(report)), encoding="utf-8")
        part.replace(file)
