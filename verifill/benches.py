"""``verifill bench``: the measuring programs of the repository."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from verifill.errors import Failure


def run(name: str, arguments: Sequence[str]) -> None:
    """Run a program of the ``bench`` folder, which reads its own arguments.

    Raises:
        Failure: This installation has no such folder; wheels do not.
    """
    try:
        program = importlib.import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("bench", f"bench.{name}"):
            raise
        mend = "clone the repository and install it with pip install -e ."
        raise Failure(f"the measuring programs are not installed; {mend}") from error
    program.main(arguments)
