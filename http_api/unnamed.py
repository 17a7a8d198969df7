"""The document of a dialect in which nobody says which file it is."""

from __future__ import annotations

from analysis.python.guessing import looks_like_python
from completion.types import Document
from http_api.settings import ServerSettings


def unnamed(text: str, settings: ServerSettings) -> Document:
    """Return a text as a new file of the workspace: of Python if it looks like that, else plain text."""
    suffix = ".py" if looks_like_python(text) else ".txt"
    return Document(f"{settings.workspace}/untitled{suffix}", text)
