"""Where the model's view of other files comes from, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from completion.types import CompletionRequest, Snippet

OPEN_FILES: Final = "open_files"
"""Regions of other open files; an editor's front sends them along."""

WORKSPACE: Final = "workspace"
"""Chunks of files of the workspace that resemble the lines around the cursor."""

DEFINITIONS: Final = "definitions"
"""Of names that are used near the cursor."""

SOURCES: Final = (OPEN_FILES, WORKSPACE, DEFINITIONS)
"""All, in the order of the prompt: what changes least first."""

DEFAULT_SOURCES: Final[tuple[str, ...]] = ()
"""What is used unless someone says otherwise.  Chunks of the workspace make the true text a little likelier to the
embedded model (bench/results/context.md), but not its own suggestions better as far as was measured."""


@dataclass(frozen=True)
class Wishes:
    """What a request says about other files: prompts of requests that differ in it share nothing of them.

    Attributes:
        given: Parts that came along, the least relevant first.
        sources: As the request has them.
        excluded: Patterns of files that must not be read.
    """

    given: tuple[Snippet, ...] = ()
    sources: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: CompletionRequest) -> Wishes:
        """Return those of a request."""
        return cls(request.context, request.sources, request.exclude_context)


NO_WISHES: Final = Wishes()


def sources_of(request: CompletionRequest) -> tuple[str, ...]:
    """Return where is looked for a request.

    Raises:
        ValueError: It names a source that there is none of.
    """
    for name in request.sources or ():
        if name not in SOURCES:
            raise ValueError(f"unknown source of context {name!r}; known are {', '.join(SOURCES)}")
    return DEFAULT_SOURCES if request.sources is None else request.sources
