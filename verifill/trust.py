"""``verifill trust``: the folders whose own programs may be run."""

from __future__ import annotations

import sys
from pathlib import Path

from completion import trust as trusted
from verifill.errors import Failure
from verifill.terminal import note


def show() -> None:
    """Print the trusted folders, one a line.

    Raises:
        Failure: The list cannot be used.
    """
    try:
        folders = trusted.trusted_folders()
    except trusted.TrustError as error:
        raise Failure(str(error)) from error
    for folder in folders:
        sys.stdout.write(f"{folder}\n")
    if not folders:
        note("no folder is trusted; verifill trust DIR trusts one")


def change(folder: Path, remove: bool) -> None:
    """Trust a folder, or do so no longer.

    Raises:
        Failure: It is no folder, or the list cannot be used.
    """
    try:
        if not remove:
            note(f"{trusted.trust(folder)} is trusted: an interpreter in it may be run, and its settings may name one")
        elif trusted.distrust(folder):
            note(f"{folder} is trusted no longer")
        else:
            raise Failure(f"{folder} was not trusted by itself; verifill trust --list shows what is")
    except trusted.TrustError as error:
        raise Failure(str(error)) from error
