"""What a completion engine is asked while someone types: a whole prompt at every keystroke."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.keystrokes import typed
from completion.layout import lay_out
from completion.prompt import Prompts
from completion.types import CompletionRequest, Document
from models.checkpoints import LoadedModel


@dataclass(frozen=True)
class Keystroke:
    """One request.

    Attributes:
        file: Where is typed.
        number: Of keys pressed there; 0 for the document as it is opened.
        prompt: Ids, all that was typed among them.
    """

    file: str
    number: int
    prompt: tuple[int, ...]


def keystrokes(path: Path, characters: int, model: LoadedModel, budget: int) -> Iterator[Keystroke]:
    """Yield the prompts while so many characters are typed into a file.

    They are laid out as our own service lays them out, so that each continues the one before as far as can be, which
    serves everyone who keeps keys and values.  What is typed of a token is not healed: that would need monitors.
    """
    prompts = Prompts(model.vocabulary, model.format)
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, state in enumerate(typed(text, characters, random.Random(path.name))):
        document = Document(str(path), state.before + state.behind)
        request = CompletionRequest(document, len(state.before), str(path.parent))
        prompt = prompts.prompt(lay_out(request), budget)
        healed = model.vocabulary.encode_bytes(prompt.healed)
        yield Keystroke(path.name, number, (*prompt.ids, *healed))
