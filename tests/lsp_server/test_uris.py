"""Paths for documents, whatever their URI."""

from __future__ import annotations

import os
import tempfile

import pytest

from lsp_server.uris import file_path, folder_of, made_up_folder, path_of, workspace_of


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
    ("uri", "expected"),
    [
        ("file:///w/C%23/50%25/what%3F", "/w/C#/50%/what?"),
        ("FILE:///w/a;b=1", "/w/a;b=1"),
        ("file://localhost/w", "/w"),
        ("file://server/share/a.py", "//server/share/a.py"),
        ("file:///C%3A/w", "c:/w"),
        ("file:///w/%FF.py", "/w/\udcff.py"),
        ("untitled:/w/a.py", None),
        ("file://[broken", None),
        ("", None),
    ],
)
def test_file_path(uri: str, expected: str | None) -> None:
    """Only ``file:`` URIs spell a path, every byte of it; the rest of a URI is decoded once."""
    assert file_path(uri) == (expected and expected.replace("/", os.sep))


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///w/", "/w"),
        ("file:///", "/"),
        ("file:///w/a%00b", None),
        ("file:relative", None),
        ("file:", None),
        ("vscode-vfs://github/w", None),
        ("http://[broken", None),
    ],
)
def test_folder_of(uri: str, expected: str | None) -> None:
    """A workspace folder has an absolute path, or it is none for us."""
    assert folder_of(uri) == expected


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
