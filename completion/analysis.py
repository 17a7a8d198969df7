"""The analysis of every language that can be analysed here."""

from __future__ import annotations

from pathlib import Path

from analysis.analyzers.by_language import ByLanguage
from analysis.analyzers.jedi.pool import JediPool
from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.store import FactStore
from completion.user_folders import data_folder


def open_analysis() -> FactStore:
    """Return an empty fact store: workers for Python begin to warm up, language servers start when they are asked."""
    return FactStore(ByLanguage({"python": JediPool()}, LanguageServers(languages_folder())))


def languages_folder() -> Path:
    """Return where ``verifill languages`` keeps language servers."""
    return data_folder() / "languages"
