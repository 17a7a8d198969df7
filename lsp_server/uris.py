"""From the client's URIs to paths for the analysis."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

_UNFIT = re.compile(r"[^\w.\- ]+")
_DRIVE = re.compile(r"/[A-Za-z]:")


def file_path(uri: str) -> str | None:
    """Return the path that a ``file:`` URI spells, or None for any other and for what is no URI.

    Bytes of a path that are not UTF-8 stay what they are (PEP 383).
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if parts.netloc not in ("", "localhost"):  # a network share
        path = f"//{parts.netloc}{path}"
    elif _DRIVE.match(path):
        path = path[1].lower() + path[2:]
    return path.replace("/", os.sep)


def folder_of(uri: str) -> str | None:
    """Return the path of a workspace folder, or None if it is none that can be on this machine."""
    path = file_path(uri)
    return os.path.normpath(path) if path and os.path.isabs(path) and "\0" not in path else None


def path_of(uri: str, language: str, folder: str) -> str:
    """Return an absolute path for a document.

    A document that is not a file (``untitled:``, notebook cells, remote schemes) gets the path
    its URI spells if that is absolute, else a made-up one in ``folder``; nothing need exist there.
    """
    try:
        path = file_path(uri) or unquote(urlsplit(uri).path)
    except ValueError:
        path = ""
    path = path.replace("\0", "")
    if os.path.isabs(path):
        return os.path.normpath(path)
    name = _UNFIT.sub("_", path or uri).strip(". ") or "untitled"
    suffix = ".py" if language == "python" and not name.endswith((".py", ".pyi")) else ""
    return os.path.join(folder, name + suffix)


def workspace_of(path: str, folders: Sequence[str]) -> str:
    """Return the innermost folder that holds ``path``; without one, the path's own folder."""
    holding = [folder for folder in folders if path.startswith(os.path.join(folder, ""))]
    return max(holding, key=len, default=os.path.dirname(path))


def made_up_folder(folders: Sequence[str]) -> str:
    """Return where documents without a path are said to lie: the first workspace folder, if any."""
    return folders[0] if folders else os.path.join(tempfile.gettempdir(), "verifill-untitled")
