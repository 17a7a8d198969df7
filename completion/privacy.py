"""Files that are nobody's business: where nothing is suggested, and what is not read for other files' sake.

Those are two questions, and users want to answer them separately; files that hold secrets are neither.
``.gitignore`` is no answer to either: generated code is ignored there, too.

A pattern is a path with ``*``, ``?`` and ``[...]`` in the names of its parts, and ``**`` for any number of parts.
It may fit anywhere in a path, so ``*.pem`` means files and all that lies in folders of such a name; one that ends
in ``/`` means folders only.  Letters' case makes no difference.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from completion.types import Candidate, CompletionResult, Reason

SECRETS: Final = tuple(
    """
    .env .env.* *.env .envrc secrets.toml secrets.json secrets.yaml secrets.yml *.tfvars *.tfstate
    *.pem *.key *.p12 *.pfx *.ppk *.jks *.keystore *.kdbx *.gpg
    id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk client_secret*.json service?account*.json
    .netrc _netrc .pgpass .my.cnf .pypirc .npmrc .git-credentials .htpasswd .docker/config.json .*_history
    .ssh/ .gnupg/ .aws/ .azure/ .kube/ .config/gcloud/ .password-store/
    """.split()
)
"""Files that hold secrets by convention, and few others: config.json and \\*.crt are not among them."""

TEMPLATES: Final = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults")
"""What the list above would catch, but is there to be shown."""

NOT_CONTEXT: Final = (*SECRETS, ".git/")
"""What is not read for other files' sake: the secrets, and what git keeps for itself."""

EXCLUDED: Final = CompletionResult(
    (Candidate("", 0.0, "cancelled"),), Reason.EXCLUDED_FILE, None, "", "", "", {}, {}, ()
)
"""The answer to a request in a file where nothing is suggested; nobody was asked for it."""


def no_suggestions(path: str, patterns: tuple[str, ...] = ()) -> bool:
    """Whether nothing may be suggested in a file, and the model may not even read it.

    Args:
        path: Of a file, absolute; need not exist.  What a link leads to counts, too.
        patterns: The user's, beside the built-in ones (``Settings.exclude``).
    """
    return _is_meant(path, SECRETS, patterns)


def no_context(path: str, patterns: tuple[str, ...] = ()) -> bool:
    """Whether a file must not be read for a completion in another one.

    Args:
        path: As for ``no_suggestions``.
        patterns: The user's, beside the built-in ones (``Settings.exclude_context``).
    """
    return _is_meant(path, NOT_CONTEXT, patterns)


def _is_meant(path: str, ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    built_in, own = _compiled(ours), _compiled(theirs)
    for spelling in {os.path.normpath(path), os.path.realpath(path)}:
        parts = [part for part in spelling.lower().replace(os.sep, "/").split("/") if part]
        *folders, name = parts or ("",)
        if own.fits((*folders, name)) or built_in.fits((*folders, "" if name in TEMPLATES else name)):
            return True
    return False


@dataclass(frozen=True)
class _Patterns:
    """Patterns, those of one part in one expression each: an index asks about every file of a project.

    Attributes:
        names: Fits a part that is named by itself.
        folders: Fits a folder that is named by itself.
        paths: The parts of the others.
    """

    names: re.Pattern[str]
    folders: re.Pattern[str]
    paths: tuple[tuple[str, ...], ...]

    def fits(self, parts: tuple[str, ...]) -> bool:
        """Whether one of the patterns fits somewhere in a path."""
        if any(self.names.match(part) for part in parts) or any(self.folders.match(part) for part in parts[:-1]):
            return True
        return any(_fits(parts, wanted) for wanted in self.paths)


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> _Patterns:
    names: list[str] = []
    folders: list[str] = []
    paths: list[tuple[str, ...]] = []
    for pattern in patterns:
        spelled = os.path.expanduser(pattern).lower().replace(os.sep, "/")
        wanted = [part for part in spelled.split("/") if part]
        if len(wanted) == 1 and wanted[0] != "**":
            (folders if spelled.endswith("/") else names).append(wanted[0])
        else:
            paths.append((*wanted, "*") if spelled.endswith("/") else tuple(wanted))
    return _Patterns(_one_of(names), _one_of(folders), tuple(paths))


def _one_of(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, names)) or r"(?!)")


def _fits(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether the parts of a pattern fit a run of a path's; the work grows with the product of both lengths."""
    # Where the pattern so far may have ended.
    ends = set(range(len(parts)))
    for part in wanted:
        if part == "**":
            ends = set(range(min(ends, default=0), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatch.fnmatchcase(parts[end], part)}
        if not ends:
            return False
    return True
