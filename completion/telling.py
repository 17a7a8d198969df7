"""Telling a text while it is written: as much of it as will surely be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from completion.filters import Showing, lasting
from completion.layout import Layout, as_document
from completion.types import Tell
from decoding.run import Run
from decoding.settled import Settled
from decoding.trim import typed_length


@dataclass
class Teller:
    """Tells what becomes sure of the first candidate of a request; the decode loop shows it each step.

    A text that has to reach a confidence is sure when it is finished, and not before.

    Attributes:
        showing: What is shown of the text.
        layout: The cursor's surroundings.
        tell: Told the text so far, with the document's line ends, each time there is more of it.
        settled: What of the middle stays.
    """

    showing: Showing
    layout: Layout
    tell: Tell
    settled: Settled
    _told: str = field(default="", init=False)

    def __call__(self, run: Run) -> None:
        """Look at the run, and tell what is new."""
        if self.showing.least > 0 or not self.settled.grows(run):
            return
        middle = run.text[typed_length(run) : self.settled.length].decode("utf-8", "ignore")
        text = lasting(middle, self.layout, self.showing.filters)
        if len(text) > len(self._told):
            self._told = text
            self.tell(as_document(text, self.layout.newline))
