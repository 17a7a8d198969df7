"""What a user asks of ``verifill complete``, and the request that it makes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from completion.types import CompletionRequest, Document, Sampling, Trigger
from verifill.place import Place
from verifill.surroundings import holding_at, workspace_of

if TYPE_CHECKING:
    from completion.settings.holding import Holding


class FactMode(enum.StrEnum):
    """How long the analysis is waited for."""

    WAIT = "wait"
    LIVE = "live"
    NONE = "none"


class Dtype(enum.StrEnum):
    """Precision of the model."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT64 = "float64"
    INT8 = "int8"


class ModelSize(enum.StrEnum):
    """Models that ``verifill train`` can make; models/training/config.py has their shapes."""

    TINY = "tiny"
    NANO = "nano"
    SMALL = "small"


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how it runs; what is None, the user's settings say.

    Attributes:
        name: Checkpoint folder or hub id.
        dtype: Precision.
        device: "auto", or as torch names it: "cpu", "cuda", "cuda:1", "mps".
        draft: Checkpoint folder or hub id of a smaller model that guesses ahead.
    """

    name: str | None = None
    dtype: Dtype | None = None
    device: str | None = None
    draft: str | None = None


@dataclass(frozen=True)
class CompleteOptions:
    """How to complete.  The defaults are the command line's; what is marked with *, None leaves to the settings.

    Attributes:
        workspace: Project folder; None for the nearest one with a project file above the file.
        candidates: Number of alternative texts, at least 1.
        max_tokens: * Most tokens of new text, at least 1.
        temperature: 0 takes the best token.
        seed: Key of the noise.
        monitors: * Monitors to use.
        drafters: Drafters to use; None for the default ones.
        strictness: * Factor on the measured penalties of facts, 0 or more.
        facts: How long the analysis is waited for; or "replay:LOG", with the absolute path of a log of facts.
        record_facts: Where to make such a log; None for none.
        python: * The user's interpreter.
        trust: Whether programs of the workspace may be run.
        in_process: Whether the model runs in this process, even if an engine is there.
    """

    workspace: Path | None = None
    candidates: int = 1
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0
    monitors: tuple[str, ...] | None = None
    drafters: tuple[str, ...] | None = None
    strictness: float | None = None
    facts: str = FactMode.WAIT
    record_facts: Path | None = None
    python: str | None = None
    trust: bool = False
    in_process: bool = False


@dataclass(frozen=True)
class ServeOptions:
    """Where to serve, and for whom.  The defaults are the command line's.

    Attributes:
        host: Name or address to listen on.
        port: Port to listen on; 0 for any free one.
        token_file: File with the token that clients must send; None for a random one.
        python: The user's interpreter; None leaves it to the settings.
        trust: Whether programs of the workspace may be run.
        in_process: Whether the model runs in this process instead of the shared engine.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token_file: Path | None = None
    python: str | None = None
    trust: bool = False
    in_process: bool = False


def holding_for(place: Place, options: CompleteOptions) -> Holding:
    """Return what holds where the file lies.

    Raises:
        Failure: The workspace or the interpreter cannot be used.
    """
    command = {"max_tokens": options.max_tokens, "strictness": options.strictness, "monitors": options.monitors}
    return holding_at(workspace_of(place.path, options.workspace), options.python, options.trust, command)


def request_of(place: Place, options: CompleteOptions, held: Holding | None = None) -> CompletionRequest:
    """Return the request for a cursor.

    Args:
        place: The cursor.
        options: What is wanted.
        held: What holds there; None to find out.

    Raises:
        Failure: The workspace or the interpreter cannot be used.
    """
    held = held or holding_for(place, options)
    request = CompletionRequest(
        document=Document(str(place.path), place.text),
        offset=place.offset,
        trigger=Trigger.PROGRAM,
        workspace=str(workspace_of(place.path, options.workspace)),
        facts=str(options.facts),
        record_facts=str(options.record_facts.absolute()) if options.record_facts else "",
        drafters=options.drafters,
        candidates=options.candidates,
        sampling=Sampling(temperature=options.temperature, seed=options.seed),
    )
    return held.asked(request)


def names(text: str | None) -> tuple[str, ...] | None:
    """Return the names in a comma-separated list; "none" is the empty list.

    >>> names("heal, copyspec"), names("none"), names(None)
    (('heal', 'copyspec'), (), None)
    """
    if text is None:
        return None
    if text.strip() == "none":
        return ()
    return tuple(part for name in text.split(",") if (part := name.strip()))
