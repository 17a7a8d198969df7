"""What fronts and engines say to each other, and its form on the wire.

A message is one JSON object: the fields of a dataclass below, and its name as ``"message"``.
Converting goes by the annotations of the values in ``completion.types``, so a new field there needs nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cattrs import Converter
from cattrs.strategies import configure_tagged_union

from completion.trace import Trace
from completion.types import CompletionRequest, CompletionResult, Listing

# Raised whenever a message changes its meaning.
PROTOCOL = 1


class Malformed(Exception):
    """What came is not a message of this protocol; the text never quotes it."""


@dataclass(frozen=True)
class Challenge:
    """Engine: who I am; prove that you may read my record.

    Attributes:
        protocol: Version of these messages.
        build: Of which program, ``build.build_id``.
        nonce: Random, hexadecimal.
    """

    protocol: int
    build: str
    nonce: str


@dataclass(frozen=True)
class Proof:
    """Front: here is my proof; now prove that it was you who wrote the record."""

    nonce: str
    proof: str


@dataclass(frozen=True)
class Welcome:
    """Engine: mine."""

    proof: str


@dataclass(frozen=True)
class Loading:
    """Engine: this is what is done, while the model is loaded."""

    words: str


@dataclass(frozen=True)
class Ready:
    """Engine: the model is loaded; the attributes are those of a ``CompletionResult``, and of a ``Service``."""

    model: str
    dtype: str
    device: str
    warning: str = ""
    context: int = 0


@dataclass(frozen=True)
class Stopped:
    """Engine: the user has told me to end; have another only when there is something to ask."""


@dataclass(frozen=True)
class Trouble:
    """An error; ``errors`` says of which kinds."""

    kind: str
    text: str


@dataclass(frozen=True)
class Unusable:
    """Engine: the model cannot be loaded, and I am about to end."""

    trouble: Trouble


@dataclass(frozen=True)
class Complete:
    """Front: complete this; the answer shall carry ``id``, and the text be told while it is written if ``told``."""

    id: int
    request: CompletionRequest
    told: bool = False


@dataclass(frozen=True)
class ListNames:
    """Front: which names may begin at this cursor?"""

    id: int
    request: CompletionRequest


@dataclass(frozen=True)
class Weigh:
    """Front: how likely is each of these names there?"""

    id: int
    request: CompletionRequest
    names: tuple[str, ...]


@dataclass(frozen=True)
class Describe:
    """Front: how is this name called there?"""

    id: int
    request: CompletionRequest
    name: str


@dataclass(frozen=True)
class AskTrace:
    """Front: how did what I was told on this request come about?"""

    id: int
    request: CompletionRequest


@dataclass(frozen=True)
class Cancel:
    """Front: nobody waits for that answer any more; it comes nevertheless, soon."""

    id: int


@dataclass(frozen=True)
class Warm:
    """Front: a request like this one is likely; there is no answer."""

    request: CompletionRequest


@dataclass(frozen=True)
class Written:
    """Engine: this much of the answer's text is sure."""

    id: int
    text: str


@dataclass(frozen=True)
class Completed:
    """Engine: the answer."""

    id: int
    result: CompletionResult


@dataclass(frozen=True)
class Listed:
    """Engine: these."""

    id: int
    result: Listing


@dataclass(frozen=True)
class Weighed:
    """Engine: so likely, as log-probabilities."""

    id: int
    result: tuple[float | None, ...]


@dataclass(frozen=True)
class Described:
    """Engine: so."""

    id: int
    result: str


@dataclass(frozen=True)
class Traced:
    """Engine: like this, if I remember."""

    id: int
    result: Trace | None


@dataclass(frozen=True)
class Failed:
    """Engine: there is no answer, because of this."""

    id: int
    trouble: Trouble


@dataclass(frozen=True)
class AskStatus:
    """Front: how do you do?"""


@dataclass(frozen=True)
class Status:
    """Engine: like this; the keys are those of ``verifill engine status --json``."""

    values: Mapping[str, Any]


Question = Complete | ListNames | Weigh | Describe | AskTrace
Answer = Completed | Listed | Weighed | Described | Traced

Message = (
    Challenge
    | Proof
    | Welcome
    | Loading
    | Ready
    | Stopped
    | Unusable
    | Complete
    | ListNames
    | Weigh
    | Describe
    | AskTrace
    | Cancel
    | Warm
    | Written
    | Completed
    | Listed
    | Weighed
    | Described
    | Traced
    | Failed
    | AskStatus
    | Status
)


def encode(message: Message) -> bytes:
    """Return a message's bytes.  Lone surrogates in a text are kept."""
    value = _converter().unstructure(message, unstructure_as=Message)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> Message:
    """Return the message in some bytes.

    Raises:
        Malformed: There is none.
    """
    try:
        message: Message = _converter().structure(json.loads(data.decode("utf-8", "surrogatepass")), Message)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 -- what arbitrary bytes raise in a converter is not worth telling apart
        raise Malformed(f"not a message ({type(error).__name__})") from None
    return message


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False)
    configure_tagged_union(Message, converter, tag_name="message")
    return converter
