"""From the client's URIs to paths for the analysis."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from pygls.uris import to_fs_path

_UNFIT = re.compile(r"[^\w.\- ]+")


def path_of(uri: str, language: str, folder: str) -> str:
    """Return an absolute path for a document.

    A document that is not a file (``untitled:``, notebook cells, remote schemes) gets the path
    its URI spells if that is absolute, else a made-up one in ``folder``; nothing need exist there.
    """
    try:
        path = to_fs_path(uri) or unquote(urlsplit(uri).path)
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
