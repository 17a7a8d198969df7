"""Paths for documents, whatever their URI."""

from __future__ import annotations

import os
import tempfile

import pytest

from lsp_server.uris import made_up_folder, path_of, workspace_of


@pytest.mark.parametrize(
    ("uri", "language", "expected"),
    [
        ("file:///w/a%20b.py", "python", "/w/a b.py"),
        ("file:///w/x/../a.py", "python", "/w/a.py"),
        ("file:///w/a%00.py", "python", "/w/a.py"),
        ("untitled:Untitled-1", "python", "/made/up/Untitled-1.py"),
        ("untitled:Untitled-1", "lua", "/made/up/Untitled-1"),
        ("untitled:/w/new.py", "python", "/w/new.py"),
        ("vscode-notebook-cell:/w/n.ipynb#W0s", "python", "/w/n.ipynb"),
        ("vscode-remote://host/w/a.py", "python", "/w/a.py"),
        ("untitled:../../etc/passwd", "python", "/made/up/_.._etc_passwd.py"),
        ("a stub.pyi", "python", "/made/up/a stub.pyi"),
        ("http://[broken", "python", "/made/up/http_broken.py"),
        ("", "python", "/made/up/untitled.py"),
    ],
)
def test_path_of(uri: str, language: str, expected: str) -> None:
    """A path is absolute; what is none gets a name in the given folder and nowhere else."""
    assert path_of(uri, language, "/made/up") == expected


@pytest.mark.parametrize(
    ("path", "folders", "expected"),
    [
        ("/w/p/a.py", ("/w", "/w/p", "/v"), "/w/p"),
        ("/w/pp/a.py", ("/w/p",), "/w/pp"),
        ("/w/p/a.py", (), "/w/p"),
    ],
)
def test_workspace_of(path: str, folders: tuple[str, ...], expected: str) -> None:
    """The innermost folder wins; a file outside all of them has its own folder."""
    assert workspace_of(path, folders) == expected


def test_made_up_folder() -> None:
    """Documents without a path lie in the first workspace folder, if there is one."""
    assert made_up_folder(("/w", "/v")) == "/w"
    assert made_up_folder(()) == os.path.join(tempfile.gettempdir(), "verifill-untitled")
